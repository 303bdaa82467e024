"""Where one method overtakes another as sending gets dearer: measured, and predicted by clocks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.format.words.errors import BadInputError
from scenarios.results import curves
from scenarios.results.compare import default_thresholds
from scenarios.results.judging.intervals import EDGES, LEVEL, Interval, Times, bootstrap
from scenarios.results.theory import clock_of, known_scenario
from scenarios.runs.store.stored import StoredRun
from simulator import Vector

PAIR = ("rennala-nigt", "afedpg")
"""Who overtakes, and who is overtaken."""


@dataclass(frozen=True)
class Crossover:
    """Times to a threshold over the scale s of the uplinks.

    The prediction for s is the median number of updates to the threshold at the smallest s, times
    the theory's seconds per update at s: what one would say after measuring on a good network.

    Attributes:
        scales: s, rising, shape (k,).
        threshold: of the column that runs are judged by.
        times: by method, seconds, shape (k, seeds); infinite if never.
        predicted: by method, seconds, shape (k,).
        measured: the s from which on the first of the pair is faster; infinite if nowhere,
            0 if it is everywhere.
        expected: the same from the prediction; 0 for below the smallest.
    """

    scales: Vector
    threshold: float
    times: dict[str, Times]
    predicted: dict[str, Vector]
    measured: Interval
    expected: float

    def off(self) -> dict[str, float]:
        """Return the largest share by which predictions are off the medians over seeds, by method.

        Methods that nowhere get there in the median are left out.
        """
        found = {}
        for label, times in self.times.items():
            medians = np.median(times, axis=1)
            known = np.isfinite(medians) & np.isfinite(self.predicted[label])
            shares = np.abs(self.predicted[label][known] / medians[known] - 1)
            if len(shares):
                found[label] = float(shares.max())
        return found

    def sentence(self) -> str:
        """Return the outcome in a line."""
        here = [
            self._words(s) for s in (self.measured.value, self.measured.low, self.measured.high)
        ]
        off = " and ".join(f"{share:.1%} ({label})" for label, share in self.off().items())
        return (
            f"the s from which on {PAIR[0]} is sooner than {PAIR[1]} on the way to "
            f"{self.threshold:.4g}: {here[0]} ({LEVEL}% interval: {here[1]} to {here[2]}); "
            f"predicted from s = {self.scales[0]:g}: {self._words(self.expected)}"
            + f"; predicted times are off the medians by at most {off}"
            * bool(off)
        )

    def in_short(self) -> str:
        """Return where the two cross."""
        return f"at {self._words(self.measured.value)}, predicted {self._words(self.expected)}"

    def _words(self, scale: float) -> str:
        if scale < self.scales[0]:
            return f"below {self.scales[0]:g}"
        return f"{scale:.3g}" if np.isfinite(scale) else f"above {self.scales[-1]:g}"


def crossover(runs: Sequence[StoredRun]) -> Crossover | None:
    """Find the crossover in the runs of a sweep over ``cluster.uplink.scale``.

    A run that failed never gets there. None if no run made an update.
    """
    done = [run for run in runs if run.is_done]
    if not done:
        return None
    metric = curves.metric(done)
    scales = np.array(sorted({_scale(run) for run in runs}))
    spans = {scale: curves.horizon([r for r in done if _scale(r) == scale]) for scale in scales}
    thresholds = default_thresholds(done, metric, [spans[_scale(run)] for run in done])
    if not thresholds:
        return None
    threshold = thresholds[1]
    seeds = sorted({int(run.info["seed"]) for run in runs})
    shape = (len(scales), len(seeds))
    times = {label: np.full(shape, np.inf) for label in PAIR}
    updates = {label: np.full(shape, np.inf) for label in PAIR}
    for run in done:
        cell = np.searchsorted(scales, _scale(run)), seeds.index(int(run.info["seed"]))
        (held,) = curves.times_to(run, metric, [threshold], spans[_scale(run)], end=np.inf)
        times[run.label][cell] = held
        if np.isfinite(held):
            updates[run.label][cell] = np.searchsorted(run.history["time"], held) + 1
    dimension = int(done[0].info["dimension"])
    predicted = {
        label: np.median(updates[label][0])
        * np.array([_seconds_per_update(_first(runs, label, s), dimension) for s in scales])
        for label in PAIR
    }
    drawn = [bootstrap(times[label].T) for label in PAIR]
    found = [overtaken(scales, *pair) for pair in zip(*drawn, strict=True)]
    low, high = np.percentile(found, EDGES, method="nearest")
    return Crossover(
        scales,
        threshold,
        times,
        predicted,
        Interval(found[0], float(low), float(high)),
        overtaken(scales, predicted[PAIR[0]], predicted[PAIR[1]]),
    )


def _scale(run: StoredRun) -> float:
    return float(run.info["content"]["cluster"]["uplink"]["scale"])


def _first(runs: Sequence[StoredRun], label: str, scale: float) -> StoredRun:
    return next(run for run in runs if run.label == label and _scale(run) == scale)


def _seconds_per_update(run: StoredRun, dimension: int) -> float:
    try:
        scenario = known_scenario(run)
    except BadInputError:
        return float("nan")
    clock = clock_of(scenario, scenario.methods[0], dimension)
    return clock.period if clock else float("nan")


def overtaken(scales: Vector, first: Vector, second: Vector) -> float:
    """Return the s from which on ``first`` takes less time than ``second``.

    Between two scales the ratio is taken to be a power of s; scales where neither gets there say
    nothing. 0 if the first is always faster; infinite if it is not at the largest.

    Args:
        scales: rising, shape (k,).
        first: seconds, shape (k,).
        second: seconds, shape (k,).
    """
    known = np.isfinite(first) | np.isfinite(second)
    scales, first, second = scales[known], first[known], second[known]
    behind = np.flatnonzero(first >= second)
    if not len(behind):
        return 0.0 if len(scales) else float("inf")
    k = int(behind[-1])
    if k == len(scales) - 1:
        return float("inf")
    if not np.isfinite([first[k], second[k + 1]]).all():
        return float(scales[k + 1])
    ratios = first[k : k + 2] / second[k : k + 2]
    share = np.log(ratios[0]) / np.log(ratios[0] / ratios[1])
    return float(scales[k] * (scales[k + 1] / scales[k]) ** share)
