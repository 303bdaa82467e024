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


class Failures(ABC):
    """The windows in which each worker is down, for all workers at once.

    Window k of all workers is drawn together, when the first of them needs it.

    Args:
        workers: n.
        running: what becomes of a task that is running at a failure. ``lost``: it is gone, and the
            worker begins a new one when it is back. ``paused``: it goes on where it was.

    Attributes:
        on_window: called before a window of each worker is drawn.
    """

    def __init__(self, workers: int, running: Loss) -> None:
        self.running = running
        self.on_window: Callable[[], None] = lambda: None
        self._down = np.empty((workers, 4))
        self._up = np.empty((workers, 4))  # a row is a worker's, ascending
        self._known = 0  # windows of each worker

    @abstractmethod
    def windows(self, number: int, before: Vector) -> tuple[Vector, Vector]:
        """Return window 0, 1, ... of each worker, from and to, (n,) each; inf after its last.

        Args:
            number: of the window.
            before: shape (n,), when the window before it ended; 0 for the first.
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
        while not self._known or (self._up[workers, self._known - 1] <= times).any():
            self._draw()
        low, high = np.zeros_like(workers), np.full_like(workers, self._known)
        for _ in range(self._known.bit_length()):
            middle = (low + high) // 2
            over = (low < high) & (self._up[workers, np.minimum(middle, self._known - 1)] <= times)
            low, high = np.where(over, middle + 1, low), np.where(over, high, middle)
        return self._down[workers, low], self._up[workers, low]

    def _after_one(self, worker: int, time: float) -> Window:
        while not self._known or self._up[worker, self._known - 1] <= time:
            self._draw()
        k = int(self._up[worker, : self._known].searchsorted(time, "right"))
        return float(self._down[worker, k]), float(self._up[worker, k])

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

    def _draw(self) -> None:
        self.on_window()
        k = self._known
        if k == self._down.shape[1]:
            self._down, self._up = (np.hstack([a, a]) for a in (self._down, self._up))
        before = self._up[:, k - 1] if k else np.zeros(len(self._up))
        self._down[:, k], self._up[:, k] = self.windows(k, before)
        self._known += 1


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

    def windows(self, number: int, before: Vector) -> tuple[Vector, Vector]:
        """See :class:`Failures`."""
        everyone = np.arange(len(before))
        u, v = uniforms(self._seed, everyone, 0 * everyone + number, Stream.FAILURE).T
        log = _log if number else np.log
        down = before - self._means[0] * log(u)
        return down, down - self._means[1] * log(v)


def _log(x: Vector) -> Vector:
    """Return the C library's logarithm: NumPy's has another last bit, and results depend on it."""
    return np.array([math.log(value) for value in x.tolist()])


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

    def windows(self, number: int, before: Vector) -> tuple[Vector, Vector]:
        """See :class:`Failures`."""
        never = (math.inf, math.inf)
        mine = [w[number] if number < len(w) else never for w in self._planned]
        down, up = np.array(mine).reshape(len(before), 2).T
        return down, up
