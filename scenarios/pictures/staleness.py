"""Who is stale and who is heard: a bar for each worker, in the colours of its delays."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from scenarios.pictures.style import Picture, legend_below
from scenarios.results.staleness import Lane
from simulator import Indices

ACROSS = 4
"""Panels side by side."""
UNUSED = "#D5D5D5"


def draw_staleness(
    methods: dict[str, list[Lane]], title: str, size: tuple[float, float] | None = None
) -> Picture:
    """Draw a panel for each method: used gradients of each worker by delay, then discarded ones.

    Args:
        methods: the lanes of each; all have the same.
        title: over the picture.
        size: width and height in inches.
    """
    names = [lane.name for lane in next(iter(methods.values()))]
    columns = min(ACROSS, len(methods))
    rows = -(-len(methods) // columns)
    height = 0.9 + 0.22 * max(len(names), 6) + 0.13 * sum(name.count("\n") for name in names)
    usual = (2.9 * columns + 0.9, 0.8 + height * rows)
    figure = Picture(figsize=size or usual, layout="constrained")
    axes = [*figure.subplots(rows, columns, sharey=True, squeeze=False).flat]
    oldest = max(int(_class(lane.delay).max(initial=0)) for m in methods.values() for lane in m)
    colours = mpl.colormaps["viridis"](np.linspace(0, 0.95, oldest + 1))
    for ax, (label, lanes) in zip(axes, methods.items(), strict=False):
        _draw_panel(ax, lanes, colours)
        ax.set_title(label, fontsize="medium", parse_math=False)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    for ax in axes[len(methods) :]:
        ax.remove()
    figure.supylabel("worker", fontsize="medium")
    figure.suptitle(title, fontsize="medium", parse_math=False)
    handles = [Patch(color=colour, label=_delays(k)) for k, colour in enumerate(colours)]
    handles.append(Patch(color=UNUSED, label="discarded"))
    legend_below(figure, handles, 8, grow=size is None, title="delay, in updates")
    return figure


def _draw_panel(ax: Axes, lanes: list[Lane], colours: Any) -> None:  # noqa: ANN401
    classes, places = range(len(colours)), np.arange(len(lanes), dtype=float)
    lengths = np.array(
        [
            [*(lane.used[_class(lane.delay) == k].sum() for k in classes), lane.discarded]
            for lane in lanes
        ]
    ) / np.array([[lane.number] for lane in lanes])
    ends = np.cumsum(lengths, axis=1)
    for k, colour in enumerate([*colours, UNUSED]):
        ax.barh(places, lengths[:, k], 0.8, ends[:, k] - lengths[:, k], color=colour)
    ax.set_xlabel("gradients of a worker")
    ax.grid(alpha=0.3, axis="x")


def _class(delay: Indices) -> Indices:
    """Return 0 for delay 0, 1 for 1, 2 for 2 and 3, 3 for 4 to 7, and so on."""
    classes: Indices = np.frexp(delay.astype(float))[1].astype(np.int64)
    return classes


def _delays(k: int) -> str:
    low, high = 2 ** max(k - 1, 0) * (k > 0), 2**k - 1
    return f"{low:,}" if high <= low else f"{low:,} to {high:,}"
