"""A page that one can mail, of one cluster, of several, or of a sweep."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from scenarios.api.plot import distinct
from scenarios.api.results import Results
from scenarios.api.studies import SweepResults
from scenarios.format.words.accepted import FileOrFolder, Names
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.pictures.plane import choose_axes
from scenarios.report.drawing.maps import Maps
from scenarios.report.page import About, Page, page
from scenarios.report.parts import Part, parts_of
from scenarios.report.section import sections_of
from scenarios.report.swept import maps_of, sections_of_sweep
from scenarios.report.tables import failures
from scenarios.results.published import command_of


@checked_call
def report(
    *results: Results,
    title: str | None = None,
    claim: str | None = None,
    film: FileOrFolder | None = None,
    axes: Names = (),
    at: Names = (),
    command: str = "",
) -> Page:
    """Return a page: curves, times to a threshold, tables, timelines, verdicts, what failed.

    It is one HTML file that loads nothing, and can be read without JavaScript.

    Args:
        results: a section for each scenario among them.
        title: of the page; by default the scenario's.
        claim: the method that is judged against the others; the best one by default.
        axes: of a sweep: the one or two to be shown; the first with several values if empty.
        at: of a sweep: texts such as ``p=0.5``, which hold the others.
        film: .mp4, .webm, .gif or .png, to be put into the page.
        command: that makes the page, to be remembered in it.

    Raises:
        BadInputError: there is nothing to report, or no such method.
    """
    if not results:
        raise BadInputError("report: accepted: at least one result")
    about = About(
        title or _title(results),
        [*_commands(results), command or "straggler.report(...)"],
        failures([run for result in results for run in result.runs]),
        None if film is None else Path(film),
    )
    swept = [result for result in results if isinstance(result, SweepResults)]
    if swept:
        if len(results) > 1:
            raise BadInputError(f"{results[1].name}: accepted: one sweep, or results of scenarios")
        if claim is not None:
            raise BadInputError(f"claim {claim}: goes with results of scenarios, not with a sweep")
        return page(about, *sections_of_sweep(_maps(swept[0], axes, at)))
    if axes or at:
        raise BadInputError("axes, at: go with a sweep, which these results are not")
    names = distinct([result.name for result in results])
    parts = [
        part
        for name, result in zip(names, results, strict=True)
        for part in parts_of(result.runs, name)
    ]
    _check_claim(claim, parts)
    return page(about, sections_of(parts, claim))


def _title(results: Sequence[Results]) -> str:
    if len(results) > 1:
        return ", ".join(distinct([result.name for result in results]))
    (only,) = results
    return only.sweep.file.title if isinstance(only, SweepResults) else only.title


def _maps(results: SweepResults, axes: Sequence[str], at: Sequence[str]) -> Maps:
    shown, held = choose_axes(results.sweep, axes, at)
    runs = list(zip(results.runs, results.points, strict=True))
    return maps_of(runs, shown, held, results.sweep.file.title)


def _check_claim(claim: str | None, parts: Sequence[Part]) -> None:
    there = list(dict.fromkeys(label for part in parts for label in part.labels))
    if claim is not None and claim not in there:
        raise BadInputError(f"claim {claim}: no such method here; accepted: {', '.join(there)}")


def _commands(results: Sequence[Results]) -> list[str]:
    """Return what makes the runs again: for folders a run of the scenario that the page holds."""
    lines = []
    for result in results:
        path = result.runs[0].path
        if path.suffix == ".parquet" and path.is_file():
            lines.append(command_of(path))
        elif isinstance(result, SweepResults):
            lines.append(shlex.join(["straggler", "sweep", result.name]))
        else:
            stem = Path(result.name).name or "scenario"
            lines.append(
                f"straggler run {stem}.toml --out {result.name}   # the scenario, as below"
            )
    return list(dict.fromkeys(lines))
