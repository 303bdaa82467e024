"""Timelines as Chrome trace JSON, for Perfetto and chrome://tracing."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.format.words.errors import BadInputError
from scenarios.results.recorded import Recorded
from scenarios.runs.store.files import write_atomically
from simulator import State

MICROSECONDS = 1e6
SERVER, WORKERS = 1, 2
"""Process numbers: the server's lane, and the workers' lanes."""


def write_trace(run: Recorded, file: Path) -> None:
    """Write a gzipped trace with one lane per worker and virtual time as time.

    Slices are what workers did; an arrow leads from each used gradient's start to its update, a
    slice in the server's lane; staleness and return are counters.

    Raises:
        BadInputError: the file is no ``.json.gz``.
    """
    if not file.name.endswith(".json.gz"):
        raise BadInputError(f"{file}: accepted: a file that ends in .json.gz")
    content = json.dumps({"traceEvents": list(events(run)), "displayTimeUnit": "ms"})
    write_atomically(file, gzip.compress(content.encode(), mtime=0))


def events(run: Recorded) -> Iterator[dict[str, Any]]:
    """Yield the trace events, times in microseconds (Trace Event Format, Google, 2016)."""
    yield _name("process_name", SERVER, 0, "server")
    yield _name("thread_name", SERVER, 0, "updates")
    yield _name("process_name", WORKERS, 0, "workers")
    for worker in np.unique(run.worker).tolist():
        yield _name("thread_name", WORKERS, worker, f"worker {worker}")
    yield from _slices(run)
    yield from _updates(run)


def _slices(run: Recorded) -> Iterator[dict[str, Any]]:
    columns = (run.worker, run.start, run.end, run.state, run.update)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for flow, (worker, start, end, state, update) in enumerate(rows):
        if state == State.IDLE:
            continue  # gaps say as much
        lane = {"pid": WORKERS, "tid": worker, "ts": start * MICROSECONDS}
        name = State(state).name.lower()
        yield {"ph": "X", "name": name, "cat": name, "dur": (end - start) * MICROSECONDS, **lane}
        if update:
            arrow = {"name": "gradient", "cat": "gradient", "id": flow}
            yield {"ph": "s", **arrow, **lane}
            time = float(run.updates[update - 1]) * MICROSECONDS
            yield {"ph": "f", "bp": "e", **arrow, "pid": SERVER, "tid": 0, "ts": time}


def _updates(run: Recorded) -> Iterator[dict[str, Any]]:
    moments = np.unique(run.updates)
    gaps = dict(zip(moments.tolist(), np.diff(np.append(moments, np.inf)).tolist(), strict=True))
    for k, time in enumerate(run.updates.tolist()):
        # Arrows need a slice to end at: short enough to end before the next one. Updates at the
        # same moment are slices of the same length, one in the other.
        lane = {"pid": SERVER, "tid": 0, "ts": time * MICROSECONDS}
        length = min(1.0, gaps[time] * MICROSECONDS / 2)
        yield {"ph": "X", "name": f"update {k + 1}", "cat": "update", "dur": length, **lane}
        yield {"ph": "C", "name": "staleness", "args": {"updates": float(run.delay[k])}, **lane}
        if np.isfinite(run.value[k]):
            yield {"ph": "C", "name": "return", "args": {"mean": float(run.value[k])}, **lane}


def _name(what: str, process: int, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": process, "tid": thread, "args": {"name": name}}
