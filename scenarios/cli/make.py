"""Commands that make runs, and look at what would be made."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from scenarios.cli.shared.parts import (
    Jobs,
    MaxEvents,
    Memory,
    Methods,
    PerRun,
    Quick_,
    Recompute,
    RetryFailed,
    Scenario_,
    Seeds_,
    interruptible,
    say,
    show,
)
from scenarios.format.words.errors import BadInputError


def run(
    scenario: Scenario_,
    method: Methods = None,
    seed: Seeds_ = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Result folder [default: runs/NAME; with --quick runs/NAME-quick]."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Write compact results of all runs here, as `figure --save` does."
        ),
    ] = None,
    jobs: Jobs = None,
    processes_per_run: PerRun = None,
    quick: Quick_ = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="Show curves and workers while runs go on, in a terminal."),
    ] = False,
    retry_failed: RetryFailed = False,
    recompute: Recompute = False,
    memory_limit: Memory = None,
    max_events: MaxEvents = None,
) -> None:
    """Make the runs of a scenario that are missing; skip those that are done.

    Results go to OUT/METHOD/seed-SEED/: history.parquet (a row per update), timeline.parquet
    (a row per interval of a worker), workers.parquet, staleness.parquet (delays by worker) and
    run.json. They are safe against interruption: run again to complete what is missing.

    A scenario may name methods of your own (`name = "mypackage.methods:Mine"`), problems, compute
    models, networks and environments: modules in the working directory are found.
    """
    from scenarios.api import run as api

    if save and (quick or method or seed):
        raise BadInputError(
            "--save: does not go with --quick, --method, --seed: accepted: all runs"
        )
    with interruptible():
        results = api.run(
            scenario,
            out,
            methods=method or (),
            seeds=seed or (),
            quick=quick,
            live=live,
            jobs=jobs,
            processes_per_run=processes_per_run,
            retry_failed=retry_failed,
            recompute=recompute,
            memory_limit=memory_limit,
            max_events=max_events,
        )
    name = Path(results.name).resolve().name
    for line in results.save(save / f"{name}.parquet", f"straggler run {name}") if save else ():
        say(line)
    if len(results.failed) < len(results):
        show(results.compare())
    raise typer.Exit(1 if results.failed else 0)


def list_(
    what: Annotated[
        Literal["scenarios", "sweeps", "methods", "rules"] | None,
        typer.Argument(
            metavar="WHAT", help="Only these; of methods, a line each that tells them apart."
        ),
    ] = None,
) -> None:
    """List scenarios, sweeps, methods, rules, and what other packages offer."""
    from scenarios.api.listing import list as listing

    show(listing(what))


def check(
    scenario: Annotated[
        str | None,
        typer.Argument(metavar="FILE|NAME", help="A TOML file, or a name from `straggler list`."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="Put this method through the battery that ours pass: a name, package.module:Class."
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(help="Put this update rule through it: package.module:Class."),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(help="KEY=VALUE of the method, where it needs one; repeatable."),
    ] = None,
) -> None:
    """Check a scenario file and say what it describes, without running it; or check a method.

    `--method package.module:Class` runs the method on small clusters of every kind. It has a line
    for each check: every update is a step of its rule, the accounting closes, the numbers are the
    same every time, runs can be resumed from every update, batching changes nothing.
    """
    from scenarios.api import run as api
    from scenarios.api.battery import check_method

    if (scenario is None) == (method is None and rule is None):
        raise BadInputError("check: accepted: a scenario, or --method NAME, or --rule NAME")
    if scenario is not None:
        if value:
            raise BadInputError("--value: is of a method; accepted: with --method or --rule")
        say(api.check(scenario))
        return
    failed = False
    for line in check_method(method, _values(value or ()), rule=rule):
        failed |= not line.passed
        say(str(line))
    raise typer.Exit(1 if failed else 0)


def _values(texts: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise BadInputError(f"--value {text}: accepted: KEY=VALUE")
        try:
            found[key.strip()] = tomllib.loads(f"x = {value}")["x"]
        except tomllib.TOMLDecodeError:
            found[key.strip()] = value
    return found
