"""Rates side by side: interleaved rounds in one process tree, medians of several."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Case = tuple[str, Callable[[], int]]
"""The unit of the rate, and what does the work and returns how much it did."""


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


def interleaved(
    cases: Mapping[str, Case],
    rounds: int,
    *,
    warm_up: bool,
    on_round: Callable[[], None] = lambda: None,
) -> list[Measurement]:
    """Measure all cases in each round; a case that raises ends the measurement.

    Args:
        cases: by name; the first is what the others are compared with.
        rounds: how many.
        warm_up: run each once before, unmeasured.
        on_round: called after each.
    """
    rates: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(-1 if warm_up else 0, rounds):
        for name, (_, run) in cases.items():
            start = time.perf_counter()
            done = run()
            if turn >= 0:
                rates[name].append(done / (time.perf_counter() - start))
        if turn >= 0:
            on_round()
    first = next(iter(rates.values()))
    return [
        Measurement(
            name,
            unit,
            statistics.median(rates[name]),
            statistics.median(a / b for a, b in zip(rates[name], first, strict=True)),
        )
        for name, (unit, _) in cases.items()
    ]
