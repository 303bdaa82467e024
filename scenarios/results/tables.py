"""Tables for a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from algorithms.theory import Complexity
from scenarios.results.compare import SELECTION, TIME_SHARES, Comparison
from scenarios.results.rows import Results


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


def comparison_tables(comparison: Comparison, title: str) -> list[Table]:
    """Return two tables for a terminal of 80 columns: what it cost, and what it gave."""
    name = comparison.metric.removesuffix("_mean").replace("_", " ")
    results = {
        key: key.replace("time_to_", "seconds\nto ").replace("final_", "final\n")
        for key in comparison.columns
        if key not in {*COSTS, *TIME_SHARES.values(), "method"} and "_q" not in key
    }
    results |= {"final": f"final\n{name}"}
    selection = {key: key.replace("_", "\n") for key in SELECTION if key in results}
    results = {key: header for key, header in results.items() if key not in selection}
    parts = {"costs": COSTS, name: results, "used against discarded trajectories": selection}
    return [
        _comparison_table(comparison, f"{title}: {part}, means over seeds", headers)
        for part, headers in parts.items()
        if headers
    ]


def _comparison_table(comparison: Comparison, title: str, headers: dict[str, str]) -> Table:
    table = Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("method", no_wrap=True)
    for header in headers.values():
        table.add_column(header, justify="right", no_wrap=True)
    for k, method in enumerate(comparison.columns["method"]):
        cells = (_cell(key, comparison.columns[key][k]) for key in headers)
        table.add_row(str(method), *cells)
    return table


def _cell(key: str, value: str | float) -> str:
    if isinstance(value, str):
        return value
    if key.startswith("worker_time"):
        return f"{value:.0%}"
    if np.isinf(value):
        return "never"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def clock_table(clocks: Sequence[Clock], preemption: str) -> Table:
    """Return predicted beside simulated seconds per update."""
    table = Table(title="Seconds per update", title_justify="left")
    for header in ("method", "formula", "predicted\n(cancel)", f"simulated\n({preemption})"):
        table.add_column(header, justify="left" if header in {"method", "formula"} else "right")
    for clock in clocks:
        numbers = (clock.predicted, clock.simulated)
        row = ("-" if np.isnan(number) else f"{number:.5g}" for number in numbers)
        table.add_row(clock.method, clock.formula, *row)
    return table


def complexity_table(title: str, rows: dict[str, Complexity]) -> Table:
    """Return one of the paper's tables in numbers."""
    table = Table(title=title, title_justify="left")
    for header in ("method", "computing", "communicating", "total", "of"):
        table.add_column(header, justify="left" if header in {"method", "of"} else "right")
    for method, row in sorted(rows.items(), key=lambda item: item[1].total):
        numbers = (row.computation, row.communication, row.total)
        table.add_row(method, *(f"{number:.4g}" for number in numbers), row.note)
    return table


HIDDEN = {"path", "version", "real_seconds", "vectors_sent", "bytes_sent", "best"}
"""Columns of results that only files and CSV have."""


def results_table(results: Results) -> Table:
    """Return a row per run."""
    table = Table(title=f"by {results.metric}", title_justify="left", box=SIMPLE_HEAD)
    empty = {n for n in results.rows[0] if all(row[n] is None for row in results.rows)}
    same = {"same_code"} if all(row["same_code"] for row in results.rows) else set()
    names = [n for n in results.rows[0] if n not in HIDDEN | empty | same]
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in results.rows:
        table.add_row(*(_value(row[name]) for name in names))
    return table


def _value(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def preference(rows: dict[str, Complexity]) -> str:
    """Say which method the theory prefers, and by how much."""
    first, second = sorted(rows, key=lambda name: rows[name].total)[:2]
    factor = rows[second].total / rows[first].total
    return f"theory prefers {first}: {factor:.3g} times faster than {second}, the next best"
