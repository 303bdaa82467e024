"""Who did what when, as a picture."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from scenarios.format.words.errors import BadInputError
from scenarios.pictures.style import Picture, formulas
from scenarios.results.bands import LANES, bands_of
from scenarios.results.recorded import Recorded, seconds_before
from simulator import State

COLOURS = {
    State.COMPUTE: ("#0072B2", "computing, used", ""),
    State.DISCARD: ("#D55E00", "computing for nothing", "//////"),
    State.SEND: ("#009E73", "sending", "......"),
    State.IDLE: ("#E5E5E5", "idle", ""),
    State.DOWN: ("#000000", "down", ""),
}
"""Of each state: its colour, words, and a hatch, for black and white, where intervals are few."""

FEW = 60
"""Intervals that have hatches, and numbers of the updates that used them."""

BINS = 300
TICK, MARGINS = 0.06, 1.4
"""Inches: of a tick on top, and of all that lies above and below the lanes."""
INTERVALS = 400
"""How many intervals the picture of single workers shows unless told otherwise."""


def draw_timeline(
    run: Recorded, begin: float = 0.0, until: float | None = None, width: float = 11.0
) -> Picture:
    """Draw one lane per worker, or bands of many workers: the scenario's groups, or tenths.

    Args:
        run: what was recorded.
        begin: simulated seconds at the left.
        until: simulated seconds at the right; as much as is legible if None.
        width: in inches.

    Raises:
        BadInputError: it would begin where the run is over.
    """
    workers = int(run.worker.max()) + 1 if len(run.worker) else 1
    last = float(run.end.max()) if len(run.end) else 1.0
    if begin >= last:
        raise BadInputError(f"begin {begin:g}: the run ends at {last:g} s; accepted: less")
    if workers <= LANES:
        shown = np.sort(run.start[run.end > begin])
        until = until or (float(shown[INTERVALS]) if len(shown) > INTERVALS else last)
        height = MARGINS + 0.2 + 0.28 * workers
    else:
        until, height = until or last, 7.0
    figure = Picture(figsize=(width, height), layout="constrained")
    ax = figure.subplots()
    (_draw_lanes if workers <= LANES else _draw_bands)(ax, run, workers, begin, until)
    visible = run.updates[(run.updates >= begin) & (run.updates <= until)]
    if len(visible) <= INTERVALS:
        top = 1 + TICK / (height - MARGINS)
        ax.vlines(visible, 1.0, top, transform=ax.get_xaxis_transform(), clip_on=False, color="k")
    ax.set_xlim(begin, until)
    ax.set_xlabel(f"{run.clock}; ticks on top are updates")
    ax.set_title(formulas(run.title), fontsize="medium", pad=14)
    shown = np.unique(run.state[(run.end > begin) & (run.start < until)]).tolist()
    hatched = few(run, begin, until) and workers <= LANES
    patches = [
        Patch(facecolor=colour, label=label, hatch=hatch if hatched else "", edgecolor="white")
        for state, (colour, label, hatch) in COLOURS.items()
        if state in shown
    ]
    figure.legend(handles=patches, loc="outside lower center", ncols=max(len(patches), 1))
    return figure


def few(run: Recorded, begin: float, until: float) -> bool:
    """Return whether so few intervals are drawn that each can be looked at."""
    return int(((run.end > begin) & (run.start < until)).sum()) <= FEW


def _draw_lanes(ax: Axes, run: Recorded, workers: int, begin: float, until: float) -> None:
    visible = (run.end > begin) & (run.start < until)
    is_few = few(run, begin, until)
    for state, (colour, _, hatch) in COLOURS.items():
        for worker in range(workers):
            mine = visible & (run.worker == worker) & (run.state == state)
            spans = np.column_stack([run.start[mine], (run.end - run.start)[mine]])
            ax.broken_barh(
                spans.tolist(),
                (worker - 0.4, 0.8),
                facecolor=colour,
                edgecolor="white" if state != State.IDLE else "none",
                linewidth=0.4,
                hatch=hatch if is_few else "",
            )
    used = np.flatnonzero(visible & (run.state == State.COMPUTE) & (run.update > 0))
    for k in used if is_few else ():
        middle = (max(run.start[k], begin) + min(run.end[k], until)) / 2
        said, size = str(run.update[k]), "small"
        ax.text(middle, run.worker[k], said, color="white", size=size, ha="center", va="center")
    ax.set_ylim(workers - 0.5, -0.5)
    ax.set_yticks(range(workers))
    ax.set_ylabel("worker")


def _draw_bands(ax: Axes, run: Recorded, workers: int, begin: float, until: float) -> None:
    """Stack, for each band of workers, the share of them in each state."""
    edges = np.linspace(begin, until, BINS + 1)
    bands = bands_of(workers, run.groups)
    for band, (first, last, _) in enumerate(bands):
        mine = (run.worker >= first) & (run.worker <= last)
        base = np.full(BINS, band + 0.95)
        for state, (colour, _, _) in COLOURS.items():
            chosen = mine & (run.state == state)
            spent = np.diff(seconds_before(edges, run.start[chosen], run.end[chosen]))
            share = 0.9 * spent / ((edges[1] - edges[0]) * (last - first + 1))
            ax.stairs(base - share, edges, baseline=base, color=colour, fill=True, linewidth=0)
            base -= share
    ax.set_ylim(len(bands), 0)
    ax.set_yticks(np.arange(len(bands)) + 0.5, [name for _, _, name in bands])
    ax.set_ylabel("workers, share in each state")
