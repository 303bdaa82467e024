"""The command line. Each command imports what it needs: ``--help`` should be quick."""

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

from scenarios.cli import explain, figure, look, make, plans, race, read, report, study, watch
from scenarios.cli.shared.parts import ended_by_signals
from scenarios.cli.shared.usage import UsageError, explained, strict
from scenarios.format.own.installed import GROUPS, installed
from scenarios.format.words.errors import BadInputError

PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Make runs": (make.run, race.race, make.check, make.list_, watch.live),
    "Read results": (
        read.compare,
        read.results,
        read.plot,
        read.timeline,
        report.report,
        watch.watch,
    ),
    "Your cluster": (plans.predict, plans.plan, explain.explain),
    "Studies": (study.sweep, study.tune, figure.figure, figure.verdict),
    "Theory and speed": (look.theory, look.bench, look.trace, race.calibrate),
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

COMMANDS = {f.__name__.rstrip("_"): f for functions in PANELS.values() for f in functions}

for panel, functions in PANELS.items():
    for function in functions:
        name = function.__name__.rstrip("_")
        app.command(name, cls=_Command, rich_help_panel=panel)(strict(function))


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


def _say(error: BadInputError) -> NoReturn:
    for line in error.lines:
        sys.stderr.write(f"straggler: {line}\n")
    sys.exit(2)


def main() -> None:
    """Run the command line; mistakes of the user are a line each, and exit code 2.

    NumPy has one thread, unless the user wants more: work is divided between processes.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # it is read once, when NumPy is imported
    try:
        with ended_by_signals():
            sys.exit(app(standalone_mode=False) or 0)
    except UsageError as error:
        if len(sys.argv) == 1:  # the help is the message
            error.show()  # type: ignore[attr-defined]
            sys.exit(2)
        _say(BadInputError(explained(error, COMMANDS, sys.argv[1:])))
    except BadInputError as error:
        _say(error)
    except MemoryError as error:
        from simulator.one_line import one_line

        _say(BadInputError(f"memory: {one_line(error)}; accepted: what fits into this machine's"))
    except OSError as error:
        where, wrong = error.filename or error, error.strerror or "failed"
        accepted = "" if "accepted: " in wrong else "; accepted: a path that can be used"
        _say(BadInputError(f"{where}: {wrong}{accepted}"))
