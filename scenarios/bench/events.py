"""The event loop beside bare SimPy."""

from collections.abc import Callable, Generator

import numpy as np
import simpy

from algorithms import NIGT, AFedPG, Rennala
from scenarios.bench.measure import Case, Measurement, interleaved
from simulator import ComputeModel, Hardware, Network, power_law, simulate
from simulator.hardware.jitter import Jitter
from simulator.problems.quadratic import Bowl, Quadratic

RULE = NIGT(step_size=0.01, momentum=0.1)


def bench_events(rounds: int) -> list[Measurement]:
    """Measure the event loop: gradients or updates per second, beside bare SimPy timeouts."""
    cases: dict[str, Case] = {
        "bare SimPy timeouts": ("events", _timeouts),
        "AFedPG, n = 10": ("updates", lambda: _afedpg(timeline=False)),
        "AFedPG, n = 10, timeline recorded": ("updates", lambda: _afedpg(timeline=True)),
    }
    for workers in (10, 1_000, 100_000):
        for extra in ("", ", random times", ", timeline recorded"):
            name = f"Rennala, n = {workers:,}, M = 1,000{extra}"
            cases[name] = ("gradients, 1,000 an update", _rennala(workers, extra))
    return interleaved(cases, rounds, warm_up=False)


def _timeouts() -> int:
    def process(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        for _ in range(50_000):
            yield env.timeout(1)

    env = simpy.Environment()
    env.process(process(env))
    env.run()
    return 50_000


def _problem() -> Quadratic:
    return Quadratic(2, [Bowl()], noise=0.0, seed=0)


def _afedpg(*, timeline: bool) -> int:
    hardware = Hardware(ComputeModel(power_law(10, 1.0, 0.5)), Network(np.zeros(10)))
    simulate(AFedPG(RULE).run, _problem(), hardware, updates=5_000, record_timeline=timeline)
    return 5_000


def _rennala(workers: int, extra: str) -> Callable[[], int]:
    factors = Jitter("lognormal", 0.5, seed=0) if "random" in extra else None
    hardware = Hardware(
        ComputeModel(power_law(workers, 1.0, 0.5), factors), Network(np.zeros(workers))
    )
    method = Rennala(RULE, 1_000)

    def run() -> int:
        simulate(method.run, _problem(), hardware, updates=20, record_timeline="timeline" in extra)
        return 20_000

    return run
