"""A round on a real cluster: what lasts from one broadcast to the next."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.interface import Round, Trials
from simulator.loop.tasks import Key, Task
from simulator.race.messages import Meeting
from simulator.race.underway import Placed, Sending
from simulator.types import Indices, Process, Vector

if TYPE_CHECKING:
    from simulator.race.cluster import RaceCluster


class RaceRound(Round):
    """One lookahead for a group of workers, on a real cluster.

    Args:
        cluster: whose workers they are.
        lookahead: where gradients are taken.
        keep_going: workers compute gradient after gradient until the reduce.
        group: shape (m,), ascending, who takes part.
        trials: how often and for how long they try.
    """

    def __init__(
        self,
        cluster: "RaceCluster",
        lookahead: Placed,
        *,
        keep_going: bool,
        group: Indices,
        trials: Trials | None = None,
    ) -> None:
        hardware = cluster.hardware
        self._cluster = cluster
        self._lookahead = lookahead
        self._keep_going = keep_going
        self._group = group
        self._trials = trials
        self._left = None if trials is None else trials.number.copy()
        self._began = cluster.now
        self._resting: int | None = None
        self._gathers = hardware.network.collective == "gather"
        self._sends_at_once = not keep_going and self._gathers
        self._computes_on = keep_going and trials is None and hardware.preemption == "finish"
        self._sent: dict[Key, Sending] = {}

    def begin(self) -> None:
        """Start those of the group who are not busy with an earlier round's task."""
        for worker in self._group.tolist():
            self.join(worker)

    def join(self, worker: int) -> None:
        """Let a worker compute a gradient in this round, unless it is busy or has no trials."""
        workers, limit = self._cluster.workers, math.inf
        if workers.is_busy(worker):
            return
        if self._trials is not None and self._left is not None:
            if self._left[worker] <= 0:
                return
            self._left[worker] -= 1
            limit = float(self._trials.limit[worker])
        workers.start(worker, self._lookahead, limit)

    def completions(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        tasks: list[Task] = []
        while len(tasks) < number and not (tasks and self._is_late(timeout)):
            task = self._next(self._deadline(timeout) if tasks else math.inf)
            tasks += [] if task is None else [task]
        yield from ()
        return tasks

    def arrivals(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        if not self._sends_at_once or number >= len(self._group):  # then the reduce waits
            return (yield from self.completions(number, timeout))
        complete: list[Task] = []
        while True:
            there = [task for task in complete if self._sent[task.key].ended]
            if len(there) >= number:
                return sorted(there, key=lambda task: self._sent[task.key].ended)[:number]
            waits = not complete or len(complete) >= number
            if not waits and self._is_late(timeout):
                return complete
            task = self._next(math.inf if waits else self._deadline(timeout))
            complete += [] if task is None else [task]

    def successes(self) -> Process[list[Task]]:
        """See :class:`Round`."""
        tasks: list[Task] = []
        self._go_on()
        while self._cluster.workers.running:
            task = self._next()
            tasks += [] if task is None else [task]
            self._go_on()
        yield from ()
        return tasks

    def _deadline(self, timeout: float | None) -> float:
        return math.inf if timeout is None else self._began + timeout

    def _is_late(self, timeout: float | None) -> bool:
        return self._cluster.now >= self._deadline(timeout)

    def _next(self, deadline: float = math.inf) -> Task | None:
        """Wait for the next gradient of this round; None for anything else, or at the deadline."""
        self._go_on()
        task = self._cluster.advance(deadline)
        if task is None:
            return None
        if task.lookahead is not self._lookahead:
            self.move_on(task)
            return None
        self._resting = task.worker
        if self._sends_at_once:
            self._sent[task.key] = self._send(task.worker, [task], [1.0])
        return task

    def reduce(self, tasks: Sequence[Task], weights: Sequence[float]) -> Process[Vector]:
        """See :class:`Round`."""
        cluster = self._cluster
        cluster.cancel()
        self.compute_on()
        if self._sends_at_once:
            sendings = [self._sent[task.key] for task in tasks]
            self._wait(sendings)
            vectors = [w * s.vector for w, s in zip(weights, sendings, strict=True)]
        elif self._gathers:
            sendings = [self._send(worker, *mine) for worker, mine in _by_worker(tasks, weights)]
            self._wait(sendings)
            vectors = [sending.vector for sending in sendings]
        else:
            vectors = [self._allreduce(dict(_by_worker(tasks, weights)))]
        gradient: Vector = np.sum(vectors, axis=0)
        cluster.use(tasks, gradient)
        yield from ()
        return gradient

    def compute_on(self) -> None:
        """Let the worker whose completion ended the computing go on beside sending, if it may."""
        if self._computes_on:
            self._go_on()

    def move_on(self, task: Task) -> None:
        """Discard a gradient that this round has no use for; its worker goes on."""
        self._cluster.ledger.discard(task)
        if self._keep_going or task.lookahead is not self._lookahead:
            self.join(task.worker)

    def give_up(self) -> None:
        """The round is over: vectors that are still on their way are not waited for."""
        for sending in self._sent.values():
            self._cluster.workers.give_up(sending)

    def _go_on(self) -> None:
        if self._resting is not None and self._keep_going:
            self.join(self._resting)
        self._resting = None

    def _send(
        self,
        worker: int,
        tasks: Sequence[Task],
        weights: Sequence[float],
        meeting: Meeting | None = None,
    ) -> Sending:
        workers = self._cluster.workers
        parcel = self._cluster.parcel(worker, tasks, weights)
        if meeting is not None and workers.emulation is not None:
            parcel = replace(parcel, seconds=workers.emulation.meeting(len(self._group)))
        sending = Sending(worker, parcel, self._lookahead, meeting, self._computes_on)
        workers.send(sending)
        return sending

    def _allreduce(self, parts: dict[int, tuple[list[Task], list[float]]]) -> Vector:
        """Let the group meet; if one dies in it, they meet anew with its replacement."""
        while True:
            meetings = self._cluster.meetings.of(self._group)
            sendings = [
                self._send(worker, *parts.get(worker, ([], [])), meeting)
                for worker, meeting in zip(self._group.tolist(), meetings, strict=True)
            ]
            self._wait(sendings)
            if len(sendings[0].vector):
                self._cluster.meetings.sizes.append(len(self._group))
                return sendings[0].vector
            self._cluster.meetings.end()

    def _wait(self, sendings: list[Sending]) -> None:
        while not all(sending.ended for sending in sendings):
            task = self._cluster.advance()
            if task is not None:
                self.move_on(task)
        self._cluster.workers.moment = max(sending.ended for sending in sendings)


def _by_worker(
    tasks: Sequence[Task], weights: Sequence[float]
) -> list[tuple[int, tuple[list[Task], list[float]]]]:
    parts: dict[int, tuple[list[Task], list[float]]] = {}
    for task, weight in zip(tasks, weights, strict=True):
        mine = parts.setdefault(task.worker, ([], []))
        mine[0].append(task)
        mine[1].append(weight)
    return sorted(parts.items())
