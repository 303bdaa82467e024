"""The workers of a race as Ray actors: what is under way, what came back, and who died."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from simulator.problem import Problem
from simulator.race.messages import Delivery, Meeting, Order, Parcel, Report, Sent
from simulator.race.worker import Worker
from simulator.watch import StalledError

GROUPS = {"compute": 1, "send": 1, "control": 1}
"""The threads of an actor: it can be cancelled, and send, while it computes."""


@dataclass(frozen=True)
class Death:
    """The answer of a worker that died; ``known``: it has been replaced before."""

    known: bool


@dataclass(frozen=True)
class Broken:
    """The answer of a worker whose all-reduce failed, as it does where it lost another one."""

    error: Exception


@dataclass(frozen=True)
class News:
    """Something that came back.

    Attributes:
        worker: who answers.
        what: that was asked for, as it was given to the crew.
        answer: None from a new worker that is ready.
    """

    worker: int
    what: object
    answer: Report | Delivery | Death | Broken | None

    @property
    def ended(self) -> float:
        """Seconds since the epoch at which it happened; 0 where that is not known."""
        return self.answer.ended if isinstance(self.answer, Report | Delivery) else 0.0


class Crew:
    """Ray actors, one for each worker; a dead one is replaced.

    Args:
        size: the number n of workers.
        cores: that Ray reserves for each worker.

    Attributes:
        pids: the process of each worker.
        broken: the first answer of the newest meeting that says that it failed; None: none does.
    """

    def __init__(self, size: int, cores: float = 0.0) -> None:
        import ray  # noqa: PLC0415 - the extra `cluster`
        import ray.util.scheduling_strategies  # noqa: PLC0415

        self._ray: Any = ray
        remote: Any = ray.remote
        needs = {"num_cpus": cores, "memory": 1}  # who needs nothing is put anywhere
        self._actor = remote(**needs, max_restarts=0, concurrency_groups=GROUPS)(Worker)
        self._under_way: dict[Any, tuple[int, Any, str, object]] = {}
        self._news: deque[News] = deque()
        self._actors = [self._hire(worker) for worker in range(size)]
        self._numbers = [0] * size  # of orders and parcels, in all races
        self._meetings = count(1)
        self.pids: list[int] = [0] * size
        self.broken: Broken | None = None

    def _hire(self, worker: int) -> Any:  # noqa: ANN401
        """Return a new actor: workers go round the nodes, each to one that is there."""
        nodes = [node["NodeID"] for node in self._ray.nodes() if node["Alive"]]
        at: Any = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        where = at(sorted(nodes)[worker % len(nodes)], soft=True)
        return self._actor.options(scheduling_strategy=where).remote(worker)

    def begin(self, build: Callable[[], Problem], *, meet: bool = False) -> None:
        """Let all workers get ready for a race; who died since the last one is replaced.

        Args:
            build: makes a worker's problem, in its own process.
            meet: get ready for all-reduces as well.
        """
        self._ready = build, meet
        self._under_way, self._news = {}, deque()
        ready = [self._ask(actor, "begin", "compute", *self._ready) for actor in self._actors]
        for worker, reference in enumerate(ready):
            try:
                self.pids[worker] = self._ray.get(reference)
            except self._ray.exceptions.RayActorError:
                self._actors[worker] = self._hire(worker)
                again = self._ask(self._actors[worker], "begin", "compute", *self._ready)
                self.pids[worker] = self._ray.get(again)

    def number(self, worker: int) -> int:
        """Return a number for a worker's next order or parcel; they rise."""
        self._numbers[worker] += 1
        return self._numbers[worker]

    def meeting(self) -> int:
        """Return a number for the next meeting, in all races."""
        self.broken = None
        return next(self._meetings)

    def put(self, sent: Sent) -> Any:  # noqa: ANN401 - Ray's reference
        """Return what workers find a lookahead by, so that it travels once to each machine."""
        return self._ray.put(sent)

    def compute(self, worker: int, order: Order, sent: Any, what: object) -> None:  # noqa: ANN401
        """Let a worker compute; its :class:`Report` is news about ``what``."""
        self._begin(worker, what, "compute", "compute", order, sent)

    def send(self, worker: int, parcel: Parcel, sent: Any, what: object) -> None:  # noqa: ANN401
        """Let a worker send; its :class:`Delivery` is news about ``what``."""
        self._begin(worker, what, "send", "send", parcel, sent)

    def allreduce(
        self,
        worker: int,
        parcel: Parcel,
        sent: Any,  # noqa: ANN401
        meeting: Meeting,
        what: object,
    ) -> None:
        """Let a worker take part in an all-reduce; its :class:`Delivery` is news."""
        self._begin(worker, what, "allreduce", "send", parcel, sent, meeting)

    def address(self, worker: int, seconds: float | None) -> str | None:
        """Return HOST:PORT at which a worker can be met; None if it does not say in time."""
        reference = self._ask(self._actors[worker], "address", "control")
        if not self._ray.wait([reference], timeout=seconds)[0]:
            return None
        try:
            found: str = self._ray.get(reference)
        except self._ray.exceptions.RayActorError:
            return "127.0.0.1:1"  # nobody meets there: that it died is news
        return found

    def echo(self, worker: int, *, up: int = 0, down: int = 0) -> float:
        """Return the real seconds until a vector is there and another one is back.

        Args:
            worker: where.
            up: coordinates of the vector that it sends.
            down: coordinates of the vector that it is sent.
        """
        vector = self._ray.put(np.zeros(down))
        asked = time.perf_counter()
        self._ray.get(self._ask(self._actors[worker], "echo", "send", vector, up))
        return time.perf_counter() - asked

    def cancel(self, worker: int, order: int = 0, parcel: int = 0) -> None:
        """Tell a worker to give up orders and parcels up to these numbers; nobody waits for it."""
        self._ask(self._actors[worker], "cancel", "control", order, parcel)

    def replace(self, worker: int) -> None:
        """Begin a new worker in place of a dead one; news with the answer None when it is ready."""
        self._ray.kill(self._actors[worker])  # it may only have been out of reach
        self._actors[worker] = self._hire(worker)
        self._begin(worker, None, "begin", "compute", *self._ready)

    def wait(self, seconds: float | None) -> News | None:
        """Return what came back next; None if there is nothing within ``seconds``.

        Raises:
            StalledError: there is nothing to wait for, and no time either.
        """
        ray = self._ray
        if not self._news and not self._under_way:  # Ray would not wait for nothing
            if seconds is None:
                raise StalledError(
                    "nothing will happen any more; accepted: a method that waits for what is to "
                    "come"
                )
            time.sleep(seconds)
        elif not self._news:
            waited = list(self._under_way)
            if ray.wait(waited, num_returns=1, timeout=seconds)[0]:
                ready, _ = ray.wait(waited, num_returns=len(waited), timeout=0)
                self._news += sorted(map(self._read, ready), key=lambda news: news.ended)
        return self._news.popleft() if self._news else None

    def close(self) -> None:
        """End all workers."""
        for actor in self._actors:
            self._ray.kill(actor)

    def _begin(self, worker: int, what: object, name: str, group: str, *message: object) -> None:
        actor = self._actors[worker]
        self._under_way[self._ask(actor, name, group, *message)] = worker, actor, name, what

    def _ask(self, actor: Any, name: str, group: str, *message: object) -> Any:  # noqa: ANN401
        return getattr(actor, name).options(concurrency_group=group).remote(*message)

    def _read(self, reference: Any) -> News:  # noqa: ANN401
        worker, actor, name, what = self._under_way.pop(reference)
        errors = self._ray.exceptions
        answer: Any
        try:
            answer = self._ray.get(reference)
        except (errors.RayActorError, errors.ObjectLostError):  # its node may die with the answer
            answer = Death(known=self._actors[worker] is not actor)
        except errors.RayTaskError as error:
            if name != "allreduce":
                raise
            answer = Broken(error.cause)
            self.broken = self.broken or answer
        if name == "begin" and isinstance(answer, int):
            if self._actors[worker] is actor:
                self.pids[worker], answer = answer, None
            else:
                answer = Death(known=True)
        return News(worker, what, answer)
