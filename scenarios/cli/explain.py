"""The command that says where the time goes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.shared.parts import At, Dark, Markdown, Methods, SweepStore, form, opened, show
from scenarios.format.words.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.pictures.style import Picture


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RUN|DIR|FILE|NAME",
            help="OUT/METHOD/seed-SEED, OUT, a compact file, a scenario, run or not, or a sweep "
            "with --at.",
        ),
    ],
    at: At = None,
    store: SweepStore = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Draw where the time goes: .png, .svg, .pdf."),
    ] = None,
    tree: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw the computation tree of one method's first updates."
        ),
    ] = None,
    updates: Annotated[
        int | None, typer.Option(min=1, help="How many updates the tree has [default: 6].")
    ] = None,
    method: Methods = None,
    seed: Annotated[int | None, typer.Option(min=0, help="[default: the first one]")] = None,
    markdown: Markdown = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print the critical path of each update as CSV instead.")
    ] = False,
    dark: Dark = False,
) -> None:
    """Say where the time goes, what updates wait for, and what would help most.

    The clock is simulated anew, without learning. At every second an update waits for one thing:
    a worker that computes, a vector on its way, the server. This is its critical path, and
    workers that have nothing to do wait for it too. What would help is simulated as well: a faster
    link, another batch, `finish` instead of `cancel`, and so on; what it saves is seconds per
    update, or per used gradient (*) where an update has another number of them.

    Examples: `straggler explain figure1c`, `straggler explain runs/mine --out why.png`
    """
    from scenarios.api.cluster.explain import UPDATES
    from scenarios.api.cluster.explain import explain as api

    kind = form(csv, markdown, latex=False)
    if updates is not None and tree is None:
        raise BadInputError("--updates: is about the computation tree; accepted: with --tree")
    if dark and tree is None and out is None:
        raise BadInputError("--dark: is about pictures; accepted: with --tree or --out")
    held = at or store is not None
    source = opened([what], store, "--store", at or ())[0] if held else what
    found = api(source, methods=method or (), seed=seed)
    pictures: list[tuple[Path | None, Callable[[], Picture]]] = [
        (tree, lambda: found.tree(updates or UPDATES)),
        (out, found.plot),
    ]
    for file, draw in pictures:
        if file is not None:
            from scenarios.pictures.style import save

            save(draw(), file, dark=dark)
    if kind:
        typer.echo(getattr(found, kind)(), nl=False)
        return
    show(found)
    for file, _ in pictures:
        if file is not None:
            typer.echo(f"drawn: {file}")
