"""Methods and panels as a heat map of times relative to the best."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LogNorm

from scenarios.pictures.style import Picture
from scenarios.results.judging.matrix import Column, methods_of

DARK, SLOWEST = 4.0, 10.0
"""Factors from the latter on have the same colour, from the former on white letters."""


def draw(columns: Sequence[Column], title: str) -> Picture:
    """Draw a row for each method, a column for each panel; what is never reached is grey."""
    methods = methods_of(columns)
    cells = [[panel.factor(label) for panel in columns] for label in methods]
    values = np.array([[found.value if found else np.nan for found in row] for row in cells])
    shown = np.where(np.isfinite(values), np.minimum(values, SLOWEST), np.nan)
    size = (2.2 + 1.75 * len(columns), 1.6 + 0.42 * len(methods))
    picture = Picture(figsize=size, layout="constrained")
    ax = picture.subplots()
    ax.set_facecolor("#dddddd")
    ax.imshow(shown, norm=LogNorm(1, SLOWEST), cmap="viridis_r", aspect="auto", alpha=0.75)
    for row, column in np.ndindex(values.shape):
        said = columns[column].text(methods[row])
        dark = shown[row, column] > DARK
        ink = "white" if dark else "black"
        ax.text(column, row, said, ha="center", va="center", fontsize="small", color=ink)
    ax.set_xticks(range(len(columns)), [panel.title.replace(", ", "\n") for panel in columns])
    ax.set_yticks(range(len(methods)), methods)
    ax.tick_params(length=0)
    ax.xaxis.tick_top()
    ax.set_title(title, fontsize="medium", pad=14)
    return picture
