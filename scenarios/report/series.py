"""Curves of a page: numbers thin enough to be mailed, and exact times to many thresholds."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from scenarios.report.parts import Part
from scenarios.results import curves
from scenarios.runs.store.stored import StoredRun
from simulator import Vector
from simulator.accounting.columns import EVALUATION, OBJECTIVE, RETURN_AVERAGE, RETURN_MEAN

POINTS, FEWEST, MOST = 60_000, 40, 300
"""Of all curves of a page together; of a single one at least, and at most."""

LEVELS = 120
"""Thresholds that can be chosen, about."""

AXES = {"updates": "updates", "gradients": "gradients used", "steps": "environment steps"}
"""What can be laid along x beside time, and its words."""

MEASURED = {
    OBJECTIVE: "exact objective J",
    EVALUATION: "return of theta itself",
    RETURN_MEAN: "return of the trajectories used",
    RETURN_AVERAGE: "return, average over workers",
}


def columns_of(runs: Sequence[StoredRun], beside: Sequence[Part] = ()) -> dict[str, str]:
    """Return the columns that a page shows, with words: the judged one first.

    Runs without an update have those of the parts ``beside`` them.
    """
    shown = curves.told(runs) or curves.told([run for part in beside for run in part.runs]) or runs
    return {name: MEASURED[name] for name in (curves.metric(shown), curves.drawn(shown))}


def series(
    part: Part, columns: Sequence[str], total: int, beside: Sequence[Part] = ()
) -> dict[str, Any]:
    """Return a part's curves as JSON.

    Args:
        part: its runs.
        columns: of the history.
        total: runs of the whole page.
        beside: parts with which it shares thresholds, itself among them; none by default.

    Returns:
        ``grid``: seconds of thinned curves; ``moments``: seconds of the counts; ``levels``: by
        column, thresholds; ``runs``: for each its label, seed, end, curves, exact times to the
        levels (None: not within the seconds that all runs have), counts by axis, and money.
    """
    points = int(np.clip(POINTS // (total * len(columns)), FEWEST, MOST))
    grid = np.linspace(0, part.end, points)
    moments = np.linspace(0, part.end, max(points // 3, FEWEST // 2))
    levels = {column: levels_of(beside or [part], column) for column in columns}
    return {
        "grid": numbers(grid, 6),
        "moments": numbers(moments, 6),
        "levels": {column: numbers(found, 9) for column, found in levels.items()},
        "runs": [_run(run, part, levels, grid, moments) for run in part.runs],
    }


def _run(
    run: StoredRun, part: Part, levels: dict[str, Vector], grid: Vector, moments: Vector
) -> dict[str, Any]:
    made = {column: curves.judged(run, column, part.until, end=np.inf) for column in levels}
    counts = {
        axis: np.concatenate([[0], np.cumsum(values)])[
            np.searchsorted(run.history["time"], moments, side="right")
        ]
        for axis, values in _counted(run).items()
    }
    return {
        "label": run.label,
        "seed": int(run.info["seed"]),
        "end": float(run.totals["elapsed"]),
        "curves": {column: _thinned(curve, run, grid) for column, curve in made.items()},
        "times": {
            column: numbers(curves.times_to(run, column, found.tolist(), part.until), 6)
            for column, found in levels.items()
        },
        "counts": {axis: [int(n) for n in values] for axis, values in counts.items()},
        "money": run.info.get("bill", {}).get("money"),
    }


def _counted(run: StoredRun) -> dict[str, Vector]:
    history = run.history
    ones = np.ones(len(history["time"]))
    return {"updates": ones, "gradients": history["gradients"], "steps": history["steps"]}


def _thinned(curve: curves.Curve, run: StoredRun, grid: Vector) -> dict[str, Any]:
    """Return a curve's own points if they are few, else its values at the grid's."""
    end = float(run.totals["elapsed"])
    if len(curve.times) <= len(grid):
        if len(curve.times) > 0 and curve.times[-1] < end:  # as it is judged: flat after the last
            curve = curves.Curve(
                np.append(curve.times, end), np.append(curve.values, curve.values[-1])
            )
        return {"t": numbers(curve.times, 6), "v": numbers(curve.values, 5)}
    values = np.where((grid >= curve.times[0]) & (grid <= end), curve.at(grid), np.nan)
    return {"v": numbers(values, 5)}


def levels_of(parts: Sequence[Part], column: str) -> Vector:
    """Return round thresholds between the lowest and the highest that runs are judged by."""
    known = [curves.known(run, column, part.until) for part in parts for run in part.runs]
    values = np.concatenate(known)
    values = values[np.isfinite(values)]
    if not len(values) or values.min() == values.max():
        return np.empty(0)
    step = round_step((values.max() - values.min()) / LEVELS)
    first, last = math.ceil(values.min() / step), math.floor(values.max() / step)
    return np.array([float(f"{k * step:.9g}") for k in range(first, last + 1)])


def round_step(width: float) -> float:
    """Return the next larger number of 1, 2, 5, 10, 20, ..."""
    power = 10.0 ** math.floor(math.log10(width))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= width * (1 - 1e-9))


def middle_of(parts: Sequence[Part], column: str) -> int | None:
    """Return which level is nearest half way from the mean start to the best; None: no levels."""
    levels = levels_of(parts, column)
    if not len(levels):
        return None
    start = np.nanmean([curves.start(run, column) for part in parts for run in part.runs])
    return int(np.argmin(np.abs(levels - (start + levels[-1]) / 2)))


def numbers(values: Sequence[float] | Vector, digits: int) -> list[float | int | None]:
    """Return numbers with so many digits for JSON; what is not finite becomes None."""
    return [number(float(value), digits) for value in values]


def number(value: float, digits: int) -> float | int | None:
    """Return a number with so many digits; None if it is not finite."""
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short  # noqa: PLR2004
