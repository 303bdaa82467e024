"""The event loop beside bare SimPy."""

from collections.abc import Callable, Generator

import numpy as np
import simpy

from algorithms import NIGT, AFedPG, Rennala
from scenarios.bench.measure import Case, Measurement, interleaved
from simulator import ComputeModel, Hardware, Network, power_law, simulate
from simulator.hardware.failures import Loss, RandomFailures
from simulator.hardware.jitter import Jitter
from simulator.hardware.speed import Profile, Speeds
from simulator.problems.quadratic import Bowl, Quadratic

RULE = NIGT(step_size=0.01, momentum=0.1)


def bench_events(rounds: int, on_round: Callable[[], None]) -> list[Measurement]:
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
    for extra in (", a trace each", ", fair ingress", ", paused by failures", ", lost in failures"):
        name = f"Rennala, n = 100,000, M = 1,000{extra}"
        cases[name] = ("gradients, 1,000 an update", _rennala(100_000, extra, updates=5))
    return interleaved(cases, rounds, warm_up=False, on_round=on_round)


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


def _rennala(workers: int, extra: str, updates: int = 20) -> Callable[[], int]:
    method = Rennala(RULE, 1_000)

    def run() -> int:
        hardware = _hardware(workers, extra)  # anew: it remembers what it has drawn
        recorded = "timeline" in extra
        simulate(method.run, _problem(), hardware, updates=updates, record_timeline=recorded)
        return 1_000 * updates

    return run


def _hardware(workers: int, extra: str) -> Hardware:
    h = power_law(workers, 1.0, 0.5)
    factors = Jitter("lognormal", 0.5, seed=0) if "random" in extra else None
    network = Network(np.full(workers, 0.001), capacity=2_000.0 if "fair" in extra else None)
    failures = None
    if "failures" in extra:
        running: Loss = "paused" if "paused" in extra else "lost"
        failures = RandomFailures(workers, running, between=60.0, repair=20.0, seed=0)
    if "trace" not in extra:
        return Hardware(ComputeModel(h, factors), network, failures=failures)
    speeds = np.random.default_rng(0).uniform(0.5, 1.5, (workers, 3)) / h[:, None]
    profiles = [Profile(np.array([0.0, 10.0, 20.0]), speed) for speed in speeds]
    traced = ComputeModel(np.ones(workers), speeds=Speeds(profiles, np.arange(workers)))
    return Hardware(traced, network)
