"""The command line. Each command imports what it needs: ``--help`` should be quick."""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from scenarios.cli import look, make, read, study
from scenarios.format.words.errors import BadInputError
from scenarios.format.words.installed import GROUPS, installed

PANELS = {
    "Make runs": (make.run, make.check, make.list_),
    "Read results": (read.compare, read.results, read.plot, read.timeline),
    "Studies": (study.sweep, study.tune, study.figure, study.verdict),
    "Theory and speed": (look.theory, look.bench, look.trace),
}
"""The commands, as ``--help`` groups them."""


def _offered() -> str:
    """Say what other installed packages offer; nothing of theirs is imported."""
    offers = [f"{kind} {name}" for kind, group in GROUPS.items() for name in installed(group)]
    return f"Offered by other packages: {', '.join(offers)}." if offers else ""


FORMER = {"--workers-per-run": "--processes-per-run", "--store": "--out"}
"""Options under names that they had before; accepted, and not shown."""


class _Command(TyperCommand):
    """A command that knows its options by their former names too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's
        options = {name for parameter in self.params for name in parameter.opts}
        former = {old: new for old, new in FORMER.items() if new in options and old not in options}
        split = (arg.partition("=") for arg in args)
        return super().parse_args(ctx, [former.get(name, name) + eq + v for name, eq, v in split])


app = typer.Typer(
    name="straggler",
    help="Simulate heterogeneous clusters for distributed reinforcement learning: an event loop "
    "decides when, real MuJoCo rollouts and real gradients decide what is learned.\n\n"
    "Start with `straggler figure 1 --quick`, or `straggler list`. In Python: `import straggler`.",
    epilog=_offered() if {"-h", "--help"} & set(sys.argv) else None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

for panel, commands in PANELS.items():
    for command in commands:
        name = command.__name__.rstrip("_")
        app.command(name, cls=_Command, rich_help_panel=panel)(command)


def _version(wanted: bool) -> None:
    if wanted:
        from scenarios.runs.store.fingerprint import versions

        python = {"python": sys.version.split()[0]}
        typer.echo("\n".join(f"{name} {v}" for name, v in {**versions(), **python}.items()))
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help="Print the versions of straggler and of what decides its numbers.",
        ),
    ] = False,
) -> None:
    """Take what stands before the command."""


def main() -> None:
    """Run the command line; mistakes of the user are a line each, and exit code 2."""
    try:
        app(standalone_mode=True)
    except BadInputError as error:
        for line in error.lines:
            sys.stderr.write(f"straggler: {line}\n")
        sys.exit(2)
    except OSError as error:
        sys.stderr.write(f"straggler: {error.filename or error}: {error.strerror or 'failed'}\n")
        sys.exit(2)
