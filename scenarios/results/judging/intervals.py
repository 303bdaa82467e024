"""How sure the seeds make us: the paired t-test, and bootstrap intervals for what describes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator import Indices, Vector

WRONG = 0.05
"""The chance that ``holds`` is said of equal methods; and that ``fails`` is, over all rivals."""

RESAMPLES = 10_000
PAIRS = 1_000_000
"""That are compared at a time, lest many seeds need gigabytes."""
LEVEL = 90
"""Percent of the resamples that a bootstrap interval holds."""

EDGES = ((100 - LEVEL) / 2, (100 + LEVEL) / 2)
"""The percentiles where such an interval begins and ends."""

Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A number and the interval over seeds around it; NaN: not known."""

    value: float
    low: float
    high: float


def p_above(differences: Times) -> Times:
    """Return the one-sided p-values of the paired t-test: how surely a mean is above 0.

    With five seeds it has the most power among the tests that keep their level: see
    ``straggler verdict --check``.

    Args:
        differences: of pairs, shape (..., seeds); with one seed nothing is sure.
    """
    from scipy.special import stdtr  # noqa: PLC0415 - takes a moment

    seeds = differences.shape[-1]
    if seeds == 1:
        return np.ones(differences.shape[:-1])
    mean, error = differences.mean(axis=-1), differences.std(axis=-1, ddof=1) / seeds**0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        p: Times = np.where(mean == 0, 0.5, stdtr(seeds - 1, -mean / error))
    return p


def paired(differences: Vector, rivals: int) -> Interval:
    """Return the mean of differences, with the interval of the paired t-test.

    A lower end above 0 is as likely as :data:`WRONG` if the true mean is 0; an upper end below it
    is as likely as that over the number of rivals.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - takes a moment

    seeds, mean = len(differences), float(differences.mean())
    if seeds == 1:
        return Interval(mean, np.nan, np.nan)
    error = float(differences.std(ddof=1)) / seeds**0.5
    low, high = stdtrit(seeds - 1, [WRONG, 1 - WRONG / rivals])
    return Interval(mean, mean + float(low) * error, mean + float(high) * error)


def draws(seeds: int, resamples: int = RESAMPLES) -> Indices:
    """Return which seeds each resample holds, shape (resamples, seeds); the first has each once."""
    drawn = np.random.default_rng(0).integers(0, seeds, (resamples, seeds))
    drawn[0] = np.arange(seeds)
    return drawn


def bootstrap(table: Times) -> Times:
    """Return medians over seeds, shape (resamples, k), of a table of shape (seeds, k)."""
    medians: Times = np.median(table[draws(len(table))], axis=1)
    return medians


def speedups(rival: Times, hero: Times) -> list[Interval]:
    """Return rival / hero. Where neither gets there, a resample has 1, and the sample NaN."""
    neither = np.isinf(rival) & np.isinf(hero)
    with np.errstate(invalid="ignore"):
        found = intervals(np.where(neither, 1.0, rival / hero))
    return [
        Interval(np.nan, s.low, s.high) if unknown else s
        for s, unknown in zip(found, neither[0], strict=True)
    ]


def sooner(hero: Times, rival: Times) -> Times:
    """Return P(hero < rival) over all pairs of seeds, shape (resamples,); ties count half."""
    parts = max(1, hero.size * rival.shape[1] // PAIRS)
    split = zip(np.array_split(hero, parts), np.array_split(rival, parts), strict=True)
    found = [
        ((a[:, :, None] < b[:, None, :]) + 0.5 * (a[:, :, None] == b[:, None, :])).mean(axis=(1, 2))
        for a, b in split
    ]
    return np.concatenate(found)


def intervals(resampled: Times) -> list[Interval]:
    """Return an interval per column; row 0 is the sample. By order: infinities have no mean."""
    low, high = np.percentile(resampled, EDGES, axis=0, method="nearest")
    columns = zip(resampled[0], low, high, strict=True)
    return [Interval(float(v), float(a), float(b)) for v, a, b in columns]
