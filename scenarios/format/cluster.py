"""The ``[cluster]`` table: how many workers, how fast, how reliable, and what connects them."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scenarios.format.compute import Times
from scenarios.format.network import Ingress, Link, NetworkTable, ServerTable
from scenarios.format.prices import Prices
from scenarios.format.words.strict import LARGEST_DIMENSION, NonNegative, Strict
from simulator import Count, Hardware, Network, Positive, Vector
from simulator.hardware.failures import Failures, PlannedFailures, RandomFailures
from simulator.hardware.network import BYTES_PER_COORDINATE
from simulator.hardware.server import FREE


class RandomDown(Strict):
    """Exponential times between failures and to repair."""

    model: Literal["random"]
    between: Positive = Field(description="mean seconds from a repair to the next failure")
    repair: Positive = Field(description="mean seconds that a failure lasts")
    running: Literal["lost", "paused"] = "lost"

    def failures(self, workers: int, seed: int) -> Failures:
        """Return the failures for one seed."""
        return RandomFailures(
            workers, self.running, between=self.between, repair=self.repair, seed=seed
        )


class PlannedDown(Strict):
    """Explicit windows: [worker, from, to]."""

    model: Literal["windows"]
    windows: list[Annotated[list[NonNegative], Field(min_length=3, max_length=3)]] = Field(
        description="a list of [worker, from, to]"
    )
    running: Literal["lost", "paused"] = "lost"

    def failures(self, workers: int, seed: int) -> Failures:  # noqa: ARG002
        """Return the windows of each worker."""
        mine: list[list[tuple[float, float]]] = [[] for _ in range(workers)]
        for number, down, up in sorted(self.windows, key=lambda window: window[1]):
            worker = int(number)
            if worker != number or worker >= workers:
                raise ValueError(
                    f"failures.windows: has worker {number:g}; accepted: 0 to {workers - 1}"
                )
            if up <= down or (mine[worker] and down < mine[worker][-1][1]):
                raise ValueError(
                    f"failures.windows: [{worker}, {down}, {up}] is empty or overlaps; accepted: "
                    "[worker, from, to] with to > from, one after the other"
                )
            mine[worker].append((down, up))
        return PlannedFailures(workers, self.running, mine)


class Preemption(Strict):
    """What a broadcast does to running tasks, and what cancelling one costs."""

    rule: Literal["cancel", "finish"]
    cost: NonNegative = Field(0.0, description="seconds for cancelling a task")


class Cluster(Prices):
    """How many workers, how fast, what connects them, and what they cost."""

    workers: Count = Field(le=10**7, description="the number n of workers")
    preemption: Literal["cancel", "finish"] | Preemption = "cancel"
    collective: Literal["gather", "allreduce"] = "gather"
    topology: Literal["ideal", "ring", "tree"] = "ideal"
    compute: Times = Field(
        description='a table of seconds per gradient: { model = "power", ... } and other models'
    )
    network: NetworkTable | None = Field(None, description="instead of all that connects them")
    uplink: Link | None = None
    downlink: Link | None = None
    ingress: Ingress | None = None
    server: ServerTable | None = Field(None, description="a table { update, receive }, in seconds")
    failures: Annotated[RandomDown | PlannedDown, Field(discriminator="model")] | None = None

    @property
    def rule(self) -> Literal["cancel", "finish"]:
        """The preemption rule."""
        return self.preemption.rule if isinstance(self.preemption, Preemption) else self.preemption

    @property
    def cancel_cost(self) -> float:
        """Seconds for cancelling a task."""
        return self.preemption.cost if isinstance(self.preemption, Preemption) else 0.0

    @property
    def fixed(self) -> bool:
        """Whether every gradient and every vector takes the same time on its worker, always."""
        shared = self.ingress or self.failures or self.topology != "ideal" or self.downlink
        return self.compute.durations == "fixed" and not (shared or self.network)

    def compute_seconds(self) -> Vector:
        """Return h, shape (n,), in seconds per gradient (or per step)."""
        return self.compute.times(self.workers)

    def uplink_seconds(self, dimension: int) -> Vector:
        """Return kappa, shape (n,), in seconds per vector of ``dimension`` coordinates."""
        return self._network(dimension).uplink

    def hardware(self, dimension: int, seed: int) -> Hardware:
        """Return the cluster for vectors of ``dimension`` coordinates and one seed."""
        return Hardware(
            self.compute.compute_model(self.workers, seed),
            self._network(dimension),
            self.rule,
            self.cancel_cost,
            self.failures.failures(self.workers, seed) if self.failures else None,
            self.server.server() if self.server else FREE,
        )

    def _network(self, dimension: int) -> Network:
        if self.network is not None:
            return self.network.network(self.workers, dimension)
        latency, transfer = self._link("uplink", dimension)
        capacity = None
        if self.ingress is not None and self.ingress.bandwidth is not None:
            capacity = self.ingress.bandwidth / (BYTES_PER_COORDINATE * dimension)
        return Network(
            transfer,
            self.collective,
            latency=latency if latency.any() else None,
            downlink=np.add(*self._link("downlink", dimension)) if self.downlink else None,
            topology=self.topology,
            slots=self.ingress.slots if self.ingress else None,
            capacity=capacity,
        )

    def _link(self, key: Literal["uplink", "downlink"], dimension: int) -> tuple[Vector, Vector]:
        link: Link | None = self.uplink if key == "uplink" else self.downlink
        if link is None:
            return np.zeros(self.workers), np.zeros(self.workers)
        return link.seconds_of(self.workers, dimension, key)

    @model_validator(mode="after")
    def _times_are_usable(self) -> Self:
        with np.errstate(over="ignore", invalid="ignore"):
            compute, uplink = self.compute_seconds(), self.uplink_seconds(LARGEST_DIMENSION)
            downlink = np.add(*self._link("downlink", LARGEST_DIMENSION))
        if not (np.isfinite(compute).all() and (compute > 0).all()):
            raise ValueError(
                "compute: gives times that are not finite and above 0; accepted: such that all are"
            )
        for key, seconds in (("uplink", uplink), ("downlink", downlink)):
            if not np.isfinite(seconds).all():
                raise ValueError(
                    f"{key}: gives times that are not finite; accepted: such that all are"
                )
        for problem in self._contradictions():
            raise ValueError(problem)
        self.check_prices(self.workers)
        self.hardware(dimension=1, seed=0)  # what is wrong with its parts is said there
        return self

    def _contradictions(self) -> Iterator[str]:
        if self.network is not None:
            for key in ("uplink", "downlink", "ingress", "collective", "topology"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    yield f"{key}: does not go with network; accepted: one of them"
        latency, _ = self._link("uplink", 1)
        if self.ingress is not None and self.collective == "allreduce":
            yield "ingress: is of no meaning with allreduce; accepted: collective = 'gather'"
        if self.ingress is not None and self.ingress.bandwidth is not None and latency.any():
            yield "ingress.bandwidth: does not go with uplink.latency; accepted: one of them"
        if self.rule == "finish" and self.cancel_cost:
            yield "preemption.cost: is of no meaning with finish; accepted: rule = 'cancel'"
        if self.topology != "ideal" and self.collective != "allreduce":
            yield f"topology: {self.topology!r} is of an allreduce; accepted: 'ideal' with gather"
