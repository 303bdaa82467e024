"""Curves in a terminal, of braille characters: two dots wide and four high each."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from rich.text import Text

from scenarios.runs.store.record import RACED
from simulator import Vector
from simulator.types import Truths

WINDOW = 0.05
"""The share of the time over which values are averaged, as in pictures of trajectories' returns."""

BLANK = 0x2800
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""What each dot of a character adds to its code, by row and column."""

MARGIN = 10
"""Letters left of the curves, for the numbers."""

WHOLE = 1e4
"""From here on four digits take a power of ten."""


@dataclass(frozen=True)
class Points:
    """What is known of a curve.

    Attributes:
        times: simulated seconds, rising.
        values: at these.
        style: of rich.
    """

    times: Vector
    values: Vector
    style: str = field(default="")

    def means(self, edges: Vector, window: float) -> Vector:
        """Return the mean of the latest values at each time of ``edges``.

        Args:
            edges: simulated seconds, rising.
            window: how many seconds before each count; where none has a value, the newest before.

        Returns:
            NaN before the first value, and after the last.
        """
        if not len(self.times):
            return np.full(len(edges), np.nan)
        sums = np.concatenate([[0.0], np.cumsum(self.values)])
        last = np.searchsorted(self.times, edges, side="right")
        first = np.searchsorted(self.times, edges - window, side="right")
        first = np.minimum(first, np.maximum(last - 1, 0))
        means: Vector = (sums[last] - sums[first]) / np.maximum(last - first, 1)
        means[(last == 0) | (edges - (edges[1] - edges[0]) > self.times[-1])] = np.nan
        return means


def draw(curves: Mapping[str, Points], end: float, width: int, height: int) -> list[Text]:
    """Return lines with all curves, numbers at the left and seconds below.

    Args:
        curves: by label, which tells races from simulated runs.
        end: seconds at the right.
        width: letters of a line.
        height: lines of the curves.
    """
    columns = max(width - MARGIN, 1)
    edges = (np.arange(2 * columns) + 1) * end / (2 * columns)
    means = {name: curve.means(edges, WINDOW * end) for name, curve in curves.items()}
    known = np.concatenate([np.zeros(0), *(m[np.isfinite(m)] for m in means.values())])
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    high += (high == low) * max(abs(high), 1.0)
    codes = np.full((height, columns), BLANK)
    styles = np.full((height, columns), "", dtype=object)
    for name, values in means.items():
        dots = _dots(values, low, high, height)
        mine = np.zeros((height, columns), int)
        for (i, j), code in np.ndenumerate(DOTS):
            mine += code * dots[i::4, j::2]
        codes |= mine
        styles[mine > 0] = curves[name].style
    lines = []
    for row in range(height):
        number = {0: high, height - 1: low}.get(row)
        line = Text("" if number is None else _short(number).rjust(MARGIN - 2))
        line.pad_right(MARGIN - 2 - len(line))
        line.append(" │", style="dim")
        for code, style in zip(codes[row], styles[row], strict=True):
            line.append(chr(code), style=style)
        lines.append(line)
    kinds = {"race" if label.endswith(RACED) else "simulated" for label in [*curves] or [""]}
    until = f"{end:,.4g} {' and '.join(sorted(kinds, reverse=True))} s"
    lines.append(Text(f"{'0':>{MARGIN}}{until:>{columns}}"[:width], style="dim"))
    return lines


def _short(number: float) -> str:
    """Return a finite number that fits left of the curves, with up to four digits; or whole."""
    whole = [f"{number:.0f}"] if abs(number) >= WHOLE else []
    forms = [*whole, *(f"{number:.{digits}g}" for digits in (4, 3, 2, 1))]
    return next(form for form in forms if len(form) <= MARGIN - 2)


def _dots(values: Vector, low: float, high: float, height: int) -> Truths:
    """Return where the dots of a curve are, shape (4 height, columns): it is joined upright."""
    dots = np.zeros((4 * height, len(values)), dtype=bool)
    there = np.flatnonzero(np.isfinite(values))
    rows = ((high - values[there]) / (high - low) * (4 * height - 1)).round().astype(int)
    before = rows[0] if len(rows) else 0
    for column, row in zip(there, rows, strict=True):
        step = 1 if row >= before else -1
        dots[[*range(before + step, row, step), row], column] = True
        before = row
    return dots
