"""Commands that read results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.shared.parts import (
    CSV,
    At,
    Columns,
    Dark,
    Latex,
    Markdown,
    SweepStore,
    Threshold,
    chosen,
    console,
    form,
    opened,
    say,
    show,
)
from scenarios.format.words.errors import BadInputError


def compare(
    results: Annotated[
        str,
        typer.Argument(
            metavar="DIR|SWEEP", help="A result folder, a compact file, or a sweep with --at."
        ),
    ],
    at: At = None,
    store: SweepStore = None,
    threshold: Threshold = None,
    columns: Columns = None,
    staleness: Annotated[
        bool, typer.Option("--staleness", help="Delays by worker: who is stale, who is heard.")
    ] = False,
    csv: CSV = False,
    markdown: Markdown = False,
    latex: Latex = False,
) -> None:
    """Compare the methods in a result folder: one row each, means over seeds.

    Judged is the exact objective, else theta itself where all runs have an [evaluation], else the
    returns of trajectories: for times these are means over the latest 5% of the simulated time.
    `area` is the mean over the time, `final` that over its last tenth (of an exact objective, the
    last value); times to thresholds are medians over seeds, where one that failed never gets there.
    All are of the simulated time that the runs share, until the shortest one ends.
    """
    from scenarios.results.remarks import unfinished

    kind = form(csv, markdown, latex)
    (found,) = opened([results], store, "--store", at or ())
    if staleness and (threshold or columns):
        raise BadInputError("--staleness: goes with neither --threshold nor --columns")
    shown = found.staleness() if staleness else found.compare(threshold or (), chosen(columns))
    for line in unfinished(found.runs):
        say(line, err=True)
    if kind:
        typer.echo(getattr(shown, kind)(), nl=False)
    else:
        show(shown)


def results(
    what: Annotated[
        str,
        typer.Argument(metavar="DIR|SWEEP", help="A folder of runs; or a sweep, by file or name."),
    ],
    out: SweepStore = None,
    threshold: Threshold = None,
    columns: Columns = None,
    csv: CSV = False,
    markdown: Markdown = False,
    latex: Latex = False,
    parquet: Annotated[
        Path | None, typer.Option(help="Write a Parquet file instead of a table.")
    ] = None,
) -> None:
    """Print one tidy table: a row per run, with its axes, totals and times to thresholds.

    Of a folder it has all runs below it, and a column for each key that is not the same for all;
    of a sweep, the runs of its grid that are in the store OUT.
    """
    from scenarios.results.tables import results_sheet

    kind = form(csv, markdown, latex)
    if parquet is not None and kind is not None:
        raise BadInputError(f"--parquet: does not go with --{kind}; accepted: one of them")
    (found,) = opened([what], out, "--out")
    rows = found.rows(threshold or (), chosen(columns))
    sheet = results_sheet(rows, found.title)
    if parquet is not None:
        rows.write_parquet(parquet)
        typer.echo(f"written: {parquet}, {len(rows.rows)} rows")
    elif kind == "csv":
        typer.echo(rows.csv(), nl=False)
    elif kind == "markdown":
        typer.echo("\n".join(sheet.markdown()))
    elif kind == "latex":
        typer.echo(sheet.latex(), nl=False)
    else:
        console().print(sheet)


def plot(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="DIR...|SWEEP",
            help="Result folders or compact files, a panel each; or a sweep, by file or name.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Picture: .png, .svg, .pdf [default: DIR/plot.png, or figures/]."
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            help="A column of history.parquet [default: objective where it is exact, "
            "return_average where problems differ, else return_mean]."
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Only this method; repeatable, in the order of the legend."),
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="OLD=NEW: another name in the legend; repeatable.")
    ] = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="One panel for all folders, with markers for each.")
    ] = False,
    xlim: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="FROM TO", help="Simulated seconds that are shown."),
    ] = None,
    logx: Annotated[bool, typer.Option("--logx", help="A logarithmic time axis.")] = False,
    logy: Annotated[bool, typer.Option("--logy", help="A logarithmic value axis.")] = False,
    size: Annotated[
        tuple[float, float] | None, typer.Option(metavar="WIDTH HEIGHT", help="In inches.")
    ] = None,
    theory: Annotated[
        bool, typer.Option("--theory", help="Mark predicted update times, real ones as dots.")
    ] = False,
    staleness: Annotated[
        bool,
        typer.Option("--staleness", help="Instead, each worker's gradients by their delay."),
    ] = False,
    dark: Dark = False,
    store: SweepStore = None,
    threshold: Annotated[
        float | None, typer.Option(help="Of a sweep: the return to reach [default: half way].")
    ] = None,
    axis: Annotated[
        list[str] | None, typer.Option(help="Of a sweep with more than two axes: draw this one.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE: hold another axis there; repeatable.")
    ] = None,
) -> None:
    """Draw return against simulated time; of a sweep, the time to a return over its axes.

    Means over seeds with a 20%-80% band; a curve ends where the first of its runs ends. Of a
    sweep: lines over one axis, heat maps over two, and which method is fastest where; curves if
    --at holds all its axes.
    """
    from scenarios.api.plot import plot as draw
    from scenarios.api.studies import SweepResults
    from scenarios.pictures.style import save
    from scenarios.studies.plane import is_point

    found = opened(what, store, "--store")
    swept = found[0] if isinstance(found[0], SweepResults) else None
    if swept is not None and len(found) == 1 and at and not axis and is_point(swept.sweep, at):
        found, swept, at = [swept.at(*at)], None, None  # curves
    of_runs = {
        "--column": column,
        "--theory": theory,
        "--method": method,
        "--label": label,
        "--overlay": overlay,
        "--xlim": xlim,
        "--logx": logx,
        "--logy": logy,
        "--size": size,
        "--staleness": staleness,
    }
    of_sweep = {"--threshold": threshold is not None, "--axis": axis, "--at": at}
    _suits(what, of_runs, of_sweep, is_sweep=swept is not None)
    if swept is not None:
        picture = swept.plot(threshold, axes=axis or (), at=at or ())
        file = out or Path("figures") / f"{swept.sweep.path.stem}.png"
    elif staleness:
        picture = found[0].staleness(method or ()).plot(size)
        file = out or Path(what[0]) / "staleness.png"
    else:
        picture = draw(
            *found,
            column=column,
            methods=method or (),
            labels=_renamed(label or ()),
            overlay=overlay,
            theory=theory,
            xlim=xlim,
            logx=logx,
            logy=logy or None,
            size=size,
        )
        alone = len(what) == 1 and Path(what[0]).is_dir()
        file = out or (Path(what[0]) if alone else Path("figures")) / "plot.png"
    save(picture, file, dark=dark)
    typer.echo(f"drawn: {file}")


def _suits(
    what: Sequence[str],
    of_runs: Mapping[str, object],
    of_sweep: Mapping[str, object],
    *,
    is_sweep: bool,
) -> None:
    """Check that what is drawn has the options that are given."""
    for option, given in (of_runs if is_sweep else of_sweep).items():
        if given:
            kind = "a result folder" if is_sweep else "a sweep"
            raise BadInputError(f"{option}: goes with {kind}, which {what[0]} is not")
    if is_sweep and len(what) > 1:
        raise BadInputError(f"{what[1]}: accepted: one sweep, or result folders")
    if of_runs["--staleness"]:
        for option, given in of_runs.items():
            if given and option not in {"--method", "--size", "--staleness"}:
                raise BadInputError(f"--staleness: does not go with {option}")
        if len(what) > 1:
            raise BadInputError(f"{what[1]}: accepted with --staleness: one result folder")


def _renamed(texts: list[str] | tuple[()]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise BadInputError(f"--label {text}: accepted: OLD=NEW")
    return dict(text.split("=", 1) for text in texts)


def timeline(
    run_folder: Annotated[
        str,
        typer.Argument(
            metavar="RUN|DIR|SWEEP", help="OUT/METHOD/seed-SEED, OUT, or a sweep with --at."
        ),
    ],
    at: At = None,
    store: SweepStore = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Picture [default: RUN/timeline.png].")
    ] = None,
    method: Annotated[str | None, typer.Option(help="The run's method, if OUT is given.")] = None,
    seed: Annotated[int | None, typer.Option(help="The run's seed, if OUT is given.")] = None,
    begin: Annotated[float, typer.Option("--from", min=0.0, help="Simulated seconds.")] = 0.0,
    until: Annotated[
        float | None,
        typer.Option("--to", min=0.0, help="Simulated seconds [default: what is legible]."),
    ] = None,
    dark: Dark = False,
    perfetto: Annotated[
        Path | None, typer.Option(help="Write a trace for ui.perfetto.dev instead (.json.gz).")
    ] = None,
) -> None:
    """Draw who did what when: a lane per worker, or bands of many workers."""
    from scenarios.pictures.style import save

    if until is not None and until <= begin:
        raise BadInputError(f"--to {until}: accepted: more than --from, {begin}")
    if perfetto is not None and (out or until or begin or dark):
        raise BadInputError("--perfetto: writes a whole run, and no picture; accepted: alone")
    (results,) = opened([run_folder], store, "--store", at or ())
    if perfetto is not None:
        results.perfetto(perfetto, method, seed)
        typer.echo(f"written: {perfetto}")
        return
    is_folder = Path(run_folder).is_dir()
    file = out or (Path(run_folder) if is_folder else Path("figures")) / "timeline.png"
    save(results.timeline(method, seed, begin=begin, until=until), file, dark=dark)
    typer.echo(f"drawn: {file}")
