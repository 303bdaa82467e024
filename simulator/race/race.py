"""One race: a method, a problem and real workers, from the start to the limit."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.accounting.columns import Update
from simulator.accounting.history import DivergedError
from simulator.accounting.tally import exact_by_variant
from simulator.accounting.timeline import State, Timeline
from simulator.contract import exact
from simulator.evaluation import Evaluation
from simulator.hardware.hardware import Hardware
from simulator.interface import Cluster
from simulator.problem import Problem
from simulator.race.cluster import RaceCluster
from simulator.race.crew import Crew
from simulator.race.emulation import Emulation
from simulator.race.workers import Measured, OverError, RealWorkers
from simulator.simulate import Run
from simulator.threads import one_thread
from simulator.types import Process, Vector


@dataclass(frozen=True)
class Race:
    """What a race gives.

    Attributes:
        run: as a simulation gives it; its seconds are real ones, divided by the scale.
        measured: what things really took.
        deaths: how many workers died, and were replaced.
    """

    run: Run
    measured: Measured = field(repr=False)
    deaths: int


@one_thread()
def race(
    method: Callable[[Cluster], Process[None]],
    problem: Problem,
    hardware: Hardware,
    crew: Crew,
    *,
    scale: float = 1.0,
    emulate: bool = False,
    time_limit: float = math.inf,
    updates: int | None = None,
    record_timeline: bool = True,
    evaluation: Evaluation | None = None,
    on_update: Callable[[RaceCluster, Vector], None] = lambda *_: None,
) -> Race:
    """Run ``method`` in real time.

    J at the iterates, and what ``evaluation`` samples, is computed when the race is over.

    Args:
        method: a function of the cluster that returns the method's generator.
        problem: the server's own.
        hardware: preemption and collective; with ``emulate`` all times.
        crew: the workers, which have begun.
        scale: real seconds per second of the history.
        emulate: stretch tasks and messages to the hardware's times.
        time_limit: seconds of the history.
        updates: stop after so many updates.
        record_timeline: keep every interval, not only the sums.
        evaluation: of iterates.
        on_update: called with the cluster and the new theta, shape (d,), after each update; it
            takes the server's time.

    Raises:
        ValueError: neither ``time_limit`` nor ``updates`` bounds the race.
        UnsupportedError: the method or the hardware cannot be raced.
        RuntimeError: the method ends by itself.
    """
    if updates is None and math.isinf(time_limit):
        raise ValueError("a race needs a time_limit or a number of updates")
    timeline = Timeline(hardware.compute.workers, record=record_timeline)
    emulation = Emulation(hardware, scale) if emulate else None
    keeper = _Iterates(problem, evaluation)

    def watch(cluster: RaceCluster, theta: Vector) -> None:
        keeper.keep(cluster.history.rows, theta)
        on_update(cluster, theta)

    workers = RealWorkers(crew, timeline, emulation, scale, time_limit)
    cluster = RaceCluster(workers, problem, hardware, updates=updates, on_update=watch)
    failure = _drive(method, cluster)
    elapsed = cluster.now
    if cluster.history.rows and cluster.updates_made == updates:
        elapsed = cluster.history.rows[-1].time
    cluster.close()
    workers.close(elapsed)
    timeline.close(elapsed)
    cluster.history.rows[:] = keeper.complete(cluster.history.rows)
    run = Run(
        history=cluster.history,
        elapsed=elapsed,
        seconds={state: timeline.seconds[state] for state in State},
        staleness=cluster.ledger.staleness,
        vectors_sent=cluster.vectors_sent,
        vectors_received=cluster.vectors_received,
        bytes_sent=cluster.bytes_sent,
        server_seconds=max(0.0, elapsed - workers.waited / scale),
        failure=failure,
        timeline=timeline if record_timeline else None,
    )
    return Race(run, workers.measured, workers.deaths)


def _drive(method: Callable[[Cluster], Process[None]], cluster: RaceCluster) -> str | None:
    """Let a method run until the end; return why it failed, None if it did not."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # a diverging run is a result
            for _ in method(cluster):
                raise RuntimeError("the method has a `yield`; accepted: `yield from`")
    except OverError:
        return None
    except DivergedError as error:
        return f"update {cluster.updates_made + 1}: {error}"
    raise RuntimeError(
        f"the method ended after update {cluster.updates_made}; accepted: one that goes on for ever"
    )


class _Iterates:
    """Iterates that are looked at when the race is over: that must not take the server's time."""

    def __init__(self, problem: Problem, evaluation: Evaluation | None) -> None:
        self._problem = problem
        self._evaluation = evaluation
        self._exact = exact(problem, problem.initial_point()) is not None
        self._kept: list[Vector] = []

    def keep(self, rows: list[Update], theta: Vector) -> None:
        wanted = self._exact or (self._evaluation is not None and self._evaluation.is_due(rows))
        self._kept.append(theta if wanted else np.empty(0))

    def complete(self, rows: list[Update]) -> list[Update]:
        """Return the rows with what is known of their iterates."""
        done: list[Update] = []
        for row, theta in zip(rows, self._kept, strict=True):
            done.append(row)
            if self._exact and (known := exact(self._problem, theta)):
                extra = row.extra | exact_by_variant(self._problem, theta)
                j, norm = known
                done[-1] = replace(row, objective=j, gradient_norm=norm, extra=extra)
            if self._evaluation is not None:
                self._evaluation.complete(done, theta)
        return done
