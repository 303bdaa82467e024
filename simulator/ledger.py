"""What becomes of each gradient: used, thrown away, or still in hand."""

import numpy as np

from simulator.gradients import LazyGradients, Task
from simulator.history import DivergedError, Tally, Update
from simulator.problem import Estimate
from simulator.types import Vector
from simulator.workers import Workers


class Ledger:
    """Keeps completed tasks until their fate is known, and tells everybody who counts.

    Args:
        workers: who counts gradients and seconds.
        gradients: where values and sampled lengths are.
        tally: what goes into the next row of the history.
    """

    def __init__(self, workers: Workers, gradients: LazyGradients, tally: Tally) -> None:
        self._workers = workers
        self._gradients = gradients
        self._tally = tally
        self._in_hand: dict[tuple[int, int], Task] = {}
        self._used: set[tuple[int, int]] = set()  # since the last update

    def hold(self, task: Task) -> None:
        """Take a completed task in hand."""
        self._in_hand[task.worker, task.index] = task

    def use(self, tasks: list[Task], answer: Estimate, version: int) -> None:
        """Count tasks as used at ``version``, the number of updates that have been made."""
        keys = [(task.worker, task.index) for task in tasks]
        for key in keys:
            del self._in_hand[key]
        self._used.update(keys)
        self._workers.use(tasks, version + 1)
        self._tally.use([version - task.point.version for task in tasks], answer)

    def discard(self, task: Task) -> None:
        """Count a completed task as thrown away."""
        del self._in_hand[task.worker, task.index]
        self._workers.discard(task)
        self._tally.discard(1)

    def discard_all(self) -> None:
        """Throw away all that is in hand."""
        for task in list(self._in_hand.values()):
            self.discard(task)

    def close_update(self, update: int, time: float, point: Vector) -> Update:
        """Return the row of the history of an update 1, 2, ... to ``point``, shape (d,).

        Raises:
            DivergedError: ``point`` is not finite.
        """
        if not np.isfinite(point).all():
            raise DivergedError("theta is not finite")
        self._sort_sampled()
        self._used.clear()
        return self._tally.row(update, time, point)

    def _sort_sampled(self) -> None:
        """Sort sampled trajectories that are over, if any, into used and discarded ones."""
        sampled = self._gradients.sampled
        if not sampled:
            return
        over = [
            key
            for key in sampled
            if key[1] < self._workers.index(key[0]) and key not in self._in_hand
        ]
        self._tally.select(
            used=[sampled[key] for key in over if key in self._used],
            discarded=[sampled[key] for key in over if key not in self._used],
        )
        for key in over:
            del sampled[key]
