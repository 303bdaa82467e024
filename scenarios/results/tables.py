"""What is compared and measured, as tables to be read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from algorithms.theory.bounds import Complexity
from scenarios.results.compare import (
    MONEY,
    SELECTION,
    SELECTION_QUANTILES,
    STALENESS,
    TIME_SHARES,
    Comparison,
)
from scenarios.results.rows import Rows
from scenarios.results.sheet import Sheet, cell


@dataclass(frozen=True)
class Clock:
    """A method's seconds per update.

    Attributes:
        method: its label or name.
        formula: in words.
        predicted: by the formula, for preemption ``cancel``.
        simulated: by the simulator, with the scenario's own rule.
    """

    method: str
    formula: str
    predicted: float
    simulated: float


COSTS = {
    "updates": "updates",
    "seconds_per_update": "s per\nupdate",
    "gradients_used": "grads\nused",
    "gradients_discarded": "grads\nlost",
    "worker_time_used": "time\nused",
    "worker_time_wasted": "\nwasted",
    "megabytes_sent": "MB\nsent",
    "delay": "mean\ndelay",
}
"""Columns of the first table: name in the comparison, and header."""


def comparison_sheets(comparison: Comparison, title: str, caption: str = "") -> list[Sheet]:
    """Return tables for a terminal of 80 columns: what it cost, and what it gave.

    Args:
        comparison: the numbers.
        title: over each table.
        caption: instead of the title in LaTeX.
    """
    name = comparison.metric.removesuffix("_mean").replace("_", " ")
    if comparison.chosen is not None:
        headers = {k: COSTS.get(k, k.replace("_", "\n", 1)) for k in comparison.chosen}
        what = _averages(headers, comparison.until)
        return [_comparison_sheet(comparison, what, headers, (title, caption))]
    results = {
        key: key.replace("time_to_", "seconds\nto ").replace("final_", "final\n")
        for key in comparison.columns
        if key not in {*COSTS, *STALENESS, *TIME_SHARES.values(), "method", *SELECTION_QUANTILES}
    }
    bill = {
        key: key.replace("_to_", "\nto ").replace("_", "\n")
        for key in results
        if key == "kilowatt_hours" or key.startswith("money")
    }
    results = {key: header for key, header in results.items() if key not in bill}
    results |= {"final": "\n".join(["final", *name.split()])}
    selection = {key: key.replace("_", "\n") for key in SELECTION if key in results}
    results = {key: header for key, header in results.items() if key not in selection}
    parts = {
        "costs": COSTS,
        "delays, and workers heard": _known_delays(comparison),
        "money and energy": bill,
        name: results,
        "used against discarded trajectories": selection,
    }
    return [
        _comparison_sheet(
            comparison,
            f"{part}, {_averages(headers, comparison.until)}",
            headers,
            (title, caption),
        )
        for part, headers in parts.items()
        if headers
    ]


def _averages(columns: Collection[str], until: float | None) -> str:
    """Say over what columns are means, which of them are medians, and of which seconds some are."""
    medians = any(name.startswith(("time_to_", f"{MONEY}_to_")) for name in columns)
    what = "means over seeds, medians to thresholds" if medians else "means over seeds"
    curved = medians or any(name == "area" or name.startswith("final") for name in columns)
    return what if until is None or not curved else f"{what}, until {until:.6g} s"


def _known_delays(comparison: Comparison) -> dict[str, str]:
    """Return headers of the columns about delays, if any method's are known."""
    columns = {key: comparison.columns[key] for key in STALENESS}
    known = [key for key, values in columns.items() if any(n == n for n in values)]  # noqa: PLR0124
    return {key: key.replace("q95", "95%").replace("_", "\n") for key in known}


def _comparison_sheet(
    comparison: Comparison, what: str, headers: dict[str, str], of: tuple[str, str]
) -> Sheet:
    title, caption = of
    columns = comparison.columns
    rows = [
        [str(method), *(_cell(key, columns[key][k]) for key in headers)]
        for k, method in enumerate(columns["method"])
    ]
    caption = caption and f"{caption}: {what}"
    return Sheet(f"{title}: {what}", ["method", *headers.values()], rows, caption=caption)


def _cell(key: str, value: str | float) -> str:
    share = key.startswith("worker_time") and not isinstance(value, str)
    return f"{value:.0%}" if share else cell(float(value) if isinstance(value, int) else value)


def clock_sheet(clocks: Sequence[Clock], preemption: str) -> Sheet:
    """Return predicted beside simulated seconds per update."""
    header = ["method", "formula", "predicted\n(cancel)", f"simulated\n({preemption})"]
    rows = [
        [clock.method, clock.formula]
        + ["-" if np.isnan(n) else f"{n:.5g}" for n in (clock.predicted, clock.simulated)]
        for clock in clocks
    ]
    return Sheet("Seconds per update", header, rows, frozenset({0, 1}))


def complexity_sheet(title: str, table: dict[str, Complexity]) -> Sheet:
    """Return one of the paper's tables in numbers."""
    header = ["method", "computing", "communicating", "total", "of"]
    rows = [
        [method, *(f"{n:.4g}" for n in (row.computation, row.communication, row.total)), row.note]
        for method, row in sorted(table.items(), key=lambda item: item[1].total)
    ]
    return Sheet(title, header, rows, frozenset({0, 4}))


HIDDEN = {
    "path",
    "version",
    "real_seconds",
    "vectors_sent",
    "vectors_received",
    "bytes_sent",
    "best",
}
"""Columns of results that only files and CSV have."""


def results_sheet(results: Rows, about: str = "") -> Sheet:
    """Return a row per run; the columns that were chosen, or those that say something.

    Args:
        results: the rows.
        about: the scenario's title, for the caption in LaTeX.
    """
    empty = {n for n in results.rows[0] if all(row[n] is None for row in results.rows)}
    same = {"same_code"} if all(row.get("same_code") for row in results.rows) else set()
    dull = HIDDEN | empty | same
    names = [
        n
        for n in results.rows[0]
        if results.chosen or (n not in dull and not n.endswith(".source"))
    ]
    rows = [[cell(row[name]) for name in names] for row in results.rows]
    words = {
        k
        for k, name in enumerate(names)
        if any(isinstance(row[name], str | bool) for row in results.rows)
    }
    header = [two_lines(name) for name in names]
    title = f"{len(rows)} run{'s' * (len(rows) > 1)}; final and times: {results.metric}"
    caption = f"{about or 'Runs'}, by {results.metric.replace('_', ' ')}"
    keys = names.index("status") if "status" in names[1:] else 1
    return Sheet(title, header, rows, frozenset(words), caption, keys)


def two_lines(name: str) -> str:
    """Return a column's name as a header of a terminal's table."""
    if name.startswith("time_to_"):
        return name.replace("time_to_", "seconds\nto ")
    table, dot, key = name.rpartition(".")
    return f"{table}{dot}\n{key}" if dot else name.replace("_", "\n", 1).replace("_", " ")


def preference(rows: dict[str, Complexity]) -> str:
    """Say which method the theory prefers, and by how much."""
    first, second = sorted(rows, key=lambda name: rows[name].total)[:2]
    factor = f"{rows[second].total / rows[first].total:.3g}"
    if factor == "1":
        return f"theory prefers neither {first} nor {second}, the best two"
    return f"theory prefers {first}: {factor} times faster than {second}, the next best"
