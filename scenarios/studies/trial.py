"""What methods are tried on: small clusters of every kind, and a small problem."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from algorithms import Iterate, Rule
from simulator import (
    ComputeModel,
    Estimate,
    Hardware,
    Network,
    Problem,
    Request,
    Vector,
    When,
)
from simulator.hardware.failures import RandomFailures
from simulator.hardware.jitter import Jitter
from simulator.hardware.server import FREE, Server
from simulator.problems.quadratic import Bowl, Quadratic


def clusters() -> dict[str, Hardware]:
    """Return small clusters of every kind, each new, as in a new process."""
    kappa = np.array([0.1, 0.3, 0.2, 0.0])
    networks = {
        "gather": Network(kappa),
        "a ring": Network(kappa, "allreduce", topology="ring"),
        "one slot, a downlink, a slow server": Network(np.full(4, 0.4), slots=1, downlink=kappa),
    }
    found = {}
    for name, network in networks.items():
        for preemption, cost in (("cancel", 0.05), ("finish", 0.0)):
            found[f"{name}, {preemption}"] = Hardware(
                ComputeModel(np.array([1.0, 2.0, 3.0, 4.0]), Jitter("exponential", 1.0, seed=4)),
                network,
                preemption,  # type: ignore[arg-type]
                cost,
                RandomFailures(4, "lost", between=40.0, repair=1.0, seed=5),
                Server(update=0.3, receive=0.1) if network.slots else FREE,
            )
    return found


def fresh(hardware: Hardware) -> Hardware:
    """Return the same cluster before anything was drawn."""
    return replace(
        hardware,
        compute=replace(hardware.compute, jitter=Jitter("exponential", 1.0, seed=4)),
        failures=RandomFailures(4, "lost", between=40.0, repair=1.0, seed=5),
    )


class Counted(Rule):
    """A rule that counts its steps."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.step_size)
        self.rule, self.steps = rule, 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Return what the method wants to know of its rule."""
        if name == "rule":  # not there yet: it is being copied
            raise AttributeError(name)
        return getattr(self.rule, name)

    def start(self, point: Vector) -> Iterate:
        """See :class:`Rule`."""
        return self.rule.start(point)

    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        """See :class:`Rule`."""
        self.steps += 1
        after: object = self.rule.step(now, gradient, when)
        if not isinstance(after, Iterate):
            kind = type(self.rule).__name__
            raise TypeError(f"{kind}.step returns {type(after).__name__}; accepted: an Iterate")
        return after


@dataclass
class Alone(Problem):
    """Another problem that answers every request by itself."""

    problem: Problem
    dimension: int = field(init=False)

    def __post_init__(self) -> None:
        self.dimension = self.problem.dimension

    def initial_point(self) -> Vector:
        """See :class:`Problem`."""
        return self.problem.initial_point()

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        """See :class:`Problem`."""
        return [self.problem.estimate([request])[0] for request in requests]

    def exact(self, point: Vector) -> tuple[float, float] | None:
        """See :class:`Problem`."""
        return self.problem.exact(point)


def problem() -> Problem:
    """Return a small problem with noise and exact values."""
    return Quadratic(4, [Bowl()], noise=0.5, seed=1)
