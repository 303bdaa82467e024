"""The n workers as arrays: who computes what, at which lookahead, since when."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from simulator.accounting.timeline import State, Timeline
from simulator.hardware.hardware import Hardware
from simulator.ready import ReadyQueue
from simulator.tasks import Lookahead, Task
from simulator.types import Indices, Vector

Lengths: TypeAlias = Callable[[Indices, Indices, Lookahead], Indices]
"""(workers (m,), tasks (m,), lookahead) -> environment steps of each task, shape (m,)."""


class Workers:
    """Starts, completes and stops tasks, and writes down where each worker's time went.

    Args:
        hardware: the cluster's times.
        timeline: where intervals are recorded.
        lengths: how many steps tasks take; called only if durations depend on it.
    """

    def __init__(self, hardware: Hardware, timeline: Timeline, lengths: Lengths) -> None:
        n = hardware.compute.workers
        self.timeline = timeline
        self._hardware = hardware
        self._compute = hardware.compute
        self._lengths = lengths
        self._downlink = hardware.network.downlink
        self._ready = ReadyQueue()
        self._busy: npt.NDArray[np.bool_] = np.zeros(n, dtype=bool)
        self._began: Vector = np.zeros(n)  # may lie ahead: a lookahead under way, a worker down
        self._due: Vector = np.full(n, math.inf)  # of the event in the queue that counts
        self._lost: npt.NDArray[np.bool_] = np.zeros(n, dtype=bool)  # that event is a failure
        self._free: Vector = np.zeros(n)  # when stopping the last task is over
        self._index: Indices = np.zeros(n, dtype=np.int64)
        self._lookahead: npt.NDArray[np.object_] = np.empty(n, dtype=object)
        self._sent: Indices = np.zeros(n, dtype=np.int64)  # updates made when it was sent

    @property
    def number(self) -> int:
        """The number n of workers."""
        return len(self._busy)

    def index(self, worker: int) -> int:
        """Return how many tasks this worker had before its present one."""
        return int(self._index[worker])

    def sent(self, workers: Indices) -> Indices:
        """Return how many updates had been made when each of ``workers`` got its lookahead."""
        return self._sent[workers]

    def busy(self, workers: Indices) -> npt.NDArray[np.bool_]:
        """Return which of ``workers`` (m,) have a task."""
        return self._busy[workers]

    def all_busy(self) -> Indices:
        """Return who has a task, shape (m,), ascending."""
        return np.flatnonzero(self._busy)

    def computes_at(self, worker: int, lookahead: Lookahead) -> bool:
        """Return whether ``worker`` has a task at ``lookahead``."""
        return bool(self._busy[worker]) and self._lookahead[worker] is lookahead

    def due(self, worker: int) -> tuple[float, bool]:
        """Return when its task ends, inf without any, and whether a failure will end it."""
        return float(self._due[worker]), bool(self._lost[worker])

    def idle(self, workers: Indices, now: float) -> Indices:
        """Return those of ``workers`` whose task has not begun yet, or that have none."""
        return workers[~self._busy[workers] | (self._began[workers] > now)]

    def free(self, workers: Indices, now: float) -> Vector:
        """Return when each of ``workers`` (m,) can do something new: now, or after a stop."""
        return np.maximum(now, self._free[workers])

    def start(
        self, workers: Indices, lookahead: Lookahead, now: float, limit: Vector | None = None
    ) -> None:
        """Let workers, shape (m,), ascending, begin a task each at ``lookahead``.

        With a ``limit``, shape (m,), in seconds, what takes longer is lost then: it is stopped, at
        the price of that.
        """
        if not len(workers):
            return
        starts = self.free(workers, now)
        if self._downlink is not None:
            starts = starts + self._downlink[workers]
        tasks = self._index[workers]
        lengths = self._lengths(workers, tasks, lookahead) if self._compute.per_step else None
        work = self._compute.work(workers, tasks, lengths)
        begins, ends, lost = self._hardware.course(workers, starts, work)
        if limit is not None:
            late = ends > begins + limit
            ends = np.where(late, begins + limit + self._hardware.stop_cost, ends)
            lost = lost | late
        self._lost[workers] = lost
        self._busy[workers], self._lookahead[workers] = True, lookahead
        self._sent[workers] = lookahead.update
        self._began[workers], self._due[workers] = begins, ends
        if len(workers) == 1:
            self._ready.push(float(ends[0]), int(workers[0]))
        else:
            self._ready.push_many(ends, workers)

    def next_event(self) -> tuple[float, int]:
        """Return (time, worker) of the next completion or failure; (inf, -1) if nothing runs."""
        time, worker = self._ready.peek()
        while worker >= 0 and self._due[worker] != time:  # of a task that was stopped
            self._ready.pop()
            time, worker = self._ready.peek()
        return time, worker

    def advance(self) -> tuple[Task, bool]:
        """Take the next event; its worker is idle afterwards.

        Returns:
            The task, and whether it is complete; else it was lost in a failure.
        """
        end, worker = self.next_event()
        self._ready.pop()
        complete = not self._lost[worker]
        start = float(self._began[worker])
        state = State.COMPUTE if complete else State.DISCARD
        rows, seconds = self.timeline.add(worker, state, start, end)
        place = self._lookahead[worker]
        task = Task(worker, self.index(worker), place, start, end, rows, seconds)
        self._end_task(worker)
        return task, complete

    def stop(self, running: Indices, now: float, cost: float = 0.0) -> Indices:
        """Cancel the tasks of ``running``, at ``cost`` seconds each; return whose had begun, (m,).

        A task that is stopped at the instant of its start never ran: it is not counted, and
        its randomness goes to the worker's next task.
        """
        ran = running[self._began[running] < now]
        begins, ends = self._began[ran], np.full(len(ran), now + cost)
        self.timeline.add_many(ran, State.DISCARD, begins, ends)
        self._free[ran] = ends
        self._index[ran] += 1
        self._busy[running], self._due[running] = False, math.inf
        going = self.all_busy()
        if len(self._ready) > 2 * len(going):  # most are of tasks that were stopped
            self._ready.clear()
            self._ready.push_many(self._due[going], going)
        return ran

    def _end_task(self, worker: int) -> None:
        self._index[worker] += 1
        self._busy[worker] = False
        self._due[worker] = math.inf
