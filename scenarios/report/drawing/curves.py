"""The curves of a page as they are before anything is switched: means over seeds, with bands."""

from typing import Any

import numpy as np
from markupsafe import Markup

from scenarios.report.drawing.palette import Palette
from scenarios.report.drawing.svg import Frame, apart, picture, texts
from scenarios.report.parts import Part
from scenarios.results.curves import over_seeds
from simulator import Vector

SIZE = (820, 400)
LINE = 15
"""Pixels between labels."""

Curves = dict[str, tuple[Vector, Vector, Vector, Vector]]
"""By method: x, mean, 20% and 80%."""


def bands(said: dict[str, Any], part: Part, column: str) -> Curves:
    """Return each method's mean over seeds, and band, where all that have values are under way."""
    grid = np.array(said["grid"])
    found: Curves = {}
    for label in part.labels:
        rows = [_on(grid, run, column) for run in said["runs"] if run["label"] == label]
        known, mean, low, high = over_seeds(rows)
        if known.any():
            found[label] = grid[known], mean, low, high
    return found


def _on(grid: Vector, run: dict[str, Any], column: str) -> Vector:
    """Return a run's curve on the grid; NaN where it is not under way."""
    curve = run["curves"][column]
    values = np.array([np.nan if v is None else v for v in curve["v"]])
    if "t" not in curve:
        return values
    if not len(values):
        return np.full(len(grid), np.nan)
    found = np.interp(grid, curve["t"], values)
    return np.where((grid >= curve["t"][0]) & (grid <= run["end"]), found, np.nan)


def draw(
    said: dict[str, Any],
    part: Part,
    measured: tuple[str, str],
    threshold: float | None,
    palette: Palette,
) -> Markup:
    """Return the curves of a part as SVG.

    Args:
        said: what :func:`scenarios.report.series.series` returns.
        part: its runs.
        measured: the column, and its words.
        threshold: where its line is; None: nowhere.
        palette: of the page.
    """
    column, words = measured
    found = bands(said, part, column)
    every = np.concatenate([np.concatenate(c[1:]) for c in found.values()] or [np.zeros(1)])
    low, high = float(every.min()), float(every.max())
    room = 0.04 * (high - low) or 1.0
    frame = Frame(*SIZE, (0.0, part.end), (low - room, high + room), (30, 140, 44, 56))
    parts = [frame.rungs(words), frame.foot(part.clock)]
    for label, (x, mean, below, above) in found.items():
        colour = palette.ink(label)
        area, line = frame.band(x, below, above), frame.line(x, mean)
        parts.append(Markup('<path class="band" style="fill:{}" d="{}"/>').format(colour, area))
        stroke = palette.stroke(label)
        parts.append(Markup('<path class="line" style="{}" d="{}"/>').format(stroke, line))
    ends = [float(frame.up(mean[-1:])[0]) for _, mean, _, _ in found.values()]
    _, top, right, bottom = frame.box
    places = apart(ends, LINE, top + 4, bottom - 4)
    labels = zip(found, places, strict=True)
    parts.append(texts(("end-label", right + 8, y + 4, label) for label, y in labels))
    if threshold is not None:
        y = float(frame.up(np.array([threshold]))[0])
        parts.append(
            Markup('<path class="threshold" d="M{:.1f} {:.1f}H{:.1f}"/>').format(56, y, right)
        )
    return picture(*SIZE, f"{words} over {part.clock}, by method", parts)
