"""Sweeps on a page: seconds to a threshold over one axis or two, and who is fastest where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from scenarios.pictures.sweep import Grid, cell_seconds, lead_words, short_values
from scenarios.report.drawing.palette import Palette
from scenarios.report.drawing.svg import picture, texts
from scenarios.report.parts import Part
from scenarios.report.tables import Cell, Table
from scenarios.studies.plane import Axis

WIDTH = 1072
LEFT, GAP, HEAD, FOOT, CELL = 64, 56, 26, 40, 30
"""Pixels: of an axis at the left, between maps, over and under each, of a cell's height."""

DARK = 0.6
"""Shares from here on have letters in the colour of the page."""

NARROW = 52
"""Pixels of a cell that is wide enough for a number."""


@dataclass(frozen=True)
class Point:
    """A point of a sweep.

    Attributes:
        place: row and column of its cell.
        part: its runs.
    """

    place: tuple[int, int]
    part: Part


@dataclass(frozen=True)
class Maps:
    """A sweep's maps.

    Attributes:
        title: of the sweep.
        axes: one or two: rows and columns; of a single one, columns.
        held: other axes, and where they are held.
        points: those that have a finished run.
        seeds: of all runs.
    """

    title: str
    axes: list[Axis]
    held: dict[str, Any]
    points: list[Point]
    seeds: list[int]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = [1, *(len(axis.values) for axis in self.axes)][-2:]
        return rows, columns

    def grid(self, outlines: Sequence[dict[str, Any]], column: str, level: int) -> Grid:
        """Return the seconds to a level, by method and cell; infinite where a run is not there.

        Args:
            outlines: the curves of each point.
            column: that is measured.
            level: which of its thresholds.
        """
        times: dict[str, Any] = {}
        for point, said in zip(self.points, outlines, strict=True):
            for run in said["runs"]:
                shape = (*self.shape, len(self.seeds))
                table = times.setdefault(run["label"], np.full(shape, np.inf))
                seconds = run["times"][column][level]
                seed = self.seeds.index(run["seed"])
                table[(*point.place, seed)] = np.inf if seconds is None else seconds
        threshold = outlines[0]["levels"][column][level]
        return Grid(self.axes, threshold, column, times)


def draw_maps(maps: Maps, grid: Grid, palette: Palette) -> Markup:
    """Return a map for each method, and one of who is fastest; the script colours them anew."""
    rows, columns = maps.shape
    labels = [label for label in palette.labels if label in grid.times]
    across = max(1, min(len(labels) + 1, (WIDTH + GAP) // (columns * NARROW + LEFT + GAP)))
    wide = min((WIDTH - across * (LEFT + GAP) + GAP) / across / columns, 120)
    tall = HEAD + rows * CELL + FOOT
    parts: list[Markup] = []
    ends = [grid.median(label) for label in labels]
    known = np.concatenate([t[np.isfinite(t)] for t in ends])
    span = (float(known.min()), float(known.max())) if len(known) else (1.0, 1.0)
    best, lead, clear = Grid(
        grid.axes, 0, "", {name: grid.times[name] for name in labels}
    ).winners()
    for k, label in enumerate([*labels, None]):
        x, y = (k % across) * (columns * wide + LEFT + GAP) + LEFT, (k // across) * tall + HEAD
        parts += [*_frame(maps, label or "fastest, and its lead", (x, y), wide)]
        for row, column in np.ndindex(rows, columns):
            if label is None:
                winner = int(best[row, column])
                fill = palette.ink(labels[winner]) if winner >= 0 else "var(--rule)"
                said = lead_words(winner, float(lead[row, column]), sure=bool(clear[row, column]))
                share = 0.0
            else:
                seconds = float(ends[k][row, column])
                share = shade(seconds, span)
                fill, said = colour_of(share), cell_seconds(seconds)
            place = (x + column * wide, y + (rows - 1 - row) * CELL)
            parts.append(_cell(label, row * columns + column, place, (wide, fill, said, share)))
    height = -(-(len(labels) + 1) // across) * tall
    return picture(
        WIDTH, height, f"Seconds to a threshold, and the fastest method: {maps.title}", parts
    )


def shade(seconds: float, span: tuple[float, float]) -> float:
    """Return how dark a cell is, from 0 to 1, by the logarithm; -1: never."""
    if not np.isfinite(seconds):
        return -1.0
    low, high = (max(end, 1e-12) for end in span)
    return float(np.log(max(seconds, low) / low) / np.log(high / low)) if high > low else 0.0


def colour_of(share: float) -> str:
    """Return a cell's colour as CSS."""
    if share < 0:
        return "var(--soft)"
    return f"color-mix(in oklab, var(--h0), var(--h1) {100 * share:.0f}%)"


def _cell(
    label: str | None,
    index: int,
    place: tuple[float, float],
    said: tuple[float, str, str, float],
) -> Markup:
    x, y = place
    wide, fill, text, share = said
    dark = " on-dark" if share > DARK else ""
    shown = text if wide >= NARROW - 12 else ""
    form = (
        '<g class="cell{}" data-map="{}" data-cell="{}"><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" '
        'height="{}" style="fill:{}"/><text class="middle" x="{:.1f}" y="{:.1f}">{}</text>'
        "<title>{}</title></g>"
    )
    kind = "fastest" if label is None else f"m:{label}"
    middle = (x + wide / 2, y + CELL / 2 + 4)
    return Markup(form).format(dark, kind, index, x, y, wide, CELL, fill, *middle, shown, text)  # noqa: S704


def _frame(maps: Maps, title: str, corner: tuple[float, float], wide: float) -> Iterator[Markup]:
    x, y = corner
    rows, columns = maps.shape
    *vertical, horizontal = maps.axes
    yield texts([("method", x, y - 8, title)])
    for axis in vertical:
        names = short_values(axis.values)
        places = (y + (rows - 1 - k + 0.5) * CELL + 4 for k in range(rows))
        yield texts(("tick end", x - 6, at, name) for at, name in zip(places, names, strict=True))
        yield texts([("label end", x - 6, y - 8, axis.name)])
    step = max(1, int(np.ceil(34 / wide)))
    ticks = list(enumerate(short_values(horizontal.values)))[::step]
    bottom = y + rows * CELL
    yield texts(("tick middle", x + (k + 0.5) * wide, bottom + 15, name) for k, name in ticks)
    yield texts([("label middle", x + columns * wide / 2, bottom + 30, horizontal.name)])


def maps_table(maps: Maps, grid: Grid, labels: Sequence[str]) -> Table:
    """Return a row for each cell: its values, each method's median seconds, and the fastest."""
    best, lead, clear = Grid(
        grid.axes, 0, "", {name: grid.times[name] for name in labels}
    ).winners()
    rows = []
    for point in maps.points:
        at = point.place
        middle = [float(grid.median(label)[at]) for label in labels]
        values = [Cell(str(v), str(v)) for v in values_at(maps, at)]
        winner = labels[int(best[at])] if best[at] >= 0 else "nobody"
        words = lead_words(int(best[at]), float(lead[at]), sure=bool(clear[at]))
        cells = [Cell(cell_seconds(seconds), repr(seconds)) for seconds in middle]
        ahead = Cell(words, "-" if winner == "nobody" else repr(float(lead[at])))
        rows.append([*values, *cells, Cell(winner, winner), ahead])
    return Table([*(axis.name for axis in maps.axes), *labels, "fastest", "lead"], rows)


def values_at(maps: Maps, place: tuple[int, int]) -> list[Any]:
    """Return the values of a cell on the axes."""
    return [axis.values[k] for axis, k in zip(maps.axes, place[-len(maps.axes) :], strict=True)]
