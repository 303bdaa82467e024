"""What a run's files hold."""

import numpy as np
import pyarrow as pa

from simulator import Intervals, Run, State

HISTORY_SCHEMA = pa.schema(
    {
        "update": pa.int64(),
        "time": pa.float64(),
        "gradients": pa.int64(),
        "discarded": pa.int64(),
        "delay": pa.float64(),
        "return_mean": pa.float64(),
        "return_count": pa.int64(),
        "steps": pa.int64(),
        "objective": pa.float64(),
        "gradient_norm": pa.float64(),
    }
)


def history_table(run: Run) -> pa.Table:
    """Return the columns of ``history.parquet``."""
    columns = run.history.columns()
    extra = {
        name: pa.int64() if name.startswith("return_count_") else pa.float64()
        for name in columns
        if name not in HISTORY_SCHEMA.names
    }
    return pa.table(columns, schema=pa.schema([*HISTORY_SCHEMA, *pa.schema(extra)]))


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
        }
    )


def totals(run: Run) -> dict[str, object]:
    """Return the sums over a run, for ``run.json``."""
    seconds = {s.name.lower(): float(run.seconds[s].sum()) for s in State}
    return {
        "updates": len(run.history.rows),
        "elapsed": run.elapsed,
        "gradients_used": int(run.gradients_used.sum()),
        "gradients_discarded": int(run.gradients_discarded.sum()),
        "vectors_sent": int(run.vectors_sent.sum()),
        "bytes_sent": run.bytes_sent,
        "environment_steps": sum(row.steps for row in run.history.rows),
        "bias": run.bias.summary() if run.bias else None,
        "worker_seconds": seconds,
    }
