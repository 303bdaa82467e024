"""One run: a method, a problem and a cluster, from time zero to the limit."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from simulator.accounting.history import DivergedError, History
from simulator.accounting.selection_bias import SelectionBias
from simulator.accounting.staleness import Staleness
from simulator.accounting.timeline import Intervals, State, Timeline
from simulator.hardware.hardware import Hardware
from simulator.loop.cluster import SimulatedCluster
from simulator.problem import Problem
from simulator.promises.checkpoint import START, Checkpoint
from simulator.threads import one_thread
from simulator.types import Indices, Process, Vector
from simulator.watch import StalledError, Watch, most_events, why


@dataclass(frozen=True)
class Run:
    """What a simulation gives.

    Attributes:
        history: one row per update.
        elapsed: simulated seconds; every worker's seconds add up to it.
        seconds: by state, shape (n,): where each worker's time went.
        staleness: gradients used and discarded, by worker and delay.
        vectors_sent: shape (n,), gradients that arrived.
        vectors_received: shape (n,), lookaheads that the server sent.
        bytes_sent: over the network, both ways and each once, at 4 bytes a coordinate.
        server_seconds: that the server was at work, in what it has done.
        failure: why the run ended early, None if it did not.
        bias: lengths and returns of used against discarded trajectories, where it matters.
        timeline: where :attr:`intervals` come from.
    """

    history: History
    elapsed: float
    seconds: dict[State, Vector]
    staleness: Staleness
    vectors_sent: Indices
    vectors_received: Indices
    bytes_sent: int
    server_seconds: float
    failure: str | None
    bias: SelectionBias | None = None
    timeline: Timeline | None = field(default=None, repr=False)

    @property
    def gradients_used(self) -> Indices:
        """Of each worker, shape (n,)."""
        return self.staleness.by_worker(self.staleness.used, len(self.vectors_sent))

    @property
    def gradients_discarded(self) -> Indices:
        """Of each worker, shape (n,): completed or begun, and not used."""
        return self.staleness.by_worker(self.staleness.discarded, len(self.vectors_sent))

    @cached_property
    def intervals(self) -> Intervals | None:
        """One row per worker and interval; None if they were not recorded."""
        return self.timeline.intervals() if self.timeline else None


@one_thread()
def simulate(
    method: Callable[[SimulatedCluster], Process[None]],
    problem: Problem,
    hardware: Hardware,
    *,
    time_limit: float = math.inf,
    updates: int | None = None,
    max_events: int | None = None,
    record_timeline: bool = True,
    past: Checkpoint = START,
    on_update: Callable[[SimulatedCluster, Vector], None] = lambda *_: None,
    on_wait: Callable[[SimulatedCluster, int], None] = lambda *_: None,
) -> Run:
    """Run ``method`` on a simulated cluster, with one thread of NumPy and torch.

    Args:
        method: a function of the cluster that returns the method's generator.
        problem: what is optimised, for one seed.
        hardware: the cluster's times.
        time_limit: simulated seconds; updates after it are not made.
        updates: stop after so many updates.
        max_events: give up after so many events without an update; see :mod:`simulator.watch`.
        record_timeline: keep every interval, not only the sums.
        past: where to resume, with ``method``, problem and hardware as they were at the start.
        on_update: called with the cluster and the new theta, shape (d,), after each update that is
            not in ``past``: the history has a new row, and a
            :meth:`~simulator.loop.cluster.SimulatedCluster.checkpoint` can be taken.
        on_wait: called with the cluster and the events since the last update, at every 10,000.

    Raises:
        ValueError: neither ``time_limit`` nor ``updates`` bounds the run; ``past`` is of another.
        StalledError: the run gets nowhere.
    """
    if updates is None and math.isinf(time_limit):
        raise ValueError("a run needs a time_limit or a number of updates")
    limit = max_events or most_events(hardware.compute.workers)
    watch = Watch(hardware.compute.workers, limit, lambda events: on_wait(cluster, events))
    if hardware.failures is not None:
        hardware.failures.on_window = watch.happens
    timeline = Timeline(
        hardware.compute.workers, record=record_timeline, failures=hardware.failures
    )
    cluster = SimulatedCluster(
        hardware,
        problem,
        timeline,
        time_limit=time_limit,
        updates=updates,
        past=past,
        watch=watch,
        on_update=on_update,
    )
    failure = None
    process = cluster.clock.process(method(cluster))
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # a diverging run is a result
            cluster.clock.go_on(process)
    except DivergedError as error:
        failure = f"update {cluster.updates_made + 1}: {error}"
    except StalledError as error:
        raise StalledError(why(cluster, error)) from error
    except RuntimeError as error:
        if process.is_alive or not process.ok:  # it raised this itself
            raise
        raise RuntimeError(
            f"the method ended after update {cluster.updates_made}; "
            "accepted: one that goes on for ever"
        ) from error
    finally:
        cluster.gradients.close()
    cluster.close()
    return _result(cluster, timeline if record_timeline else None, failure, timeline.seconds)


def _result(
    cluster: SimulatedCluster, timeline: Timeline | None, failure: str | None, seconds: Vector
) -> Run:
    return Run(
        history=cluster.history,
        elapsed=cluster.now,
        seconds={state: seconds[state] for state in State},
        staleness=cluster.ledger.staleness,
        vectors_sent=cluster.sending.vectors_sent,
        vectors_received=cluster.sending.vectors_received,
        bytes_sent=cluster.bytes_sent,
        server_seconds=cluster.serving.seconds,
        failure=failure,
        bias=cluster.bias,
        timeline=timeline,
    )
