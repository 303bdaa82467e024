"""A round on the simulated cluster: what lasts from one broadcast to the next."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
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
from simulator.loop.tasks import Lookahead, Task
from simulator.loop.workers import Course
from simulator.types import Event, Indices, Process, Truths, Vector

if TYPE_CHECKING:
    from simulator.loop.cluster import SimulatedCluster

NEVER: Event = (math.inf, math.inf)


class SimulatedRound(Round):
    """One lookahead for a group of workers, on a simulated cluster.

    A worker whose completion the method has just been given rests until the method waits again:
    only then is it known whether it goes on.

    Args:
        cluster: whose workers they are.
        lookahead: where gradients are taken.
        steps: gradients that each worker computes; inf: one after the other until the reduce.
        group: shape (m,), ascending, who takes part; everyone if None.
        trials: how often and for how long they try.
    """

    def __init__(
        self,
        cluster: "SimulatedCluster",
        lookahead: Lookahead,
        *,
        steps: float,
        group: Indices | None,
        trials: Trials | None,
    ) -> None:
        hardware = cluster.hardware
        self._cluster = cluster
        self._lookahead = lookahead
        self._keep_going = steps == math.inf
        self._steps = steps
        self._given = 0  # gradients
        self._done: Counter[int] = Counter()  # gradients by worker, where each has several
        self._newest: dict[int, Task] = {}  # by worker, where workers move
        self._group = np.arange(cluster.size) if group is None else group
        self._takes_part: Truths | None = None  # everyone
        if group is not None:
            check_group(group, cluster.size)
            self._takes_part = np.isin(np.arange(cluster.size), group)
        self._trials = trials
        self._left = None if trials is None else trials.number.copy()
        self._began = cluster.now
        self._resting: int | None = None
        self._network = hardware.network
        self._sends_at_once = not self._keep_going and self._network.collective == "gather"
        self._computes_on = self._keep_going and trials is None and hardware.preemption == "finish"

    def begin(self) -> None:
        """Start those of the group who are not busy with an earlier round's task."""
        cluster = self._cluster
        cluster.sending.begin(cluster.now)
        if self._network.collective == "gather":  # an all-reduce left the sum with everyone
            cluster.sending.count_lookahead(self._group)
        idle = cluster.workers.idle(self._group, cluster.now)
        self._start(idle, self._lookahead)

    def join(self, worker: int) -> None:
        """Let a worker that has nothing to do compute a gradient in this round, if it may."""
        if self._takes_part is None or self._takes_part[worker]:
            self._start(np.array([worker]), self.place(worker))

    def place(self, worker: int) -> Lookahead:
        """Return where this worker's next gradient is taken."""
        before = self._newest.get(worker)
        return self._lookahead if before is None else self._lookahead.moved(before)

    def next_course(self, workers: Indices) -> Course:
        """Return the course of tasks, (m,), that begin when the present ones of workers end."""
        place = self.place(int(workers[0])) if len(workers) else self._lookahead
        return self._cluster.workers.next_course(workers, place, self.limits(workers))

    def begin_again(self, workers: Indices, course: Course) -> None:
        """Let workers, shape (m,), ascending, begin tasks whose course is known already."""
        self._count_trials(workers)
        self._cluster.workers.begin(workers, self._lookahead, course)
        for worker in self._newest.keys() & set(workers.tolist()) if self._newest else ():
            self._cluster.workers.move(worker, self.place(worker))

    def may_begin(self, workers: Indices) -> Truths:
        """Return which of ``workers`` (m,) may begin another task."""
        may: Truths = np.ones(len(workers), dtype=bool)
        if self._takes_part is not None:
            may = self._takes_part[workers]
        return may if self._left is None else may & (self._left[workers] > 0)

    def limits(self, workers: Indices) -> Vector | None:
        """Return after how many seconds ``workers`` (m,) give up, shape (m,); None: never."""
        return None if self._trials is None else self._trials.limit[workers]

    def _count_trials(self, workers: Indices) -> None:
        if self._left is not None:
            self._left[workers] -= 1

    def _start(self, workers: Indices, place: Lookahead) -> None:
        if self._left is not None:
            workers = workers[self.may_begin(workers)]
            self._count_trials(workers)
        self._cluster.workers.start(workers, place, self._cluster.now, self.limits(workers))

    def completions(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        self._check()
        if timeout is None and not self._keep_going:
            check_number(number, self._given, len(self._group) * self._steps)
        tasks: list[Task] = []
        while len(tasks) < number:
            left = number - len(tasks) if tasks or timeout is None else 1
            task = yield from self._completion(self._late(timeout, *tasks[:1]), left)
            if task is None:
                break
            tasks.append(task)
        return tasks

    def arrivals(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        self._check()
        if self._keep_going:
            raise RuntimeError("workers of this round keep going; accepted: `completions`")
        check_first(self._given)
        check_number(number, 0, len(self._group), "vectors")
        if number >= len(self._group) and (timeout is None or self._steps == 1):
            # the reduce waits for the vectors
            return (yield from self.completions(len(self._group) * int(self._steps), timeout))
        sending = self._cluster.sending
        tasks: defaultdict[int, list[Task]] = defaultdict(list)  # by worker
        complete: list[Task] = []  # the last one of each worker that has all
        there: list[int] = []
        while len(there) < number:
            late = NEVER if len(complete) >= number else self._late(timeout, *complete[:1])
            arrival = sending.next_arrival()
            left = number - len(there) if complete or timeout is None else 1
            task = yield from self._completion(min(arrival, late), left)
            if task is not None:
                tasks[task.worker].append(task)
                if self._has_all(task.worker):
                    complete.append(task)
                    there += [] if self._sends_at_once else [task.worker]
            elif arrival <= late:
                there.append(sending.receive()[1])
            else:
                there = [task.worker for task in complete]
                break
        return [task for worker in there for task in tasks[worker]]

    def _late(self, timeout: float | None, first: Task | None = None) -> Event:
        """Return from when on nobody is waited for, given the first task that is complete."""
        if timeout is None or first is None:
            return NEVER
        return max(self._began + timeout, first.end), math.inf  # who completes with it is in time

    def _completion(self, deadline: Event, left: int) -> Process[Task | None]:
        """Wait for the next of so many gradients; None if there is none until the deadline."""
        cluster = self._cluster
        while True:
            self._go_on()
            if deadline is not NEVER and cluster.workers.next_event() > deadline:
                yield cluster.clock.until(max(deadline[0], cluster.now))
                return None
            task = yield from cluster.advance(deadline, left)
            if task is not None and self._is_mine(task):
                self._resting = task.worker
                self._note(task)
                return task
            if task is not None:
                self.move_on(task)  # stale

    def successes(self) -> Process[list[Task]]:
        """See :class:`Round`."""
        self._check()
        cluster = self._cluster
        tasks: list[Task] = []
        while True:
            self._go_on()
            if cluster.workers.next_event()[1] < 0 or self._is_through():
                return tasks
            task = yield from cluster.advance(NEVER)
            if task is not None and self._is_mine(task):
                self._resting = task.worker
                self._note(task)
                tasks.append(task)
            elif task is not None:
                self.move_on(task)  # stale

    def _is_through(self) -> bool:
        """Return whether only others compute, where not everyone takes part."""
        return self._takes_part is not None and not self._cluster.workers.busy(self._group).any()

    def reduce(self, tasks: Sequence[Task], weights: Sequence[float]) -> Process[Vector]:
        """See :class:`Round`."""
        self._check()
        check_reduced(tasks, weights, self._is_mine)
        cluster = self._cluster
        senders = np.unique([task.worker for task in tasks])
        if self._steps > 1 and not self._keep_going:
            check_steps(senders, self._has_all)
        cluster.cancel()
        if self._sends_at_once:
            end = cluster.sending.receive_from(senders)
        else:
            if self._network.collective == "allreduce":
                senders = self._group
            ready = cluster.workers.free(senders, cluster.now)
            busy = cluster.workers.busy(senders) | self._computes_on
            end = cluster.sending.reduce(senders, ready, busy)
        yield from cluster.advance_until(max(end, cluster.now))
        cluster.sending.count_reduce(senders)
        answer = cluster.gradients.weighted_sum(tasks, weights)
        cluster.ledger.use(list(tasks), answer)
        return answer.gradient

    def _go_on(self) -> None:
        worker = self._resting
        if worker is not None and (self._keep_going or not self._has_all(worker)):
            self.join(worker)
        self._resting = None

    def compute_on(self) -> None:
        """Let the worker whose completion ended the computing go on beside sending, if it may."""
        if self._computes_on:
            self._go_on()

    def move_on(self, task: Task) -> None:
        """Discard a gradient that this round has no use for; its worker goes on."""
        self._cluster.ledger.discard(task)
        if self._keep_going or not self._is_mine(task):
            self.join(task.worker)

    def _is_mine(self, task: Task) -> bool:
        return (task.lookahead.sent or task.lookahead) is self._lookahead

    def _note(self, task: Task) -> None:
        """Note a completion of this round: its worker sends, if that was its last."""
        self._given += 1
        if self._lookahead.move is not None:
            self._newest[task.worker] = task
        if self._keep_going:
            return
        if self._steps > 1:
            self._done[task.worker] += 1
        if self._sends_at_once and self._has_all(task.worker):
            self._cluster.sending.start(task.worker, task.end)

    def _has_all(self, worker: int) -> bool:
        return self._steps == 1 or self._done[worker] >= self._steps

    def _check(self) -> None:
        if self._cluster.round is not self:
            raise RuntimeError("the round is over: there was another broadcast since")
