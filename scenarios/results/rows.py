"""One tidy table: a row per run, with what differs, what it cost and how far it came."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from scenarios.results import curves
from scenarios.results.compare import default_thresholds, known_columns, time_to
from scenarios.runs.store.files import write_atomically
from scenarios.runs.store.fingerprint import code_fingerprint
from scenarios.runs.store.record import RunInfo, bytes_sent
from scenarios.runs.store.stored import StoredRun, apart_from_method
from simulator.accounting.columns import RETURN_MEAN, is_whole

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

COLUMNS = {
    *("method", "seed", "status", "metric", "area", "final", "best", "real_seconds", "reason"),
    *("version", "same_code", "path"),
}
"""Columns that every table has, beside :data:`TOTALS` and times to thresholds."""

TOTALS = (
    *("updates", "elapsed", "gradients_used", "gradients_discarded"),
    *("vectors_sent", "vectors_received", "bytes_sent", "environment_steps"),
)

BILL = ("money", "kilowatt_hours")
"""What a run cost, where its cluster has prices: see :mod:`scenarios.format.prices`."""


@dataclass(frozen=True)
class Rows:
    """The rows of many runs.

    Attributes:
        rows: one per run, with the same keys.
        metric: the column that runs are judged by; ``mixed`` if not all by the same.
        thresholds: whose times are given.
        chosen: whether the user chose the columns.
    """

    rows: list[Row]
    metric: str
    thresholds: list[float]
    chosen: bool = False

    def only(self, columns: Sequence[str]) -> "Rows":
        """Return some columns, in this order.

        Raises:
            BadInputError: there is no such column.
        """
        names = known_columns(columns, self.rows[0])
        rows = [{name: row[name] for name in names} for row in self.rows]
        return replace(self, rows=rows, chosen=True)

    def table(self) -> pa.Table:
        """Return the rows as a table; columns of mixed types become texts."""
        columns = {}
        for name in self.rows[0]:
            values = [_leaf(row[name]) for row in self.rows]
            try:
                columns[name] = pa.array(values)
            except (pa.ArrowInvalid, pa.ArrowTypeError):
                columns[name] = pa.array([None if v is None else str(v) for v in values])
        return pa.table(columns)

    def csv(self) -> str:
        """Return the rows as CSV."""
        sink = pa.BufferOutputStream()
        pyarrow.csv.write_csv(self.table(), sink)
        return str(sink.getvalue().to_pybytes().decode())

    def write_parquet(self, file: Path) -> None:
        """Write the rows as Parquet, whole or not at all."""
        sink = pa.BufferOutputStream()
        pq.write_table(self.table(), sink)
        write_atomically(file, sink.getvalue().to_pybytes())


def tidy(
    runs: Sequence[StoredRun],
    axes: Sequence[Row] | None = None,
    thresholds: Sequence[float] = (),
) -> Rows:
    """Return the tidy table of runs.

    Args:
        runs: at least one; those that are damaged or failed are named so.
        axes: for each run its method's label and its values on a sweep's axes; by default
            all keys that differ.
        thresholds: values of the metric whose times are wanted; three by default.
    """
    done = [run for run in runs if run.is_done]
    metric = _common([curves.metric([run]) for run in curves.told(done)])
    chosen = list(thresholds)
    if done and not chosen and metric != "mixed":
        chosen = default_thresholds(done, metric, _spans(done, done))
    points = _differences([run.info for run in runs]) if axes is None else axes
    rows = [
        _row(run, point, metric, chosen, span)
        for run, point, span in zip(runs, points, _spans(runs, done), strict=True)
    ]
    return Rows(rows, metric, chosen)


def _spans(runs: Sequence[StoredRun], done: Sequence[StoredRun]) -> list[float]:
    """Return for each run the simulated seconds that it shares with those of its scenario.

    They differ from it in method and seed only; 0 if none of them is done.
    """
    groups: dict[str, list[StoredRun]] = {}
    for run in done:
        groups.setdefault(repr(apart_from_method(run)), []).append(run)
    spans = {key: curves.horizon(group) for key, group in groups.items()}
    return [spans.get(repr(apart_from_method(run)), 0.0) for run in runs]


def _row(run: StoredRun, point: Row, metric: str, thresholds: Sequence[float], until: float) -> Row:
    info, totals = run.info, run.info.get("totals")
    own = None
    if run.is_done:
        own = curves.metric([run]) if curves.told([run]) else metric
    return {
        "method": info.get("label"),
        "seed": info.get("seed"),
        **point,
        "status": info.get("status", "damaged"),
        **{name: totals and totals.get(name) for name in TOTALS},
        "bytes_sent": totals and bytes_sent(totals),
        **{name: info.get("bill", {}).get(name) for name in BILL},
        "metric": own,
        **_outcome(run if run.is_done else None, own or metric, thresholds, until),
        **_circumstances(info),
        "path": str(run.path),
    }


def _common(metrics: Sequence[str]) -> str:
    kinds = dict.fromkeys(metrics) or {RETURN_MEAN: None}
    return "mixed" if len(kinds) > 1 else next(iter(kinds))


def _outcome(run: StoredRun | None, metric: str, thresholds: Sequence[float], until: float) -> Row:
    if run is None:
        names = ("area", "final", "best", *map(time_to, thresholds))
        return dict.fromkeys(names, np.nan)
    times = curves.times_to(run, metric, thresholds, until)
    return {
        "area": curves.area(run, metric, until),
        "final": curves.final(run, metric, until),
        "best": float(curves.known(run, metric, until).max()),
        **{time_to(t): time for t, time in zip(thresholds, times, strict=True)},
    }


def _circumstances(info: RunInfo) -> Row:
    return {
        "real_seconds": info.get("real_seconds"),
        "reason": str(info.get("reason") or "").strip().rpartition("\n")[2] or None,
        "version": (info.get("versions") or {}).get("straggler"),
        "same_code": info.get("code") == code_fingerprint(),
    }


def _differences(infos: Sequence[RunInfo]) -> list[Row]:
    """Return for each run the keys of its content that are not the same for all."""
    flat = [_flatten(info.get("content", {})) for info in infos]
    named = all(_is_named(row, info) for row, info in zip(flat, infos, strict=True) if row)
    apart = {"seeds.0", "methods.name"} if named else {"seeds.0"}  # other columns have them
    keys = dict.fromkeys(key for row in flat for key in row if key not in apart)
    missing = object()
    known = [row for row in flat if row]  # damaged runs say nothing
    differing = [key for key in keys if len({repr(row.get(key, missing)) for row in known}) > 1]
    taken = COLUMNS | {*TOTALS, *BILL}
    names = {key: f"limit.{key}" if key in taken else key for key in differing}
    return [{names[key]: row.get(key) for key in differing} for row in flat]


def told_apart(runs: Sequence[StoredRun]) -> list[Row]:
    """Return what tells runs apart beside method and seed; nothing where these do."""
    if len({(run.label, run.info["seed"]) for run in runs}) == len(runs):
        return [{} for _ in runs]
    differences = _differences([run.info for run in runs])
    return [row | {"path": str(run.path)} for run, row in zip(runs, differences, strict=True)]


def failures(runs: Sequence[StoredRun]) -> dict[str, str]:
    """Return why runs failed, by their folder; of runs without one by file, method and seed."""
    found: dict[str, str] = {}
    for run in runs:
        if not run.is_done:
            name = str(run.path)
            if run.table is not None:
                name = where = f"{run.path}: {run.label}, seed {run.info['seed']}"
                numbers = count(2)
                while name in found:  # at other points of a sweep
                    name = f"{where} ({next(numbers)})"
            found[name] = run.reason
    return found


def _is_named(content: Row, info: RunInfo) -> bool:
    """Return whether a run's method has no label but its name."""
    return str(content.get("methods.name")).rpartition(":")[2] == info.get("label")


def _leaf(value: Any) -> Any:  # noqa: ANN401
    return str(value) if isinstance(value, list | dict) else value


def _flatten(value: Any, prefix: str = "") -> Row:  # noqa: ANN401 - JSON
    """Return the leaves of nested JSON by their dotted keys; a run has only one method."""
    if isinstance(value, dict):
        parts = [_flatten(v, f"{prefix}.{k}" if prefix else str(k)) for k, v in value.items()]
    elif isinstance(value, list) and len(value) <= 1:
        parts = [_flatten(v, prefix if prefix == "methods" else f"{prefix}.0") for v in value]
    else:
        return {prefix: value if not isinstance(value, list) else str(value)}
    return {key: leaf for part in parts for key, leaf in part.items()}


def updates(runs: Sequence[tuple[StoredRun, Row]]) -> "pd.DataFrame":
    """Return a row per update of runs that ended well, with their points if there are several."""
    import pandas as pd  # noqa: PLC0415 - takes a second

    frames = []
    for run, point in runs:
        frame = pd.DataFrame(run.history)
        frame = frame.astype({n: "int64" for n in frame if is_whole(n) and frame[n].notna().all()})
        if len(runs) > 1:
            named = {"method": run.label, "seed": int(run.info["seed"])} | point
            for place, (name, value) in enumerate(named.items()):
                frame.insert(place, f"axis {name}" if name in frame else name, value)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
