"""From histories to curves and times: smoothing that treats all methods alike."""

import numpy as np

from scenarios.store import StoredRun
from simulator import Vector

WINDOW = 100
"""Trajectories in a running mean: methods with small and large batches are smoothed alike."""


def metric(runs: list[StoredRun]) -> str:
    """Return what these runs are judged by: ``return_mean``, or ``objective`` without returns."""
    some = any(np.isfinite(run.history["return_mean"]).any() for run in runs)
    return "return_mean" if some else "objective"


def running(run: StoredRun, column: str) -> Vector:
    """Return a run's smoothed column, one number per update.

    Returns are averaged over the fewest latest updates that hold :data:`WINDOW` trajectories
    (NaN before there are so many); exact quantities are left as they are.
    """
    values = run.history[column]
    if column != "return_mean":
        return values
    counts = run.history["return_count"]
    seen = np.concatenate([[0.0], np.cumsum(counts)])
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values) * counts)])
    first = np.searchsorted(seen, seen[1:] - WINDOW, side="right") - 1
    enough = seen[1:] >= WINDOW
    first = np.where(enough, first, 0)
    with np.errstate(invalid="ignore"):
        means = (total[1:] - total[first]) / (seen[1:] - seen[first])
    return np.where(enough, means, np.nan)


def first_held(run: StoredRun, column: str, threshold: float) -> float:
    """Return the simulated seconds at which the smoothed column first held ``threshold``."""
    held = np.flatnonzero(running(run, column) >= threshold)
    return float(run.history["time"][held[0]]) if len(held) else np.nan


def last(run: StoredRun, column: str) -> float:
    """Return the smoothed column's last value, NaN if there is none."""
    known = running(run, column)
    known = known[np.isfinite(known)]
    return float(known[-1]) if len(known) else np.nan


def start(run: StoredRun, column: str) -> float:
    """Return the smoothed column's first value, NaN if there is none."""
    known = running(run, column)
    known = known[np.isfinite(known)]
    return float(known[0]) if len(known) else np.nan


def binned(run: StoredRun, column: str, edges: Vector) -> Vector:
    """Return the column's mean within each bin of simulated time, shape (bins,).

    Returns are weighted by their trajectories. A bin without updates repeats the one before it.
    """
    values, times = run.history[column], run.history["time"]
    known = np.isfinite(values)
    weights = run.history["return_count"] if column == "return_mean" else np.ones(len(values))
    values, times, weights = values[known], times[known], weights[known]
    total, _ = np.histogram(times, edges, weights=values * weights)
    weight, _ = np.histogram(times, edges, weights=weights)
    with np.errstate(invalid="ignore"):
        means = total / weight
    latest = np.maximum.accumulate(np.where(weight > 0, np.arange(len(means)), 0))
    filled: Vector = means[latest]
    return filled
