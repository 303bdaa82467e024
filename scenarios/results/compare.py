"""One row per method: what it cost, what it discarded, how far it came."""

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scenarios.format.words.errors import BadInputError
from scenarios.results import curves
from scenarios.runs.store.record import Totals, bytes_sent
from scenarios.runs.store.stored import StoredRun, alike
from simulator.accounting.columns import OBJECTIVE, VARIANT_PART, of_variant
from simulator.accounting.selection_bias import QUANTILES, SIGNIFICANT

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


@dataclass(frozen=True)
class Comparison:
    """A table, by column; each list has one entry per method.

    Attributes:
        metric: the column of the history that thresholds and finals are about.
        thresholds: the values whose times are given.
        columns: numbers and texts, means over seeds (times to thresholds: medians).
        chosen: the columns that the user wants, but for ``method``; None: all.
    """

    metric: str
    thresholds: list[float]
    columns: dict[str, list[str | float]]
    chosen: tuple[str, ...] | None = None

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
            near = difflib.get_close_matches(name, there, n=1)
            meant = f"did you mean {near[0]!r}? " if near else ""
            raise BadInputError(
                f"columns: there is no {name!r}; {meant}accepted: {', '.join(there)}"
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
    return Comparison(
        column, chosen, {key: [row.get(key, float("nan")) for row in rows] for key in _keys(rows)}
    )


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


def default_thresholds(runs: list[StoredRun], column: str) -> list[float]:
    """Return 1/4, 1/2 and 3/4 of the way from the mean start to the best that was reached.

    They are rounded to four digits, or to more if they would not lie there. None if no run rises.
    """
    until = curves.horizon(runs)
    values = [curves.known(run, column, until) for run in runs]
    values = [v for v in values if np.isfinite(v).all()]
    if not any(rises(runs, column)):
        return []
    low, high = float(np.mean([v[0] for v in values])), float(max(v.max() for v in values))
    exact = [low + (high - low) * share for share in (0.25, 0.5, 0.75)]
    for digits in range(4, 17):
        rounded = [float(f"{value:.{digits}g}") for value in exact]
        if low < rounded[0] < rounded[1] < rounded[2] < high:
            return rounded
    return exact


def rises(runs: list[StoredRun], column: str) -> list[bool]:
    """Return for each run whether its smoothed curve goes further above its start than below it.

    All methods of a seed start at the same point: their start is the mean of their first updates.
    A smoothed value would not do: it may have fallen far.
    """
    starts = [curves.start(run, column) for run in runs]
    seeds = [run.info["seed"] for run in runs]
    mean = {
        seed: _mean([a for a, b in zip(starts, seeds, strict=True) if b == seed]) for seed in seeds
    }
    until = curves.horizon(runs)
    curve = [curves.known(run, column, until) for run in runs]
    return [
        bool(v.max() - mean[seed] > mean[seed] - v.min())
        for v, seed in zip(curve, seeds, strict=True)
    ]


def time_to(threshold: float) -> str:
    """Return the column with the times to a threshold, named with the digits that it needs."""
    short = f"{threshold:g}"
    return f"time_to_{short if float(short) == threshold else repr(float(threshold))}"


def warnings_of(runs: list[StoredRun]) -> list[str]:
    """Return a line for each method that does not rise, or that favoured short or long episodes.

    It favoured them if that is significant; the z of its seeds are combined as
    (sum z) / sqrt(number) (Stouffer). And one where runs were billed at different prices.
    """
    lines = list(_without_rise(runs))
    if len({repr(run.info.get("prices")) for run in runs}) > 1:
        lines.append(
            "runs were billed at different prices; `straggler run` of the whole scenario bills anew"
        )
    for label in dict.fromkeys(run.label for run in runs):
        facts = [b for run in runs if run.label == label and (b := run.totals.get("bias"))]
        z = [b["length_z"] for b in facts if b["length_z"] is not None]
        if z and abs(sum(z)) / len(z) ** 0.5 > SIGNIFICANT:
            used, unused = (
                _mean([n for b in facts if (n := b[f"{k}_length"]) is not None])
                for k in ("used", "discarded")
            )
            kind = "short" if unused > used else "long"
            lines.append(
                f"{label}: waiting for the first favours {kind} episodes: used trajectories take "
                f"{used:.4g} steps, discarded ones {unused:.4g} (z = {sum(z) / len(z) ** 0.5:.1f})"
            )
    return lines


def unfinished(runs: Sequence[StoredRun]) -> list[str]:
    """Return a line for each method of which tables leave out runs, since they did not end well."""
    known = [run for run in runs if run.info]
    lines = []
    for label in dict.fromkeys(run.label for run in known if not run.is_done):
        mine = [run for run in known if run.label == label]
        lost = [run for run in mine if not run.is_done]
        reason = str(lost[-1].info.get("reason") or "failed").strip().splitlines()[-1]
        some = f"{len(lost)} of {len(mine)} runs failed, and are in no mean"
        lines.append(f"{label}: {some if len(lost) < len(mine) else 'no finished run'}: {reason}")
    return lines


def _without_rise(runs: list[StoredRun]) -> Iterator[str]:
    column, until = curves.metric(runs), curves.horizon(runs)
    risen = rises(runs, column)
    for label in dict.fromkeys(run.label for run in runs):
        mine = [run for run in runs if run.label == label]
        start = _mean([curves.start(run, column) for run in mine])
        end = _mean([curves.known(run, column, until)[-1] for run in mine])
        rising = any(up for up, run in zip(risen, runs, strict=True) if run.label == label)
        if np.isfinite(end) and not rising:
            yield f"{label}: does not rise: {column} {start:.4g} at the start, {end:.4g} at the end"


def _row(runs: list[StoredRun], column: str, until: float) -> dict[str, str | float]:
    totals = [run.totals for run in runs]
    seconds = [sum(t["worker_seconds"].values()) for t in totals]
    row: dict[str, str | float] = {
        "method": runs[0].label,
        "seeds": len(runs),
        "updates": _mean([t["updates"] for t in totals]),
        "seconds_per_update": _mean([_seconds_per_update(run) for run in runs]),
        "gradients_used": _mean([t["gradients_used"] for t in totals]),
        "gradients_discarded": _mean([t["gradients_discarded"] for t in totals]),
        **{
            name: _mean(
                [
                    t["worker_seconds"][state] / max(s, 1e-300)
                    for t, s in zip(totals, seconds, strict=True)
                ]
            )
            for state, name in TIME_SHARES.items()
        },
        "megabytes_sent": _mean([bytes_sent(t) / 1e6 for t in totals]),
        "delay": _mean(
            [float(np.mean(r.history["delay"])) for r in runs if len(r.history["delay"])]
        ),
        **_staleness(totals),
        **_selection(totals),
        **_bill(runs),
        "area": _mean([curves.area(run, column, until) for run in runs]),
        "final": _mean([curves.final(run, column, until) for run in runs]),
    }
    for variant in runs[0].shares:
        part = of_variant(VARIANT_PART.get(column, OBJECTIVE), variant)
        row[f"final_{variant}"] = _mean([curves.final(run, part, until) for run in runs])
    return row


def _times(
    runs: list[StoredRun], column: str, thresholds: list[float], until: float, never: int
) -> dict[str, str | float]:
    """Return the median seconds to each threshold, and the median money where there are prices.

    A run that never held it counts as later than all, as do ``never`` more: it may be infinite.
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
    return {name: _mean([bill[name] for bill in bills if name in bill]) for name in names}


def _staleness(totals: Sequence[Totals]) -> dict[str, float]:
    """Return delays and how many workers are heard; NaN where older runs do not say."""
    facts = [t.get("staleness", {}) for t in totals]
    return {key: _mean([n for f in facts if (n := f.get(key)) is not None]) for key in STALENESS}


def _selection(totals: Sequence[Totals]) -> dict[str, float]:
    """Return mean lengths and returns of used and discarded trajectories, where they are known."""
    facts = [bias for t in totals if (bias := t.get("bias"))]
    if not facts:
        return {}
    keys = [*SELECTION, *(f"{key}_q{q}" for key in SELECTION for q in QUANTILES)]
    return {key: _mean([f[key] for f in facts if f.get(key) is not None]) for key in keys}


def _seconds_per_update(run: StoredRun) -> float:
    """Return the mean seconds of an update; NaN without one."""
    times = run.history["time"]
    return float(times[-1]) / len(times) if len(times) else float("nan")


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
