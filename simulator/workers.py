"""The n workers as arrays: who computes what, at which point, since when."""

import numpy as np
import numpy.typing as npt

from simulator.compute import ComputeModel
from simulator.gradients import Point, Task
from simulator.ready import ReadyQueue
from simulator.timeline import State, Timeline
from simulator.types import Indices, Vector


class Workers:
    """Starts, completes and stops tasks, and writes down where each worker's time went.

    Args:
        compute: when tasks end.
        timeline: where intervals are recorded.
    """

    def __init__(self, compute: ComputeModel, timeline: Timeline) -> None:
        n = compute.workers
        self.timeline = timeline
        self.ready = ReadyQueue()
        self.busy: npt.NDArray[np.bool_] = np.zeros(n, dtype=bool)
        self.gradients_used: Indices = np.zeros(n, dtype=np.int64)
        self.gradients_discarded: Indices = np.zeros(n, dtype=np.int64)
        self.vectors_sent: Indices = np.zeros(n, dtype=np.int64)
        self._compute = compute
        self._began: Vector = np.zeros(n)
        self._index: Indices = np.zeros(n, dtype=np.int64)
        self._point: npt.NDArray[np.object_] = np.empty(n, dtype=object)

    @property
    def number(self) -> int:
        """The number n of workers."""
        return len(self.busy)

    def index(self, worker: int) -> int:
        """Return how many tasks this worker had before its present one."""
        return int(self._index[worker])

    def start(self, workers: Indices, point: Point, now: float) -> None:
        """Let idle workers, shape (m,), ascending, begin a task each at ``point``."""
        starts = np.full(len(workers), now)
        ends = self._compute.ends(workers, self._index[workers], starts)
        self.busy[workers], self._began[workers] = True, now
        self._point[workers] = point
        if len(workers) == 1:
            self.ready.push(float(ends[0]), int(workers[0]))
        else:
            self.ready.push_many(ends, workers)

    def complete(self) -> Task:
        """Take the next completion from the queue; its worker is idle afterwards."""
        end, worker = self.ready.pop()
        start = float(self._began[worker])
        row = self.timeline.add(worker, State.COMPUTE, start, end)
        task = Task(worker, self.index(worker), self._point[worker], start, end, row)
        self._index[worker] += 1
        self.busy[worker] = False
        return task

    def stop(self, now: float) -> int:
        """Cancel all running tasks; return how many had begun before ``now``.

        A task that is stopped at the instant of its start never ran: it is not counted, and
        its randomness goes to the worker's next task.
        """
        running = np.flatnonzero(self.busy)
        ran = running[self._began[running] < now]
        ends = np.full(len(ran), now)
        self.timeline.add_many(ran, State.DISCARD, self._began[ran], ends)
        self.gradients_discarded[ran] += 1
        self._index[ran] += 1
        self.busy[running] = False
        self.ready.clear()
        return len(ran)

    def discard(self, task: Task) -> None:
        """Throw a completed task away."""
        self.timeline.discard(task.row, task.worker, task.end - task.start)
        self.gradients_discarded[task.worker] += 1

    def use(self, tasks: list[Task]) -> None:
        """Count completed tasks as used."""
        np.add.at(self.gradients_used, [task.worker for task in tasks], 1)
