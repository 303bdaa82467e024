"""Measured speeds: files of (time, worker, speed), and how to make one from a log of gradients."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from simulator.hardware.speed import Profile, Speeds
from simulator.one_line import one_line
from simulator.types import Indices, Vector

CALENDAR = 1e8
"""Seconds, three years: a log that begins later than this, and than it takes, counts from 1970."""


def read_trace(file: Path, workers: int, period: float = math.inf) -> Speeds:
    """Return the speeds in a CSV or Parquet file with columns time, worker, speed.

    Speeds are in gradients per second and last until the worker's next row; before its first row
    a worker stands still. After ``period`` seconds all of it begins anew.

    Raises:
        ValueError: the file cannot be read, or says what cannot be, or goes on beyond the period.
    """
    columns = _read(file, ("time", "worker", "speed"))
    time, owner, speed = columns["time"], _workers(file, columns["worker"]), columns["speed"]
    if not (
        np.isfinite(time).all()
        and (time >= 0).all()
        and (speed >= 0).all()
        and np.isfinite(speed).all()
    ):
        raise ValueError(
            f"{file.name}: has times or speeds that cannot be; accepted: finite, at least 0"
        )
    if len(owner) and owner.max() >= workers:
        raise ValueError(f"{file.name}: has worker {owner.max()}; accepted: 0 to {workers - 1}")
    if len(time) and time.max() >= period:
        raise ValueError(
            f"{file.name}: has a row at {time.max():g} s; accepted: before the period, {period:g} s"
        )
    profiles = []
    order = np.lexsort((time, owner))
    rows = np.split(order, np.searchsorted(owner[order], np.arange(1, workers)))
    for worker, mine in enumerate(rows):
        if not len(mine):
            raise ValueError(
                f"{file.name}: has no speed of worker {worker}; accepted: rows of all workers, "
                f"0 to {workers - 1}"
            )
        times, speeds = time[mine], speed[mine]
        if times[0] > 0:
            times, speeds = np.append(0.0, times), np.append(0.0, speeds)
        if np.any(np.diff(times) <= 0):
            raise ValueError(
                f"{file.name}: has two speeds of worker {worker} at one time; accepted: one"
            )
        profiles.append(Profile(times, speeds, period))
    return Speeds(profiles, np.arange(workers))


def speeds_of_log(worker: Indices, start: Vector, end: Vector) -> tuple[Vector, Indices, Vector]:
    """Turn finished gradients into a trace: speed 1/(end - start) while one runs, else 0.

    Args:
        worker: shape (k,), whose gradient.
        start: shape (k,), seconds.
        end: shape (k,), seconds, > start; a worker's gradients do not overlap.

    Returns:
        The columns time, worker, speed of a trace, in the order of (worker, time).
    """
    rows: list[tuple[float, int, float]] = []
    order = np.lexsort((start, worker))
    for k, after in zip(order, [*order[1:], None], strict=True):
        rows.append((float(start[k]), int(worker[k]), 1 / float(end[k] - start[k])))
        if after is None or worker[after] != worker[k] or start[after] > end[k]:
            rows.append((float(end[k]), int(worker[k]), 0.0))
    time, owner, speed = zip(*rows, strict=True)
    return np.array(time), np.array(owner, dtype=np.int64), np.array(speed)


def convert_log(
    log: Path, trace: Path, write: Callable[[Path, bytes], object] = Path.write_bytes
) -> int:
    """Turn a log of finished gradients into a trace; return how many gradients it had.

    Args:
        log: CSV or Parquet with columns worker, start, end; a run's own ``timeline.parquet`` will
            do, whose gradients that were used are taken.
        trace: the CSV or Parquet file to write, with columns time, worker, speed.
        write: called with it and its content.

    Raises:
        ValueError: the log cannot be read, a gradient takes no time, times are not counted from
            the log's beginning, or the trace would stand in the log's place.
    """
    import pyarrow as pa  # noqa: PLC0415 - only traces need it

    if trace.suffix not in {".csv", ".parquet"}:
        raise ValueError(f"{trace}: is of no known kind; accepted: .csv, .parquet")
    if log.exists() and trace.exists() and trace.samefile(log):
        raise ValueError(f"{trace}: is the log; accepted: another file for the trace")
    columns = _read(log, ("worker", "start", "end"), used_only=True)
    worker, start, end = _workers(log, columns["worker"]), columns["start"], columns["end"]
    _refuse_times(log, start, end)
    order = np.lexsort((start, worker))
    same = worker[order][1:] == worker[order][:-1]
    if (same & (start[order][1:] < end[order][:-1])).any():
        raise ValueError(
            f"{log}: has gradients of one worker that overlap; accepted: one after the other"
        )
    time, owner, speed = speeds_of_log(worker, start, end)
    table = pa.table({"time": time, "worker": owner, "speed": speed})
    sink = pa.BufferOutputStream()
    (pa.csv.write_csv if trace.suffix == ".csv" else pa.parquet.write_table)(table, sink)
    write(trace, sink.getvalue().to_pybytes())
    return len(worker)


def _refuse_times(log: Path, start: Vector, end: Vector) -> None:
    """Raise a ValueError that names the first row whose times cannot be, or those of a calendar."""
    if not len(end):
        raise ValueError(f"{log}: accepted: gradients, each with an end after its start")
    with np.errstate(invalid="ignore"):
        wrong = ~(np.isfinite(start) & np.isfinite(end) & (start >= 0) & (end > start))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{log}: row {row + 1} has start {start[row]:.12g} and end {end[row]:.12g}; accepted: "
            "finite seconds from 0, each with an end after its start"
        )
    first = float(start.min())
    if first > max(CALENDAR, float(end.max()) - first):
        raise ValueError(
            f"{log}: times begin at {first:.12g}, as those of a calendar; accepted: seconds from "
            "the log's beginning"
        )


def _workers(file: Path, column: Vector) -> Indices:
    with np.errstate(invalid="ignore"):
        workers = column.astype(np.int64)
    if (workers != column).any() or (workers < 0).any():
        raise ValueError(
            f"{file.name}: has workers that are no numbers; accepted: whole numbers from 0"
        )
    return workers


def _read(file: Path, names: tuple[str, ...], *, used_only: bool = False) -> dict[str, Vector]:
    import pyarrow as pa  # noqa: PLC0415 - only traces need it
    import pyarrow.csv  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    try:
        if file.suffix not in {".csv", ".parquet"}:
            raise ValueError(f"its ending is {file.suffix!r}")  # noqa: TRY301
        read: Any = pa.csv.read_csv if file.suffix == ".csv" else pa.parquet.read_table
        table = read(file)
        if used_only and "state" in table.column_names:
            table = _used(table)
        kinds = pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null
        for name in names:
            if not any(is_kind(table[name].type) for is_kind in kinds):
                raise ValueError(f"{name} is no number but {table[name].type}")  # noqa: TRY301
        return {name: table[name].to_numpy().astype(np.float64) for name in names}
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise ValueError(
            f"{file.name}: cannot be read: {one_line(error)}; accepted: a .csv or .parquet file "
            f"with columns {', '.join(names)}"
        ) from error


def _used(table: Any) -> Any:  # noqa: ANN401 - PyArrow's
    """Return a timeline's used gradients; one that was paused meanwhile is one, not its parts."""
    table = table.sort_by([("worker", "ascending"), ("start", "ascending")])
    state = np.array(table["state"].to_pylist())
    worker = table["worker"].to_numpy()
    update = table["update"].to_numpy() if "update" in table.column_names else np.zeros(len(table))
    parts = np.flatnonzero(state == "compute")
    before = np.maximum(parts - 2, 0)
    goes_on = (parts > 1) & (state[parts - 1] == "down") & (state[before] == "compute")
    goes_on &= (worker[before] == worker[parts]) & (update[before] == update[parts])
    lasts = parts[np.append(~goes_on[1:], True)[: len(parts)]]
    end = table["end"].take(lasts)
    table = table.take(parts[~goes_on])
    return table.set_column(table.schema.get_field_index("end"), "end", end)
