"""The cluster that a method runs on: SimPy decides when, nothing here knows a gradient's value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Literal, TypeAlias

import numpy as np
import simpy

from simulator.compute import ComputeModel
from simulator.gradients import LazyGradients, Point, Task
from simulator.history import History, Tally, Update
from simulator.network import Network
from simulator.problem import Estimate, Problem
from simulator.timeline import State, Timeline
from simulator.types import Indices, Process, Vector
from simulator.workers import Workers

Preemption: TypeAlias = Literal["cancel", "finish"]


class DivergedError(ArithmeticError):
    """The parameters are no longer finite."""


@dataclass(frozen=True)
class Hardware:
    """The times of a cluster.

    Attributes:
        compute: h_i, the seconds per gradient.
        network: kappa_i, the seconds per vector, and the collective.
        preemption: what a broadcast does to a running task. ``cancel``: it stops at once, for
            free. ``finish``: it goes on, is dropped on completion, and then the worker starts
            at the newest point.
    """

    compute: ComputeModel
    network: Network
    preemption: Preemption = "cancel"


class Clock(simpy.Environment):
    """SimPy's event loop, with events at exact times (now + (t - now) need not be t)."""

    def at(self, time: float, event: simpy.Event | None = None) -> simpy.Event:
        """Return an event that happens at ``time`` in simulated seconds."""
        event = event or simpy.Event(self)
        event._ok, event._value = True, None  # noqa: SLF001
        heappush(self._queue, (time, simpy.events.NORMAL, next(self._eid), event))
        return event


class Cluster:
    """What a method sees: workers that can be sent a point, and gradients that come back.

    Methods wait with ``yield from``; the generators yield SimPy events. At equal times the
    server acts first, then completions are handled one by one in the order of the workers.

    Args:
        hardware: the cluster's times.
        problem: where gradients come from.
        timeline: where the workers' time is accounted for.
        time_limit: simulated seconds; no update is made later.
        updates: no more updates than this.
        on_update: called with each row of the history as it is made.
    """

    def __init__(
        self,
        hardware: Hardware,
        problem: Problem,
        timeline: Timeline,
        *,
        time_limit: float,
        updates: int | None,
        on_update: Callable[[Update], None],
    ) -> None:
        self.clock = Clock()
        self.ended = self.clock.event()
        self.history = History()
        self.workers = Workers(hardware.compute, timeline)
        self.initial_point: Vector = problem.initial_point()
        """theta_0, shape (d,)."""
        self._hardware = hardware
        self._gradients = LazyGradients(problem)
        self._time_limit = time_limit
        self._update_limit = updates
        self._on_update = on_update
        self._newest = Point(self.initial_point, 0)
        self._keep_going = False
        self._group = np.arange(self.size)
        self._resting: int | None = None  # whose completion the method is looking at
        self._in_hand: dict[tuple[int, int], Task] = {}  # completed, not yet used
        self._arriving: list[tuple[float, int, Task]] = []
        self._tally = Tally(problem)

    @property
    def size(self) -> int:
        """The number n of workers."""
        return self.workers.number

    @property
    def now(self) -> float:
        """Simulated seconds since the start."""
        return float(self.clock.now)

    @property
    def version(self) -> int:
        """How many updates have been made."""
        return len(self.history.rows)

    # Rounds: one point for everyone

    def fastest(self, number: int) -> Indices:
        """Return the workers with the smallest h_i + kappa_i, in the order of workers."""
        seconds = self._hardware.compute.typical + self._hardware.network.uplink
        return np.sort(np.argsort(seconds, kind="stable")[:number])

    def broadcast(self, point: Vector, *, keep_going: bool, to: Indices | None = None) -> None:
        """Send workers to a new point; busy ones under ``finish`` start there later.

        Args:
            point: shape (d,), where gradients are to be taken.
            keep_going: start task after task until the reduce; else do one task and send it.
            to: shape (m,), ascending, who takes part in this round; everyone by default.
        """
        self._drop_in_hand()
        if self._hardware.preemption == "cancel":
            self._tally.discarded += self.workers.stop(self.now)
        self._newest = Point(point, self.version)
        self._keep_going = keep_going
        self._resting = None
        self._group = np.arange(self.size) if to is None else to
        self.workers.start(self._group[~self.workers.busy[self._group]], self._newest, self.now)

    def completion(self) -> Process[Task]:
        """Wait for the next gradient at the broadcast point, by (time, worker)."""
        while True:
            self._restart()
            yield self._at(self.workers.ready.peek()[0])
            task = self._complete()
            if task.point is self._newest:
                self._resting = task.worker
                if self._sends_at_once:
                    self._send(np.array([task.worker]), np.array([task.end]))
                return task
            self._discard(task)  # stale, and its worker moves on
            self.workers.start(np.array([task.worker]), self._newest, self.now)

    def completions(self, number: int) -> Process[list[Task]]:
        """Wait for the next ``number`` gradients at the broadcast point."""
        tasks = []
        for _ in range(number):
            tasks.append((yield from self.completion()))  # noqa: PERF401 - a generator waits here
        return tasks

    def reduce(self, tasks: Sequence[Task], weights: Sequence[float]) -> Process[Vector]:
        """Bring together sum_k weights_k g_k, shape (d,), with one vector per worker.

        The network decides who sends and when the last vector is there. Under ``cancel`` the
        workers stop what they do; under ``finish`` they compute on while their vector travels,
        and what they complete meanwhile is dropped.
        """
        if self._hardware.preemption == "cancel":
            self._tally.discarded += self.workers.stop(self.now)
        network = self._hardware.network
        if self._sends_at_once:
            senders = np.array([task.worker for task in tasks])
            ends = network.arrivals(senders, np.array([task.end for task in tasks]))
        else:
            senders = self._group
            if network.collective == "gather":
                senders = np.unique([task.worker for task in tasks])
            ends = self._send(senders, np.full(len(senders), self.now))
        yield from self._compute_on_until(float(ends.max()))
        self.workers.vectors_sent[senders] += 1
        answer = self._gradients.weighted_sum(tasks, weights)
        self._use(list(tasks), answer)
        return answer.gradient

    # Asynchronous methods: one worker at a time

    def dispatch(self, worker: int, point: Vector) -> None:
        """Send ``point``, shape (d,), to one idle worker: it computes one gradient and sends it."""
        at = Point(point, self.version)
        self._gradients.promise(worker, self.workers.index(worker), at)
        self.workers.start(np.array([worker]), at, self.now)

    def arrival(self) -> Process[Task]:
        """Wait for the next gradient of a dispatched worker to reach the server."""
        while not self._arriving or self.workers.ready.peek() < self._arriving[0][:2]:
            yield self._at(self.workers.ready.peek()[0])
            task = self._complete()
            (end,) = self._send(np.array([task.worker]), np.array([task.end]))
            heappush(self._arriving, (float(end), task.worker, task))
        yield self._at(self._arriving[0][0])
        task = heappop(self._arriving)[2]
        self.workers.vectors_sent[task.worker] += 1
        return task

    def gradient(self, task: Task) -> Vector:
        """Return the gradient that has arrived, shape (d,), and count it as used."""
        answer = self._gradients.one(task)
        self._use([task], answer)
        return answer.gradient

    def drop(self, task: Task) -> None:
        """Throw away a gradient that has arrived."""
        self._gradients.forget(task)
        self._discard(task)

    def delay(self, task: Task) -> int:
        """Return how many updates were made since the task's point was sent."""
        return self.version - task.point.version

    # Updates

    def publish(self, point: Vector) -> Process[None]:
        """Announce theta_{t+1}, shape (d,): a row in the history.

        Raises:
            DivergedError: ``point`` is not finite.
        """
        if not np.isfinite(point).all():
            raise DivergedError(f"theta is not finite after update {self.version + 1}")
        row = self._tally.row(self.version + 1, self.now, point)
        self.history.rows.append(row)
        self._on_update(row)
        if self.version == self._update_limit:
            yield self.clock.at(self.now, self.ended)

    def close(self) -> None:
        """End the accounting: what is unfinished or unused was for nothing."""
        self._drop_in_hand()
        self.workers.stop(self.now)
        self.workers.timeline.close(self.now)

    # Inside

    @property
    def _sends_at_once(self) -> bool:
        return not self._keep_going and self._hardware.network.collective == "gather"

    @property
    def _computes_on(self) -> bool:
        return self._keep_going and self._hardware.preemption == "finish"

    def _at(self, time: float) -> simpy.Event:
        if time > self._time_limit:
            return self.clock.at(self._time_limit, self.ended)
        if time == float("inf"):
            raise RuntimeError("the method waits for a gradient, but no worker computes one")
        return self.clock.at(time)

    def _send(self, senders: Indices, ready: Vector) -> Vector:
        ends = self._hardware.network.arrivals(senders, ready)
        if not self._computes_on:  # else the vector travels while its worker computes
            self.workers.timeline.add_many(senders, State.SEND, ready, ends)
        return ends

    def _restart(self) -> None:
        if self._resting is not None and self._keep_going:
            self.workers.start(np.array([self._resting]), self._newest, self.now)
        self._resting = None

    def _compute_on_until(self, end: float) -> Process[None]:
        if self._computes_on and end > self.now:
            self._restart()
        while self.workers.ready.peek()[0] < end:
            yield self._at(self.workers.ready.peek()[0])
            task = self._complete()
            self._discard(task)
            self.workers.start(np.array([task.worker]), self._newest, self.now)
        yield self._at(end)

    def _complete(self) -> Task:
        task = self.workers.complete()
        self._in_hand[task.worker, task.index] = task
        return task

    def _discard(self, task: Task) -> None:
        del self._in_hand[task.worker, task.index]
        self.workers.discard(task)
        self._tally.discarded += 1

    def _drop_in_hand(self) -> None:
        for task in list(self._in_hand.values()):
            self._discard(task)

    def _use(self, tasks: list[Task], answer: Estimate) -> None:
        for task in tasks:
            del self._in_hand[task.worker, task.index]
        self.workers.use(tasks)
        self._tally.use([self.delay(task) for task in tasks], answer)
