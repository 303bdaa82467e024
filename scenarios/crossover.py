"""Where one method overtakes another as sending gets dearer: measured, and predicted by clocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure as Picture

from algorithms import theory
from scenarios import curves
from scenarios.build import build_method
from scenarios.compare import default_thresholds
from scenarios.figures import colour, save
from scenarios.judge import Interval, Times, bootstrap
from scenarios.schema import Scenario
from scenarios.store import StoredRun
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
        threshold: of the mean return of the latest trajectories.
        times: by method, seconds, shape (k, seeds); infinite if never.
        predicted: by method, seconds, shape (k,).
        measured: the s from which on the first of the pair is faster; infinite if nowhere.
        expected: the same from the prediction.
    """

    scales: Vector
    threshold: float
    times: dict[str, Times]
    predicted: dict[str, Vector]
    measured: Interval
    expected: float

    def sentence(self) -> str:
        """Return the outcome in a line."""
        found = f"{self.measured.value:.3g} [{self.measured.low:.3g}, {self.measured.high:.3g}]"
        return (
            f"{PAIR[0]} overtakes {PAIR[1]} on the way to {self.threshold:.4g} at s = {found}; "
            f"predicted from s = {self.scales[0]:g}: {self.expected:.3g} (inf: at no s up to "
            f"{self.scales[-1]:g})"
        )


def crossover(runs: Sequence[StoredRun]) -> Crossover:
    """Find the crossover in the finished runs of a sweep over ``cluster.uplink.scale``."""
    scales = np.array(sorted({_scale(run) for run in runs}))
    seeds = sorted({int(run.info["seed"]) for run in runs})
    threshold = default_thresholds(list(runs), "return_mean")[1]
    times = {label: np.full((len(scales), len(seeds)), np.inf) for label in PAIR}
    for run in runs:
        place = np.searchsorted(scales, _scale(run)), seeds.index(int(run.info["seed"]))
        held = curves.first_held(run, "return_mean", threshold)
        times[run.label][place] = np.inf if np.isnan(held) else held
    predicted = {}
    for label in PAIR:
        mine = [run for run in runs if run.label == label]
        first = [run for run in mine if _scale(run) == scales[0]]
        updates = float(np.median([_updates(run, threshold) for run in first]))
        clock = {_scale(run): _seconds_per_update(run) for run in mine}
        predicted[label] = updates * np.array([clock.get(s, np.nan) for s in scales])
    drawn = [bootstrap(times[label].T) for label in PAIR]
    found = [overtaken(scales, *pair) for pair in zip(*drawn, strict=True)]
    low, high = np.percentile(found, [5, 95], method="nearest")
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


def _updates(run: StoredRun, threshold: float) -> float:
    held = np.flatnonzero(curves.running(run, "return_mean") >= threshold)
    return float(held[0] + 1) if len(held) else np.inf


def _seconds_per_update(run: StoredRun) -> float:
    scenario = Scenario.model_validate({"title": "", **run.info["content"]})
    h = scenario.cluster.compute_seconds()
    kappa = scenario.cluster.uplink_seconds(int(run.info["dimension"]))
    return theory.seconds_per_update(build_method(scenario.methods[0]), h, kappa)[0]


def overtaken(scales: Vector, first: Vector, second: Vector) -> float:
    """Return the s from which on ``first`` takes less time than ``second``.

    Between two scales both ratios are taken to be powers of s. The smallest scale if the first
    is always faster; infinite if it is not at the largest.

    Args:
        scales: rising, shape (k,).
        first: seconds, shape (k,).
        second: seconds, shape (k,).
    """
    behind = np.flatnonzero(~(first < second))
    if not len(behind):
        return float(scales[0])
    k = int(behind[-1])
    if k == len(scales) - 1:
        return float("inf")
    ratios = np.array([first[k] / second[k], first[k + 1] / second[k + 1]])
    if not (np.isfinite(ratios).all() and (ratios > 0).all()):
        return float(scales[k + 1])
    share = np.log(ratios[0]) / np.log(ratios[0] / ratios[1])
    return float(scales[k] * (scales[k + 1] / scales[k]) ** share)


def draw(found: Crossover, title: str, file: Path) -> None:
    """Draw measured times with their 20%-80% bands, and the predictions, over s."""
    picture = Picture(figsize=(6.4, 4.6), layout="constrained")
    ax = picture.subplots()
    for label in PAIR:
        low, middle, high = np.percentile(
            found.times[label], [20, 50, 80], axis=1, method="nearest"
        )
        shade = colour(label, list(PAIR))
        ax.plot(found.scales, middle, "o-", color=shade, label=f"{label}, median of seeds")
        ax.fill_between(found.scales, low, high, color=shade, alpha=0.2, linewidth=0)
        ax.plot(found.scales, found.predicted[label], ":", color=shade, label=f"{label}, predicted")
    if np.isfinite(found.measured.value):
        ax.axvline(found.measured.value, color="black", linewidth=0.8)
        ax.axvspan(found.measured.low, min(found.measured.high, found.scales[-1]), alpha=0.1)
    if np.isfinite(found.expected):
        ax.axvline(found.expected, color="black", linestyle=":", linewidth=0.8)
    ax.set(xscale="log", yscale="log", xlabel="s: kappa_i = s sqrt(i)")
    ax.set_ylabel(f"seconds to a mean return of {found.threshold:.4g}")
    ax.set_title(f"{title}\nlines: where the curves cross, measured and (dotted) predicted", size=9)
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small")
    save(picture, file)
