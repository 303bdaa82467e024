"""The command that says where the time goes."""

from typing import Annotated

import typer

from scenarios.cli.parts import Markdown, Methods, form, show


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RUN|DIR|FILE|NAME",
            help="OUT/METHOD/seed-SEED, OUT, a compact file, or a scenario, run or not.",
        ),
    ],
    method: Methods = None,
    seed: Annotated[int | None, typer.Option(min=0, help="[default: the first one]")] = None,
    markdown: Markdown = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print the critical path of each update as CSV instead.")
    ] = False,
) -> None:
    """Say where the time goes, what updates wait for, and what would help most.

    The clock is simulated anew, without learning. At every second an update waits for one thing:
    a worker that computes, a vector on its way, the server. This is its critical path, and
    workers that have nothing to do wait for it too. What would help is simulated as well: a faster
    link, another batch, `finish` instead of `cancel`, and so on; what it saves is seconds per
    update, or per used gradient (*) where an update has another number of them.

    Examples: `straggler explain figure1c`, `straggler explain runs/mine`
    """
    from scenarios.api.explain import explain as api

    kind = form(csv, markdown, latex=False)
    found = api(what, methods=method or (), seed=seed)
    if kind:
        typer.echo(getattr(found, kind)(), nl=False)
    else:
        show(found)
