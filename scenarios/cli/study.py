"""Commands about many scenarios: sweeps and tuning."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from scenarios.cli.shared.parts import (
    CSV,
    MaxEvents,
    Memory,
    PerRun,
    Quick_,
    Recompute,
    RetryFailed,
    Scenario_,
    Store,
    console,
    interruptible,
    say,
)

Executor_ = Annotated[
    Literal["local", "ray"],
    typer.Option("--executor", help="Processes on this machine, or a Ray cluster."),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="HOST:PORT of a Ray head; without --jobs its cores limit the runs "
        "[default: a Ray of its own on this machine, with --jobs cores]."
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        help="Runs at a time [default: the cores of this machine; at an --address, the cluster's].",
    ),
]
TriesPerRun = Annotated[
    int | None,
    typer.Option(
        "--processes-per-run",
        min=1,
        help="Processes that sample trajectories for one run; the results are the same "
        "[default: 1].",
    ),
]


def sweep(
    file: Annotated[
        str, typer.Argument(metavar="FILE|NAME", help="A sweep file, or a name from `list`.")
    ],
    out: Store = Path("runs/store"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the grid, the count, and the time it takes.")
    ] = False,
    jobs: Jobs = None,
    processes_per_run: PerRun = None,
    executor: Executor_ = "local",
    address: Address = None,
    retry_failed: RetryFailed = False,
    recompute: Recompute = False,
    memory_limit: Memory = None,
    max_events: MaxEvents = None,
) -> None:
    """Make the runs of a sweep that are missing: a base scenario over axes of values.

    A run's folder, OUT/METHOD/IDENTITY, follows from its content: an extended axis recomputes
    nothing, sweeps share runs, and an interrupted sweep goes on where it was. OUT/index.parquet
    has a row per run; `straggler results` and `straggler plot` take the same FILE.
    """
    from scenarios.api import studies as api
    from scenarios.runs.execute import Options
    from scenarios.runs.make import check_address, slots
    from scenarios.studies.estimate import estimate
    from scenarios.studies.grid import load_sweep
    from scenarios.studies.sweep import describe, runs_of, unique_jobs

    check_address(executor, address)
    loaded = load_sweep(file)
    runs = runs_of(loaded, out)
    options = Options(retry_failed=retry_failed, recompute=recompute)
    for line in describe(loaded, runs, options):
        say(line)
    if dry_run:
        missing = [job for job in unique_jobs(runs) if not options.settled(job.spec, job.folder)]
        if missing:
            say(f"time      {estimate(missing, slots(jobs, address))}")
        return
    with interruptible():
        summary = api.sweep(
            loaded,
            out,
            jobs=jobs,
            processes_per_run=processes_per_run,
            executor=executor,
            address=address,
            retry_failed=retry_failed,
            recompute=recompute,
            memory_limit=memory_limit,
            max_events=max_events,
        ).summary
    done, there, failed = (summary.done, summary.skipped, summary.failed) if summary else (0, 0, 0)
    typer.echo(f"{done} made, {there} were there already, {failed} failed")
    raise typer.Exit(1 if failed else 0)


def tune(
    scenario: Scenario_,
    out: Store = Path("runs/store"),
    write: Annotated[
        Path | None, typer.Option(help="The tuned scenario [default: NAME-tuned.toml].")
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Only this method; repeatable. The others keep their values."),
    ] = None,
    quick: Quick_ = False,
    tries: Annotated[int | None, typer.Option(min=1, help="Tries for each method.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the budget.")] = False,
    csv: CSV = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that tune did not write.")
    ] = False,
    jobs: Jobs = None,
    processes_per_run: TriesPerRun = None,
    executor: Executor_ = "local",
    address: Address = None,
    retry_failed: RetryFailed = False,
    recompute: Recompute = False,
    memory_limit: Memory = None,
    max_events: MaxEvents = None,
) -> None:
    """Search step size, momentum and batch for every method, and write the scenario with them.

    Every method's whole grid is tried, with the same seeds (none of the scenario's) and the same
    limits. A try is scored by the mean of its curve over simulated time. At half of the time the
    better half of each method's tries goes on, to the end. The table [tune] of the scenario can say
    otherwise, for all methods alike. Runs are kept in OUT as a sweep's are: an interrupted tuning
    goes on where it was.
    """
    from scenarios.api import studies as api
    from scenarios.format.load import find
    from scenarios.runs.execute import Options
    from scenarios.runs.make import check_address, slots
    from scenarios.studies.tuning import tuned as report
    from scenarios.studies.tuning.tune import foreseen

    check_address(executor, address)
    file = find(scenario)
    target = write or Path(f"{file.stem}-tuned.toml")
    if not dry_run:
        report.check_target(target, force=force)
    plan = api.plan_tuning(file, method or (), quick=quick, tries=tries)
    for line in report.budget(plan):
        say(line, err=csv)
    if dry_run:
        options = Options(retry_failed=retry_failed, recompute=recompute)
        say(f"time      {foreseen(plan, out, slots(jobs, address), options)}", err=csv)
        return
    with interruptible():
        tuned = api.tune(
            file,
            out,
            method or (),
            quick=quick,
            tries=tries,
            jobs=jobs,
            processes_per_run=processes_per_run,
            executor=executor,
            address=address,
            retry_failed=retry_failed,
            recompute=recompute,
            memory_limit=memory_limit,
            max_events=max_events,
        )
    if csv:
        typer.echo(report.results(tuned.tuning).csv(), nl=False)
    else:
        console().print(report.table(tuned.tuning))
    for line in tuned.verdicts():
        say(line, err=csv)
    tuned.write(target, ["straggler", *sys.argv[1:]], force=force)
    typer.echo(f"written: {target}", err=csv)
    raise typer.Exit(1 if tuned.failed else 0)
