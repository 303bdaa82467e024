"""The command line. Each command imports what it needs: ``--help`` should be quick."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import figure as cli_figure
from scenarios.cli import inspect as cli_inspect
from scenarios.cli import sweep as cli_sweep
from scenarios.cli import tune as cli_tune
from scenarios.cli.parts import (
    Jobs,
    Memory,
    PerRun,
    Quick_,
    Recompute,
    Results,
    RetryFailed,
    Scenario_,
    make_runs,
    options_of,
    plan_runs,
    print_comparison,
)
from scenarios.format.errors import BadInputError
from scenarios.runs.cores import CORES

app = typer.Typer(
    name="straggler",
    help="Simulate heterogeneous clusters for distributed reinforcement learning: an event loop "
    "decides when, real MuJoCo rollouts and real gradients decide what is learned.\n\n"
    "Start with `straggler figure 1 --quick`, or `straggler list`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def run(
    scenario: Scenario_,
    method: Annotated[list[str] | None, typer.Option(help="Only this method; repeatable.")] = None,
    seed: Annotated[
        list[int] | None,
        typer.Option(min=0, max=2**63 - 1, help="This seed instead of the file's; repeatable."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Result folder [default: runs/NAME].")] = None,
    jobs: Jobs = CORES,
    workers_per_run: PerRun = None,
    quick: Quick_ = False,
    retry_failed: RetryFailed = False,
    recompute: Recompute = False,
    memory_limit: Memory = None,
) -> None:
    """Run what is missing of a scenario, skip what is done.

    Results go to OUT/METHOD/seed-SEED/: history.parquet (a row per update), timeline.parquet
    (a row per interval of a worker), workers.parquet and run.json. They are safe against
    interruption: run again to complete what is missing.
    """
    from scenarios.runs.stored import stored_runs

    planned, folder = plan_runs(scenario, out, method or (), seed or (), quick=quick)
    options = options_of(retry_failed, recompute, workers_per_run, memory_limit)
    summary = make_runs(planned, jobs, options)
    if summary.done + summary.skipped:
        mine = {job.folder.path for job in planned}
        print_comparison(folder, stored_runs(folder, only=mine))
    raise typer.Exit(1 if summary.failed else 0)


@app.command(name="list")
def list_() -> None:
    """List the scenarios and sweeps that come with straggler."""
    from scenarios.format.load import library, load, read_toml
    from scenarios.studies.grid import SWEEPS

    named, sweeps = library(), library(SWEEPS)
    width = max(map(len, named))
    for name, file in named.items():
        typer.echo(f"{name:{width}}  {load(file, environment=False).title}")
    typer.echo("\nsweeps:")
    for name, file in sweeps.items():
        typer.echo(f"{name:{width}}  {read_toml(file)['title']}")


@app.command()
def check(scenario: Scenario_) -> None:
    """Check a scenario file and say what it describes, without running it."""
    from scenarios.format.describe import describe
    from scenarios.format.load import find, load

    file = find(scenario)
    for line in describe(load(file)):
        typer.echo(line)


@app.command()
def compare(
    results: Results,
    threshold: Annotated[
        list[float] | None,
        typer.Option(help="A return to reach; repeatable [default: three from start to best]."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
) -> None:
    """Compare the methods in a result folder: one row each, means over seeds.

    Thresholds are first held when the mean return of the latest 100 trajectories reaches them;
    their times are medians over seeds.
    """
    from scenarios.results.compare import compare as compare_runs
    from scenarios.runs.stored import stored_runs

    runs = stored_runs(results)
    if csv:
        columns = compare_runs(runs, threshold or ()).columns
        typer.echo(",".join(columns))
        for row in zip(*columns.values(), strict=True):
            typer.echo(",".join(str(value) for value in row))
    else:
        print_comparison(results, runs, threshold or ())


for command in (
    *(cli_figure.figure, cli_figure.verdict),
    *(cli_sweep.sweep, cli_sweep.results, cli_sweep.plot, cli_tune.tune),
    *(cli_inspect.timeline, cli_inspect.trace, cli_inspect.theory, cli_inspect.bench),
):
    app.command()(command)


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
