"""The command that tunes the methods of a scenario."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.parts import (
    Jobs,
    Memory,
    PerRun,
    Quick_,
    Recompute,
    RetryFailed,
    Scenario_,
    console,
    make_runs,
    options_of,
)
from scenarios.cli.sweep import Address, Executor_, Store, executor_of
from scenarios.runs.cores import CORES


def tune(
    scenario: Scenario_,
    out: Store = Path("runs/store"),
    write: Annotated[
        Path | None, typer.Option(help="The tuned scenario [default: NAME-tuned.toml].")
    ] = None,
    quick: Quick_ = False,
    tries: Annotated[int | None, typer.Option(min=1, help="Tries for each method.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the budget.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that tune did not write.")
    ] = False,
    jobs: Jobs = CORES,
    workers_per_run: PerRun = None,
    executor: Executor_ = "local",
    address: Address = None,
    retry_failed: RetryFailed = False,
    recompute: Recompute = False,
    memory_limit: Memory = None,
) -> None:
    """Search step size, momentum and batch for every method, and write the scenario with them.

    All methods have the same number of tries, the same seeds (none of the scenario's) and the
    same limits; after each rung the best third goes on to runs three times as long. The table
    [tune] of the scenario can say otherwise, for all methods alike. Runs are kept in OUT as a
    sweep's are: an interrupted tuning goes on where it was.
    """
    from scenarios.format.load import find, load
    from scenarios.studies import tune as search
    from scenarios.studies import tuned as report

    file = find(scenario)
    planned = search.plan(file, load(file), quick=quick, tries=tries)
    target = write or Path(f"{file.stem}-tuned.toml")
    if not dry_run:
        report.check_target(target, force=force)
    for line in report.budget(planned):
        typer.echo(line, err=csv)
    if dry_run:
        return
    options = options_of(retry_failed, recompute, workers_per_run, memory_limit)
    place = executor_of(executor, address, jobs)
    tuning = search.tune(planned, out, lambda runs: make_runs(runs, jobs, options, place))
    if csv:
        typer.echo(report.results(tuning).csv(), nl=False)
    else:
        console().print(report.table(tuning))
    for ranked in tuning.tries.values():
        typer.echo(report.verdict(ranked), err=csv)
        for line in () if ranked[0].failed else report.edges(planned, ranked[0]):
            typer.echo(line, err=csv)
    report.write(file, target, planned, tuning, ["straggler", *sys.argv[1:]])
    typer.echo(f"written: {target}", err=csv)
    raise typer.Exit(1 if any(ranked[0].failed for ranked in tuning.tries.values()) else 0)
