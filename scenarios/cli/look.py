"""Commands that look at theory, speed and logs."""

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.shared.parts import Scenario_, rounds_shown, show

Constant = Annotated[float | None, typer.Option(help="A constant of the theory.")]


def trace(
    log: Annotated[Path, typer.Argument(help="CSV or Parquet: worker, start, end per gradient.")],
    out: Annotated[Path, typer.Argument(help="The trace: .csv or .parquet.")],
) -> None:
    """Turn a log of finished gradients into a trace for `compute = { model = "trace" }`.

    Workers are numbers from 0, times are seconds from the log's beginning. A run's own
    timeline.parquet is such a log.
    """
    from scenarios.api import run as api

    gradients = api.trace(log, out)
    typer.echo(f"written: {out}, from {gradients} gradients")


def theory(
    scenario: Scenario_,
    epsilon: Annotated[
        list[float] | None,
        typer.Option(help="Gradient norm to reach; repeatable [default: 0.1, 0.01]."),
    ] = None,
    sigma: Constant = None,
    smoothness: Constant = None,
    hessian: Constant = None,
    gap: Constant = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Only the paper's tables, as Markdown.")
    ] = False,
) -> None:
    """Lay the simulated clocks beside their formulas, and put the paper's tables in numbers.

    The complexities are up to constants and logarithms. sigma is a gradient's standard deviation,
    smoothness L_g, hessian L_h, gap Delta = J* - J(theta_0). What is not given is 1, or exact
    where the problem knows it (quadratic).
    """
    from scenarios.api import run as api
    from scenarios.results import theory as tables

    given = {"sigma": sigma, "smoothness": smoothness, "hessian": hessian, "gap": gap}
    known = {name: value for name, value in given.items() if value is not None}
    epsilons = epsilon or [0.1, 0.01]
    if markdown:
        typer.echo("\n".join(tables.markdown(api.load(scenario), epsilons, known)))
    else:
        show(api.theory(scenario, epsilons, **known))


def bench(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="events, rollouts or methods.")],
    env: Annotated[
        list[str] | None,
        typer.Option(help="A MuJoCo environment; repeatable [default: several, or Humanoid-v4]."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Interleaved rounds per measurement.")] = 5,
    json_: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Measure side by side: medians of interleaved rounds, with ratios to the first line.

    `events`: the event loop beside bare SimPy, for 10 to 100,000 workers.

    `rollouts`: useful environment steps per second with the policy in the loop, beside Gymnasium,
    EnvPool (if installed: `pip install straggler[bench]`) and MuJoCo's own open-loop limit.

    `methods`: whole short runs of methods beside a plain simulator, which computes every gradient
    when it is started, with one Gymnasium environment and torch; `local`, `mindflayer` and
    `ringleader` have none.
    """
    from scenarios.api.bench import bench as measure
    from scenarios.runs.store.files import check_writable, write_atomically

    if json_ is not None:
        check_writable(json_)
    measurements = measure(what, env or (), rounds)
    with rounds_shown(measurements) as out:
        for table in measurements:
            out.print(table)
    if json_ is not None:
        write_atomically(json_, measurements.json().encode() + b"\n")
