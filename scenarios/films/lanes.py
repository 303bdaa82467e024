"""Who is computing around a simulated second: a lane per worker, as an image."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scenarios.pictures.timeline import COLOURS
from scenarios.results.bands import LANES
from scenarios.results.recorded import Recorded
from simulator import State

Image = npt.NDArray[np.uint8]

TASKS = 4
"""Of long intervals, such as a slow worker's task or upload, so many fit into the picture."""

_SHADES = {
    state: [int(c[k : k + 2], 16) for k in (1, 3, 5)] for state, (c, _, _) in COLOURS.items()
}


def window(runs: Sequence[Recorded]) -> float:
    """Return how many simulated seconds are shown, the same for all runs."""
    lengths = [(r.end - r.start)[r.state != State.IDLE] for r in runs]
    longest = [float(np.quantile(length, 0.9)) for length in lengths if len(length)]
    return TASKS * max(longest, default=1.0)


def lanes(run: Recorded, begin: float, until: float, width: int, height: int) -> Image:
    """Return an image of what workers do from ``begin`` to ``until``; white before and after.

    Args:
        run: what was recorded.
        begin: simulated seconds at the left.
        until: at the right.
        width: in pixels.
        height: the same. Of more workers than have room, some at equal distances are shown.
    """
    workers = int(run.worker.max()) + 1
    count = min(workers, LANES, height)
    chosen = np.linspace(0, workers - 1, count).round().astype(int)
    times = begin + (np.arange(width) + 0.5) * (until - begin) / width
    image = np.full((height, width, 3), 255, np.uint8)
    edges = np.linspace(0, height, count + 1).astype(int)
    for worker, top, bottom in zip(chosen, edges, edges[1:], strict=False):
        mine = np.flatnonzero(run.worker == worker)
        starts, ends = run.start[mine], run.end[mine]
        k = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
        there = (times >= starts[k]) & (times <= ends[k])
        shades = np.array([_SHADES[State(state)] for state in run.state[mine][k]], np.uint8)
        gap = 1 if bottom - top > 2 else 0  # noqa: PLR2004 - a thin lane has no room for it
        image[top : bottom - gap, there] = shades[there]
    return image
