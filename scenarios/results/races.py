"""What was simulated beside what was raced: how well the clock predicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.results import curves
from scenarios.results.sheet import Sheet, csv_text
from scenarios.runs.store.stored import StoredRun


@dataclass(frozen=True)
class Prediction:
    """One quantity of one method.

    Attributes:
        method: its label.
        quantity: a key of :data:`QUANTITIES`, or :data:`HALF_WAY`.
        predicted: by the simulation.
        real: the mean over races.
        low: the smallest of them.
        high: the largest.
    """

    method: str
    quantity: str
    predicted: float
    real: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """How far the real value is from the predicted one, as a share of that; NaN: of 0."""
        return (self.real - self.predicted) / abs(self.predicted) if self.predicted else np.nan


def _seconds_per_update(run: StoredRun) -> float:
    return float(np.median(np.diff(run.history["time"], prepend=0.0)))


def _mean_seconds(run: StoredRun) -> float:
    return float(run.history["time"][-1] / len(run.history["time"]))


def _utilisation(run: StoredRun) -> float:
    seconds = run.totals["worker_seconds"]
    return seconds["compute"] / sum(seconds.values())


def _discarded(run: StoredRun) -> float:
    return run.totals["gradients_discarded"] / run.totals["updates"]


def _delay(run: StoredRun) -> float:
    return float(np.average(run.history["delay"], weights=run.history["gradients"]))


def _final(run: StoredRun) -> float:
    values = run.history[curves.metric([run])]
    return float(np.nanmean(values[-max(1, round(curves.LAST * len(values))) :]))


QUANTITIES: dict[str, Callable[[StoredRun], float]] = {
    "seconds per update": _seconds_per_update,
    "mean seconds": _mean_seconds,
    "worker time used": _utilisation,
    "discarded per update": _discarded,
    "mean delay": _delay,
    "final": _final,
}
"""What is compared: median and mean of an update; shares; the metric over the last tenth."""


HALF_WAY = "half way up"
"""Seconds until half of what the simulated run gains is gained, by the curve that is judged."""


def _half_way(simulated: StoredRun, races: Sequence[StoredRun]) -> Callable[[StoredRun], float]:
    """Return what tells the seconds to one level, for all of these runs; NaN: nothing is gained."""
    column, until = curves.metric([simulated]), curves.horizon([simulated, *races])
    first, last = curves.start(simulated, column), curves.final(simulated, column, until)
    level = (first + last) / 2 if last > first else np.nan

    def seconds(run: StoredRun) -> float:
        (held,) = curves.times_to(run, column, [level], until, end=np.inf)
        return held if last > first else np.nan

    return seconds


def predictions(
    simulated: Sequence[StoredRun], races: Mapping[str, Sequence[StoredRun]]
) -> list[Prediction]:
    """Return all quantities of all methods.

    Args:
        simulated: a run of each method.
        races: the repetitions of each, by the label of the simulated run.
    """
    found = []
    for run in simulated:
        again = races[run.label]
        quantities = QUANTITIES | {HALF_WAY: _half_way(run, again)}
        for name, quantity in quantities.items():
            real = [quantity(one) for one in again]
            mean = float(np.mean(real))
            found.append(Prediction(run.label, name, quantity(run), mean, min(real), max(real)))
    return found


def sheet(found: Sequence[Prediction], title: str, races: int) -> Sheet:
    """Return the table to be read."""
    header = ("method", "quantity", "predicted", "real", "lowest", "highest", "error")
    rows = [
        (
            p.method,
            p.quantity,
            *map(_shown, (p.predicted, p.real, p.low, p.high)),
            f"{p.error:+.1%}" if np.isfinite(p.error) else "",
        )
        for p in found
    ]
    times = f"{races} race{'s' * (races > 1)}"
    return Sheet(f"{title}: predicted, and {times}", header, rows, frozenset({0, 1}), keys=2)


def _shown(value: float) -> str:
    if np.isnan(value):
        return ""
    return f"{value:.4g}" if np.isfinite(value) else "never"


def csv(found: Sequence[Prediction]) -> str:
    """Return the rows as CSV."""
    header = ("method", "quantity", "predicted", "real", "low", "high")
    return csv_text(header, ([getattr(one, name) for name in header] for one in found))
