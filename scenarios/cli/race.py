"""The commands of real time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from scenarios.cli.shared.parts import (
    CSV,
    Methods,
    Quick_,
    RaceAddress,
    Recompute,
    RetryFailed,
    Scenario_,
    Seeds_,
    interruptible,
    show,
)
from scenarios.format.words.errors import BadInputError


def race(
    scenario: Scenario_,
    method: Methods = None,
    seed: Seeds_ = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Result folder; runs/NAME for both kinds "
            "[default: races/NAME; with --quick races/NAME-quick]."
        ),
    ] = None,
    emulate: Annotated[
        bool,
        typer.Option("--emulate", help="Stretch tasks and messages to the scenario's times."),
    ] = False,
    scale: Annotated[
        float | None,
        typer.Option(help="Real seconds per simulated second, with --emulate [default: 1]."),
    ] = None,
    address: RaceAddress = None,
    updates: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many [default: the scenario's limits].")
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Simulate too, and compare; without --emulate, calibrate first.",
        ),
    ] = False,
    repeat: Annotated[
        int | None, typer.Option(min=1, help="Races of each method, with --check [default: 1].")
    ] = None,
    csv: CSV = False,
    quick: Quick_ = False,
    retry_failed: RetryFailed = False,
    recompute: Recompute = False,
) -> None:
    """Run the same methods in real time, on real workers: Ray actors, one for each worker.

    They really roll out, differentiate and send; the clock is the wall clock. Results go to
    OUT/METHOD (race)/seed-SEED/, in the same files as those of `run`. With `--out runs/NAME` both
    kinds are in one folder, and `compare`, `plot` and `timeline` put them side by side.

    `--check` simulates the methods as well, and compares seconds per update, worker time used, what
    is discarded, delays, time to half of what is gained, and final values, for each method.

    A race is never the same again: one that is interrupted begins anew. The scenario's time_limit
    is in real seconds, divided by --scale.
    """
    from scenarios.api.races.race import race as api

    _check_options(check, repeat, csv, seed)
    common = Common(
        quick=quick,
        emulate=emulate,
        scale=scale,
        address=address,
        updates=updates,
        retry_failed=retry_failed,
        recompute=recompute,
    )
    if check:
        _check(scenario, out, method or (), seed, repeat or 1, common, csv=csv)
        return
    with interruptible("; a race begins anew"):
        results = api(scenario, out, methods=method or (), seeds=seed or (), **common)
    if len(results.failed) < len(results):
        show(results.compare())
    raise typer.Exit(1 if results.failed else 0)


class Common(TypedDict):
    """What a race and its check are told alike."""

    quick: bool
    emulate: bool
    scale: float | None
    address: str | None
    updates: int | None
    retry_failed: bool
    recompute: bool


def _check(
    scenario: str,
    out: Path | None,
    methods: Sequence[str],
    seed: Sequence[int] | None,
    repeat: int,
    common: Common,
    *,
    csv: bool,
) -> None:
    from scenarios.api.races.calibrate import check_race

    with interruptible("; a race begins anew"):
        found = check_race(
            scenario, out, methods=methods, seed=seed[0] if seed else None, repeat=repeat, **common
        )
    if csv:
        typer.echo(found.csv(), nl=False)
        for line in found.failed:
            typer.echo(line, err=True)
    else:
        show(found)
    raise typer.Exit(1 if found.failed else 0)


def _check_options(check: bool, repeat: int | None, csv: bool, seed: list[int] | None) -> None:
    if check and seed and len(seed) > 1:
        raise BadInputError("--seed: stands there twice; accepted: one, with --check")
    if not check and (repeat is not None or csv):
        raise BadInputError(f"{'--csv' if csv else '--repeat'}: is for --check")


def calibrate(
    scenario: Annotated[
        Path, typer.Argument(metavar="FILE", help="A scenario whose cluster is to be measured.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The scenario file to write [default: none]."),
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="What is raced [default: the first of the file].")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="[default: the first of the file]")
    ] = None,
    address: RaceAddress = None,
    updates: Annotated[int, typer.Option(min=1, help="Of the race that measures.")] = 100,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that calibrate did not write.")
    ] = False,
) -> None:
    """Measure on real workers what a scenario says of its cluster, and write that scenario.

    A method is raced on the hardware as it is. The file has each worker's seconds per gradient (or
    per environment step), how they vary (the nearest named distribution), its seconds per order and
    per vector, and the server's seconds per update.
    """
    from scenarios.api.races.calibrate import calibrate as api

    if force and out is None:
        raise BadInputError("--force: is for --out")
    with interruptible():
        found = api(
            scenario,
            out,
            method=method,
            seed=seed,
            address=address,
            updates=updates,
            force=force,
        )
    show(found)
    if out is not None:
        typer.echo(f"written: {out}")
