"""A run's clock, simulated anew without learning, with all that happened written down."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from algorithms import Algorithm
from scenarios.explain.observed import Observed, Sent, Wait
from simulator import (
    Hardware,
    Indices,
    Intervals,
    Problem,
    Process,
    Run,
    SimulatedCluster,
    State,
    Vector,
    simulate,
)

WORKS = {State.COMPUTE, State.DISCARD}
"""What a worker does with a gradient."""


class Lane(NamedTuple):
    """A worker's intervals, one after the other.

    Attributes:
        starts: simulated seconds.
        ends: simulated seconds.
        states: of :class:`State`.
        travels: seconds at its end in which a lookahead comes to the idle worker.
    """

    starts: list[float]
    ends: list[float]
    states: list[int]
    travels: list[float]


@dataclass(frozen=True)
class Seen:
    """A simulation that ended with an update.

    Attributes:
        run: what it gave, with intervals.
        hardware: of the cluster.
        waits: of the server.
        sent: lookaheads.
        begun: when the server began each update.
        over: whether there are no more updates until the time limit.
    """

    run: Run
    hardware: Hardware
    waits: Sequence[Wait]
    sent: Sequence[Sent]
    begun: Sequence[float]
    over: bool = False

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
        columns = (rows.start, rows.end, rows.state, self.travels)
        return [Lane(*(x[mine].tolist() for x in columns)) for mine in self._rows]

    @cached_property
    def _rows(self) -> list[Indices]:
        """Return which intervals are each worker's, in their order."""
        order = np.argsort(self.intervals.worker, kind="stable")
        owners, n = self.intervals.worker[order], self.hardware.compute.workers
        return np.split(order, np.searchsorted(owners, np.arange(1, n)))

    @property
    def taken(self) -> Indices:
        """For each interval of a gradient, which of ``sent`` it was at; -1 for others."""
        return self._lookaheads[0]

    @property
    def travels(self) -> Vector:
        """For each interval, seconds at its end in which a lookahead comes to the idle worker."""
        free = self._downlink is None
        return np.zeros(len(self.intervals.start)) if free else self._lookaheads[1]

    @property
    def _downlink(self) -> Vector | None:
        return self.hardware.network.downloads(dispatched=not self.in_rounds)

    @cached_property
    def _lookaheads(self) -> tuple[Indices, Vector]:
        """Return ``taken`` and ``travels``: a task is at the newest lookahead that had arrived."""
        rows = self.intervals
        taken, travels = np.full(len(rows.start), -1), np.zeros(len(rows.start))
        everyone = range(len(self._rows))
        to: list[list[int]] = [[] for _ in everyone]  # which of ``sent`` each worker got
        for number, sent in enumerate(self.sent):
            for worker in everyone if sent.workers is None else sent.workers.tolist():
                to[worker].append(number)
        least = np.zeros(len(to)) if self._downlink is None else self._downlink
        for worker, mine in enumerate(self._rows):
            times, has, before = [self.sent[k].time for k in to[worker]], -1, -1
            for k in mine.tolist():
                if rows.state[k] in WORKS:
                    paused = before >= 0 and rows.state[before] == State.IDLE
                    pause = float(rows.end[before] - rows.start[before]) if paused else 0.0
                    travel = min(float(least[worker]), pause)
                    place = bisect_right(times, (float(rows.start[k]) - travel) * (1 + 1e-12))
                    taken[k] = to[worker][max(place - 1, 0)]
                    if paused and taken[k] != has:
                        travels[before] = travel
                    has = taken[k]
                before = k
            if before >= 0 and rows.state[before] == State.IDLE and to[worker][-1:] > [has]:
                came = max(float(rows.start[before]), self.sent[to[worker][-1]].time)
                travels[before] = min(float(least[worker]), float(rows.end[before]) - came)
        return taken, travels


def see(
    build: Callable[[], Algorithm],
    hardware: Hardware,
    problem: Problem,
    updates: int,
    events: int,
    *,
    end: float = math.inf,
) -> Seen:
    """Simulate a method's first updates until ``end``, and write down what happens until the last.

    The method is built for each simulation: it may remember something.

    Raises:
        StalledError: there are no more updates after so many events.
    """
    observed: list[Observed] = []

    def watched(cluster: SimulatedCluster) -> Process[None]:
        observed.append(Observed(cluster))
        return build().run(observed[0])

    run = simulate(watched, problem, hardware, updates=updates, time_limit=end, max_events=events)
    if 0 < len(run.history.rows) < updates:  # it shall end with an update
        seen = see(build, hardware, problem, len(run.history.rows), events)
        return replace(seen, over=True)
    (cluster,) = observed
    return Seen(run, hardware, cluster.waits, cluster.sent, cluster.begun)
