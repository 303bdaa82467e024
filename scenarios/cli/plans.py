"""Commands about clusters that need not exist: predictions and plans."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.parts import CSV, Markdown, form, show
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
    from scenarios.api import plans as api

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
