"""The colours of a page: methods as in all pictures, on white and on black."""

from collections.abc import Sequence

from matplotlib.colors import to_hex

from scenarios.pictures.style import look, rank
from scenarios.pictures.timeline import COLOURS
from simulator import State

CONTRAST = 3.0
"""Of lines against what they are drawn on (WCAG 2.2, 1.4.11)."""

PAPER, INK = (255, 255, 255), (22, 24, 28)
"""Backgrounds: light and dark."""

SHADES = {
    State.COMPUTE: ("#0072b2", "#56a8dc"),
    State.DISCARD: ("#d55e00", "#e5793a"),
    State.SEND: ("#009e73", "#2fb58d"),
    State.IDLE: ("#e4e4e1", "#34373d"),
    State.DOWN: ("#1a1a1a", "#9a9a9a"),
}
STATES = {state: (COLOURS[state][1], *shades) for state, shades in SHADES.items()}
"""What a worker is doing: the words of timelines, and a colour on either background."""

PIXELS = 1.3
"""Of a point of a line's width."""

Colour = tuple[int, int, int]


class Palette:
    """A page's methods and their colours.

    Args:
        labels: of all methods of the page.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = sorted(set(labels), key=rank)

    def ink(self, label: str) -> str:
        """Return a method's colour as CSS."""
        return f"var(--m{self.labels.index(label)})"

    def stroke(self, label: str) -> str:
        """Return a method's line as CSS: its colour, dashes and width."""
        line = look(label, self.labels)
        dashes = line.linestyle[1] if isinstance(line.linestyle, tuple) else ()
        lengths = " ".join(f"{length * line.linewidth:g}" for length in dashes) or "none"
        width = line.linewidth * PIXELS
        return f"stroke:{self.ink(label)};stroke-dasharray:{lengths};stroke-width:{width:g}"

    def css(self, *, dark: bool) -> str:
        """Return the colours as declarations."""
        paper = INK if dark else PAPER
        methods = (
            f"--m{k}:{legible(to_hex(look(label, self.labels).color), paper)}"
            for k, label in enumerate(self.labels)
        )
        states = (f"--s{state}:{shades[dark]}" for state, (_, *shades) in STATES.items())
        return ";".join((*methods, *states))


def legible(shade: str, paper: Colour) -> str:
    """Return a colour, nearer to white on black and to black on white if it has to be."""
    there = tuple(int(shade[k : k + 2], 16) for k in (1, 3, 5))
    goal = 255 if luminance(paper) < 0.5 else 0  # noqa: PLR2004
    for step in range(21):
        mixed = tuple(round(c + (goal - c) * step / 20) for c in there)
        if contrast(mixed, paper) >= CONTRAST:
            break
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the ratio of two colours' luminances (WCAG 2.2)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(shade: Sequence[int]) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2.2)."""
    parts = [c / 255 for c in shade]
    line = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]  # noqa: PLR2004
    return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]
