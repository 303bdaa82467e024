"""A round on the simulated cluster: what lasts from one broadcast to the next."""

import math
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from simulator.interface import Round, Trials
from simulator.tasks import Lookahead, Task
from simulator.types import Indices, Process, Vector

if TYPE_CHECKING:
    from simulator.cluster import SimulatedCluster

Moment: TypeAlias = tuple[float, float]
"""(time, worker): at equal times events are handled in the order of workers."""

NEVER: Moment = (math.inf, math.inf)


class SimulatedRound(Round):
    """One lookahead for a group of workers, on a simulated cluster.

    A worker whose completion the method has just been given rests until the method waits again:
    only then is it known whether it goes on.

    Args:
        cluster: whose workers they are.
        lookahead: where gradients are taken.
        keep_going: workers compute gradient after gradient until the reduce.
        group: shape (m,), ascending, who takes part; everyone if None.
        trials: how often and for how long they try.
    """

    def __init__(
        self,
        cluster: "SimulatedCluster",
        lookahead: Lookahead,
        *,
        keep_going: bool,
        group: Indices | None,
        trials: Trials | None,
    ) -> None:
        hardware = cluster.hardware
        self._cluster = cluster
        self._lookahead = lookahead
        self._keep_going = keep_going
        self._group = np.arange(cluster.size) if group is None else group
        self._trials = trials
        self._left = None if trials is None else trials.number.copy()
        self._began = cluster.now
        self._resting: int | None = None
        self._network = hardware.network
        self._sends_at_once = not keep_going and self._network.collective == "gather"
        self._computes_on = keep_going and trials is None and hardware.preemption == "finish"

    def begin(self) -> None:
        """Start those of the group who are not busy with an earlier round's task."""
        cluster = self._cluster
        cluster.sending.begin(cluster.now, beside_work=self._computes_on)
        if self._network.collective == "gather":  # an all-reduce left the sum with everyone
            cluster.sending.count_lookahead(self._group)
        idle = cluster.workers.idle(self._group, cluster.now)
        self._start(idle)

    def join(self, worker: int) -> None:
        """Let a worker that has nothing to do compute a gradient in this round."""
        self._start(np.array([worker]))

    def _start(self, workers: Indices) -> None:
        limit = None
        if self._trials is not None and self._left is not None:
            workers = workers[self._left[workers] > 0]
            self._left[workers] -= 1
            limit = self._trials.limit[workers]
        self._cluster.workers.start(workers, self._lookahead, self._cluster.now, limit)

    def completions(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        self._check()
        tasks: list[Task] = []
        while len(tasks) < number:
            task = yield from self._completion(self._late(timeout, *tasks[:1]))
            if task is None:
                break
            tasks.append(task)
        return tasks

    def arrivals(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        if not self._sends_at_once or number >= len(self._group):  # then the reduce waits
            return (yield from self.completions(number, timeout))
        self._check()
        sending = self._cluster.sending
        completed: dict[int, Task] = {}
        tasks: list[Task] = []
        while len(tasks) < number:
            enough = len(completed) >= number
            late = NEVER if enough else self._late(timeout, *islice(completed.values(), 1))
            arrival = sending.next_arrival()
            task = yield from self._completion(min(arrival, late))
            if task is not None:
                completed[task.worker] = task
            elif arrival <= late:
                tasks.append(completed[sending.receive()[1]])
            else:
                return list(completed.values())
        return tasks

    def _late(self, timeout: float | None, first: Task | None = None) -> Moment:
        """Return from when on nobody is waited for, given the first task that is complete."""
        if timeout is None or first is None:
            return NEVER
        return max(self._began + timeout, first.end), math.inf  # who completes with it is in time

    def _completion(self, deadline: Moment) -> Process[Task | None]:
        """Wait for the next gradient of this round; None if there is none until the deadline."""
        cluster = self._cluster
        while True:
            self._go_on()
            if cluster.workers.next_event() > deadline:
                yield cluster.clock.until(max(deadline[0], cluster.now))
                return None
            task = yield from cluster.advance()
            if task is not None and task.lookahead is self._lookahead:
                self._resting = task.worker
                if self._sends_at_once:
                    cluster.sending.start(task.worker, task.end)
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
            if cluster.workers.next_event()[1] < 0:  # nobody computes
                return tasks
            task = yield from cluster.advance()
            if task is not None and task.lookahead is self._lookahead:
                self._resting = task.worker
                tasks.append(task)
            elif task is not None:
                self.move_on(task)  # stale

    def reduce(self, tasks: Sequence[Task], weights: Sequence[float]) -> Process[Vector]:
        """See :class:`Round`."""
        self._check()
        cluster = self._cluster
        cluster.cancel()
        senders = np.unique([task.worker for task in tasks])
        if self._sends_at_once:
            end = cluster.sending.receive_from(senders)
        else:
            if self._network.collective == "allreduce":
                senders = self._group
            ready = cluster.workers.free(senders, cluster.now)
            end = cluster.sending.reduce(senders, ready, cluster.workers.busy(senders))
        yield from cluster.advance_until(max(end, cluster.now))
        cluster.sending.count_reduce(senders)
        answer = cluster.gradients.weighted_sum(tasks, weights)
        cluster.ledger.use(list(tasks), answer)
        return answer.gradient

    def _go_on(self) -> None:
        if self._resting is not None and self._keep_going:
            self.join(self._resting)
        self._resting = None

    def compute_on(self) -> None:
        """Let the worker whose completion ended the computing go on beside sending, if it may."""
        if self._computes_on:
            self._go_on()

    def move_on(self, task: Task) -> None:
        """Discard a gradient that this round has no use for; its worker goes on."""
        self._cluster.ledger.discard(task)
        if self._keep_going or task.lookahead is not self._lookahead:
            self.join(task.worker)

    def _check(self) -> None:
        if self._cluster.round is not self:
            raise RuntimeError("the round is over: there was another broadcast since")
