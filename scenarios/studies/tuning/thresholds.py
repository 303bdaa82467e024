"""Thresholds for judging, from the runs of a tuning: fixed before the seeds that are judged."""

from collections.abc import Sequence

import numpy as np

from scenarios.results import curves
from scenarios.runs.store.stored import StoredRun
from simulator import Vector

SHARES = (0.25, 0.5, 0.75)
"""Of the way from the start to the best."""

PARTS = 10
"""Of the time, over which curves are averaged: a single number's noise sets no threshold."""


def thresholds(winners: Sequence[Sequence[StoredRun]], column: str) -> list[float]:
    """Return three values between the start and the best of the winners' mean curves.

    The start is the mean of all first values. The best is the highest mean of any method within a
    tenth of the time, over its seeds. Values have four digits; none if they do not rise.

    Args:
        winners: the runs of each method's winner, one per seed.
        column: of the history.
    """
    runs = [run for row in winners for run in row]
    if not runs:
        return []
    low = float(np.mean([curves.start(run, column) for run in runs]))
    high = max(float(_mean_curve(row, column).max()) for row in winners)
    three = [float(f"{low + (high - low) * share:.4g}") for share in SHARES]
    return three if low < three[0] < three[1] < three[2] else []


def _mean_curve(runs: Sequence[StoredRun], column: str) -> Vector:
    """Return the means over seeds within equal parts of the time, shape (PARTS,)."""
    until = max(float(run.history["time"][-1]) for run in runs)
    edges = np.linspace(0, until, PARTS + 1)
    means: Vector = np.mean([curves.binned(run, column, edges) for run in runs], axis=0)
    return means[np.isfinite(means)] if np.isfinite(means).any() else np.full(1, -np.inf)
