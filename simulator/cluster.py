"""The cluster that a method runs on: SimPy decides when, nothing here knows a gradient's value."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import simpy

from simulator.checkpoint import Checkpoint
from simulator.clock import Clock
from simulator.gradients import LazyGradients, Point, Task
from simulator.hardware.hardware import Hardware
from simulator.hardware.network import BYTES_PER_COORDINATE
from simulator.history import History, Tally
from simulator.ledger import Ledger
from simulator.problem import Problem
from simulator.selection_bias import SelectionBias
from simulator.sending import Sending
from simulator.timeline import Timeline
from simulator.types import Indices, Process, Vector
from simulator.workers import Workers


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
        past: what is replayed before anything new happens.
        on_update: called with the cluster and theta after each new update.
    """

    def __init__(
        self,
        hardware: Hardware,
        problem: Problem,
        timeline: Timeline,
        *,
        time_limit: float,
        updates: int | None,
        past: Checkpoint,
        on_update: Callable[["Cluster", Vector], None],
    ) -> None:
        self.clock = Clock()
        self.ended = self.clock.event()
        self.history = History()
        self._gradients = LazyGradients(problem, past)
        self.workers = Workers(hardware, timeline, self._gradients.lengths)
        self.initial_point: Vector = problem.initial_point()
        """theta_0, shape (d,)."""
        self._hardware = hardware
        self._time_limit, self._update_limit = time_limit, updates
        self._replayed = len(past.rows)
        self._on_update = on_update
        self._newest = Point(self.initial_point, 0)
        self._keep_going = False
        self._group = np.arange(self.size)
        self._resting: int | None = None  # whose completion the method is looking at
        self._travelling: dict[int, Task] = {}  # by worker, on its way to the server
        self._sending = Sending(hardware.network, timeline)
        self._round_start = 0.0
        self._vectors = 0.0  # that arrived; a ring sends parts of them
        self._tally = Tally(problem, past.rows)
        self._ledger = Ledger(self.workers, self._gradients, self._tally)

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

    @property
    def bytes_sent(self) -> int:
        """Bytes of all vectors that arrived, at 4 a coordinate."""
        return round(self._vectors * len(self.initial_point) * BYTES_PER_COORDINATE)

    @property
    def bias(self) -> SelectionBias | None:
        """Used against discarded trajectories; None where durations do not depend on them."""
        return self._tally.bias

    # Rounds: one point for everyone

    def fastest(self, number: int) -> Indices:
        """Return the workers with the smallest h_i + kappa_i at time 0, in the order of workers."""
        compute, everyone = self._hardware.compute, np.arange(self.size)
        ends = compute.ends(everyone, np.zeros(self.size), compute.seconds)
        ends = ends + self._hardware.network.uplink
        return np.sort(np.argsort(ends, kind="stable")[:number])

    def broadcast(self, point: Vector, *, keep_going: bool, to: Indices | None = None) -> None:
        """Send workers to a new point; busy ones under ``finish`` start there later.

        Args:
            point: shape (d,), where gradients are to be taken.
            keep_going: start task after task until the reduce; else do one task and send it.
            to: shape (m,), ascending, who takes part in this round; everyone by default.
        """
        self._ledger.discard_all()
        self._cancel()
        self._newest = Point(point, self.version)
        self._keep_going = keep_going
        self._resting = None
        self._group = np.arange(self.size) if to is None else to
        self._round_start = self.now
        self._sending.begin(beside_work=self._computes_on)
        self.workers.start(self.workers.idle(self._group, self.now), self._newest, self.now)

    def completion(self) -> Process[Task]:
        """Wait for the next gradient at the broadcast point, by (time, worker)."""
        return (yield from self.completions(1))[0]

    def _completion(self, deadline: float) -> Process[Task | None]:
        while True:
            self._restart()
            if self.workers.next_event()[0] > deadline:
                yield self._at(max(deadline, self.now))
                return None
            task = yield from self._advance()
            if task is not None and task.point is self._newest:
                self._resting = task.worker
                if self._sends_at_once:
                    self._sending.start(task.worker, task.end)
                return task
            if task is not None:
                self._move_on(task)  # stale

    def completions(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """Wait for the next ``number`` gradients at the broadcast point.

        ``timeout`` seconds after the broadcast it gives up who is late, if there is one gradient.
        """
        deadline = math.inf if timeout is None else self._round_start + timeout
        tasks: list[Task] = []
        while len(tasks) < number:
            # who completes together with a first that is late is in time
            late = max(deadline, tasks[0].end) if tasks else math.inf
            task = yield from self._completion(late)
            if task is None:
                break
            tasks.append(task)
        return tasks

    def reduce(self, tasks: Sequence[Task], weights: Sequence[float]) -> Process[Vector]:
        """Bring together sum_k weights_k g_k, shape (d,), with one vector per worker.

        The network decides who sends and when the last vector is there. Under ``cancel`` the
        workers stop what they do; under ``finish`` they compute on while their vector travels,
        and what they complete meanwhile is dropped.
        """
        self._cancel()
        senders = np.unique([task.worker for task in tasks])
        if self._sends_at_once:
            end = self._sending.receive_all()
        else:
            if self._hardware.network.collective == "allreduce":
                senders = self._group
            ready, busy = self.workers.free(senders, self.now), self.workers.busy(senders)
            end = self._sending.reduce(senders, ready, busy)
        yield from self._compute_on_until(max(end, self.now))
        self.workers.vectors_sent[senders] += 1
        self._vectors += len(senders) * self._hardware.network.vectors_per_worker(len(senders))
        answer = self._gradients.weighted_sum(tasks, weights)
        self._ledger.use(list(tasks), answer, self.version)
        return answer.gradient

    # Asynchronous methods: one worker at a time

    def dispatch(self, worker: int, point: Vector) -> None:
        """Send ``point``, shape (d,), to one idle worker: it computes one gradient and sends it."""
        self._start_alone(worker, Point(point, self.version))

    def arrival(self) -> Process[Task]:
        """Wait for the next gradient of a dispatched worker to reach the server."""
        while self.workers.next_event() < self._sending.next_arrival():
            task = yield from self._advance()
            if task is not None:
                self._sending.start(task.worker, task.end)
                self._travelling[task.worker] = task
        yield self._at(self._sending.next_arrival()[0])
        _, worker = self._sending.receive()
        self.workers.vectors_sent[worker] += 1
        self._vectors += 1
        return self._travelling.pop(worker)

    def gradient(self, task: Task) -> Vector:
        """Return the gradient that has arrived, shape (d,), and count it as used."""
        answer = self._gradients.one(task)
        self._ledger.use([task], answer, self.version)
        return answer.gradient

    def drop(self, task: Task) -> None:
        """Throw away a gradient that has arrived."""
        self._gradients.forget(task)
        self._ledger.discard(task)

    def delay(self, task: Task) -> int:
        """Return how many updates were made since the task's point was sent."""
        return self.version - task.point.version

    # Updates

    def publish(self, point: Vector) -> Process[None]:
        """Announce theta_{t+1}, shape (d,): a row in the history.

        Raises:
            DivergedError: ``point`` is not finite.
        """
        self.history.rows.append(self._ledger.close_update(self.version + 1, self.now, point))
        if self.version > self._replayed:
            self._on_update(self, point)
        if self.version == self._update_limit:
            yield self.clock.at(self.now, self.ended)

    def checkpoint(self) -> Checkpoint:
        """Return what resumes the run after the newest update, but for what the method knows."""
        return self._gradients.checkpoint(self.history.rows)

    def close(self) -> None:
        """End the accounting: what is unfinished or unused was for nothing."""
        self._ledger.discard_all()
        self.workers.stop(self.now)
        self._sending.close(self.now)
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
        if time == math.inf:
            raise RuntimeError(
                "the method waits for a gradient, but no worker computes one that will end"
            )
        return self.clock.at(time)

    def _advance(self) -> Process[Task | None]:
        """Wait for the next completion, or handle a failure: its worker begins anew."""
        yield self._at(self.workers.next_event()[0])
        task, complete = self.workers.advance()
        if complete:
            self._ledger.hold(task)
            return task
        self._tally.discard(1)
        if self._gradients.forget(task):
            self._start_alone(task.worker, task.point)
        else:
            self.workers.start(np.array([task.worker]), self._newest, self.now)
        return None

    def _start_alone(self, worker: int, point: Point) -> None:
        self._gradients.promise(worker, self.workers.index(worker), point)
        self.workers.start(np.array([worker]), point, self.now)

    def _cancel(self) -> None:
        if self._hardware.preemption == "cancel":
            self._tally.discard(self.workers.stop(self.now, self._hardware.stop_cost))

    def _restart(self) -> None:
        if self._resting is not None and self._keep_going:
            self.workers.start(np.array([self._resting]), self._newest, self.now)
        self._resting = None

    def _compute_on_until(self, end: float) -> Process[None]:
        if self._computes_on and end > self.now:
            self._restart()
        while self.workers.next_event()[0] < end:
            task = yield from self._advance()
            if task is not None:
                self._move_on(task)
        yield self._at(end)

    def _move_on(self, task: Task) -> None:
        self._ledger.discard(task)
        self.workers.start(np.array([task.worker]), self._newest, self.now)
