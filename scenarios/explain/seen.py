"""A run's clock, simulated anew without learning, with all that happened written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from algorithms import Algorithm
from scenarios.explain.observed import Observed, Sent, Wait
from simulator import Hardware, Intervals, Problem, Process, Run, SimulatedCluster, Vector, simulate


class Lane(NamedTuple):
    """A worker's intervals, one after the other: begins, ends, states of :class:`State`."""

    starts: list[float]
    ends: list[float]
    states: list[int]


@dataclass(frozen=True)
class Seen:
    """A simulation that ended with an update.

    Attributes:
        run: what it gave, with intervals.
        hardware: of the cluster.
        waits: of the server.
        sent: lookaheads.
        begun: when the server began each update.
    """

    run: Run
    hardware: Hardware
    waits: Sequence[Wait]
    sent: Sequence[Sent]
    begun: Sequence[float]

    @property
    def intervals(self) -> Intervals:
        """Who did what when."""
        assert self.run.intervals is not None  # noqa: S101 - for mypy
        return self.run.intervals

    @property
    def in_rounds(self) -> bool:
        """Whether the method works in rounds, not by arrivals."""
        return not any(sent.dispatched for sent in self.sent)

    @property
    def server_works(self) -> bool:
        """Whether the server's own work takes time, so that others wait for it."""
        return bool(self.hardware.server.receive or self.hardware.server.update)

    @cached_property
    def times(self) -> Vector:
        """When updates were made, shape (u,)."""
        return np.array([row.time for row in self.run.history.rows])

    @cached_property
    def lanes(self) -> list[Lane]:
        """The intervals of each worker."""
        rows = self.intervals
        order = np.argsort(rows.worker, kind="stable")
        cuts = np.searchsorted(rows.worker[order], np.arange(1, self.hardware.compute.workers))
        columns = (np.split(x[order], cuts) for x in (rows.start, rows.end, rows.state))
        return [Lane(*(part.tolist() for part in mine)) for mine in zip(*columns, strict=True)]


def see(method: Algorithm, hardware: Hardware, problem: Problem, updates: int, events: int) -> Seen:
    """Simulate a method's first updates, and write down what happens.

    Raises:
        StalledError: there are no more updates after so many events.
    """
    observed: list[Observed] = []

    def watched(cluster: SimulatedCluster) -> Process[None]:
        observed.append(Observed(cluster))
        return method.run(observed[0])

    run = simulate(watched, problem, hardware, updates=updates, max_events=events)
    (cluster,) = observed
    return Seen(run, hardware, cluster.waits, cluster.sent, cluster.begun)
