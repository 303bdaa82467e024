"""What all pictures share: how a method looks, formulas, light and dark, how a picture is saved."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.typing import ColorType

from algorithms import COMBINED, RULES
from scenarios.format.words.errors import BadInputError
from scenarios.pictures.theme import darken
from scenarios.runs.store.files import replacing
from scenarios.runs.store.record import RACED

COLOURS = {
    "rennala-nigt": "#0072B2",
    "malenia-nigt": "#CC79A7",
    "synchronous-nigt": "#D55E00",
    "afedpg": "#009E73",
    "ringmaster-nigt": "#E69F00",
    "fastest-nigt": "#56B4E9",
    "rennala-pg": "#000000",
    "malenia-pg": "#8C6BB1",
    "synchronous-pg": "#999999",
    "asynchronous-pg": "#66A61E",
    "fedbuff-nigt": "#A6761D",
    "ringleader-nigt": "#7570B3",
    "mindflayer-nigt": "#882255",
    "fedbuff-pg": "#E7298A",
    "local-pg": "#1B9E77",
    "local-nigt": "#8B4513",
}
"""A method has the same colour in all pictures: Okabe and Ito's palette, and more."""

Dash = tuple[float, tuple[float, ...]] | str

DASHES: dict[str, Dash] = {
    "rennala": "-",
    "synchronous": (0, (5, 2)),
    "afedpg": (0, (1, 1.2)),
    "malenia": (0, (6, 1.5, 1, 1.5)),
    "local": (0, (9, 2)),
    "mindflayer": (0, (3, 1, 1, 1, 1, 1)),
    "asynchronous": (0, (1, 2.5)),
    "fedbuff": (0, (6, 1.5, 1, 1.5, 1, 1.5)),
    "ringmaster": (0, (3, 1.2)),
    "ringleader": (0, (9, 1.5, 3, 1.5)),
    "fastest": (0, (2, 2)),
}
"""An aggregation has the same line style in all pictures, so that black and white will do."""

WIDTHS = {"nigt": 1.7, "pg": 1.0, "adam": 2.4, "heavy-ball": 3.0}
"""Points: an update rule has the same width."""

SHADES = {"adam": ("#FFFFFF", 0.35), "heavy-ball": ("#000000", 0.3), "pg": ("#FFFFFF", 0.2)}
"""A rule's colour where the method has none of its own: NIGT's, with so much of another."""

LARGEST = 100
"""Inches of a picture's side."""

LONGEST_LEGEND = 0.4
"""Of a picture's height; one of more rows makes it higher."""

UNWANTED = frozenset({"pgf"})
"""Formats of matplotlib's that take more than matplotlib: a LaTeX beside it."""

OURS = "\\mathdefault"
"""Marks formulas: those of matplotlib along logarithmic axes, and our own."""

UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
"""Characters that an SVG file cannot hold."""

FORMULAS = {
    r"\bsqrt\(([a-z0-9 +*/.-]*)\)": r"\\sqrt{\1}",
    r"\b([A-Za-z])\^\(([a-z0-9 +*/.-]*)\)": r"\1^{\2}",
    r"\bkappa_i\b": r"\\kappa_i",
    r"\b(h_i|[nMd](?= = ))": r"\1",
}
"""What titles say in plain letters, and what it is as a formula."""


@dataclass(frozen=True)
class Line:
    """How a method's curve looks: of the same method the same in all pictures.

    Attributes:
        color: for matplotlib.
        linestyle: the same.
        linewidth: in points.
    """

    color: ColorType
    linestyle: Dash
    linewidth: float

    def keywords(self) -> dict[str, Any]:
        """Return what ``Axes.plot`` takes."""
        return dict(vars(self))


class Picture(Figure):
    """A figure of matplotlib's that shows itself in a notebook, without pyplot."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw it; a dollar sign in users' texts begins no formula."""
        self.take_literally()
        super().draw(renderer)

    def take_literally(self) -> None:
        """Let no text of users' be a formula, or hold what no file can."""
        for text in self.findobj(Text):
            if UNSEEN.search(text.get_text()):
                text.set_text(UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text.get_text()))
            if OURS not in text.get_text():
                text.set_parse_math("$" not in text.get_text())

    def dark(self) -> "Picture":
        """Make it a picture for a dark page or slide, and return it."""
        darken(self)
        return self

    def _repr_png_(self) -> bytes:
        sink = io.BytesIO()
        self.savefig(sink, format="png", dpi=100)
        return sink.getvalue()


def formulas(text: str) -> str:
    """Return a title whose formulas are set as such: ``h_i = sqrt(i)``; dollar signs stay."""
    found = text.replace("$", r"\$")
    for words, formula in FORMULAS.items():
        found = re.sub(words, rf"$\\mathdefault{{}}{formula}$", found)
    return found if OURS in found else text


def check_size(size: tuple[float, float] | None) -> None:
    """Check the width and height in inches that a user wants; None: as is usual.

    Raises:
        BadInputError: one is too small or too large.
    """
    if size and not all(1 <= side <= LARGEST for side in size):
        raise BadInputError(f"size {size[0]:g} {size[1]:g}: accepted: 1 to {LARGEST} inches each")


def save(figure: Picture, file: Path, *, dark: bool = False) -> None:
    """Save a picture, whole or not at all; the ending decides the format.

    Args:
        figure: the picture.
        file: to write.
        dark: for a dark page or slide.

    Raises:
        BadInputError: the ending is no format, or a folder is in the way.
    """
    accepted = [kind for kind in figure.canvas.get_supported_filetypes() if kind not in UNWANTED]
    if file.is_dir() or file.suffix.removeprefix(".") not in accepted:
        raise BadInputError(
            f"{file}: cannot be a picture; accepted: a file in {', '.join(accepted)}"
        )
    with replacing(file) as sink:
        (figure.dark() if dark else figure).savefig(
            sink, format=file.suffix.removeprefix("."), dpi=150
        )


def legend_below(
    figure: Picture, handles: Sequence[Artist], columns: int, *, grow: bool, title: str = ""
) -> None:
    """Put a legend under all panels, in fewer columns where the picture is too narrow.

    Args:
        figure: the picture.
        handles: with their labels.
        columns: at most.
        grow: the picture may become higher, so that a long legend leaves the panels their room.
        title: of the legend.
    """
    while True:
        legend = figure.legend(
            handles=handles, loc="outside lower center", ncols=columns, title=title or None
        )
        figure.take_literally()
        box = legend.get_window_extent()
        if box.width <= figure.bbox.width or columns == 1:
            break
        legend.remove()
        columns = max(1, min(columns - 1, int(columns * figure.bbox.width / box.width)))
    too_much = box.height - LONGEST_LEGEND * figure.bbox.height
    if grow and too_much > 0:
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + too_much / figure.dpi)


def rank(label: str) -> tuple[int, str]:
    """Return a key to sort by: methods in the order of their colours, then the user's labels."""
    order, method = list(COLOURS), label.removesuffix(RACED)
    return (order.index(method) if method in order else len(order), label)


def look(label: str, labels: list[str]) -> Line:
    """Return how a method looks, raced or not; a user's label takes a look that is free."""
    method = label.removesuffix(RACED)
    if method in COLOURS or method in COMBINED:
        return _of_method(method)
    methods = list(dict.fromkeys(name.removesuffix(RACED) for name in labels))
    free = [name for name in COLOURS if name not in methods]
    own = [name for name in methods if name not in COLOURS and name not in COMBINED]
    turn, place = divmod(own.index(method), len(free or COLOURS))
    line = _of_method((free or list(COLOURS))[place])
    dashes = list(DASHES.values())  # other ones where colours come again
    again = dashes.index(line.linestyle) + turn + (not free)
    return replace(line, linestyle=dashes[again % len(dashes)])


def colour(label: str, labels: list[str]) -> ColorType:
    """Return the colour of :func:`look`."""
    return look(label, labels).color


def _of_method(method: str) -> Line:
    aggregation, _, rule = method.partition("-")
    rule = rule or next(iter(RULES))
    own = COLOURS.get(method)
    if own is None:
        base = COLOURS.get(f"{aggregation}-nigt") or COLOURS.get(aggregation, "#66A61E")
        other, share = SHADES.get(rule, ("#000000", 0.0))
        red, green, blue = (1 - share) * np.array(to_rgb(base)) + share * np.array(to_rgb(other))
        own = to_hex((red, green, blue))
    return Line(own, DASHES[aggregation], WIDTHS[rule])
