"""The computation tree, as it is drawn by hand: iterates above, workers below, arrows between."""

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scenarios.explain.explain import Explained
from scenarios.explain.tree import Gradient, gradients
from scenarios.format.words.errors import BadInputError
from scenarios.pictures.style import Picture, formulas
from scenarios.pictures.timeline import COLOURS
from simulator import State

MOST = 200
"""Gradients that can be told from each other."""

USED, DROPPED, SENT = COLOURS[State.COMPUTE][0], COLOURS[State.DISCARD][0], "#888888"
LATER = "#BBBBBB"


def draw_tree(one: Explained, title: str, updates: int) -> Picture:
    """Draw which iterate each gradient was taken at, and which update used it.

    Args:
        one: a method.
        title: over the picture.
        updates: so many from the start, or as many as there are.

    Raises:
        BadInputError: there are too many gradients.
    """
    times = [0.0, *one.seen.times[:updates].tolist()]
    found = gradients(one.seen, updates)
    workers = one.seen.hardware.compute.workers
    if len(found) > MOST:
        raise BadInputError(
            f"{one.label}: {len(found):,} gradients in {updates:,} updates; accepted: a tree of at "
            f"most {MOST}, as of fewer updates"
        )
    size = (max(7.5, min(16.0, 1.1 * len(times) + 0.05 * len(found))), 2.2 + 0.5 * workers)
    figure = Picture(figsize=size, layout="constrained")
    ax = figure.subplots()
    ax.plot(times, [0.0] * len(times), color="k", linewidth=1.5, zorder=1)
    ax.plot(times, [0.0] * len(times), "o", ms=5, mfc="k", mec="k", zorder=3)
    for time in dict.fromkeys(times):  # several updates may be made at one instant
        first, last = times.index(time), len(times) - 1 - times[::-1].index(time)
        name = rf"\theta_{{{first}}}" + rf"\ldots\theta_{{{last}}}" * (last > first)
        label = rf"$\mathdefault{{}}{name}$"
        ax.annotate(label, (time, 0.0), (0, 7), textcoords="offset points", ha="center")
    newest: dict[int, int] = {}
    for gradient in found:
        arrives = newest.get(gradient.worker) != gradient.taken
        newest[gradient.worker] = gradient.taken
        _draw(ax, gradient, times, arrives=arrives)
    ax.set_yticks(range(1, workers + 1), [str(worker) for worker in range(workers)])
    ax.set_ylim(workers + 0.6, -0.9)
    ax.set_xlim(-0.02 * times[-1], 1.02 * times[-1])
    ax.set_ylabel("worker")
    ax.set_xlabel(
        "simulated seconds; a number is the iterate whose lookahead a gradient is taken at"
    )
    ax.set_title(formulas(f"{title}\n{one.label}"), fontsize="medium")
    handles = [
        Line2D([], [], color=SENT, linestyle=":", label="lookahead sent"),
        Line2D([], [], color=USED, marker="o", label="gradient, used"),
        Line2D([], [], color=DROPPED, marker="x", label="discarded"),
        Line2D([], [], color=LATER, linewidth=3, label="not used yet"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def _draw(ax: Axes, gradient: Gradient, times: list[float], *, arrives: bool) -> None:
    """Draw a gradient in its worker's lane, where it comes from, and where it goes.

    Args:
        ax: to draw on.
        gradient: which one.
        times: of the iterates.
        arrives: its lookahead is new to the worker.
    """
    start, end, lane = gradient.start, min(gradient.end, times[-1]), gradient.worker + 1
    used = 0 < gradient.used < len(times)
    over = used or (not gradient.used and gradient.end <= times[-1])
    colour, marker = (USED, "o") if used else (DROPPED, "x") if over else (LATER, "")
    ax.plot([start, end], [lane, lane], color=colour, linewidth=3, solid_capstyle="butt")
    ax.plot(end, lane, color=colour, marker=marker, markersize=5, zorder=3)
    ax.text((start + end) / 2, lane + 0.2, f"{gradient.taken}", size="x-small", ha="center")
    if arrives:
        _arrow(ax, (times[gradient.taken], 0.0), (start, lane), color=SENT, linestyle=":")
    if used:
        _arrow(ax, (end, lane), (times[gradient.used], 0.0), color=colour)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], **look: str) -> None:
    shape = {"arrowstyle": "->", "connectionstyle": "arc3,rad=0.12", "shrinkA": 3, "shrinkB": 4}
    ax.annotate("", end, start, arrowprops={"linewidth": 0.9, **shape, **look}, zorder=2)
