"""The command that writes a page."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.shared.parts import SweepStore, opened


def report(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="DIR...|SWEEP",
            help="Result folders or compact files, a section each; or a sweep, by file or name.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="The page, .html [default: DIR/report.html, or figures/]."
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Of the page [default: the scenario's].")
    ] = None,
    claim: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD", help="Judge this one against the others [default: the best one]."
        ),
    ] = None,
    film: Annotated[
        Path | None, typer.Option(help="A film to put into the page: .mp4, .webm, .gif, .png.")
    ] = None,
    axis: Annotated[
        list[str] | None, typer.Option(help="Of a sweep with more than two axes: show this one.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE: hold another axis there; repeatable.")
    ] = None,
    store: SweepStore = None,
) -> None:
    """Write a page that one can mail: one HTML file, which loads nothing.

    It has curves with bands, times to a threshold that can be dragged, the comparison, timelines,
    staleness by worker, the verdict, what failed, and how to make it again; of a sweep, maps of
    which method is fastest where. It can be read, and printed, without JavaScript.
    """
    from scenarios.api.report import report as make

    command = f"straggler {shlex.join(sys.argv[1:])}"
    page = make(
        *opened(what, store, "--store"),
        title=title,
        claim=claim,
        film=film,
        axes=axis or (),
        at=at or (),
        command=command,
    )
    alone = len(what) == 1 and Path(what[0]).is_dir()
    file = out or (Path(what[0]) if alone else Path("figures")) / "report.html"
    page.save(file)
    for note in page.notes:
        typer.echo(note, err=True)
    typer.echo(f"written: {file}, {file.stat().st_size / 1e6:.2f} MB")
