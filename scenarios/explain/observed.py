"""A cluster that writes down what its server waits for, beside the simulation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np

from simulator import Cluster, Indices, Process, Round, SimulatedCluster, Task, Trials, Vector

T = TypeVar("T")

Kind: TypeAlias = Literal["gradients", "trials", "vectors", "gather", "beside", "allreduce"]
"""What is waited for: gradients or vectors of ``workers``; the end of all trials; a reduce.

Of the reduces, ``vectors`` were sent as soon as they were ready, those of a ``gather`` all from its
beginning, and ``beside`` computing.
"""


@dataclass(frozen=True)
class Wait:
    """The server waits.

    Attributes:
        kind: for what.
        start: simulated seconds.
        end: simulated seconds.
        workers: whose gradients ended it, the last one at the end.
        timed_out: a timeout did, since fewer were there than were waited for.
    """

    kind: Kind
    start: float
    end: float
    workers: Sequence[int]
    timed_out: bool = False


@dataclass(frozen=True)
class Sent:
    """The server sends a lookahead.

    Attributes:
        time: simulated seconds.
        update: after how many updates.
        workers: shape (m,), who gets it; everyone if None.
        dispatched: to one worker, for one gradient.
    """

    time: float
    update: int
    workers: Indices | None
    dispatched: bool


class Observed(Cluster):
    """A simulated cluster that does what it is asked, and writes it down.

    Args:
        cluster: that is asked.

    Attributes:
        waits: in order.
        sent: lookaheads, in order.
        begun: when the server began each update, in simulated seconds.
    """

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.inner = cluster
        self.initial_point = cluster.initial_point
        self.waits: list[Wait] = []
        self.sent: list[Sent] = []
        self.begun: list[float] = []

    @property
    def size(self) -> int:
        """See :class:`Cluster`."""
        return self.inner.size

    @property
    def gradient_seconds(self) -> Vector:
        """See :class:`Cluster`."""
        return self.inner.gradient_seconds

    def wait(
        self,
        kind: Kind,
        process: Process[T],
        workers: Callable[[T], Sequence[int]],
        late: Callable[[T], bool] = lambda _: False,
    ) -> Process[T]:
        """Wait for ``process``; note whose gradients ended it, or a timeout."""
        start = self.inner.now
        answer = yield from process
        if self.inner.now > start:
            wait = Wait(kind, start, self.inner.now, workers(answer), late(answer))
            self.waits.append(wait)
        return answer

    def update(self, step: Any, now: Any, gradient: Vector) -> Process[Any]:  # noqa: ANN401
        """See :class:`Cluster`."""
        self.begun.append(self.inner.now)
        return self.inner.update(step, now, gradient)

    def broadcast(
        self,
        lookahead: Vector,
        *,
        keep_going: bool,
        to: Indices | None = None,
        trials: Trials | None = None,
        **steps: Any,  # noqa: ANN401
    ) -> Round:
        """See :class:`Cluster`."""
        self.sent.append(Sent(self.inner.now, self.inner.updates_made, to, dispatched=False))
        hardware = self.inner.hardware
        reduce: Kind = "gather" if keep_going else "vectors"
        if hardware.network.collective == "allreduce":
            reduce = "allreduce"
        elif keep_going and trials is None and hardware.preemption == "finish":
            reduce = "beside"
        inner = self.inner.broadcast(
            lookahead, keep_going=keep_going, to=to, trials=trials, **steps
        )
        group = range(self.size) if to is None else to.tolist()
        return _ObservedRound(inner, self, reduce, group)

    def fastest(self, number: int) -> Indices:
        """See :class:`Cluster`."""
        return self.inner.fastest(number)

    @property
    def idle(self) -> Indices:
        """See :class:`Cluster`."""
        return self.inner.idle

    def dispatch(self, worker: int, lookahead: Vector) -> None:
        """See :class:`Cluster`."""
        now, updates = self.inner.now, self.inner.updates_made
        self.sent.append(Sent(now, updates, np.array([worker]), dispatched=True))
        self.inner.dispatch(worker, lookahead)

    def preempt(self, delay: int) -> Indices:
        """See :class:`Cluster`."""
        return self.inner.preempt(delay)

    def repeat(self, task: Task) -> None:
        """See :class:`Cluster`."""
        self.inner.repeat(task)

    def arrival(self) -> Process[Task]:
        """See :class:`Cluster`."""
        return self.wait("gradients", self.inner.arrival(), lambda task: [task.worker])

    def gradient(self, task: Task, *, keep: bool = False) -> Vector:
        """See :class:`Cluster`."""
        return self.inner.gradient(task, keep=keep)

    def drop(self, task: Task) -> None:
        """See :class:`Cluster`."""
        self.inner.drop(task)

    def delay(self, task: Task) -> int:
        """See :class:`Cluster`."""
        return self.inner.delay(task)


class _ObservedRound(Round):
    """A round of an observed cluster; ``kind`` is what its reduce waits for."""

    def __init__(self, inner: Round, cluster: Observed, kind: Kind, group: Sequence[int]) -> None:
        self._inner, self._cluster, self._kind, self._group = inner, cluster, kind, group

    def completions(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        inner = self._inner.completions(number, timeout)
        return self._cluster.wait("gradients", inner, _workers, lambda ts: len(ts) < number)

    def arrivals(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """See :class:`Round`."""
        inner = self._inner.arrivals(number, timeout)
        return self._cluster.wait(
            "gradients", inner, _workers, lambda ts: len({*_workers(ts)}) < number
        )

    def successes(self) -> Process[list[Task]]:
        """See :class:`Round`."""
        return self._cluster.wait("trials", self._inner.successes(), lambda _: self._group)

    def reduce(self, tasks: Sequence[Task], weights: Sequence[float]) -> Process[Vector]:
        """See :class:`Round`."""
        senders = self._group if self._kind == "allreduce" else sorted({*_workers(tasks)})
        return self._cluster.wait(self._kind, self._inner.reduce(tasks, weights), lambda _: senders)


def _workers(tasks: Sequence[Task]) -> list[int]:
    return [task.worker for task in tasks]
