"""When workers are down."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import numpy as np

from simulator.randomness import Stream, uniforms
from simulator.types import Indices, Vector

Loss: TypeAlias = Literal["lost", "paused"]

Window: TypeAlias = tuple[float, float]
"""Down from the first time (included) to the second (excluded), in simulated seconds."""

FEW = 256
"""Workers of a small cluster: to draw a window of each of them costs about as much as of one."""


class Failures(ABC):
    """The windows in which each worker is down, for all workers at once.

    A worker's next window is drawn when it is needed: the first one, and each one of a small
    cluster, for everyone together.

    Args:
        workers: n.
        running: what becomes of a task that is running at a failure. ``lost``: it is gone, and the
            worker begins a new one when it is back. ``paused``: it goes on where it was.

    Attributes:
        on_window: called before a first worker's window 0, 1, ... is drawn.
    """

    def __init__(self, workers: int, running: Loss) -> None:
        self.running = running
        self.on_window: Callable[[], None] = lambda: None
        self._down = np.empty((4, workers))
        self._up = np.empty((4, workers))  # a column is a worker's, ascending
        self._newest: Indices = np.full(workers, -1)  # the number of each worker's newest window
        self._until: Vector = np.zeros(workers)  # when that ends
        self._before: Vector = np.full(workers, -math.inf)  # when the one before it ended
        self._earlier = self._before.copy()  # and the one before that
        self._known = 0  # windows of the worker that has most

    @abstractmethod
    def windows(self, workers: Indices, numbers: Indices, before: Vector) -> tuple[Vector, Vector]:
        """Return a window of each of ``workers``, from and to, (m,) each; inf after its last.

        Args:
            workers: shape (m,).
            numbers: shape (m,), of the windows: 0, 1, ...; all 0, or none.
            before: shape (m,), when the window before it ended; 0 for the first.
        """

    def after(self, workers: Indices, times: Vector) -> tuple[Vector, Vector]:
        """Return the first window of each worker that ends after its time: present or next; (m,).

        Args:
            workers: shape (m,).
            times: shape (m,), finite.
        """
        if len(workers) == 1:
            down, up = self._after_one(int(workers[0]), float(times[0]))
            return np.array([down]), np.array([up])
        while len(late := workers[self._until[workers] <= times]):
            self._draw(late)
        k = self._newest[workers] - (self._before[workers] > times)
        if len(old := np.flatnonzero(self._earlier[workers] > times)):  # few, in a large cluster
            k[old] = self._search(workers[old], times[old])
        return self._down[k, workers], self._up[k, workers]

    def _search(self, workers: Indices, times: Vector) -> Indices:
        """Return the numbers of the windows, which are before the two newest ones."""
        low, high = np.zeros_like(workers), self._newest[workers] - 2
        while (low < high).any():
            middle = (low + high) // 2
            over = self._up[middle, workers] <= times
            low, high = np.where(over, middle + 1, low), np.where(over, high, middle)
        return low

    def _after_one(self, worker: int, time: float) -> Window:
        while self._until[worker] <= time:
            self._draw(np.array([worker]))
        k = int(self._newest[worker])
        if self._before[worker] > time:
            k = int(self._up[:k, worker].searchsorted(time, "right"))
        return float(self._down[k, worker]), float(self._up[k, worker])

    def between(self, worker: int, start: float, end: float) -> list[Window]:
        """Return the parts of one worker's windows that lie between two times."""
        parts = []
        while start < end:
            down, up = self._after_one(worker, start)
            if down >= end:
                break
            parts.append((max(down, start), min(up, end)))
            start = up
        return parts

    def _draw(self, late: Indices) -> None:
        """Draw the next window of ``late`` (m,), and of others who will need theirs soon."""
        if self._newest[late].max() + 1 == self._known:
            self.on_window()
            if self._known == len(self._up):
                self._down, self._up = _twice(self._down), _twice(self._up)
            self._known += 1
        until = np.where(self._newest + 1 < self._known, self._until, math.inf)
        number = max(FEW, len(until) // 32)
        if number < len(until):
            soon = until <= np.partition(until, number)[number]
            soon[late] = True
            until[~soon] = math.inf
        workers = np.flatnonzero(until < math.inf)
        k, before = self._newest[workers] + 1, self._until[workers]
        down, up = self.windows(workers, k, before)
        self._down[k, workers], self._up[k, workers] = down, up
        self._earlier[workers] = self._before[workers]
        self._before[workers] = np.where(k > 0, before, -math.inf)
        self._newest[workers], self._until[workers] = k, up


def _twice(windows: Vector) -> Vector:
    larger = np.empty((2 * len(windows), windows.shape[1]))
    larger[: len(windows)] = windows
    return larger


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

    def windows(self, workers: Indices, numbers: Indices, before: Vector) -> tuple[Vector, Vector]:
        """See :class:`Failures`."""
        u, v = uniforms(self._seed, workers, numbers, Stream.FAILURE).T
        log = _log if numbers.any() else np.log
        down = before - self._means[0] * log(u)
        return down, down - self._means[1] * log(v)


def _log(x: Vector) -> Vector:
    """Return the C library's logarithm: NumPy's has another last bit, and results depend on it."""
    return np.fromiter(map(math.log, x.tolist()), float, len(x))


class PlannedFailures(Failures):
    """Explicit windows.

    Args:
        workers: n.
        running: see :class:`Failures`.
        windows: for each worker, ascending and apart.
    """

    def __init__(self, workers: int, running: Loss, windows: Sequence[Sequence[Window]]) -> None:
        super().__init__(workers, running)
        self._planned = windows

    def windows(self, workers: Indices, numbers: Indices, before: Vector) -> tuple[Vector, Vector]:
        """See :class:`Failures`."""
        never = (math.inf, math.inf)
        mine = [
            self._planned[w][k] if k < len(self._planned[w]) else never
            for w, k in zip(workers.tolist(), numbers.tolist(), strict=True)
        ]
        down, up = np.array(mine).reshape(len(before), 2).T
        return down, up
