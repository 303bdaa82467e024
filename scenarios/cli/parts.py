"""What several commands share: planning, running, printing."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.runs.execute import Options
    from scenarios.runs.jobs import Executor, Job, Summary
    from scenarios.runs.stored import StoredRun

Scenario_ = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help="A TOML file, or a name from `straggler list`.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=1, help="Runs at a time, each in its own process.")
]
PerRun = Annotated[
    int | None,
    typer.Option(
        "--workers-per-run",
        min=1,
        help="Processes that sample trajectories for one run; the results are the same "
        "[default: the cores that --jobs leaves].",
    ),
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
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Try failed runs again.")]
Results = Annotated[Path, typer.Argument(metavar="DIR", help="A result folder, as `run` makes it.")]


def result_folder(name: str, *, quick: bool, root: Path = Path("runs")) -> Path:
    """Return where a scenario's results go by default."""
    return root / (name + "-quick" * quick)


def plan_runs(
    name: str,
    out: Path | None,
    methods: Sequence[str] = (),
    seeds: Sequence[int] = (),
    *,
    quick: bool,
) -> "tuple[list[Job], Path]":
    """Return the runs of a scenario, by file or name, and their folder."""
    from scenarios.format.load import find, load
    from scenarios.runs.jobs import plan

    file = find(name)
    scenario = load(file)
    folder = out or result_folder(file.stem, quick=quick)
    return plan(scenario.shortened() if quick else scenario, folder, methods, seeds), folder


def options_of(
    retry_failed: bool, recompute: bool, workers_per_run: int | None, memory_limit: float | None
) -> "Options":
    """Return how runs are to be made, from what the command line says."""
    from scenarios.runs.execute import Options

    memory = None if memory_limit is None else int(memory_limit * 2**30)
    return Options(retry_failed, recompute, workers_per_run or 0, memory)


def make_runs(
    jobs: "Sequence[Job]", places: int, options: "Options", executor: "Executor | None" = None
) -> "Summary":
    """Make the runs that are missing, showing how far they are.

    Args:
        jobs: the runs.
        places: how many at a time.
        options: for all of them.
        executor: where; on this machine by default.
    """
    from rich.console import Console

    from scenarios.runs.execute import is_disk_full
    from scenarios.runs.jobs import run_jobs
    from scenarios.runs.local import LocalExecutor
    from scenarios.runs.progress import Progress
    from scenarios.runs.resume import checkpoint_seconds

    checkpoint_seconds()  # a mistake there is not the runs' failure
    progress = Progress(Console(stderr=True))
    try:
        summary = run_jobs(jobs, executor or LocalExecutor(places), progress, options)
    except OSError as error:
        if not is_disk_full(error):
            raise
        typer.echo(
            f"straggler: {error.strerror}: what is finished is safe; free some space and run again",
            err=True,
        )
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("straggler: interrupted; run again to complete what is missing", err=True)
        raise typer.Exit(130) from None
    if summary.outdated:
        typer.echo(
            f"straggler: {summary.outdated} results are from another version of the code; "
            "--recompute makes them again",
            err=True,
        )
    return summary


def print_comparison(
    folder: Path, runs: "list[StoredRun]", thresholds: Sequence[float] = ()
) -> None:
    """Print the comparison of runs, and what is suspicious about them."""
    from scenarios.results.compare import compare, warnings_of
    from scenarios.results.tables import comparison_tables

    for table in comparison_tables(compare(runs, thresholds), str(folder)):
        console().print(table)
    for line in warnings_of(runs):
        typer.echo(line)


def console() -> "Console":
    """Return where tables go; wide if it is no terminal."""
    from rich.console import Console

    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=200)
