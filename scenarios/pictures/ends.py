"""Names of curves at their right ends, instead of a legend, where there is room."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes

MOST = 8
"""Names beside one panel."""

REACHED = 0.93
"""Of the width: where every curve has to end at least."""

APART = 0.055
"""Of the height: between two names."""

SHIFTED = 0.12
"""Of the height: how far a name may stand from its curve's end."""


def name_curves(ax: Axes, names: Iterable[object]) -> bool:
    """Write the names beside a panel; do nothing, and return False, if there is no room.

    Args:
        ax: the panel, with its curves and limits.
        names: that have to be there.
    """
    lines = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    if len(lines) > MOST or {line.get_label() for line in lines} != set(names):
        return False
    ax.get_ylim(), ax.get_xlim()  # they are settled now
    to_axes = ax.transData + ax.transAxes.inverted()
    ends: list[tuple[float, Any]] = []
    for line in lines:
        x, y = to_axes.transform(np.asarray(line.get_xydata())[-1])
        if x < REACHED or not 0 <= y <= 1:  # below a logarithmic axis, which has no 0
            return False
        ends.append((float(y), line))
    ends.sort(key=lambda end: end[0])
    heights = _spread([height for height, _ in ends])
    if any(abs(h - end) > SHIFTED for h, (end, _) in zip(heights, ends, strict=True)):
        return False
    for height, (_, line) in zip(heights, ends, strict=True):
        ax.annotate(
            line.get_label(),
            (1.0, height),
            (4, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            color=line.get_color(),
            fontsize="small",
            va="center",
            annotation_clip=False,
        )
    return True


def _spread(heights: list[float]) -> list[float]:
    """Return rising heights moved apart, each group about the middle of where it was."""
    groups: list[list[float]] = []  # (members' middle, how many)
    for height in heights:
        groups.append([height, 1.0])
        while len(groups) > 1 and _top(groups[-2]) + APART > _bottom(groups[-1]):
            (low, few), (high, more) = groups[-2:]
            groups[-2:] = [[(low * few + high * more) / (few + more), few + more]]
    return [
        middle + APART * (k - (number - 1) / 2)
        for middle, number in groups
        for k in range(int(number))
    ]


def _top(group: list[float]) -> float:
    return group[0] + APART * (group[1] - 1) / 2


def _bottom(group: list[float]) -> float:
    return group[0] - APART * (group[1] - 1) / 2
