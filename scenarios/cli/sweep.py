"""Commands about many runs: sweeps and their tables."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scenarios.cli.parts import (
    Jobs,
    Memory,
    PerRun,
    Recompute,
    RetryFailed,
    console,
    make_runs,
    options_of,
)
from scenarios.format.errors import BadInputError
from scenarios.runs.cores import CORES

if TYPE_CHECKING:
    from scenarios.results.rows import Results
    from scenarios.runs.folder import RunFolder
    from scenarios.runs.jobs import Executor

Store = Annotated[
    Path,
    typer.Option("--out", "--store", help="The store of runs; sweeps may share one, machines too."),
]
Executor_ = Annotated[
    Literal["local", "ray"],
    typer.Option("--executor", help="Processes on this machine, or a Ray cluster."),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="HOST:PORT of a Ray head, whose cores then replace --jobs "
        "[default: a Ray of its own on this machine, with --jobs cores]."
    ),
]
Threshold = Annotated[
    list[float] | None,
    typer.Option(help="A return to reach; repeatable [default: three from start to best]."),
]


def executor_of(kind: str, address: str | None, places: int) -> "Executor":
    """Return where runs are made, from what the command line says."""
    if kind == "ray":
        from scenarios.runs.ray import RayExecutor

        return RayExecutor(address, places if address is None else None)
    if address is not None:
        raise BadInputError("--address: is for --executor ray")
    from scenarios.runs.local import LocalExecutor

    return LocalExecutor(places)


def sweep(
    file: Annotated[
        str, typer.Argument(metavar="FILE|NAME", help="A sweep file, or a name from `list`.")
    ],
    out: Store = Path("runs/store"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the grid, the count, and the time it takes.")
    ] = False,
    jobs: Jobs = CORES,
    workers_per_run: PerRun = None,
    executor: Executor_ = "local",
    address: Address = None,
    retry_failed: RetryFailed = False,
    recompute: Recompute = False,
    memory_limit: Memory = None,
) -> None:
    """Run what is missing of a sweep: a base scenario over axes of values.

    A run's folder, OUT/METHOD/IDENTITY, follows from its content: an extended axis recomputes
    nothing, sweeps share runs, and an interrupted sweep goes on where it was. OUT/index.parquet
    has a row per run; `straggler results` and `straggler plot` take the same FILE.
    """
    from scenarios.results.rows import folders_below, results
    from scenarios.studies.grid import load_sweep
    from scenarios.studies.sweep import describe, estimate, runs_of, unique_jobs

    loaded = load_sweep(file)
    runs = runs_of(loaded, out)
    for line in describe(loaded, runs):
        typer.echo(line)
    planned = unique_jobs(runs)
    if dry_run:
        missing = [job for job in planned if job.folder.status(job.spec) != "done"]
        if missing:
            seconds, samples = estimate(missing, min(jobs, CORES))
            typer.echo(f"time      about {_duration(seconds)}, by {samples} samples")
        return
    chosen = executor_of(executor, address, jobs)
    options = options_of(retry_failed, recompute, workers_per_run, memory_limit)
    summary = make_runs(planned, jobs, options, chosen)
    typer.echo(
        f"{summary.done} made, {summary.skipped} were there already, {summary.failed} failed"
    )
    results(folders_below(out)).write_parquet(out / "index.parquet")
    raise typer.Exit(1 if summary.failed else 0)


def results(
    what: Annotated[
        str, typer.Argument(metavar="DIR|SWEEP", help="A folder of runs, or a sweep, as `sweep`.")
    ],
    out: Store = Path("runs/store"),
    threshold: Threshold = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    parquet: Annotated[
        Path | None, typer.Option(help="Write a Parquet file instead of a table.")
    ] = None,
) -> None:
    """Print one tidy table: a row per run, with its axes, totals and times to thresholds.

    For a sweep file, the runs of its grid in the store OUT; for a folder, all runs below it, and
    a column for each key that is not the same for all.
    """
    from scenarios.results.tables import results_table

    table = collect(what, out, threshold or [])
    if parquet is not None:
        table.write_parquet(parquet)
        typer.echo(f"written: {parquet}, {len(table.rows)} rows")
    elif csv:
        typer.echo(table.csv(), nl=False)
    else:
        console().print(results_table(table))


def plot(
    what: Annotated[
        str, typer.Argument(metavar="DIR|SWEEP", help="A result folder, or a sweep, as `sweep`.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Picture file [default: DIR/plot.png, or figures/SWEEP.png]."),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="A column of history.parquet [default: return_mean].")
    ] = None,
    theory: Annotated[
        bool, typer.Option("--theory", help="Mark predicted update times, real ones as dots.")
    ] = False,
    store: Annotated[Path, typer.Option(help="Where a sweep's runs are.")] = Path("runs/store"),
    threshold: Annotated[
        float | None, typer.Option(help="Of a sweep: the return to reach [default: half way].")
    ] = None,
    axis: Annotated[
        list[str] | None, typer.Option(help="Of a sweep with more than two axes: draw this one.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE: hold another axis there; repeatable.")
    ] = None,
) -> None:
    """Draw return against simulated time; of a sweep, the time to a return over its axes.

    Means over seeds with a 20%-80% band. Of a sweep: lines over one axis, heat maps over two, and
    which method is fastest where.
    """
    folder = Path(what)
    of_folder = {"--column": column is not None, "--theory": theory}
    of_sweep = {"--threshold": threshold is not None, "--axis": axis, "--at": at}
    for option, given in (of_sweep if folder.is_dir() else of_folder).items():
        if given:
            kind = "a sweep" if folder.is_dir() else "a result folder"
            raise BadInputError(f"{option}: goes with {kind}, which {what} is not")
    if not folder.is_dir():
        _plot_sweep(what, store, out, threshold, (axis or [], at or []))
        return
    from scenarios.pictures.panels import draw, panels_of
    from scenarios.runs.stored import stored_runs

    runs = stored_runs(folder)
    if column is not None and column not in runs[0].history:
        accepted = ", ".join(runs[0].history)
        raise BadInputError(f"--column {column}: no such column; accepted: {accepted}")
    file = out or folder / "plot.png"
    draw(panels_of(runs, [column] if column else []), file, theory=theory)
    typer.echo(f"drawn: {file}")


def _plot_sweep(
    name: str,
    store: Path,
    out: Path | None,
    threshold: float | None,
    choice: tuple[list[str], list[str]],
) -> None:
    from scenarios.pictures.plane import check_reached, choose_axes, only_at
    from scenarios.pictures.sweep import draw_sweep, grid_of
    from scenarios.studies.grid import load_sweep

    loaded = load_sweep(name)
    table = collect(name, store, [threshold] if threshold is not None else [])
    if threshold is None and table.thresholds:
        table = collect(name, store, [table.thresholds[len(table.thresholds) // 2]])
    axes, held = choose_axes(loaded, *choice)
    table = only_at(table, held)
    check_reached(table, name)
    picture = out or Path("figures") / f"{loaded.path.stem}.png"
    draw_sweep(grid_of(table, axes), loaded.file.title, picture)
    typer.echo(f"drawn: {picture}")


def collect(what: str, store: Path, thresholds: list[float]) -> "Results":
    """Return the rows of a sweep file's runs, or of all below a folder."""
    from scenarios.results.rows import folders_below, results

    if Path(what).is_dir():
        return results(folders_below(Path(what)), thresholds=thresholds)
    from scenarios.studies.grid import load_sweep
    from scenarios.studies.sweep import runs_of

    runs = runs_of(load_sweep(what), store)
    folders: list[RunFolder] = [run.job.folder for run in runs]
    places = [{"method": run.job.spec.method.folder, **run.point.axes} for run in runs]
    return results(folders, places, thresholds)


def _duration(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004
