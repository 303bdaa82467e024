"""From histories to curves and times: smoothing that treats all methods alike."""

from collections.abc import Sequence

import numpy as np

from scenarios.runs.store.stored import StoredRun
from simulator import Vector
from simulator.accounting.columns import (
    OBJECTIVE,
    RETURN_AVERAGE,
    RETURN_MEAN,
    counted_by,
    of_variant,
)

BINS = 50
"""Of the time that an area is taken over."""

WINDOW = 100
"""Trajectories in a running mean: methods with small and large batches are smoothed alike."""


def metric(runs: list[StoredRun]) -> str:
    """Return the column that these runs are judged by.

    The exact ``objective`` where it is known; else ``return_average`` where workers differ, and
    ``return_mean`` where they do not.
    """
    if any(np.isfinite(run.history[OBJECTIVE]).any() for run in runs):
        return OBJECTIVE
    return RETURN_AVERAGE if runs[0].shares else RETURN_MEAN


def running(run: StoredRun, column: str, window: float = WINDOW) -> Vector:
    """Return a run's smoothed column, one number per update.

    Returns are averaged over the latest updates: as few of them as hold ``window`` trajectories, or
    all if the run has fewer; NaN before there are so many. For ``return_average`` each variant is
    averaged over its share of the window, and then the workers equally. Other columns are returned
    as they are; NaN if the run has no such column.
    """
    if column == RETURN_AVERAGE:
        return _average(
            [
                share * running(run, of_variant(RETURN_MEAN, v), share * window)
                for v, share in run.shares.items()
            ]
        )
    values = run.history.get(column)
    if values is None:
        return np.full(len(run.history["time"]), np.nan)
    if (number := counted_by(column)) is None:
        return values
    counts = run.history[number]
    seen = np.concatenate([[0.0], np.cumsum(counts)])
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values) * counts)])
    window = max(min(window, seen[-1]), 1)
    first = np.searchsorted(seen, seen[1:] - window, side="right") - 1
    enough = seen[1:] >= window
    first = np.where(enough, first, 0)
    with np.errstate(invalid="ignore"):
        means = (total[1:] - total[first]) / (seen[1:] - seen[first])
    return np.where(enough, means, np.nan)


def _average(parts: list[Vector]) -> Vector:
    total: Vector = np.sum(parts, axis=0)
    return total


def first_held(run: StoredRun, column: str, threshold: float) -> float:
    """Return the simulated seconds at which the smoothed column first held it; inf: never."""
    held = np.flatnonzero(running(run, column) >= threshold)
    return float(run.history["time"][held[0]]) if len(held) else np.inf


def start(run: StoredRun, column: str) -> float:
    """Return the column's value of the first update that has one; NaN if none has."""
    values = running(run, column, 1)
    found = values[np.isfinite(values)]
    return float(found[0]) if len(found) else np.nan


def times_to(run: StoredRun, column: str, thresholds: Sequence[float]) -> list[float]:
    """Return when the smoothed column first held each threshold; see :func:`first_held`."""
    return [first_held(run, column, threshold) for threshold in thresholds]


def final(run: StoredRun, column: str) -> float:
    """Return the smoothed column's last number; NaN if there is none."""
    return float(known(run, column)[-1])


def known(run: StoredRun, column: str) -> Vector:
    """Return the smoothed column without its gaps; [NaN] if nothing is left."""
    values = running(run, column)
    values = values[np.isfinite(values)]
    return values if len(values) else np.array([np.nan])


def area(run: StoredRun, column: str, until: float) -> float:
    """Return the mean of a column over simulated time, from 0 to ``until``; NaN without numbers.

    What the history knows about theta (``evaluation``, ``objective``) is connected by straight
    lines; it stays as it is before its first number and after its last. Returns of trajectories are
    first averaged within each of :data:`BINS` equal bins of time, since methods have few or many.
    """
    if counted_by(column) is not None or column == RETURN_AVERAGE:
        means = binned(run, column, np.linspace(0, until, BINS + 1))
        known = means[np.isfinite(means)]
        gap = np.full(len(means) - len(known), known[0] if len(known) else np.nan)
        return float(np.concatenate([gap, known]).mean())
    values, times = run.history.get(column), run.history["time"]
    chosen = np.isfinite(values) & (times <= until) if values is not None else np.zeros(0, bool)
    if values is None or not chosen.any():
        return np.nan
    values, times = values[chosen], times[chosen]
    times = np.concatenate([[0.0], times, [until]])
    values = np.concatenate([values[:1], values, values[-1:]])
    return float(np.trapezoid(values, times) / until)


def binned(run: StoredRun, column: str, edges: Vector) -> Vector:
    """Return the column's mean within each bin of simulated time, shape (bins,).

    Returns are weighted by their trajectories. A bin without updates repeats the one before it.
    NaN if the run has no such column.
    """
    if column == RETURN_AVERAGE:
        return _average(
            [
                share * binned(run, of_variant(RETURN_MEAN, v), edges)
                for v, share in run.shares.items()
            ]
        )
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
    return filled
