"""What several commands share: options, interruptions, printing."""

import errno
import re
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from scenarios.format.words.errors import BadInputError, SignalError

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.api.bench import Measurements
    from scenarios.api.results import Results
    from scenarios.api.shown import Shown

ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Signals that ask a command to end; the second says that its terminal was closed."""

MARGIN = 20
"""Letters: no line is broken into less."""

Scenario_ = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help="A TOML file, or a name from `straggler list`.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        help="Runs at a time [default: the cores of this machine].",
    ),
]
PerRun = Annotated[
    int | None,
    typer.Option(
        "--processes-per-run",
        min=1,
        help="Processes that sample trajectories for one run; the results are the same "
        "[default: the cores that --jobs leaves; with Ray 1].",
    ),
]
Methods = Annotated[
    list[str] | None, typer.Option("--method", help="Only this method; repeatable.")
]
Seeds_ = Annotated[
    list[int] | None,
    typer.Option(
        "--seed", min=0, max=2**63 - 1, help="This seed instead of the file's; repeatable."
    ),
]
RaceAddress = Annotated[
    str | None,
    typer.Option("--address", help="HOST:PORT of a Ray head [default: a Ray of its own, here]."),
]
Quick_ = Annotated[bool, typer.Option("--quick", help="Use the scenario's [quick] limits.")]
Recompute = Annotated[
    bool,
    typer.Option("--recompute", help="Make results of another version of the code again."),
]
Memory = Annotated[
    float | None,
    typer.Option(
        "--memory-limit", min=0.05, help="GiB of data that each process of a run may allocate."
    ),
]
MaxEvents = Annotated[
    int | None,
    typer.Option(
        "--max-events",
        min=1,
        help="A run fails after so many events without an update; a larger number with "
        "--retry-failed continues it [default: 10 million, or 1,000 a worker].",
    ),
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Try failed runs again.")]
Store = Annotated[
    Path,
    typer.Option(help="The store of runs; several sweeps and machines may share it."),
]
SweepStore = Annotated[
    Path | None, typer.Option(help="Where a sweep's runs are [default: runs/store].")
]
At = Annotated[
    list[str] | None,
    typer.Option("--at", help="NAME=VALUE: the point of a sweep; repeatable, for each axis."),
]
Threshold = Annotated[
    list[float] | None,
    typer.Option(help="A return to reach; repeatable [default: three from start to best]."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(metavar="A,B,...", help="Only these columns, in this order, as --csv names them."),
]
Dark = Annotated[bool, typer.Option("--dark", help="A picture for a dark page or slide.")]
CSV = Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown instead of a table.")]
Latex = Annotated[
    bool, typer.Option("--latex", help="Print LaTeX, for the package booktabs, instead of a table.")
]


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end a command as Ctrl-C does: with what it has started."""
    numbers = [n for n in ENDING if signal.getsignal(n) is signal.SIG_DFL]  # not under nohup
    came: list[SignalError] = []

    def end(number: int, _: object) -> NoReturn:
        for each in numbers:  # a shell that ends sends its own after the terminal's
            signal.signal(each, signal.SIG_IGN)
        came.append(SignalError(128 + number))
        raise came[0]

    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    except OSError:  # what is written to a closed terminal, while it is cleaned up
        if came:
            raise came[0] from None
        raise
    finally:
        for number in numbers:
            if signal.getsignal(number) is end:  # else one came: the rest of the end is left alone
                signal.signal(number, signal.SIG_DFL)


@contextmanager
def interruptible(note: str = "") -> Iterator[None]:
    """Say what an interruption and a full disk leave behind: what is finished."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as ended:
        with suppress(OSError):  # the terminal may be closed
            words = f"interrupted; run again to complete what is missing{note}"
            typer.echo(f"straggler: {words}", err=True)
        raise (ended if isinstance(ended, SystemExit) else typer.Exit(130)) from None
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        typer.echo(
            f"straggler: {error.strerror}: what is finished is safe; free some space and run again",
            err=True,
        )
        raise typer.Exit(1) from None


def opened(
    what: Sequence[str], store: Path | None, option: str, at: Sequence[str] = ()
) -> "list[Results]":
    """Return results; those of a sweep are in a store, and may be wanted at one point only.

    Of a sweep that is not complete a line on stderr says how many runs are not there.

    Raises:
        BadInputError: some are not there, there is no such point, or the store is given by its
            option, or a point, and none is a sweep.
    """
    from scenarios.api import studies

    found = [studies.opened(name, store or studies.STORE) for name in what]
    given = [option] * (store is not None) + ["--at"] * bool(at)
    if given and not any(isinstance(one, studies.SweepResults) for one in found):
        raise BadInputError(f"{given[0]}: goes with a sweep, which {what[0]} is not")
    for name, one in zip(what, found, strict=True):
        if isinstance(one, studies.SweepResults) and one.runs and one.incomplete:
            makes = f"straggler sweep {name}" + f" --out {store}" * (store is not None)
            say(f"{name}: {one.incomplete}: `{makes}` makes them", err=True)
    if not at:
        return found
    return [one.at(*at) if isinstance(one, studies.SweepResults) else one for one in found]


def chosen(columns: list[str] | None) -> list[str]:
    """Return the columns that are wanted; none for those that are shown by default."""
    return [name.strip() for text in columns or () for name in text.split(",")]


def form(csv: bool, markdown: bool, latex: bool) -> str | None:
    """Return which form of a table is wanted; None for a terminal's."""
    given = {"csv": csv, "markdown": markdown, "latex": latex}
    wanted = [name for name, chosen in given.items() if chosen]
    if len(wanted) > 1:
        raise BadInputError(f"--{wanted[0]}: does not go with --{wanted[1]}; accepted: one of them")
    return wanted[0] if wanted else None


def show(shown: "Shown") -> None:
    """Print tables and lines."""
    from scenarios.results.sheet import Sheet

    for part in shown.parts:
        if isinstance(part, Sheet):
            console().print(part)
        else:
            say(part)


@contextmanager
def rounds_shown(measurements: "Measurements") -> "Iterator[Console]":
    """Say how long measurements will take, and how far they are; yield where tables go."""
    from rich.console import Console
    from rich.progress import Progress

    minutes = measurements.seconds / 60
    rounds = measurements.rounds
    say(f"{rounds} rounds: about {minutes:.1f} minutes on an idle machine", err=True)
    out, errors = console(), Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("rounds", total=rounds)
        measurements.on_round = lambda: bar.advance(task)
        yield out


@contextmanager
def counted(what: str, *, shown: bool = True) -> Iterator[Callable[[], None]]:
    """Show on a terminal how often the function that is yielded was called; ``what`` is counted."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    errors = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.completed} {task.description}")
    hidden = not (shown and errors.is_terminal)
    with Progress(*columns, console=errors, transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=None)
        yield lambda: bar.advance(task)


def say(text: str, *, err: bool = False) -> None:
    """Print lines; a terminal's are broken between words, under what stands right of a gap."""
    there = sys.stderr if err else sys.stdout
    width = console().width if there.isatty() else None
    for line in text.split("\n"):
        typer.echo(line if width is None else _broken(line, width), err=err)


def _broken(line: str, width: int) -> str:
    named = re.match(r"\S+(?: \S+)*  +", line)
    indent = len(named.group()) if named else 2
    if named and indent > width * 2 / 3:
        line, indent = f"{named.group().rstrip()}  {line[indent:]}", 2
    broken = textwrap.wrap(
        line,
        max(width, MARGIN),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(broken)


def console() -> "Console":
    """Return where tables go; wide if it is no terminal."""
    from rich.console import Console

    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=200)
