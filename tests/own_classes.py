"""Classes as users would bring them: good ones, and methods that break the contract."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from simulator.hardware.transfers import Transfers
from straggler import (
    Algorithm,
    Clock,
    Cluster,
    ComputeTimes,
    Count,
    Estimate,
    Indices,
    Iterate,
    Network,
    NetworkModel,
    Positive,
    Problem,
    Process,
    Request,
    Rule,
    Schedule,
    Vector,
    When,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Chosen(Algorithm):
    """Synchronous among so many, as our fastest-nigt is."""

    m: Count = 2
    style: Literal["plain", "fancy"] = "plain"
    values: list[float] = field(default_factory=list)

    def run(self, cluster: Cluster) -> Process[None]:
        now = self.rule.start(cluster.initial_point)
        chosen = cluster.fastest(self.m)
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=False, to=chosen)
            tasks = yield from round.completions(len(chosen))
            gradient = yield from round.reduce(tasks, [1 / len(tasks)] * len(tasks))
            now = yield from cluster.update(self.step, now, gradient)

    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        return self.rule.step(now, gradient, when)


class Timed(Chosen):
    """Says when its updates come."""

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:  # noqa: ARG002
        return Clock(float(h.sum()), "sum_i h_i")


class Twice(Chosen):
    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        self.rule.step(now, gradient, when)
        return self.rule.step(now, gradient, when)


class Ends(Chosen):
    def run(self, cluster: Cluster) -> Process[None]:
        yield from itertools.islice(super().run(cluster), 5)


_SEEN = itertools.count()


class Remembers(Chosen):
    """What it does depends on how often it was used in this process."""

    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        return self.rule.step(now, gradient * (next(_SEEN) % 7), when)


class Hoards(Chosen):
    """Keeps a gradient from one update to the next, which no checkpoint has."""

    def run(self, cluster: Cluster) -> Process[None]:
        now, before = self.rule.start(cluster.initial_point), np.zeros(len(cluster.initial_point))
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=False)
            tasks = yield from round.completions(cluster.size)
            gradient = yield from round.reduce(tasks, [1 / len(tasks)] * len(tasks))
            now = yield from cluster.update(self.rule.step, now, gradient + before)
            before = gradient


class Raises(Chosen):
    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:  # noqa: ARG002
        raise KeyError("nothing")


class Idles(Chosen):
    """Waits for ever, and never updates."""

    def run(self, cluster: Cluster) -> Process[None]:
        while True:
            round = cluster.broadcast(cluster.initial_point, keep_going=False)
            yield from round.completions(cluster.size)


class Yields(Chosen):
    """Says yield where it should say yield from, in a part of its own."""

    def run(self, cluster: Cluster) -> Process[None]:
        while True:
            yield from self._wait(cluster)

    def _wait(self, cluster: Cluster) -> Process[None]:
        yield cluster.broadcast(cluster.initial_point, keep_going=False).completions(cluster.size)


class NoGenerator(Chosen):
    def run(self, cluster: Cluster) -> Process[None]:
        cluster.broadcast(cluster.initial_point, keep_going=False)
        return None  # type: ignore[return-value]


class Unfinished(Algorithm):
    """Has no run."""


class Spins(Chosen):
    """Never waits."""

    def run(self, cluster: Cluster) -> Process[None]:
        while True:
            if cluster.size < 0:
                yield


@dataclass(frozen=True)
class Clipped(Rule):
    """Steps that are no longer than ``longest``."""

    longest: Positive = 0.5

    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        move = self.alpha(when) * gradient
        longest = max(self.longest, float(np.linalg.norm(move)))
        point = now.point + move * (self.longest / longest)
        return Iterate(point, point)


@dataclass(frozen=True)
class Momentous(Clipped):
    """Has a key that Chosen has too."""

    m: int = 1


@dataclass(frozen=True)
class Squares(Iterate):
    """An iterate that keeps the sum of the squares of all gradients."""

    squares: Vector | None = None


@dataclass(frozen=True)
class AdaGrad(Rule):
    def start(self, point: Vector) -> Squares:
        return Squares(point, point)

    def step(self, now: Iterate, gradient: Vector, when: When) -> Squares:
        before = now.squares if isinstance(now, Squares) else None
        squares = gradient**2 + (0.0 if before is None else before)
        point = now.point + self.alpha(when) * gradient / np.sqrt(squares)
        return Squares(point, point, squares=squares)


class Drifting(Clipped):
    """Keeps a number of its own from step to step."""

    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        object.__setattr__(self, "steps", getattr(self, "steps", 0) + 1)
        return super().step(now, gradient / self.steps, when)  # type: ignore[attr-defined]


class Undecorated(Algorithm):
    m: Count = 2

    def run(self, cluster: Cluster) -> Process[None]:
        now = self.rule.start(cluster.initial_point)
        yield from cluster.update(self.rule.step, now, cluster.initial_point)


@dataclass(frozen=True)
class TakenName(Chosen):
    label: str = "x"


@dataclass(frozen=True)
class NoNumber(Chosen):
    m: Count = 0


@dataclass(frozen=True)
class NoList(Chosen):
    values: list[float] = field(default_factory=lambda: ["a"])  # type: ignore[list-item]


@dataclass(frozen=True)
class OddField(Chosen):
    rng: np.random.Generator | None = None


@dataclass(frozen=True)
class Halves(ComputeTimes):
    """h = 1, 1/2, 1/4, ...; with a spread, factors 1 +- spread by the task's number."""

    scale: Positive
    spread: float = 0.0

    def seconds(self, workers: int) -> Vector:
        return np.array([self.scale * 0.5**worker for worker in range(workers)])


@dataclass(frozen=True)
class Alternating(Halves):
    def factors(self, workers: Indices, tasks: Indices, seed: int) -> Vector | None:  # noqa: ARG002
        return 1 + self.spread * np.where(tasks % 2, -1.0, 1.0)


@dataclass(frozen=True)
class Shaped(Chosen):
    """Has keys that TOML has no type for: a tuple, and a value that may decay."""

    sizes: tuple[int, ...] = (1, 2)
    pair: tuple[tuple[int, int], ...] | None = None
    weight: Positive | Schedule = 1.0
    later: Schedule | None = None
    decays: list[Schedule] = field(default_factory=list)


@dataclass(frozen=True)
class Hidden(Chosen):
    _m: int = 1


@dataclass(frozen=True)
class Filed(Halves):
    file: str = "a.csv"
    digest: str = "none"


@dataclass(frozen=True)
class WrongShape(Halves):
    def seconds(self, workers: int) -> Vector:
        return np.ones(workers + 1)


@dataclass(frozen=True)
class Fails(Halves):
    def seconds(self, workers: int) -> Vector:  # noqa: ARG002
        raise ZeroDivisionError("no scale")


@dataclass(frozen=True)
class Flat(NetworkModel):
    kappa: Positive = 0.25

    def network(self, workers: int, dimension: int) -> Network:  # noqa: ARG002
        return Network(np.full(workers, self.kappa))


@dataclass(frozen=True)
class Odd(NetworkModel):
    key: str

    def network(self, workers: int, dimension: int) -> Network:  # noqa: ARG002
        wrong = {"downlink": np.ones(1), "transfer": -np.ones(workers), "slots": 0.5, "capacity": 0}
        values = {"transfer": np.ones(workers), self.key: wrong.get(self.key, "star")}
        return Network(**values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Shared(NetworkModel):
    latency: float = 0.0
    slots: int = 0
    waits: bool = False

    def network(self, workers: int, dimension: int) -> Network:  # noqa: ARG002
        kind = Waits if self.waits else Network
        late, times = np.full(workers, self.latency), np.ones(workers)
        return kind(times, latency=late, slots=self.slots or None, capacity=1.0)


class Waits(Network):
    """A network that says for itself how transfers delay each other."""

    def transfers(self) -> Transfers:
        return Transfers(self.uplink)


@dataclass
class Valley(Problem):
    """J = -|x|^2 / 2 from x = 2, without noise."""

    seed: int
    workers: int
    dimension: int = 2

    def initial_point(self) -> Vector:
        return np.full(self.dimension, 2.0)

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        return [Estimate(-r.point * r.weights.sum()) for r in requests]

    def exact(self, point: Vector) -> tuple[float, float]:
        return -0.5 * float(point @ point), float(np.linalg.norm(point))


@dataclass
class Walk(Valley):
    """Its trajectories have three steps, and no key says so."""

    def sample(self, point: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:  # noqa: ARG002
        return np.full(len(tasks), 3), np.zeros(len(tasks))


@dataclass
class WrongPoint(Valley):
    def initial_point(self) -> Vector:
        return np.zeros(self.dimension + 1)


@dataclass
class ListPoint(Valley):
    def initial_point(self) -> Vector:
        return [2.0] * self.dimension  # type: ignore[return-value]


@dataclass
class NumPys(Valley):
    def __post_init__(self) -> None:
        self.dimension = np.int64(2)  # type: ignore[assignment]


class NoDataclass(Problem):
    dimension = 2

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def initial_point(self) -> Vector:
        return np.zeros(2)

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        return [Estimate(-r.point) for r in requests]
