"""What a run's files hold."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from scenarios.runs.store.record import Totals
from simulator import Intervals, Run, Staleness, State, Vector
from simulator.accounting.columns import HISTORY, is_whole


def _type(name: str) -> pa.DataType:
    return pa.int64() if is_whole(name) else pa.float64()


HISTORY_SCHEMA = pa.schema({column.name: _type(column.name) for column in HISTORY})


def history_table(run: Run) -> pa.Table:
    """Return the columns of ``history.parquet``."""
    columns = run.history.columns()
    return pa.table(columns, schema=pa.schema({name: _type(name) for name in columns}))


def timeline_table(intervals: Intervals) -> pa.Table:
    """Return the columns of ``timeline.parquet``."""
    names = [state.name.lower() for state in State]
    states = pa.DictionaryArray.from_arrays(pa.array(intervals.state), pa.array(names))
    columns = {"worker": intervals.worker, "start": intervals.start, "end": intervals.end}
    return pa.table({**columns, "state": states, "update": intervals.update})


def workers_table(run: Run) -> pa.Table:
    """Return the columns of ``workers.parquet``: where each worker's time went, and counts."""
    seconds = {f"{state.name.lower()}_seconds": run.seconds[state] for state in State}
    return pa.table(
        {
            "worker": np.arange(len(run.gradients_used)),
            **seconds,
            "gradients_used": run.gradients_used,
            "gradients_discarded": run.gradients_discarded,
            "vectors_sent": run.vectors_sent,
            "vectors_received": run.vectors_received,
        }
    )


def staleness_table(staleness: Staleness) -> pa.Table:
    """Return the columns of ``staleness.parquet``: gradients by worker and delay."""
    return pa.table(
        {
            "worker": staleness.worker,
            "delay": staleness.delay,
            "gradients_used": staleness.used,
            "gradients_discarded": staleness.discarded,
        }
    )


def iterates_table(run: Run, kept: Mapping[int, Vector]) -> pa.Table:
    """Return the columns of ``iterates.parquet``: theta at each of its evaluations."""
    time = {row.update: row.time for row in run.history.rows}
    thetas = np.array([*kept.values()]) if kept else np.empty((0, 1))
    return pa.table(
        {
            "update": pa.array(kept, pa.int64()),
            "time": pa.array([time[update] for update in kept], pa.float64()),
            "theta": pa.FixedSizeListArray.from_arrays(thetas.ravel(), thetas.shape[1]),
        }
    )


def totals(run: Run) -> Totals:
    """Return the sums over a run, for ``run.json``."""
    seconds = {s.name.lower(): float(run.seconds[s].sum()) for s in State}
    return {
        "updates": len(run.history.rows),
        "elapsed": run.elapsed,
        "gradients_used": int(run.gradients_used.sum()),
        "gradients_discarded": int(run.gradients_discarded.sum()),
        "vectors_sent": int(run.vectors_sent.sum()),
        "vectors_received": int(run.vectors_received.sum()),
        "bytes_sent": run.bytes_sent,
        "server_seconds": run.server_seconds,
        "environment_steps": sum(row.steps for row in run.history.rows),
        "bias": run.bias.summary() if run.bias else None,
        "worker_seconds": seconds,
        "staleness": run.staleness.summary(),
    }
