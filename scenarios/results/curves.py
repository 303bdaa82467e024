"""From histories to curves in simulated time, which treat all methods alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.runs.store.stored import StoredRun
from simulator import Vector
from simulator.accounting.columns import (
    EVALUATION,
    OBJECTIVE,
    RETURN_AVERAGE,
    RETURN_MEAN,
    counted_by,
    of_variant,
)
from simulator.types import Truths

WINDOW = 0.05
"""The share of the time over which returns of trajectories are averaged: one lag for all."""

LAST = 0.1
"""The share of the time whose mean is the final return."""


@dataclass(frozen=True)
class Curve:
    """Values over simulated time: straight lines between points, flat before and after them.

    So a curve lags behind no update, however rare updates are.

    Attributes:
        times: simulated seconds, rising, shape (k,); k = 0: nothing is known.
        values: shape (k,).
    """

    times: Vector
    values: Vector

    def at(self, times: Vector) -> Vector:
        """Return the values at ``times``; NaN if nothing is known."""
        if not len(self.times):
            return np.full(len(times), np.nan)
        found: Vector = np.interp(times, self.times, self.values)
        return found

    def integral(self, until: Vector) -> Vector:
        """Return the exact integrals from 0 to each of ``until``; NaN if nothing is known."""
        if not len(self.times):
            return np.full(len(until), np.nan)
        times = np.concatenate([[0.0], self.times])
        values = np.concatenate([self.values[:1], self.values])
        sums = np.concatenate([[0.0], np.cumsum(np.diff(times) * (values[1:] + values[:-1]) / 2)])
        before = np.searchsorted(times, until, side="right") - 1
        middle = (values[before] + self.at(until)) / 2
        result: Vector = sums[before] + (until - times[before]) * middle
        return result

    def cut(self, until: float) -> "Curve":
        """Return what is known at ``until``."""
        return Curve(self.times[self.times <= until], self.values[self.times <= until])

    def trailing(self, window: float) -> "Curve":
        """Return the means over the latest ``window`` seconds, from when there are so many."""
        times = np.union1d(self.times, self.times + window)
        times = times[(times >= window) & (times <= self.times[-1])]
        return Curve(times, (self.integral(times) - self.integral(times - window)) / window)

    def first_at(self, threshold: float) -> float:
        """Return the simulated seconds at which it first reached a threshold; inf: never."""
        held = np.flatnonzero(self.values >= threshold)
        if not len(held):
            return np.inf
        k = int(held[0])
        if k == 0:
            return float(self.times[0])
        times, values = self.times[k - 1 : k + 1], self.values[k - 1 : k + 1]
        return float(np.interp(threshold, values, times))


def metric(runs: Sequence[StoredRun]) -> str:
    """Return the column that these runs are judged by.

    The exact ``objective`` where it is known; else ``evaluation``, theta itself at the same
    simulated seconds, if all runs have it; else :func:`sampled`. Runs without an update have no
    say, unless there are no others.
    """
    runs = told(runs) or runs
    if any(np.isfinite(run.history[OBJECTIVE]).any() for run in runs):
        return OBJECTIVE
    evaluated = all(np.isfinite(run.history.get(EVALUATION, np.empty(0))).any() for run in runs)
    return EVALUATION if evaluated else sampled(runs)


def told(runs: Sequence[StoredRun]) -> list[StoredRun]:
    """Return the runs that made an update: others have no value of anything."""
    return [run for run in runs if len(run.history["time"])]


def sampled(runs: Sequence[StoredRun]) -> str:
    """Return the column with the returns of the trajectories used.

    It is ``return_average`` where workers differ, and ``return_mean`` where they do not.
    """
    return RETURN_AVERAGE if runs[0].shares else RETURN_MEAN


def drawn(runs: Sequence[StoredRun]) -> str:
    """Return the column that pictures show by default: a value for every update."""
    column = metric(runs)
    return sampled(runs) if column == EVALUATION else column


def horizon(runs: Sequence[StoredRun]) -> float:
    """Return the simulated seconds that finished runs share: those of the shortest."""
    return min((float(run.totals["elapsed"]) for run in runs if run.is_done), default=0.0)


def clock(runs: Sequence[StoredRun]) -> str:
    """Return what the seconds of runs are: simulated ones, unless some are races."""
    raced = [how for run in runs if (how := run.info.get("race"))]
    scales = sorted({how["scale"] for how in raced})
    if not scales:
        return "simulated seconds"
    divided = " and ".join(f"{scale:g}" for scale in scales)
    real = "real" if scales == [1] else f"real, divided by {divided}"
    return f"seconds ({real})" if len(raced) == len(runs) else f"seconds (races: {real})"


def raw(run: StoredRun, column: str) -> Curve:
    """Return a column as it was written; ``return_average`` averages the workers' own returns.

    Of several updates at one time, returns of trajectories are averaged over all of them; of other
    columns the last counts.
    """
    if column == RETURN_AVERAGE:
        parts = {v: raw(run, of_variant(RETURN_MEAN, v)) for v in run.shares}
        if not parts or not all(len(part.times) for part in parts.values()):
            return Curve(np.empty(0), np.empty(0))
        times = np.unique(np.concatenate([part.times for part in parts.values()]))
        values = np.sum([run.shares[v] * part.at(times) for v, part in parts.items()], axis=0)
        return Curve(times, values)
    values = run.history.get(column, np.empty(0))
    known = np.isfinite(values)
    times, values = run.history["time"][: len(values)][known], values[known]
    number = counted_by(column)
    weights = np.ones(len(values)) if number is None else run.history[number][known]
    later, place, ties = np.unique(times, return_inverse=True, return_counts=True)
    if number is None:
        return Curve(later, values[np.cumsum(ties) - 1])
    return Curve(later, np.bincount(place, values * weights) / np.bincount(place, weights))


def judged(run: StoredRun, column: str, until: float, *, end: float | None = None) -> Curve:
    """Return the curve that a run is judged by, with the same lag for every method.

    Returns of trajectories are averaged over the latest 5% of the time ``until`` which the runs
    share; what is known of theta itself is taken as it is, without a lag.

    Args:
        run: the run.
        column: of its history.
        until: the simulated seconds that the runs share.
        end: what comes later is not looked at, as if the run had ended then. It is ``until`` if
            None, so that runs that go on have no chance that others have not.
    """
    end = min(float(run.totals["elapsed"]), until if end is None else end)
    curve = raw(run, column).cut(end)
    if not len(curve.times) or (column != RETURN_AVERAGE and counted_by(column) is None):
        return curve
    if curve.times[-1] < end:
        curve = Curve(np.append(curve.times, end), np.append(curve.values, curve.values[-1]))
    return curve.trailing(WINDOW * until)


def area(run: StoredRun, column: str, until: float) -> float:
    """Return the mean of a column over the simulated seconds from 0 to ``until``; NaN: unknown.

    What comes later is not looked at: a run that goes on keeps its areas.
    """
    return float(raw(run, column).cut(until).integral(np.array([until]))[0] / until)


def final(run: StoredRun, column: str, until: float) -> float:
    """Return the mean over the last tenth of the time ``until``; an exact column's last value."""
    curve, end = raw(run, column).cut(until), np.array([until])
    if column.startswith(OBJECTIVE):
        return float(curve.at(end)[0])
    begin = end * (1 - LAST)
    return float(((curve.integral(end) - curve.integral(begin)) / (end - begin))[0])


def start(run: StoredRun, column: str) -> float:
    """Return the column's first value; NaN if there is none."""
    return float(raw(run, column).at(np.zeros(1))[0])


def times_to(
    run: StoredRun,
    column: str,
    thresholds: Sequence[float],
    until: float,
    *,
    end: float | None = None,
) -> list[float]:
    """Return when :func:`judged` first reached each threshold; inf: not within its time."""
    curve = judged(run, column, until, end=end)
    return [curve.first_at(threshold) for threshold in thresholds]


def known(run: StoredRun, column: str, until: float, *, end: float | None = None) -> Vector:
    """Return the values of :func:`judged`; [NaN] if there are none."""
    values = judged(run, column, until, end=end).values
    return values if len(values) else np.array([np.nan])


def over_seeds(rows: Sequence[Vector]) -> tuple[Truths, Vector, Vector, Vector]:
    """Return where to draw the values of seeds, and there their mean, 20% and 80%.

    It is where all rows have a value, each of shape (k,); a row that has none anywhere has no say.
    """
    table = np.array([row for row in rows if np.isfinite(row).any()])
    if not len(table):
        return np.empty(0, dtype=bool), *np.empty((3, 0))
    known: Truths = np.isfinite(table).all(axis=0)
    low, high = np.percentile(table[:, known], [20, 80], axis=0)
    return known, table[:, known].mean(axis=0), low, high


def binned(run: StoredRun, column: str, edges: Vector) -> Vector:
    """Return the column's mean within each bin of simulated time, shape (bins,).

    Returns are weighted by their trajectories. A bin without updates repeats the one before it,
    and before the first bin counts the newest value. NaN if the run has no such column.
    """
    if column == RETURN_AVERAGE:
        parts = [
            share * binned(run, of_variant(RETURN_MEAN, v), edges)
            for v, share in run.shares.items()
        ]
        average: Vector = np.sum(parts, axis=0)
        return average
    values, times = run.history.get(column), run.history["time"]
    if values is None:
        return np.full(len(edges) - 1, np.nan)
    finite = np.isfinite(values)
    number = counted_by(column)
    weights = np.ones(len(values)) if number is None else run.history[number]
    values, times, weights = values[finite], times[finite], weights[finite]
    total, _ = np.histogram(times, edges, weights=values * weights)
    weight, _ = np.histogram(times, edges, weights=weights)
    with np.errstate(invalid="ignore"):
        means = total / weight
    latest = np.maximum.accumulate(np.where(weight > 0, np.arange(len(means)), 0))
    filled: Vector = means[latest]
    if len(earlier := values[times < edges[0]]):
        filled[np.cumsum(weight) == 0] = earlier[-1]
    return filled
