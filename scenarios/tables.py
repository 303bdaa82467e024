"""Tables for a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from algorithms.theory import Complexity
from scenarios.compare import Comparison


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


def comparison_table(comparison: Comparison, title: str) -> Table:
    """Return the comparison as a table for a terminal."""
    name = comparison.metric.removesuffix("_mean").replace("_", " ")
    headers = {
        "seconds_per_update": "s/update",
        "gradients_used": "gradients\nused",
        "gradients_discarded": "gradients\ndiscarded",
        "worker_time_used": "worker\ntime used",
        "megabytes_sent": "MB sent",
        "delay": "mean\ndelay",
        "final": f"final\n{name}",
    }
    table = Table(title=f"{title}: means over seeds", title_justify="left")
    for key in comparison.columns:
        to = key.removeprefix("time_to_")
        default = f"s to\n{to}" if to != key else key.replace("_", "\n", 1)
        header = headers.get(key, default)
        table.add_column(header, justify="left" if key == "method" else "right")
    for row in zip(*comparison.columns.values(), strict=True):
        cells = zip(comparison.columns, row, strict=True)
        table.add_row(*(_cell(key, value) for key, value in cells))
    return table


def _cell(key: str, value: str | float) -> str:
    if isinstance(value, str):
        return value
    if key == "worker_time_used":
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
        row = (f"{clock.predicted:.5g}", f"{clock.simulated:.5g}")
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


def preference(rows: dict[str, Complexity]) -> str:
    """Say which method the theory prefers, and by how much."""
    first, second = sorted(rows, key=lambda name: rows[name].total)[:2]
    factor = rows[second].total / rows[first].total
    return f"theory prefers {first}: {factor:.3g} times faster than {second}, the next best"
