"""The n workers as arrays: who computes what, at which lookahead, since when."""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from simulator.accounting.timeline import State, Timeline
from simulator.hardware.hardware import Hardware
from simulator.loop.ready import ReadyQueue
from simulator.loop.tasks import LENIENCE, Lookahead, Task
from simulator.types import Event, Indices, Truths, Vector

Lengths: TypeAlias = Callable[[Indices, Indices, Lookahead], Indices]
"""(workers (m,), tasks (m,), lookahead) -> environment steps of each task, shape (m,)."""


class Course(NamedTuple):
    """When tasks begin and end, and which of them are lost then: shape (m,) each."""

    begins: Vector
    ends: Vector
    lost: Truths

    def of(self, some: Truths) -> "Course":
        """Return the course of some of the tasks, shape (m,)."""
        return Course(self.begins[some], self.ends[some], self.lost[some])


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
        self._network = hardware.network
        self._ready = ReadyQueue()
        self._losses = ReadyQueue()  # of tasks of rounds
        self._busy: Truths = np.zeros(n, dtype=bool)
        self._began: Vector = np.zeros(n)  # may lie ahead: a lookahead under way, a worker down
        self._due: Vector = np.full(n, math.inf)  # of the event in the queue that counts
        self._lost: Truths = np.zeros(n, dtype=bool)  # that event is a failure
        self._rejoins: Truths = np.zeros(n, dtype=bool)  # the newest round, after it
        self._free: Vector = np.zeros(n)  # when stopping the last task is over
        self._index: Indices = np.zeros(n, dtype=np.int64)
        self._lookahead: npt.NDArray[np.object_] = np.empty(n, dtype=object)
        self._has: npt.NDArray[np.object_] = np.empty(n, dtype=object)  # as it was sent, or None
        self._sent: Indices = np.zeros(n, dtype=np.int64)  # updates made when it was sent

    @property
    def number(self) -> int:
        """The number n of workers."""
        return len(self._busy)

    def index(self, worker: int) -> int:
        """Return how many tasks this worker had before its present one."""
        return int(self._index[worker])

    def indices(self, workers: Indices) -> Indices:
        """Return how many tasks each of ``workers`` (m,) had before its present one."""
        return self._index[workers]

    def move(self, worker: int, lookahead: Lookahead) -> None:
        """Note that this worker's task is at a lookahead of its own."""
        self._lookahead[worker] = lookahead

    def sent(self, workers: Indices) -> Indices:
        """Return how many updates had been made when each of ``workers`` got its lookahead."""
        return self._sent[workers]

    def busy(self, workers: Indices) -> Truths:
        """Return which of ``workers`` (m,) have a task."""
        return self._busy[workers]

    def is_busy(self, worker: int) -> bool:
        """Return whether this worker has a task."""
        return bool(self._busy[worker])

    def all_busy(self) -> Indices:
        """Return who has a task, shape (m,), ascending."""
        return np.flatnonzero(self._busy)

    @property
    def lookaheads(self) -> list[Lookahead]:
        """Where each one's task is, of those who have one."""
        return list(self._lookahead[self._busy])

    def computes_at(self, worker: int, lookahead: Lookahead) -> bool:
        """Return whether ``worker`` has a task at ``lookahead``."""
        return bool(self._busy[worker]) and self._lookahead[worker] is lookahead

    def due(self, worker: int) -> tuple[float, bool]:
        """Return when its task ends, inf without any, and whether a failure will end it."""
        return float(self._due[worker]), bool(self._lost[worker])

    def idle(self, workers: Indices, now: float) -> Indices:
        """Return those of ``workers`` whose task has not begun yet, or that have none."""
        return workers[~self._busy[workers] | (self._began[workers] > now)]

    def free(self, workers: Indices, now: float | Vector) -> Vector:
        """Return when each of ``workers`` (m,) can do something new: now, or after a stop."""
        return np.maximum(now, self._free[workers])

    def start(
        self, workers: Indices, lookahead: Lookahead, now: float, limit: Vector | None = None
    ) -> None:
        """Let workers, shape (m,), ascending, begin a task each at ``lookahead``.

        With a ``limit``, shape (m,), in seconds, what takes longer is lost then: it is stopped, at
        the price of that.
        """
        if len(workers):
            tasks = self._index[workers]
            course = self.course(workers, tasks, lookahead, self.free(workers, now), limit)
            self.begin(workers, lookahead, course)

    def course(
        self,
        workers: Indices,
        tasks: Indices,
        lookahead: Lookahead,
        starts: Vector,
        limit: Vector | None = None,
    ) -> Course:
        """Return what becomes of tasks, shape (m,), that are started then; see :meth:`start`."""
        if not len(workers):
            return Course(starts, starts, np.zeros(0, dtype=bool))
        travels = self._network.downloads(dispatched=lookahead.dispatched)
        if travels is not None:  # not to those who have it
            new = self._has[workers] != (lookahead.sent or lookahead)
            starts = starts + np.where(new, travels[workers], 0.0)
        lengths = self._lengths(workers, tasks, lookahead) if self._compute.per_step else None
        work = self._compute.work(workers, tasks, lengths)
        begins, ends, lost = self._hardware.course(workers, starts, work)
        if limit is not None:
            late = ends > begins + limit * LENIENCE  # a difference has the rounding of late times
            ends = np.where(late, begins + limit + self._hardware.stop_cost, ends)
            lost = lost | late
        return Course(begins, ends, lost)

    def next_course(self, workers: Indices, lookahead: Lookahead, limit: Vector | None) -> Course:
        """Return the course of tasks, shape (m,), that begin when the present ones end."""
        starts = self.free(workers, self._due[workers])
        return self.course(workers, self._index[workers] + 1, lookahead, starts, limit)

    def begin(self, workers: Indices, lookahead: Lookahead, course: Course) -> None:
        """Let workers, shape (m,), ascending, begin a task each at ``lookahead``."""
        if len(workers) == 1:
            worker, ends, lost = int(workers[0]), float(course.ends[0]), bool(course.lost[0])
            self._note(worker, lookahead, (float(course.begins[0]), ends, lost))
            queue = self._losses if lost and not lookahead.dispatched else self._ready
            queue.push(ends, worker)
        else:
            self._note(workers, lookahead, course)
            self._queue(workers)

    def _note(
        self,
        workers: Indices | int,
        lookahead: Lookahead,
        course: Course | tuple[float, float, bool],
    ) -> None:
        self._busy[workers], self._lookahead[workers] = True, lookahead
        self._sent[workers], self._has[workers] = lookahead.update, lookahead.sent or lookahead
        self._began[workers], self._due[workers], self._lost[workers] = course
        self._rejoins[workers] = False if lookahead.dispatched else course[2]

    def _queue(self, workers: Indices) -> None:
        """Put the ends of tasks of ``workers``, shape (m,), into their queues."""
        lost = self._rejoins[workers]
        for queue, mine in ((self._ready, workers[~lost]), (self._losses, workers[lost])):
            if len(mine):
                queue.push_many(self._due[mine], mine)

    def next_event(self) -> tuple[float, int]:
        """Return (time, worker) of the next completion or failure; (inf, -1) if nothing runs."""
        event = self._first(self._ready)
        return min(event, self._first_loss()) if self._losses else event

    def _first(self, queue: ReadyQueue) -> tuple[float, int]:
        time, worker = queue.peek()
        while worker >= 0 and self._due[worker] != time:  # of a task that was stopped
            queue.pop()
            time, worker = queue.peek()
        return time, worker

    def _first_loss(self) -> tuple[float, int]:
        time, worker = self._first(self._losses)
        while worker >= 0 and not self._rejoins[worker]:  # of one too, and a completion is due then
            self._losses.pop()
            time, worker = self._first(self._losses)
        return time, worker

    def loses_next(self) -> bool:
        """Return whether the next event is a failure that takes a round's task."""
        if not self._losses:
            return False
        loss = self._first_loss()  # at the same time of the same worker: the other was stopped
        return loss[1] >= 0 and loss <= self._first(self._ready)

    def take_losses(
        self, until: Event, most: int, *, beyond_completions: bool
    ) -> tuple[Indices, Vector]:
        """Take the next losses of rounds' tasks, about so many, perhaps up to a completion.

        Returns:
            Whose they are, ascending, and their times; (m,) each. None is after ``until``.
        """
        if not beyond_completions:
            until = min(until, self._first(self._ready))
        times, workers = self._losses.take(until, most)
        mine = (self._due[workers] == times) & self._rejoins[workers]
        workers = np.unique(workers[mine])
        return workers, self._due[workers]

    def completing(self, until: float) -> tuple[Indices, Vector]:
        """Return whose events other than such losses come until then, in order; and when; (m,)."""
        workers = np.flatnonzero((self._due <= until) & ~self._rejoins)
        workers = workers[self._due[workers].argsort(kind="stable")]
        return workers, self._due[workers]

    def put_back(self, workers: Indices) -> None:
        """Put losses of ``workers``, shape (m,), that were taken into the queue again."""
        self._losses.push_many(self._due[workers], workers)

    def lose(self, workers: Indices) -> None:
        """End the tasks of ``workers``, shape (m,), that failures take."""
        ends = self._due[workers]
        self.timeline.add_many(workers, State.DISCARD, self._began[workers], ends)
        self._end_tasks(workers)

    def advance(self, event: tuple[float, int]) -> tuple[Task, bool]:
        """Take the next event, no loss of a round's task; its worker is idle afterwards.

        Args:
            event: what :meth:`next_event` gave.

        Returns:
            The task, and whether it is complete; else it was lost in a failure.
        """
        end, worker = event
        self._ready.pop()
        complete = not self._lost[worker]
        start = float(self._began[worker])
        state = State.COMPUTE if complete else State.DISCARD
        rows, seconds = self.timeline.add(worker, state, start, end)
        place = self._lookahead[worker]
        task = Task(worker, self.index(worker), place, start, end, rows, seconds)
        self._end_tasks(worker)
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
        self._has[running[self._began[running] >= now]] = None  # it was on its way
        self._busy[running], self._due[running] = False, math.inf
        going = self.all_busy()
        if len(self._ready) + len(self._losses) > 2 * len(going):  # most are of stopped tasks
            self._ready.clear()
            self._losses.clear()
            self._queue(going)
        return ran

    def _end_tasks(self, workers: Indices | int) -> None:
        self._index[workers] += 1
        self._busy[workers], self._due[workers] = False, math.inf
