"""Small clusters and problems for the tests."""

from collections.abc import Sequence
from typing import Literal, SupportsFloat

import numpy as np

from algorithms import NIGT, Algorithm
from simulator import (
    ComputeModel,
    Estimate,
    Hardware,
    Network,
    Problem,
    Request,
    Run,
    State,
    simulate,
)
from simulator.hardware.server import FREE, Server
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.types import Indices, Vector

RULE = NIGT(step_size=0.1, momentum=0.1)


class Factors:
    """Factors on the work of tasks, a row for each worker."""

    def __init__(self, *rows: Sequence[SupportsFloat]) -> None:
        self.rows = rows

    def factors(self, workers: Indices, tasks: Indices) -> Vector:
        return np.array([float(self.rows[w][t]) for w, t in zip(workers, tasks, strict=True)])


def hardware(
    compute: Sequence[float],
    uplink: Sequence[float] | None = None,
    preemption: Literal["cancel", "finish"] = "cancel",
    collective: Literal["gather", "allreduce"] = "gather",
    server: Server = FREE,
    *,
    factors: Factors | None = None,
) -> Hardware:
    kappa = np.zeros(len(compute)) if uplink is None else np.array(uplink, dtype=float)
    return Hardware(
        ComputeModel(np.array(compute, dtype=float), factors),
        Network(kappa, collective),
        preemption,
        server=server,
    )


def run(
    method: Algorithm,
    cluster: Hardware,
    updates: int | None = None,
    time_limit: float = float("inf"),
    problem: Problem | None = None,
) -> Run:
    problem = problem or Quadratic(dimension=3, bowls=[Bowl()], noise=0.5, seed=0)
    return simulate(method.run, problem, cluster, updates=updates, time_limit=time_limit)


def times(result: Run) -> list[float]:
    return [row.time for row in result.history.rows]


def assert_accounting_closes(result: Run) -> None:
    """Each worker's intervals tile the run, and agree with its seconds, which add up to it."""
    total = np.sum([result.seconds[state] for state in State], axis=0)
    np.testing.assert_allclose(total, result.elapsed, rtol=1e-9)
    assert all((seconds >= -1e-9).all() for seconds in result.seconds.values())
    rows = result.intervals
    assert rows is not None
    for worker in range(len(total)):
        mine = rows.worker == worker
        assert rows.start[mine][0] == 0
        assert rows.end[mine][-1] == result.elapsed
        assert (rows.start[mine][1:] == rows.end[mine][:-1]).all()  # no gap, no overlap
        for state in State:
            spent = (rows.end - rows.start)[mine & (rows.state == state)].sum()
            np.testing.assert_allclose(spent, result.seconds[state][worker], atol=1e-9)


class Recorder(Problem):
    """A flat problem that remembers what it was asked for."""

    dimension = 1

    def __init__(self) -> None:
        self.batches: list[list[tuple[int, int]]] = []

    def initial_point(self) -> Vector:
        return np.zeros(1)

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        self.batches.append(
            [(int(w), int(t)) for r in requests for w, t in zip(r.workers, r.tasks, strict=True)]
        )
        return [Estimate(np.array([r.weights.sum()])) for r in requests]
