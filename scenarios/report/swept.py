"""From the runs of a sweep to the sections of a page."""

from collections.abc import Sequence
from typing import Any

from scenarios.format.words.errors import BadInputError
from scenarios.report import series, tables
from scenarios.report.drawing import curves
from scenarios.report.drawing.maps import Maps, Point, draw_maps, maps_table, values_at
from scenarios.report.drawing.palette import Palette
from scenarios.report.parts import part_of
from scenarios.report.section import Section, outline
from scenarios.results.rows import Row
from scenarios.runs.store.stored import StoredRun
from scenarios.studies.plane import Axis

MOST_RUNS = 5_000
"""Of a sweep on one page."""


def maps_of(
    runs: Sequence[tuple[StoredRun, Row]], axes: list[Axis], held: dict[str, Any], title: str
) -> Maps:
    """Return a sweep's maps.

    Args:
        runs: each with its values on all axes.
        axes: one or two, which are shown.
        held: the values of the others.
        title: of the sweep.

    Raises:
        BadInputError: no run ended well, or there are too many.
    """
    cells: dict[tuple[int, int], list[StoredRun]] = {}
    for run, values in runs:
        if run.info and all(values[name] == value for name, value in held.items()):
            *above, column = (axis.values.index(values[axis.name]) for axis in axes)
            cells.setdefault((above[0] if above else 0, column), []).append(run)
    done = [run for group in cells.values() for run in group if run.is_done]
    if not done:
        raise BadInputError(f"{title}: no finished runs there; accepted: a sweep that has some")
    if len(done) > MOST_RUNS:
        raise BadInputError(
            f"{title}: {len(done):,} runs; accepted: up to {MOST_RUNS:,}; hold an axis by --at"
        )
    points = []
    for place, group in sorted(cells.items()):
        if any(run.is_done for run in group):
            shown = zip(axes, place[-len(axes) :], strict=True)
            name = ", ".join(f"{axis.name} = {axis.values[k]}" for axis, k in shown)
            points.append(Point(place, part_of(group, name)))
    return Maps(title, axes, held, points, sorted({int(run.info["seed"]) for run in done}))


def sections_of_sweep(maps: Maps) -> tuple[list[Section], dict[str, Any]]:
    """Return a section for each point, and what the page says of the whole.

    Raises:
        BadInputError: points are measured by different columns, or nothing rises.
    """
    parts = [point.part for point in maps.points]
    shown = [series.columns_of(part.runs, parts) for part in parts]
    columns = {name: words for one in shown for name, words in one.items()}
    measured = {next(iter(one)) for one in shown}
    if len(measured) > 1:
        raise BadInputError(f"{maps.title}: measured by {', '.join(measured)}; accepted: alike")
    (column,) = measured
    palette = Palette([label for part in parts for label in part.labels])
    level = series.middle_of(parts, column)
    if level is None:
        raise BadInputError(f"{maps.title}: all values are the same; accepted: runs that learn")
    total = sum(len(part.runs) for part in parts)
    outlines = [outline(part, f"point-{k}", total, parts) for k, part in enumerate(parts, start=1)]
    grid = maps.grid(outlines, column, level)
    seeds = len(maps.seeds)
    sections = [
        _section(point, maps, said, (column, columns[column]), palette)
        for point, said in zip(maps.points, outlines, strict=True)
    ]
    held = "".join(f"; {name} = {value}" for name, value in maps.held.items())
    sweep = {
        "title": maps.title,
        "svg": draw_maps(maps, grid, palette),
        "caption": f"Seconds until {columns[column]} = {grid.threshold:g}, medians of {seeds} "
        f"seed{'s' * (seeds > 1)}{held}. Pale: never. ~: the bands of seeds overlap.",
        "table": maps_table(maps, grid, [name for name in palette.labels if name in grid.times]),
        "data": {
            "cells": [_index(point, maps) for point in maps.points],
            "columns": maps.shape[1],
            "seeds": maps.seeds,
            "held": held,
        },
    }
    return sections, sweep


def _index(point: Point, maps: Maps) -> int:
    row, column = point.place
    return row * maps.shape[1] + column


def _section(
    point: Point, maps: Maps, said: dict[str, Any], measured: tuple[str, str], palette: Palette
) -> Section:
    """Return a point's curves and times."""
    part, column = point.part, measured[0]
    level = said["levels"][column][said["level"]]
    values = values_at(maps, point.place)
    names = ", ".join(f"{a.name} = {v}" for a, v in zip(maps.axes, values, strict=True))
    return Section(
        part,
        {**said, "title": names, "timelines": None},
        curves.draw(said, part, measured, level, palette),
        level,
        tables.reached(said, part, column, said["level"]),
        tables.scenario_text(part),
        title=names,
    )
