"""A run's folder: whole files or none, and what they say."""

import json
import os
import platform
import shutil
import sys
from collections.abc import Container
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import filelock
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.build import RunSpec
from scenarios.errors import BadInputError
from simulator import Run, State, Vector

PACKAGES = ("straggler", "simpy", "numpy", "torch", "gymnasium", "mujoco", "pyarrow")

_INFO_KEYS = {"status", "label", "seed", "title", "totals", "content"}

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


@dataclass(frozen=True)
class RunFolder:
    """``OUT/<method>/seed-<seed>/``: history.parquet, timeline.parquet, workers.parquet, run.json.

    ``run.json`` is written last: a run is over when it is there.
    """

    path: Path

    def info(self) -> dict[str, Any] | None:
        """Return what ``run.json`` says, None if there is none that can be read."""
        try:
            info = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = isinstance(info, dict) and info.keys() >= _INFO_KEYS
        whole = known and (info["status"] != "done" or self._has_tables())
        return info if whole else None

    def status(self, spec: RunSpec) -> Literal["missing", "done", "failed", "other"]:
        """Return where the run stands; ``other``: the folder holds a run of other content."""
        info = self.info()
        if info is None:
            return "missing"
        if info.get("content") != spec.content():
            return "other"
        return "done" if info["status"] == "done" else "failed"

    def _has_tables(self) -> bool:
        return all((self.path / f"{name}.parquet").is_file() for name in ("history", "workers"))

    def settled(self, spec: RunSpec, *, retry_failed: bool) -> bool:
        """Return whether there is nothing to do: done, or failed and not to be tried again."""
        status = self.status(spec)
        return status == "done" or (status == "failed" and not retry_failed)

    def clear_leftovers(self) -> None:
        """Remove what a killed process left behind; the caller holds the lock."""
        for file in [*self.path.glob(".*.tmp"), self.path / "progress.json"]:
            file.unlink(missing_ok=True)

    def lock(self) -> filelock.BaseFileLock:
        """Return the lock of this run: a killed parent's worker may still hold it."""
        self.path.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(self.path / ".lock")

    def set_aside(self) -> Path:
        """Move what is here to a numbered neighbour, out of the way of a new run."""
        number = 1
        while (target := self.path.with_name(f".{self.path.name}-old-{number}")).exists():
            number += 1
        target.mkdir()
        for file in self.path.iterdir():
            if file.name != ".lock":
                shutil.move(file, target / file.name)
        return target

    def write_run(self, spec: RunSpec, run: Run, facts: dict[str, object]) -> None:
        """Write all files of a run that ended by itself, well or not."""
        self._write_table("history", _history_table(run))
        if run.intervals is not None:
            rows = run.intervals
            names = [state.name.lower() for state in State]
            states = pa.DictionaryArray.from_arrays(pa.array(rows.state), pa.array(names))
            columns = {"worker": rows.worker, "start": rows.start, "end": rows.end}
            table = pa.table({**columns, "state": states, "update": rows.update})
            self._write_table("timeline", table)
        self._write_table("workers", _workers_table(run))
        status = "failed" if run.failure else "done"
        self.write_info(spec, status, reason=run.failure, totals=_totals(run), **facts)

    def write_info(self, spec: RunSpec, status: str, **facts: object) -> None:
        """Write ``run.json``, which ends the run."""
        info = {
            "status": status,
            **facts,
            "title": spec.scenario.title,
            "method": spec.method.name,
            "label": spec.method.folder,
            "seed": spec.seed,
            "content": spec.content(),
            "versions": {name: version(name) for name in PACKAGES},
            "platform": {"system": platform.platform(), "python": sys.version.split()[0]},
        }
        write_atomically(self.path / "run.json", json.dumps(info, indent=1).encode() + b"\n")
        (self.path / "progress.json").unlink(missing_ok=True)

    def _write_table(self, name: str, table: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        write_atomically(self.path / f"{name}.parquet", sink.getvalue().to_pybytes())


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside ``path`` and rename: a reader sees the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _history_table(run: Run) -> pa.Table:
    columns = run.history.columns()
    extra = {
        name: pa.int64() if name.startswith("return_count_") else pa.float64()
        for name in columns
        if name not in HISTORY_SCHEMA.names
    }
    return pa.table(columns, schema=pa.schema([*HISTORY_SCHEMA, *pa.schema(extra)]))


def _workers_table(run: Run) -> pa.Table:
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


def _totals(run: Run) -> dict[str, object]:
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


@dataclass(frozen=True)
class StoredRun:
    """A finished run, as it lies on disk."""

    path: Path
    info: dict[str, Any]

    @property
    def label(self) -> str:
        """The method's label, or its name."""
        return str(self.info["label"])

    @property
    def totals(self) -> dict[str, Any]:
        """The sums over the run."""
        totals: dict[str, Any] = self.info["totals"]
        return totals

    @property
    def shares(self) -> dict[str, float]:
        """The share of workers that have each variant of the problem; empty without variants."""
        return dict(self.info.get("variants") or {})

    @cached_property
    def history(self) -> dict[str, Vector]:
        """The columns of ``history.parquet`` as numbers; NaN where there is none."""
        file = self.path / "history.parquet"
        try:
            table = pq.read_table(file)
        except (OSError, pa.ArrowException) as error:
            raise BadInputError(
                f"{file}: cannot be read; accepted: delete its folder and run again"
            ) from error
        if not set(HISTORY_SCHEMA.names) <= set(table.column_names):
            raise BadInputError(f"{file}: has not the columns of a history; delete its folder")
        return {name: table[name].to_numpy().astype(np.float64) for name in table.column_names}


def stored_runs(out: Path, only: Container[Path] | None = None) -> list[StoredRun]:
    """Return the finished runs below a result folder, by method and seed.

    Args:
        out: the folder.
        only: the run folders to look at; all of them by default.

    Raises:
        BadInputError: there is none, or they are of different scenarios.
    """
    runs = []
    for file in sorted(out.glob("*/seed-*/run.json")):
        if only is not None and file.parent not in only:
            continue
        info = RunFolder(file.parent).info()
        if info is not None and info["status"] == "done":
            runs.append(StoredRun(file.parent, info))
    for run in runs[1:]:
        if _apart_from_method(run) != _apart_from_method(runs[0]):
            raise BadInputError(
                f"{out}: has runs of different scenarios: {runs[0].path} and {run.path}; "
                "accepted: runs that differ in method and seed only"
            )
    if not runs:
        raise BadInputError(
            f"{out}: no finished runs; accepted: a folder with <method>/seed-<seed>/run.json, "
            "as `straggler run` makes it"
        )
    return runs


def _apart_from_method(run: StoredRun) -> dict[str, Any]:
    content: dict[str, Any] = run.info["content"]
    return {key: value for key, value in content.items() if key not in {"methods", "seeds"}}
