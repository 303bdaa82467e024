"""One row per method: what it cost, what it discarded, how far it came."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scenarios.format.words.errors import BadInputError, meant
from scenarios.results import curves
from scenarios.runs.store.record import Totals, bytes_sent
from scenarios.runs.store.stored import StoredRun, alike
from simulator import Vector
from simulator.accounting.columns import OBJECTIVE, VARIANT_PART, of_variant
from simulator.accounting.selection_bias import QUANTILES

TIME_SHARES = {
    "compute": "worker_time_used",
    "discard": "worker_time_wasted",
    "send": "worker_time_sending",
    "idle": "worker_time_idle",
    "down": "worker_time_down",
}
"""Columns with the share of all worker time in each state."""

STALENESS = ("delay_median", "delay_q95", "workers_heard")
"""Columns about delays by worker: see ``simulator.Staleness.summary``."""

MONEY = "money"
"""The column with what runs cost; ``money_to_...``: until a threshold, as the share of time."""

SELECTION = ("used_length", "discarded_length", "used_return", "discarded_return")
"""Columns about which trajectories were used, where durations depend on them."""

SELECTION_QUANTILES = tuple(f"{key}_q{q}" for key in SELECTION for q in QUANTILES)
"""Their quantiles, which only files have."""


@dataclass(frozen=True)
class Comparison:
    """A table, by column; each list has one entry per method.

    Attributes:
        metric: the column of the history that thresholds and finals are about.
        thresholds: the values whose times are given.
        columns: numbers and texts, means over seeds (times to thresholds: medians).
        chosen: the columns that the user wants, but for ``method``; None: all.
        until: the simulated seconds that areas, finals and times are of, if runs go on after them.
    """

    metric: str
    thresholds: list[float]
    columns: dict[str, list[str | float]]
    chosen: tuple[str, ...] | None = None
    until: float | None = None

    def only(self, columns: Sequence[str]) -> "Comparison":
        """Return some columns, in this order, after ``method``.

        Raises:
            BadInputError: there is no such column.
        """
        names = tuple(name for name in known_columns(columns, self.columns) if name != "method")
        chosen = {name: self.columns[name] for name in ("method", *names)}
        return replace(self, columns=chosen, chosen=names)


def known_columns(columns: Sequence[str], there: Collection[str]) -> list[str]:
    """Return columns, each once.

    Raises:
        BadInputError: one is not there.
    """
    for name in columns:
        if name not in there:
            raise BadInputError(
                f"columns: there is no {name!r}; {meant(name, there)}accepted: {', '.join(there)}"
            )
    return list(dict.fromkeys(columns))


def compare(
    runs: list[StoredRun],
    thresholds: Sequence[float] = (),
    failed: Sequence[StoredRun] = (),
) -> Comparison:
    """Compare methods over their finished runs.

    Args:
        runs: of one scenario, all finished.
        thresholds: values of the metric; if empty, three between start and best.
        failed: others; those of the same scenario and values reach no threshold.
    """
    column, until = curves.metric(runs), curves.horizon(runs)
    chosen = list(thresholds) or default_thresholds(runs, column)
    never = Counter(run.label for run in alike(failed, runs))
    rows = []
    for label in dict.fromkeys(run.label for run in runs):
        mine = [run for run in runs if run.label == label]
        times = _times(mine, column, chosen, until, never[label])
        rows.append(_row(mine, column, until) | times)
    # not every method has every column: a race has no bias, and not all runs may be billed
    columns = {key: [row.get(key, float("nan")) for row in rows] for key in _keys(rows)}
    longer = any(float(run.totals["elapsed"]) > until for run in runs)
    return Comparison(column, chosen, columns, until=until if longer else None)


def _keys(rows: Sequence[dict[str, str | float]]) -> list[str]:
    """Return the keys of all rows; one that few have stands after the key that is before it."""
    keys: list[str] = []
    for row in rows:
        place = 0
        for key in row:
            if key not in keys:
                keys.insert(place, key)
            place = keys.index(key) + 1
    return keys


def default_thresholds(
    runs: list[StoredRun], column: str, spans: Sequence[float] | None = None
) -> list[float]:
    """Return 1/4, 1/2 and 3/4 of the way from the mean start to the best that was reached.

    They are rounded to four digits, or to more if they would not lie there. None if no run rises.

    Args:
        runs: all finished.
        column: of the history.
        spans: for each run, the simulated seconds that it is judged for; those that all share if
            None.
    """
    ends = [curves.horizon(runs)] * len(runs) if spans is None else spans
    values = [curves.known(run, column, e, end=e) for run, e in zip(runs, ends, strict=True)]
    if not any(rises(runs, column, values)):
        return []
    values = [v for v in values if np.isfinite(v).all()]
    low, high = float(np.mean([v[0] for v in values])), float(max(v.max() for v in values))
    if not low < high:  # as where each run has but one value
        return []
    exact = [low + (high - low) * share for share in (0.25, 0.5, 0.75)]
    for digits in range(4, 17):
        rounded = [float(f"{value:.{digits}g}") for value in exact]
        if low < rounded[0] < rounded[1] < rounded[2] < high:
            return rounded
    return exact


def rises(runs: list[StoredRun], column: str, known: Sequence[Vector]) -> list[bool]:
    """Return for each run whether its smoothed curve goes further above its start than below it.

    All methods of a seed start at the same point: their start is the mean of their first updates.
    A smoothed value would not do: it may have fallen far.

    Args:
        runs: all finished.
        column: of the history.
        known: for each run, the values of its curve.
    """
    starts = [curves.start(run, column) for run in runs]
    seeds = [run.info["seed"] for run in runs]
    mean = {
        seed: mean_of([a for a, b in zip(starts, seeds, strict=True) if b == seed])
        for seed in set(seeds)
    }
    return [
        bool(v.max() - mean[seed] > mean[seed] - v.min())
        for v, seed in zip(known, seeds, strict=True)
    ]


def time_to(threshold: float) -> str:
    """Return the column with the times to a threshold, named with the digits that it needs."""
    short = f"{threshold:g}"
    return f"time_to_{short if float(short) == threshold else repr(float(threshold))}"


def _row(runs: list[StoredRun], column: str, until: float) -> dict[str, str | float]:
    totals = [run.totals for run in runs]
    seconds = [sum(t["worker_seconds"].values()) for t in totals]
    row: dict[str, str | float] = {
        "method": runs[0].label,
        "seeds": len(runs),
        "updates": mean_of([t["updates"] for t in totals]),
        "seconds_per_update": mean_of([_seconds_per_update(run) for run in runs]),
        "gradients_used": mean_of([t["gradients_used"] for t in totals]),
        "gradients_discarded": mean_of([t["gradients_discarded"] for t in totals]),
        **{
            name: mean_of(
                [
                    t["worker_seconds"][state] / max(s, 1e-300)
                    for t, s in zip(totals, seconds, strict=True)
                ]
            )
            for state, name in TIME_SHARES.items()
        },
        "megabytes_sent": mean_of([bytes_sent(t) / 1e6 for t in totals]),
        "delay": mean_of(
            [float(np.mean(r.history["delay"])) for r in runs if len(r.history["delay"])]
        ),
        **_staleness(totals),
        **_selection(totals),
        **_bill(runs),
        "area": mean_of([curves.area(run, column, until) for run in runs]),
        "final": mean_of([curves.final(run, column, until) for run in runs]),
    }
    for variant in runs[0].shares:
        part = of_variant(VARIANT_PART.get(column, OBJECTIVE), variant)
        row[f"final_{variant}"] = mean_of([curves.final(run, part, until) for run in runs])
    return row


def _times(
    runs: list[StoredRun], column: str, thresholds: list[float], until: float, never: int
) -> dict[str, str | float]:
    """Return the median seconds to each threshold, and the median money where there are prices.

    A run that did not hold it within the time ``until`` counts as later than all, as do ``never``
    more: it may be infinite.
    """
    row: dict[str, str | float] = {}
    late = [np.inf] * never
    held = zip(*(curves.times_to(run, column, thresholds, until) for run in runs), strict=True)
    bills = [run.info.get("bill", {}) for run in runs]
    for threshold, times in zip(thresholds, held, strict=True):
        row[time_to(threshold)] = float(np.median([*times, *late]))
        if any(MONEY in bill for bill in bills):
            shares = np.array(times) / [run.totals["elapsed"] for run in runs]
            spent = np.full(len(runs), np.inf)  # never, whatever it costs
            paid = [bill.get(MONEY, np.nan) for bill in bills]
            np.multiply(shares, paid, out=spent, where=np.isfinite(times))
            row[time_to(threshold).replace("time", MONEY, 1)] = float(np.median([*spent, *late]))
    return row


def _bill(runs: Sequence[StoredRun]) -> dict[str, float]:
    """Return what runs cost, where their cluster has prices."""
    bills = [run.info.get("bill", {}) for run in runs]
    names = dict.fromkeys(name for bill in bills for name in bill)
    return {name: mean_of([bill[name] for bill in bills if name in bill]) for name in names}


def _staleness(totals: Sequence[Totals]) -> dict[str, float]:
    """Return delays and how many workers are heard; NaN where older runs do not say."""
    facts = [t.get("staleness", {}) for t in totals]
    return {key: mean_of([n for f in facts if (n := f.get(key)) is not None]) for key in STALENESS}


def _selection(totals: Sequence[Totals]) -> dict[str, float]:
    """Return mean lengths and returns of used and discarded trajectories, where they are known."""
    facts = [bias for t in totals if (bias := t.get("bias"))]
    if not facts:
        return {}
    keys = [*SELECTION, *SELECTION_QUANTILES]
    return {key: mean_of([f[key] for f in facts if f.get(key) is not None]) for key in keys}


def _seconds_per_update(run: StoredRun) -> float:
    """Return the mean seconds of an update; NaN without one."""
    times = run.history["time"]
    return float(times[-1]) / len(times) if len(times) else float("nan")


def mean_of(values: Sequence[float]) -> float:
    """Return the mean of the values that are finite; NaN if none is."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
