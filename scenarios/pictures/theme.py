"""A picture for a dark page: what is grey is inverted, what has a colour stays."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import rgb_to_hsv, to_rgba, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text

BACKGROUND = 0.075
"""Lightness of a dark page."""

GREY = 0.08
"""What is less saturated has no colour."""


def darken(figure: Figure) -> None:
    """Change the colours of a finished picture: white to black, black to white."""
    for artist in figure.findobj():
        if isinstance(artist, Text):
            if not _on_colour(artist):
                artist.set_color(dark(artist.get_color()))
        elif isinstance(artist, Line2D):
            face, edge = artist.get_markerfacecolor(), artist.get_markeredgecolor()
            artist.set_color(dark(artist.get_color()))  # which markers may follow
            artist.set_markerfacecolor(dark(face))
            artist.set_markeredgecolor(dark(edge))
        elif isinstance(artist, Patch):
            face, edge = artist.get_facecolor(), artist.get_edgecolor()
            artist.set_facecolor(dark(face))
            artist.set_edgecolor(dark(edge))
        elif isinstance(artist, Collection):
            artist.set_facecolor(_darks(artist.get_facecolor()))
            artist.set_edgecolor(_darks(artist.get_edgecolor()))
    for ax in figure.axes:  # of ticks that are still to be made
        ax.tick_params(which="both", color=dark("black"), labelcolor=dark("black"))


def _on_colour(text: Text) -> bool:
    """Return whether a text stands on what keeps its colour: an image, a bar, or white is seen."""
    if min(to_rgba(text.get_color())) == 1:
        return True
    ax = text.axes
    if not isinstance(ax, Axes) or text not in ax.texts:
        return False
    bars = (bar for bar in ax.patches if isinstance(bar, Rectangle) and _has_colour(bar))
    return bool(ax.images) or any(bar.get_bbox().contains(*text.get_position()) for bar in bars)


def _has_colour(bar: Rectangle) -> bool:
    return float(rgb_to_hsv(to_rgba(bar.get_facecolor())[:3])[1]) >= GREY


def _darks(colours: Any) -> Any:  # noqa: ANN401
    return [dark(one) for one in to_rgba_array(colours)]


def dark(colour: Any) -> Any:  # noqa: ANN401 - matplotlib's colours
    """Return what a colour is in a dark picture."""
    red, green, blue, alpha = to_rgba(colour)
    _, saturation, value = rgb_to_hsv((red, green, blue))
    if saturation < GREY:
        grey = 1 - (1 - BACKGROUND) * value
        return (grey, grey, grey, alpha)
    return (*_lighter(np.array([red, green, blue])), alpha)


def _lighter(colour: Iterable[float]) -> tuple[float, ...]:
    """Return a colour of the same hue that can be seen on a dark page."""
    red, green, blue = colour
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    share = max(0.0, 0.4 - luminance)
    return tuple(float(c + share * (1 - c)) for c in (red, green, blue))
