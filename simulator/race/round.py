"""A round on a real cluster: what lasts from one broadcast to the next."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.contract import (
    check_first,
    check_group,
    check_number,
    check_reduced,
    check_steps,
)
from simulator.interface import Round, Trials
from simulator.loop.tasks import Task
from simulator.one_line import one_line
from simulator.race.messages import Meeting, UnsupportedError
from simulator.race.underway import Placed, Sending
from simulator.types import Indices, Process, Vector

if TYPE_CHECKING:
    from simulator.race.cluster import RaceCluster

MEETINGS = 3
"""So many may break one after the other without a death; then the all-reduce is given up."""


class RaceRound(Round):
    """One lookahead for a group of workers, on a real cluster.

    Args:
        cluster: whose workers they are.
        lookahead: where gradients are taken.
        steps: gradients that each worker computes; inf: one after the other until the reduce.
        group: shape (m,), ascending, who takes part.
        trials: how often and for how long they try.
    """

    def __init__(
        self,
        cluster: "RaceCluster",
        lookahead: Placed,
        *,
        steps: float,
        group: Indices,
        trials: Trials | None = None,
    ) -> None:
        hardware = cluster.hardware
        check_group(group, cluster.size)
        self._cluster = cluster
        self._lookahead = lookahead
        self._keep_going = steps == math.inf
        self._steps = steps
        self._tasks: defaultdict[int, list[Task]] = defaultdict(list)  # by worker, if it sends them
        self._group = group
        self._members = set(group.tolist())
        self._trials = trials
        self._left = None if trials is None else trials.number.copy()
        self._began = cluster.now
        self._resting: int | None = None
        self._gathers = hardware.network.collective == "gather"
        self._sends_at_once = not self._keep_going and self._gathers
        self._computes_on = self._keep_going and trials is None and hardware.preemption == "finish"
        self._sent: dict[int, Sending] = {}  # by worker

    def begin(self) -> None:
        """Start those of the group who are not busy with an earlier round's task."""
        for worker in self._group.tolist():
            self.join(worker)

    def join(self, worker: int) -> None:
        """Let a worker compute in this round, if it takes part, is idle and has trials left."""
        workers, limit = self._cluster.workers, math.inf
        if workers.is_busy(worker) or worker not in self._members:
            return
        if self._trials is not None and self._left is not None:
            if self._left[worker] <= 0:
                return
            self._left[worker] -= 1
            limit = float(self._trials.limit[worker])
        moves = self._lookahead.move is not None
        path = tuple(task.index for task in self._tasks[worker]) if moves else ()
        workers.start(worker, self._lookahead, limit, path)

    def completions(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        if timeout is None and not self._keep_going:
            check_number(number, self._given, len(self._group) * self._steps)
        tasks: list[Task] = []
        while len(tasks) < number and not (tasks and self._is_late(timeout)):
            task = self._next(self._deadline(timeout) if tasks else math.inf)
            tasks += [] if task is None else [task]
        yield from ()
        return tasks

    def arrivals(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        if self._keep_going:
            raise RuntimeError("workers of this round keep going; accepted: `completions`")
        check_first(self._given)
        check_number(number, 0, len(self._group), "vectors")
        if number >= len(self._group) and (timeout is None or self._steps == 1):
            # the reduce waits for the vectors
            return (yield from self.completions(len(self._group) * int(self._steps), timeout))
        complete: list[int] = []  # workers that have completed all of their steps
        while True:
            there = self._arrived(complete) if self._sends_at_once else complete
            waits = not complete or len(complete) >= number
            if len(there) >= number or (not waits and self._is_late(timeout)):
                there = there[:number] if len(there) >= number else complete
                return [task for worker in there for task in self._tasks[worker]]
            task = self._next(math.inf if waits else self._deadline(timeout))
            complete += [task.worker] if task is not None and self._has_all(task.worker) else []

    def _arrived(self, workers: list[int]) -> list[int]:
        """Return whose vectors are there, in the order in which they came."""
        there = [worker for worker in workers if self._sent[worker].ended]
        return sorted(there, key=lambda worker: self._sent[worker].ended)

    def successes(self) -> Process[list[Task]]:
        """See :class:`Round`."""
        tasks: list[Task] = []
        self._go_on()
        while any(task.worker in self._members for task in self._cluster.workers.running):
            task = self._next()
            tasks += [] if task is None else [task]
            self._go_on()
        yield from ()
        return tasks

    @property
    def _given(self) -> int:
        """How many gradients the method was given."""
        return sum(map(len, self._tasks.values()))

    def _has_all(self, worker: int) -> bool:
        return len(self._tasks[worker]) >= self._steps

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
        mine = self._tasks[task.worker]
        mine.append(task)
        if self._sends_at_once and self._has_all(task.worker):
            self._sent[task.worker] = self._send(task.worker, mine, [1.0] * len(mine))
        return task

    def reduce(self, tasks: Sequence[Task], weights: Sequence[float]) -> Process[Vector]:
        """See :class:`Round`."""
        cluster = self._cluster
        check_reduced(tasks, weights, lambda task: task.lookahead is self._lookahead)
        if self._steps > 1 and not self._keep_going:
            check_steps(np.unique([task.worker for task in tasks]), self._has_all)
        cluster.cancel()
        self.compute_on()
        if self._sends_at_once:
            parts = [(self._sent[worker], mine) for worker, mine in _by_worker(tasks, weights)]
            self._wait([sending for sending, _ in parts])
            vectors = [_weight(mine) * sending.vector for sending, mine in parts]
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

    @property
    def senders(self) -> set[int]:
        """Whose vectors are on their way, wanted or not."""
        return {worker for worker, sending in self._sent.items() if not sending.ended}

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
        worker = self._resting
        if worker is not None and (self._keep_going or not self._has_all(worker)):
            self.join(worker)
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
            parcel = replace(parcel, seconds=workers.emulation.meeting(self._group))
        sending = Sending(worker, parcel, self._lookahead, meeting, self._computes_on)
        workers.send(sending)
        return sending

    def _allreduce(self, parts: dict[int, tuple[list[Task], list[float]]]) -> Vector:
        """Let the group meet; if one dies in it, they meet anew with its replacement.

        Raises:
            UnsupportedError: they meet in vain, though nobody dies.
        """
        workers, broken = self._cluster.workers, 0
        while True:
            deaths = workers.deaths
            meetings = self._cluster.meetings.of(self._group)
            sendings = [
                self._send(worker, *parts.get(worker, ([], [])), meeting)
                for worker, meeting in zip(self._group.tolist(), meetings, strict=True)
            ]
            self._wait(sendings)
            if len(sendings[0].vector):
                self._cluster.meetings.sizes.append(len(self._group))
                return sendings[0].vector
            broken = broken + 1 if workers.deaths == deaths else 0
            reason = workers.crew.broken
            if broken >= MEETINGS and reason is not None:
                raise UnsupportedError(
                    f"an all-reduce failed {broken} times, and no worker died: "
                    f"{one_line(reason.error)}"
                ) from reason.error
            self._cluster.meetings.end()

    def _wait(self, sendings: list[Sending]) -> None:
        while not all(sending.ended for sending in sendings):
            task = self._cluster.advance()
            if task is not None:
                self.move_on(task)
        self._cluster.workers.moment = max(sending.ended for sending in sendings)


def _weight(part: tuple[list[Task], list[float]]) -> float:
    """Return the weight of all gradients of a vector that was sent before it was known."""
    (weight, *others) = part[1]
    if any(other != weight for other in others):
        raise UnsupportedError("steps of one worker with several weights cannot be raced")
    return weight


def _by_worker(
    tasks: Sequence[Task], weights: Sequence[float]
) -> list[tuple[int, tuple[list[Task], list[float]]]]:
    parts: dict[int, tuple[list[Task], list[float]]] = {}
    for task, weight in zip(tasks, weights, strict=True):
        mine = parts.setdefault(task.worker, ([], []))
        mine[0].append(task)
        mine[1].append(weight)
    return sorted(parts.items())
