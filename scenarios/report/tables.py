"""Tables of a page: numbers to sort by, and what is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tomli_w

from scenarios.report.parts import Part
from scenarios.results import staleness
from scenarios.results.compare import SELECTION_QUANTILES, Comparison
from scenarios.results.sheet import Sheet, cell
from scenarios.results.staleness import Lane
from scenarios.runs.store.record import RACED

HEADERS = {
    "seconds_per_update": "s per update",
    "delay_q95": "delay, 95%",
    "megabytes_sent": "MB sent",
    "kilowatt_hours": "kWh",
}


@dataclass(frozen=True)
class Cell:
    """What a cell says, and what it is sorted by.

    Attributes:
        said: to be read.
        value: a number or a text; empty, or ``-``, where nothing is known.
    """

    said: str
    value: str


@dataclass(frozen=True)
class Table:
    """A table of a page.

    Attributes:
        header: of each column.
        rows: of cells; the first one names the row.
    """

    header: list[str]
    rows: list[list[Cell]]


def comparison_table(found: Comparison) -> Table:
    """Return a row per method, without quantiles of trajectories, and what is never so."""
    shown = {
        name: values
        for name, values in found.columns.items()
        if name not in SELECTION_QUANTILES and not _never(name, values)
    }
    rows = [
        [_cell(name, values[k]) for name, values in shown.items()]
        for k in range(len(found.columns["method"]))
    ]
    return Table([_header(name) for name in shown], rows)


def _never(name: str, values: Sequence[str | float]) -> bool:
    """Return whether nothing is known of a column, or no worker was ever in its state."""
    nothing = all(value != value for value in values)  # noqa: PLR0124 - NaN
    return nothing or (name.startswith("worker_time") and not any(values))


def _header(name: str) -> str:
    words = HEADERS.get(name, name.replace("worker_time", "time").replace("_", " "))
    return words.replace("time to ", "s to ")


def _cell(name: str, value: str | float) -> Cell:
    if isinstance(value, str):
        return Cell(value, value)
    number = float(value)
    share = name.startswith("worker_time") and np.isfinite(number)
    said = f"{number:.0%}" if share else cell(number)
    return Cell(said, "" if np.isnan(number) else repr(number))


def sheet_table(sheet: Sheet) -> Table:
    """Return a table of texts as one of a page."""
    header = [" ".join(name.split()) for name in sheet.header]
    return Table(header, [[Cell(text, "") for text in row] for row in sheet.rows])


def gradients_table(methods: dict[str, list[Lane]]) -> Table:
    """Return a row for each method and worker: its gradients, and their delays."""
    return sheet_table(staleness.sheet(methods, ""))


@dataclass(frozen=True)
class Reached:
    """When a method reached a threshold.

    Attributes:
        label: of the method.
        middle: median seconds over seeds, infinite if most never did.
        low: the smallest of them.
        high: the largest.
        seeds: how many did.
        runs: how many there are.
    """

    label: str
    middle: float
    low: float
    high: float
    seeds: int
    runs: int

    @property
    def said(self) -> str:
        """The median."""
        return cell(self.middle)

    @property
    def span(self) -> str:
        """Smallest and largest."""
        return f"{cell(self.low)} to {cell(self.high)}" if self.seeds else ""


def reached(said: dict[str, Any], part: Part, column: str, level: int) -> list[Reached]:
    """Return when each method reached a level, as the page's own table shows it."""
    found = []
    for label in part.labels:
        runs = [run for run in said["runs"] if run["label"] == label]
        times = np.array([run["times"][column][level] for run in runs], dtype=float)
        times[np.isnan(times)] = np.inf
        number = int(np.isfinite(times).sum())
        found.append(
            Reached(
                label,
                float(np.median(times)),
                float(times.min()),
                float(times.max()),
                number,
                len(times),
            )
        )
    return found


def scenario_text(part: Part) -> str:
    """Return a scenario file that makes a part's runs again."""
    info = part.runs[0].info
    content = {"title": part.title, **info["content"]}
    content["cluster"] = {**content["cluster"], **info.get("prices", {})}
    if "trace" in info:
        content["cluster"]["compute"] = {**content["cluster"]["compute"], "file": info["trace"]}
    content["seeds"] = sorted({int(run.info["seed"]) for run in part.runs})
    methods: dict[str, dict[str, Any]] = {}  # of a race and its simulation there is one
    for label in part.labels:
        methods.setdefault(
            label.removesuffix(RACED), part.first(label).info["content"]["methods"][0]
        )
    content["methods"] = [
        table if table["name"] == name else {**table, "label": name}
        for name, table in methods.items()
    ]
    return tomli_w.dumps(_without_nothing(content))


def _without_nothing(said: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON without null, which TOML has not."""
    if isinstance(said, dict):
        return {k: _without_nothing(v) for k, v in said.items() if v is not None}
    return [_without_nothing(v) for v in said] if isinstance(said, list) else said
