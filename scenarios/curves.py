"""From histories to curves and times: smoothing that treats all methods alike."""

import numpy as np

from scenarios.store import StoredRun
from simulator import Vector

WINDOW = 100
"""Trajectories in a running mean: methods with small and large batches are smoothed alike."""


def metric(runs: list[StoredRun]) -> str:
    """Return the column that these runs are judged by.

    The exact ``objective`` where it is known; else ``return_average`` where workers differ, and
    ``return_mean`` where they do not.
    """
    if any(np.isfinite(run.history["objective"]).any() for run in runs):
        return "objective"
    return "return_average" if runs[0].shares else "return_mean"


def running(run: StoredRun, column: str) -> Vector:
    """Return a run's smoothed column, one number per update.

    Returns are averaged over the fewest latest updates that hold :data:`WINDOW` trajectories
    (NaN before there are so many), and ``return_average`` is the workers' equal average of that
    for each variant; exact quantities are left as they are.
    """
    if column == "return_average":
        return _average(
            [share * running(run, f"return_mean_{v}") for v, share in run.shares.items()]
        )
    values = run.history[column]
    if not column.startswith("return_mean"):
        return values
    counts = run.history[column.replace("_mean", "_count")]
    seen = np.concatenate([[0.0], np.cumsum(counts)])
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values) * counts)])
    first = np.searchsorted(seen, seen[1:] - WINDOW, side="right") - 1
    enough = seen[1:] >= WINDOW
    first = np.where(enough, first, 0)
    with np.errstate(invalid="ignore"):
        means = (total[1:] - total[first]) / (seen[1:] - seen[first])
    return np.where(enough, means, np.nan)


def _average(parts: list[Vector]) -> Vector:
    total: Vector = np.sum(parts, axis=0)
    return total


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
    if column == "return_average":
        return _average(
            [share * binned(run, f"return_mean_{v}", edges) for v, share in run.shares.items()]
        )
    values, times = run.history[column], run.history["time"]
    known = np.isfinite(values)
    weights = np.ones(len(values))
    if column.startswith("return_mean"):
        weights = run.history[column.replace("_mean", "_count")]
    values, times, weights = values[known], times[known], weights[known]
    total, _ = np.histogram(times, edges, weights=values * weights)
    weight, _ = np.histogram(times, edges, weights=weights)
    with np.errstate(invalid="ignore"):
        means = total / weight
    latest = np.maximum.accumulate(np.where(weight > 0, np.arange(len(means)), 0))
    filled: Vector = means[latest]
    return filled
