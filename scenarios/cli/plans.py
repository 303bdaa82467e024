"""Commands about clusters that need not exist: predictions and plans."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.shared.parts import (
    CSV,
    Jobs,
    Markdown,
    Scenario_,
    counted,
    form,
    interruptible,
    show,
)
from scenarios.format.words.errors import BadInputError

if TYPE_CHECKING:
    from scenarios.api.shown import Shown


def predict(
    results: Annotated[
        Path | None,
        typer.Argument(metavar="RESULTS", help="A folder of finished runs, or a compact file."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|NAME",
            help="The other cluster: a scenario, or a file with [cluster] alone.",
        ),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(help="The return to reach [default: half way from the start to the best]."),
    ] = None,
    method: Annotated[list[str] | None, typer.Option(help="Only this method; repeatable.")] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Say how wrong predictions are: all compact files in RESULTS [default: results], "
            "each from each other one of its problem. Takes two minutes.",
        ),
    ] = False,
    csv: CSV = False,
    markdown: Markdown = False,
) -> None:
    """Say when methods that have run would reach a return on another cluster.

    How many updates a method takes to the return is read from its runs, seed by seed. When these
    updates would come on the other cluster is simulated, without any learning. So it is assumed
    that the number of updates stays the same; a line says where that is in doubt: other delays,
    other numbers of workers, times per step, variants. With prices in [cluster], money and energy
    stand beside the seconds.

    Example: `straggler predict results/figure1a.parquet --cluster figure1c`
    """
    from scenarios.api.cluster import predict as api

    kind = form(csv, markdown, latex=False)
    if check:
        if cluster or target is not None or method or csv:
            raise BadInputError("--check: goes with RESULTS and --markdown only")
        found: Shown = api.check_predictions(results or Path("results"))
    else:
        if results is None or cluster is None:
            missing = "RESULTS" if results is None else "--cluster"
            raise BadInputError(
                f"predict: {missing}: is missing; accepted: `predict RESULTS --cluster FILE`"
            )
        found = api.predict(results, cluster, target, methods=method or ())
    if kind:
        typer.echo(getattr(found, kind)(), nl=False)
    else:
        show(found)


def plan(
    scenario: Scenario_,
    target: Annotated[
        float | None,
        typer.Option(help="The return to reach, with --results or --learn [default: half way]."),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(help="Finished runs of the problem: how many updates methods need."),
    ] = None,
    learn: Annotated[
        bool,
        typer.Option(
            "--learn",
            help="Make the file's own runs first, and those of the best plans in the end.",
        ),
    ] = False,
    method: Annotated[
        list[str] | None, typer.Option(help="Only this method or aggregation; repeatable.")
    ] = None,
    epsilon: Annotated[
        float | None,
        typer.Option(
            min=1e-9, help="Gradient norm to reach, where theory is asked [default: 0.1]."
        ),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(min=1e-12, help="Money that the plan may cost at most.")
    ] = None,
    deadline: Annotated[
        float | None,
        typer.Option(min=1e-12, help="Seconds that it may take; the cheapest plan is wanted then."),
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="The scenario of the best plan [default: NAME-plan.toml].")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the runs of --learn [default: runs/NAME-plan].")
    ] = None,
    csv: CSV = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that plan did not write.")
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Say how to use a cluster: which method, batch and rules, and which workers at all.

    Plans are searched by simulating the clock without learning: the methods of the file and the
    usual ones, several batches, without the slowest workers, cancel or finish, gather or
    all-reduce. How many updates each needs is read from --results, or measured by --learn; without
    them the theory's bounds say it, and only ratios of seconds mean something. The last line says
    which. With prices in [cluster], money and energy are shown, and --budget and --deadline count.

    The best plan is written as a scenario, for `straggler run`. Its step size is that of the file's
    method of the same kind, scaled by the numbers of updates: `straggler tune` makes sure.

    Example: `straggler plan spot-prices --deadline 20000`
    """
    from scenarios.api.cluster.plan import plan as search
    from scenarios.format.load import find
    from scenarios.plans.shown import check_target

    aim = write or Path(f"{find(scenario).stem}-plan.toml")
    check_target(aim, force=force)
    # runs that learn have bars of their own
    with interruptible(), counted("choices timed", shown=not learn) as on_choice:
        found = search(
            scenario,
            target,
            results=results,
            learn=learn,
            methods=method or (),
            epsilon=epsilon,
            budget=budget,
            deadline=deadline,
            out=out,
            on_choice=on_choice,
            jobs=jobs,
        )
    if csv:
        typer.echo(found.csv(), nl=False)
    else:
        show(found)
    found.write(aim, ["straggler", *sys.argv[1:]], force=force)
    typer.echo(f"written: {aim}", err=csv)
