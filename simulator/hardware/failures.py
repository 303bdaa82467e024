"""When workers are down."""

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from simulator.randomness import Stream, uniforms
from simulator.types import Indices, Vector

Loss: TypeAlias = Literal["lost", "paused"]

Window: TypeAlias = tuple[float, float]
"""Down from the first time (included) to the second (excluded), in simulated seconds."""


class Failures(ABC):
    """The windows in which each worker is down.

    Attributes:
        running: what becomes of a task that is running at a failure. ``lost``: it is gone, and the
            worker begins a new one when it is back. ``paused``: it goes on where it was.
    """

    running: Loss

    @abstractmethod
    def window(self, worker: int, number: int) -> Window:
        """Return a worker's window 0, 1, ..., in ascending order; (inf, inf) after the last."""

    def __init__(self, workers: int, running: Loss) -> None:
        self.running = running
        self._known: list[list[Window]] = [[] for _ in range(workers)]
        self._latest = np.full((2, workers), -math.inf)  # a window that after() gave each worker

    def meet(self, workers: Indices, starts: Vector, ends: Vector) -> Indices:
        """Return which of the tasks (m,) meet a window before they end, as indices into them.

        Most do not, and this finds them in vectors.
        """
        for k in np.flatnonzero(self._latest[1, workers] <= starts):
            worker = int(workers[k])
            self._latest[:, worker] = self.after(worker, float(starts[k]))
        return np.flatnonzero(self._latest[0, workers] < ends)

    def after(self, worker: int, time: float) -> Window:
        """Return the first window that ends after ``time``: the present one or the next."""
        known = self._known[worker]
        while not known or known[-1][1] <= time:
            known.append(self.window(worker, len(known)))
        return known[bisect_right(known, time, key=lambda window: window[1])]

    def between(self, worker: int, start: float, end: float) -> list[Window]:
        """Return the parts of windows that lie between two times."""
        parts = []
        while start < end:
            down, up = self.after(worker, start)
            if down >= end:
                break
            parts.append((max(down, start), min(up, end)))
            start = up
        return parts


class RandomFailures(Failures):
    """Exponential times between failures and to repair, keyed by (seed, worker, number).

    Args:
        workers: n.
        running: see :class:`Failures`.
        between: mean seconds from a repair to the next failure.
        repair: mean seconds that a failure lasts.
        seed: the run's seed.
    """

    def __init__(
        self, workers: int, running: Loss, *, between: float, repair: float, seed: int
    ) -> None:
        super().__init__(workers, running)
        self._means = between, repair
        self._seed = seed
        everyone = np.arange(workers)
        u, v = uniforms(seed, everyone, 0 * everyone, Stream.FAILURE).T
        down = -between * np.log(u)
        self._latest = np.array([down, down - repair * np.log(v)])
        self._known = [[window] for window in zip(*self._latest.tolist(), strict=True)]

    def window(self, worker: int, number: int) -> Window:
        """See :class:`Failures`."""
        before = self._known[worker][-1][1] if number else 0.0
        ((u, v),) = uniforms(
            self._seed, np.array([worker]), np.array([number]), Stream.FAILURE
        ).tolist()
        down = before - self._means[0] * math.log(u)
        return down, down - self._means[1] * math.log(v)


class PlannedFailures(Failures):
    """Explicit windows.

    Args:
        workers: n.
        running: see :class:`Failures`.
        windows: for each worker, ascending and apart.
    """

    def __init__(self, workers: int, running: Loss, windows: Sequence[Sequence[Window]]) -> None:
        super().__init__(workers, running)
        self._windows = windows

    def window(self, worker: int, number: int) -> Window:
        """See :class:`Failures`."""
        mine = self._windows[worker]
        return mine[number] if number < len(mine) else (math.inf, math.inf)
