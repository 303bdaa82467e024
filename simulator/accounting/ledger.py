"""What becomes of each gradient: pending, then used or discarded."""

import math
from collections.abc import Collection
from typing import Protocol

import numpy as np

from simulator.accounting.columns import Update
from simulator.accounting.history import DivergedError
from simulator.accounting.selection_bias import Selection
from simulator.accounting.staleness import DelayCounts, Staleness
from simulator.accounting.tally import Tally
from simulator.accounting.timeline import Timeline
from simulator.contract import unavailable
from simulator.loop.tasks import Key, Lookahead, Task
from simulator.problem import Estimate
from simulator.promises.gradients import LazyGradients
from simulator.promises.trajectories import Trajectories
from simulator.types import Indices, Vector


class Counts(Protocol):
    """Who knows how many tasks each worker had: the workers, simulated or real."""

    @property
    def number(self) -> int:
        """The number n of workers."""
        ...

    def index(self, worker: int) -> int:
        """Return how many tasks this worker had before its present one."""
        ...

    def sent(self, workers: Indices) -> Indices:
        """Return after how many updates the newest lookahead of ``workers`` (m,) was sent."""
        ...


class Ledger:
    """Every gradient's fate goes through here; whoever counts is told.

    A task that began ends in one of four ways: a failure takes it (:meth:`lose`), it is stopped
    (:meth:`stop`), or it completes (:meth:`complete`) and is pending until it is used
    (:meth:`use`) or discarded (:meth:`discard`).

    Args:
        workers: who knows which tasks are over.
        timeline: where intervals of tasks become used or discarded ones.
        gradients: whose promises end with a discarded task.
        trajectories: sampled ones, where durations depend on them; None on a real cluster.
        tally: what goes into the next row of the history.
    """

    def __init__(
        self,
        workers: Counts,
        timeline: Timeline,
        gradients: LazyGradients,
        trajectories: Trajectories | None,
        tally: Tally,
    ) -> None:
        self._workers = workers
        self._timeline = timeline
        self._gradients = gradients
        self._trajectories = trajectories
        self._tally = tally
        self._pending: dict[Key, Task] = {}
        self._used: dict[Key, Task] = {}  # by the update that is not made yet
        self._delays = DelayCounts(workers.number)
        self._made = 0

    @property
    def pending(self) -> Collection[Key]:
        """(worker, index) of each pending task."""
        return self._pending.keys()

    @property
    def lookaheads(self) -> list[Lookahead]:
        """Where each pending task was."""
        return [task.lookahead for task in self._pending.values()]

    @property
    def staleness(self) -> Staleness:
        """How old gradients were when they were used or discarded, by worker."""
        return self._delays.table()

    def lose(self, task: Task) -> None:
        """Count a task that a failure took as discarded."""
        self._gradients.lose(task)
        self.stop(np.array([task.worker]))

    def stop(self, workers: Indices) -> None:
        """Count the running task of each of ``workers``, shape (m,), as discarded."""
        self._delays.discard_many(workers, self._made - self._workers.sent(workers))
        self._tally.discard(len(workers))

    def complete(self, task: Task) -> None:
        """Note a completed task as pending."""
        self._pending[task.key] = task

    def use(self, tasks: list[Task], answer: Estimate) -> None:
        """Take pending tasks for the next update; once that is made, they are used."""
        for task in tasks:
            key = task.key
            if key not in self._pending:
                raise unavailable(task)
            self._used[key] = self._pending.pop(key)
        self._tally.use([self._delay(task) for task in tasks], answer)
        self._gradients.baselines.use(answer)

    def discard(self, task: Task) -> None:
        """Count a pending task as discarded."""
        if self._pending.pop(task.key, None) is None:
            raise unavailable(task)
        self._gradients.forget(task.key, task.lookahead)
        self._timeline.discard(task.rows, task.worker, task.seconds)
        self._delays.discard(task.worker, self._delay(task))
        self._tally.discard(1)

    def discard_pending(self) -> None:
        """Count all that is pending as discarded."""
        for task in list(self._pending.values()):
            self.discard(task)

    def discard_unused(self) -> None:
        """The run ends: count what no update has used as discarded."""
        self._pending |= self._used
        self.discard_pending()

    def close_update(self, update: int, time: float, point: Vector) -> Update:
        """Return the row of the history of an update 1, 2, ... to ``point``, shape (d,).

        Raises:
            DivergedError: ``point`` is not finite.
        """
        if not math.isfinite(point @ point) and not np.isfinite(point).all():  # the first is faster
            raise DivergedError("theta is not finite")
        row = self._tally.row(update, time, point, self._selection())
        for task in self._used.values():
            self._timeline.use(task.rows, update)
            self._delays.use(task.worker, self._delay(task))
        self._used.clear()
        self._made = update
        return row

    def _delay(self, task: Task) -> int:
        return self._made - task.lookahead.update

    def _selection(self) -> Selection | None:
        """Return the sampled trajectories, if any, whose tasks are over since the last update."""
        if self._trajectories is None or not self._trajectories.asked:
            return None
        over = self._trajectories.take(self._is_over)
        return Selection(
            used=[fact for key, fact in over.items() if key in self._used],
            discarded=[fact for key, fact in over.items() if key not in self._used],
        )

    def _is_over(self, key: Key) -> bool:
        worker, index = key
        return index < self._workers.index(worker) and key not in self._pending
