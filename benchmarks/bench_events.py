"""Events and updates per second: ``make bench``; never part of the tests."""

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import simpy

from algorithms import NIGT, AFedPG, Rennala
from simulator import ComputeModel, Hardware, Network, power_law, simulate
from simulator.problems.quadratic import Bowl, Quadratic

RULE = NIGT(step_size=0.01, momentum=0.1)


def _hardware(workers: int) -> Hardware:
    return Hardware(ComputeModel(power_law(workers, 1.0, 0.5)), Network(np.zeros(workers)))


def test_bare_simpy_10000_timeouts(benchmark: Any) -> None:
    def process(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        for _ in range(10_000):
            yield env.timeout(1)

    def run() -> None:
        env = simpy.Environment()
        env.process(process(env))
        env.run()

    benchmark(run)


def test_afedpg_10000_updates(benchmark: Any) -> None:
    problem = Quadratic(dimension=2, bowls=[Bowl()], noise=0, seed=0)
    benchmark.pedantic(
        lambda: simulate(AFedPG(RULE).run, problem, _hardware(10), updates=10_000), rounds=3
    )


@pytest.mark.parametrize("workers", [10, 1_000, 100_000])
def test_rennala_20_updates_of_1000_gradients(benchmark: Any, workers: int) -> None:
    problem = Quadratic(dimension=2, bowls=[Bowl()], noise=0, seed=0)
    benchmark.pedantic(
        lambda: simulate(
            Rennala(RULE, 1_000).run,
            problem,
            _hardware(workers),
            updates=20,
            record_timeline=False,
        ),
        rounds=3,
    )
