"""Whether a claim holds: times to thresholds, speed-ups, and how sure the seeds make us."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenarios.results import curves
from scenarios.results.compare import default_thresholds
from scenarios.runs.store.stored import StoredRun
from simulator import Indices

RESAMPLES = 10_000
LEVEL = 90
"""Percent of the resamples that an interval holds."""

EDGES = ((100 - LEVEL) / 2, (100 + LEVEL) / 2)
"""The percentiles where such an interval begins and ends."""

FEWEST_SEEDS = 3
"""With two, a quarter of all pairs of equal methods would be told apart."""

Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A number and the percentile bootstrap interval over seeds around it; NaN: not known."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """One method against its rivals, on the runs of one panel.

    Attributes:
        title: of the panel.
        metric: the column that is judged.
        hero: the method that the claim is about.
        seeds: how many.
        thresholds: three values of the metric.
        times: by method, an interval of the median time for each threshold; infinite if never.
        rivals: the fastest rival for each threshold; ``-`` where none gets there.
        speedups: its time over the hero's, for each threshold: above 1 the hero is faster.
        improvement: the probability that a run of the hero is sooner at the middle threshold than
            a run of the rival there (Agarwal et al., NeurIPS 2021); ties count half.
    """

    title: str
    metric: str
    hero: str
    seeds: int
    thresholds: list[float]
    times: dict[str, list[Interval]]
    rivals: list[str]
    speedups: list[Interval]
    improvement: Interval

    @property
    def word(self) -> str:
        """``holds``, ``fails``, ``unclear``, or ``too few seeds`` (below 3).

        It holds if the intervals of two thresholds of three are above 1 and none is below; it
        fails if two are below and none is above.
        """
        above = sum(s.low > 1 for s in self.speedups)
        below = sum(s.high < 1 for s in self.speedups)
        if self.seeds < FEWEST_SEEDS:
            return "too few seeds"
        if above >= 2 and not below:  # noqa: PLR2004
            return "holds"
        return "fails" if below >= 2 and not above else "unclear"  # noqa: PLR2004


def judge(
    runs: list[StoredRun],
    hero: str,
    rivals: Sequence[str],
    title: str,
    column: str | None = None,
) -> Verdict | None:
    """Judge a claim: ``hero`` reaches thresholds sooner than each of ``rivals``.

    Seeds are resampled together for all methods: with one seed all begin at the same theta_0. A
    run that failed counts as never. None if nothing can be said: no run rises.

    Args:
        runs: of all methods of a panel, failed ones too; the hero and a rival among them.
        hero: a label.
        rivals: labels; those that the panel has not are left out.
        title: of the panel.
        column: what is judged, by default what the runs suggest.
    """
    done = [run for run in runs if run.is_done]
    if not done:
        return None
    metric = column or curves.metric(done)
    thresholds = default_thresholds(done, metric)
    if not thresholds:
        return None
    seeds = sorted({int(run.info["seed"]) for run in runs})
    present = [name for name in (hero, *rivals) if any(run.label == name for run in runs)]
    times = {name: _times(runs, name, seeds, metric, thresholds) for name in present}
    medians = {name: bootstrap(table) for name, table in times.items()}
    others = np.array([medians[name] for name in present[1:]])
    best = others[:, 0].argmin(axis=0)
    middle = len(thresholds) // 2
    mine, rival = times[hero][:, middle], times[present[1 + best[middle]]][:, middle]
    return Verdict(
        title,
        metric,
        hero,
        len(seeds),
        thresholds,
        {name: _intervals(table) for name, table in medians.items()},
        [present[1 + k] if np.isfinite(others[k, 0, t]) else "-" for t, k in enumerate(best)],
        _speedups(others.min(axis=0), medians[hero]),
        _intervals(_sooner(*(t[draws(len(seeds))] for t in (mine, rival)))[:, None])[0],
    )


def draws(seeds: int) -> Indices:
    """Return which seeds each resample holds, shape (resamples, seeds); the first has each once."""
    drawn = np.random.default_rng(0).integers(0, seeds, (RESAMPLES, seeds))
    drawn[0] = np.arange(seeds)
    return drawn


def bootstrap(table: Times) -> Times:
    """Return medians over seeds, shape (resamples, k), of a table of shape (seeds, k)."""
    medians: Times = np.median(table[draws(len(table))], axis=1)
    return medians


def _times(
    runs: list[StoredRun], label: str, seeds: list[int], metric: str, thresholds: list[float]
) -> Times:
    """Return seconds to each threshold, shape (seeds, thresholds); infinite if never."""
    table = np.full((len(seeds), len(thresholds)), np.inf)
    for run in runs:
        if run.label == label and run.is_done:
            held = curves.times_to(run, metric, thresholds)
            table[seeds.index(int(run.info["seed"]))] = held
    return table


def _speedups(rival: Times, hero: Times) -> list[Interval]:
    """Return rival / hero. Where neither gets there, a resample has 1, and the sample NaN."""
    neither = np.isinf(rival) & np.isinf(hero)
    with np.errstate(invalid="ignore"):
        found = _intervals(np.where(neither, 1.0, rival / hero))
    return [
        Interval(np.nan, s.low, s.high) if unknown else s
        for s, unknown in zip(found, neither[0], strict=True)
    ]


def _sooner(hero: Times, rival: Times) -> Times:
    """Return P(hero < rival) over all pairs of seeds, shape (resamples,); ties count half."""
    mine, theirs = hero[:, :, None], rival[:, None, :]
    result: Times = ((mine < theirs) + 0.5 * (mine == theirs)).mean(axis=(1, 2))
    return result


def _intervals(resampled: Times) -> list[Interval]:
    """Return an interval per column; row 0 is the sample. By order: infinities have no mean."""
    low, high = np.percentile(resampled, EDGES, axis=0, method="nearest")
    columns = zip(resampled[0], low, high, strict=True)
    return [Interval(float(v), float(a), float(b)) for v, a, b in columns]
