"""All that a page says of one scenario."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from scenarios.report import lanes, series, tables
from scenarios.report.drawing import curves, workers
from scenarios.report.drawing.palette import Palette
from scenarios.report.parts import Part
from scenarios.results.compare import compare
from scenarios.results.judging.judge import Verdict, judge
from scenarios.results.judging.matrix import column
from scenarios.results.judging.verdicts import sentences, times_sheet
from scenarios.results.remarks import warnings_of


@dataclass(frozen=True)
class Judged:
    """A verdict, to be read.

    Attributes:
        word: the claim's.
        claim: in words.
        lines: one for each rival.
        times: seconds to three thresholds, with intervals.
    """

    word: str
    claim: str
    lines: list[str]
    times: tables.Table


@dataclass(frozen=True)
class Section:
    """One scenario of a page.

    Attributes:
        part: its runs.
        data: for the script.
        curves: SVG; None if nothing was measured.
        level: the threshold at first; None: there is none.
        reached: when methods reached it.
        scenario: TOML.
        title: over it.
        comparison: a row per method; this and what follows only if it is no point of a sweep.
        warnings: what is suspicious.
        judged: None if nothing can be said.
        timelines: SVG; None if no run has one.
        legible: until when they are drawn.
        source: where they are from.
        workers: SVG of each method.
        gradients: the same in numbers; None as above.
        missing: why methods have no timeline.
        nothing: why there are no curves.
    """

    part: Part
    data: dict[str, Any]
    curves: Markup | None
    level: float | None
    reached: list[tables.Reached]
    scenario: str
    title: str
    comparison: tables.Table | None = None
    warnings: list[str] = field(default_factory=list)
    judged: Judged | None = None
    timelines: Markup | None = None
    legible: float = 0.0
    source: str = ""
    workers: list[tuple[str, Markup]] = field(default_factory=list)
    gradients: tables.Table | None = None
    missing: dict[str, str] = field(default_factory=dict)
    nothing: str = ""


def section(
    part: Part, key: str, palette: Palette, total: tuple[int, int], hero: str | None
) -> Section:
    """Return what is said of a part.

    Args:
        part: its runs.
        key: names it within the page.
        palette: of the page.
        total: runs and timelines of the whole page.
        hero: the method whose claim is judged; the best one if None.
    """
    data = outline(part, key, total[0])
    measured = next(iter(data["columns"].items()))
    index = data["level"]
    level = None if index is None else data["levels"][measured[0]][index]
    found, missing = lanes.lanes_in(part)
    first = lanes.legible(found)
    drawn = bool(found)
    nothing = _nothing(data, part)
    gradients = lanes.by_worker(found)
    return Section(
        part,
        {**data, "timelines": lanes.timelines(part, found, total[1]) if drawn else None},
        None if nothing else curves.draw(data, part, measured, level, palette),
        level,
        [] if index is None else tables.reached(data, part, measured[0], index),
        tables.scenario_text(part),
        part.title,
        tables.comparison_table(compare(part.runs, failed=part.failed)),
        warnings_of(part.runs),
        judged(part, hero),
        workers.draw_timelines(found, first, part.clock) if drawn else None,
        first,
        _source(found),
        [(name, workers.draw_workers(one, gradients[name], name)) for name, one in found.items()],
        tables.gradients_table(gradients) if drawn else None,
        missing,
        nothing,
    )


def _nothing(data: dict[str, Any], part: Part) -> str:
    """Return why no run has a value; an empty text if one has."""
    if any(curve["v"] for run in data["runs"] for curve in run["curves"].values()):
        return ""
    if not any(run.totals["updates"] for run in part.runs):
        return "No run made an update."
    return "Only the clock was simulated: there is nothing to be learned."


def outline(part: Part, key: str, total: int, beside: Sequence[Part] = ()) -> dict[str, Any]:
    """Return a part's curves for the script; see :func:`scenarios.report.series.series`."""
    columns = series.columns_of(part.runs, beside)
    return {
        "id": key,
        "title": part.title,
        "clock": part.clock,
        "end": part.end,
        "columns": columns,
        "level": series.middle_of(beside or [part], next(iter(columns))),
        **series.series(part, list(columns), total, beside),
    }


def _source(found: dict[str, lanes.Lanes]) -> str:
    return ", ".join(dict.fromkeys(one.source for one in found.values()))


def judged(part: Part, hero: str | None) -> Judged | None:
    """Return the verdict on one method against all others."""
    runs = [*part.runs, *part.failed]
    if hero is None:
        found = column(runs, part.title).verdict
    else:
        found = judge(runs, hero, [name for name in part.labels if name != hero], part.title)
    if found is None:
        return None
    lines = list(sentences(found))
    return Judged(found.word, _claim(found, chosen=hero is not None), lines, _times(found))


def _claim(found: Verdict, *, chosen: bool) -> str:
    others = ", ".join(duel.rival for duel in found.duels)
    why = "" if chosen else " It is the best of these very runs, which favours it."
    return f"{found.hero} is ahead of {others} in simulated time.{why}"


def _times(found: Verdict) -> tables.Table:
    return tables.sheet_table(times_sheet(found))


def sections_of(parts: Sequence[Part], hero: str | None) -> list[Section]:
    """Return the sections of a page."""
    palette = Palette([label for part in parts for label in part.labels])
    total = sum(len(part.runs) for part in parts), sum(len(part.labels) for part in parts)
    return [
        section(part, f"part-{k}", palette, total, hero if hero in part.labels else None)
        for k, part in enumerate(parts, start=1)
    ]
