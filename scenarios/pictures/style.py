"""What all pictures share: a method's colour and rank, and how a picture is saved."""

import io
from pathlib import Path

from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text

from scenarios.format.words.errors import BadInputError
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


OURS = "\\mathdefault"
"""Marks the formulas that matplotlib itself writes along logarithmic axes."""


class Picture(Figure):
    """A figure of matplotlib's that shows itself in a notebook, without pyplot."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw it; a dollar sign in users' texts begins no formula."""
        for text in self.findobj(Text):
            if OURS not in text.get_text():
                text.set_parse_math("$" not in text.get_text())
        super().draw(renderer)

    def _repr_png_(self) -> bytes:
        sink = io.BytesIO()
        self.savefig(sink, format="png", dpi=100)
        return sink.getvalue()


def save(figure: Figure, file: Path) -> None:
    """Save a picture; the ending decides the format.

    Raises:
        BadInputError: the ending is no format, or a folder is in the way.
    """
    accepted = figure.canvas.get_supported_filetypes()
    if file.is_dir() or file.suffix.removeprefix(".") not in accepted:
        raise BadInputError(
            f"{file}: cannot be a picture; accepted: a file in {', '.join(accepted)}"
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=150)


def rank(label: str) -> tuple[int, str]:
    """Return a key to sort by: methods in the order of their colours, then the user's labels."""
    order, method = list(COLOURS), label.removesuffix(RACED)
    return (order.index(method) if method in order else len(order), label)


def colour(label: str, labels: list[str]) -> str:
    """Return the colour of a method, raced or not; a user's label takes one that is free."""
    method = label.removesuffix(RACED)
    if method in COLOURS:
        return COLOURS[method]
    methods = list(dict.fromkeys(name.removesuffix(RACED) for name in labels))
    free = [colour for name, colour in COLOURS.items() if name not in methods] or ["#444444"]
    return free[[name for name in methods if name not in COLOURS].index(method) % len(free)]
