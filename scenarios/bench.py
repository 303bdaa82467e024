"""Measurements that anyone can repeat: interleaved, medians of several, in one process."""

import statistics
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np
import simpy

from algorithms import NIGT, AFedPG, Rennala
from simulator import ComputeModel, Hardware, Network, power_law, simulate
from simulator.jitter import Jitter
from simulator.problems.quadratic import Bowl, Quadratic

ROUNDS = 5
RULE = NIGT(step_size=0.01, momentum=0.1)


@dataclass(frozen=True)
class Measurement:
    """One line of a benchmark.

    Attributes:
        name: what was measured.
        unit: of the rate.
        rate: median over the rounds, per second of real time.
        ratio: median over the rounds of this rate over the first line's in the same round.
    """

    name: str
    unit: str
    rate: float
    ratio: float


def bench_events() -> list[Measurement]:
    """Measure the event loop: gradients or updates per second, beside bare SimPy timeouts."""
    cases: dict[str, tuple[str, int, Callable[[], object]]] = {
        "bare SimPy timeouts": ("events", 50_000, _timeouts),
        "AFedPG, n = 10": ("updates", 5_000, lambda: _afedpg(timeline=False)),
        "AFedPG, n = 10, timeline recorded": ("updates", 5_000, lambda: _afedpg(timeline=True)),
    }
    for workers in (10, 1_000, 100_000):
        for extra in ("", ", random times", ", timeline recorded"):
            name = f"Rennala, n = {workers:,}, M = 1,000{extra}"
            cases[name] = ("gradients, 1,000 an update", 20_000, _rennala(workers, extra))
    return list(_interleaved(cases))


def _interleaved(
    cases: dict[str, tuple[str, int, Callable[[], object]]],
) -> Iterator[Measurement]:
    rates: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, (_, number, run) in cases.items():
            start = time.perf_counter()
            run()
            rates[name].append(number / (time.perf_counter() - start))
    first = next(iter(rates.values()))
    for name, (unit, _, _) in cases.items():
        ratios = [a / b for a, b in zip(rates[name], first, strict=True)]
        yield Measurement(name, unit, statistics.median(rates[name]), statistics.median(ratios))


def _timeouts() -> None:
    def process(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        for _ in range(50_000):
            yield env.timeout(1)

    env = simpy.Environment()
    env.process(process(env))
    env.run()


def _problem() -> Quadratic:
    return Quadratic(2, [Bowl()], noise=0.0, seed=0)


def _afedpg(*, timeline: bool) -> object:
    hardware = Hardware(ComputeModel(power_law(10, 1.0, 0.5)), Network(np.zeros(10)))
    return simulate(AFedPG(RULE).run, _problem(), hardware, updates=5_000, record_timeline=timeline)


def _rennala(workers: int, extra: str) -> Callable[[], object]:
    factors = Jitter("lognormal", 0.5, seed=0) if "random" in extra else None
    hardware = Hardware(
        ComputeModel(power_law(workers, 1.0, 0.5), factors), Network(np.zeros(workers))
    )
    method = Rennala(RULE, 1_000)
    return lambda: simulate(
        method.run, _problem(), hardware, updates=20, record_timeline="timeline" in extra
    )
