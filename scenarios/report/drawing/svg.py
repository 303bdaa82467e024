"""Drawing without JavaScript: axes and paths, as text for a page."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from scenarios.report.series import round_step
from simulator import Vector

TICKS = 6


@dataclass(frozen=True)
class Frame:
    """A rectangle with axes, in pixels.

    Attributes:
        width: of the whole picture.
        height: the same.
        x: values at its left and its right.
        y: values at its bottom and its top.
        margins: outside of the rectangle: top, right, bottom, left.
    """

    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    margins: tuple[float, float, float, float] = (12, 128, 44, 56)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the rectangle."""
        top, right, bottom, left = self.margins
        return left, top, self.width - right, self.height - bottom

    def across(self, values: Vector) -> Vector:
        """Return where values of x are."""
        left, _, right, _ = self.box
        result: Vector = left + (values - self.x[0]) / (self.x[1] - self.x[0]) * (right - left)
        return result

    def up(self, values: Vector) -> Vector:
        """Return where values of y are."""
        _, top, _, bottom = self.box
        result: Vector = bottom - (values - self.y[0]) / (self.y[1] - self.y[0]) * (bottom - top)
        return result

    def rungs(self, label: str) -> Markup:
        """Return grid, ticks and label of y."""
        left, top, right, _ = self.box
        parts = [_text("label", 0, top - 14, label)]
        for value, said in numbered(ticks(*self.y)):
            y = float(self.up(np.array(value)))
            line = Markup('<path class="grid" d="M{:.1f} {:.1f}H{:.1f}"/>').format(left, y, right)
            parts += [line, _text("tick end", left - 8, y + 4, said)]
        return Markup("").join(parts)

    def foot(self, label: str) -> Markup:
        """Return axis, ticks and label of x."""
        left, _, right, bottom = self.box
        parts = []
        for value, said in numbered(ticks(*self.x)):
            x = float(self.across(np.array(value)))
            parts.append(Markup('<path class="mark" d="M{:.1f} {:.1f}v5"/>').format(x, bottom))
            parts.append(_text("tick middle", x, bottom + 18, said))
        parts.append(Markup('<path class="axis" d="M{} {}H{}"/>').format(left, bottom, right))
        parts.append(_text("label middle", (left + right) / 2, self.height - 6, label))
        return Markup("").join(parts)

    def line(self, x: Vector, y: Vector) -> str:
        """Return the path of a line."""
        return path(self.across(x), self.up(y))

    def band(self, x: Vector, low: Vector, high: Vector) -> str:
        """Return the path of an area."""
        there = path(self.across(x), self.up(low))
        back = path(self.across(x[::-1]), self.up(high[::-1]))
        return f"{there}L{back.removeprefix('M')}Z" if there else ""


def _text(kind: str, x: float, y: float, said: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, said)


def path(x: Vector, y: Vector) -> str:
    """Return a path through points, to a tenth of a pixel."""
    points = (f"{a:.1f} {b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    return "M" + "L".join(points) if len(x) else ""


def spans(x: Vector, wide: Vector, y: Vector, high: float) -> str:
    """Return the path of many rectangles of one height."""
    rows = zip(x.tolist(), y.tolist(), wide.tolist(), strict=True)
    return "".join(f"M{a:.1f} {b:.1f}h{w:.2f}v{high:.1f}h{-w:.2f}z" for a, b, w in rows)


def ticks(low: float, high: float, number: int = TICKS) -> list[float]:
    """Return about so many round numbers between two."""
    if not high > low:
        return [low]
    step = round_step((high - low) / number)
    return [
        k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    ]


def numbered(values: Sequence[float]) -> list[tuple[float, str]]:
    """Return ticks with their numbers, of as many digits as tell them apart."""
    for more in range(10):
        texts = [words(value, more) for value in values]
        if len(set(texts)) == len(texts):
            break
    return list(zip(values, texts, strict=True))


def words(value: float, more: int = 0) -> str:
    """Return a tick's number, with so many digits more than is usual."""
    size = abs(value)
    if size and not 1e-4 <= size < 1e7:  # noqa: PLR2004
        return f"{value:.{3 + more}g}"
    return f"{float(f'{value:.{6 + more}g}'):,.{10 + more}g}".replace("-", "\u2212")


def apart(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Return places that keep a distance, each as near to its own as that lets it."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = [min(max(places[k], low), high) for k in order]
    for k in range(1, len(moved)):
        moved[k] = max(moved[k], moved[k - 1] + least)
    moved[-1:] = [min(place, high) for place in moved[-1:]]
    for k in range(len(moved) - 2, -1, -1):
        moved[k] = min(moved[k], moved[k + 1] - least)
    return [moved[order.index(k)] for k in range(len(places))]


def texts(items: Iterable[tuple[str, float, float, str]]) -> Markup:
    """Return labels of (class, x, y, text)."""
    return Markup("").join(_text(*item) for item in items)


def picture(width: float, height: float, said: str, parts: Sequence[Markup]) -> Markup:
    """Return a whole picture; ``said`` is what a screen reader says of it."""
    frame = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return frame.format(width, height, said, Markup("").join(parts))
