"""A run's folder: whole files or none, and what they say."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, Unpack

import filelock
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.runs.keep import Kept
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.billing import billed, rebilled
from scenarios.runs.store.files import ABSENT, raise_unless_absent, write_atomically
from scenarios.runs.store.fingerprint import code_fingerprint
from scenarios.runs.store.record import Facts, Raced, RunInfo, read_info, run_info
from scenarios.runs.store.records import (
    history_table,
    iterates_table,
    staleness_table,
    timeline_table,
    totals,
    workers_table,
)
from simulator import Run

_NAMES = ("env", "name", "kind", "model")
"""Keys that name users' code, in the tables that have a ``source``."""

_TABLES = {"history.parquet", "workers.parquet"}
"""That every run that ended well has."""

STALENESS = "staleness.parquet"
"""Which runs of older versions have not."""

TIMELINE = "timeline.parquet"

ITERATES = "iterates.parquet"

Status: TypeAlias = Literal["missing", "done", "failed", "other", "damaged"]
"""``other``: the folder holds a run of other content; ``damaged``: files that cannot be trusted."""


@dataclass(frozen=True)
class RunFolder:
    """``OUT/<method>/seed-<seed>/``: the tables of a run, each a Parquet file, and run.json.

    ``run.json`` is written last: a run is over when it is there. Until then there may be a
    ``checkpoint.npz``.

    Attributes:
        path: of the folder.
        race: how the race was made that should be here; None: it should be a simulated run.
    """

    path: Path
    race: Raced | None = None

    @property
    def checkpoint(self) -> Path:
        """Where a run that is under way is saved."""
        return self.path / "checkpoint.npz"

    def info(self) -> RunInfo | None:
        """Return what ``run.json`` says, None if there is none or the run's files are not whole.

        Raises:
            OSError: a file is there and cannot be read.
        """
        try:
            info = read_info(json.loads(self._read("run.json")))
        except (*ABSENT, ValueError):
            return None
        return info if info and self._is_whole(info) else None

    def status(self, spec: RunSpec) -> Status:
        """Return where the run stands."""
        info = self.info()
        if info is None:
            there = not self.path.is_dir() if self.path.exists() else False
            return "damaged" if there or (self.path / "run.json").exists() else "missing"
        if info.get("content") != spec.content() or info.get("race") != self.race:
            return "other"
        if info["status"] != "done":
            return "failed"
        wanted = {TIMELINE: spec.scenario.timeline, ITERATES: spec.scenario.keeps}
        names = {name for name, is_wanted in wanted.items() if is_wanted}
        if not names <= (info["files"] or {}).keys():
            return "missing"  # it may have been left out, as by a sweep
        return "done" if self._are_whole(names, info) else "damaged"

    def changed(self, spec: RunSpec) -> list[str]:
        """Return the names of users' code whose sources are not those of the run that is here."""
        before = _sources((self.info() or {}).get("content", {}))
        now = _sources(spec.content())
        return [name for name in now if before.get(name, now[name]) != now[name]]

    def _is_whole(self, info: RunInfo) -> bool:
        """Return whether the files are as they were written; :meth:`status` sees the timeline."""
        files = info.get("files") or {}
        if info["status"] == "done" and not files.keys() >= _TABLES:
            return False
        return self._are_whole({*_TABLES, STALENESS} & files.keys(), info)

    def _are_whole(self, names: set[str], info: RunInfo) -> bool:
        files = info.get("files") or {}
        try:
            return all(_digest(self._read(name)) == files[name] for name in names)
        except ABSENT:
            return False

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise_unless_absent(error, self.path / name)
            raise

    def settled(self, spec: RunSpec, *, retry_failed: bool, recompute: bool = False) -> bool:
        """Return whether there is nothing to do.

        Args:
            spec: the run that should be here.
            retry_failed: whether a failed run is to be tried again.
            recompute: whether a result from another version of the code is to be made again.
        """
        status = self.status(spec)
        if recompute and self.is_outdated():
            return False
        return status == "done" or (status == "failed" and not retry_failed)

    def is_outdated(self) -> bool:
        """Return whether another version of the code made the result that is here."""
        info = self.info()
        return info is not None and info.get("code") != code_fingerprint()

    def clear_leftovers(self) -> None:
        """Remove what a killed process left behind; the caller holds the lock."""
        for file in [*self.path.glob(".*.tmp"), self.path / "progress.json"]:
            file.unlink(missing_ok=True)

    def lock(self) -> filelock.BaseFileLock:
        """Return the lock of this run: the process of a killed parent may still hold it."""
        if self.path.is_file():
            self.set_aside()
        self.path.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(self.path / ".lock")

    def set_aside(self) -> Path:
        """Move what is here to a numbered neighbour, out of the way of a new run."""
        if self.path.is_file():  # a file where the folder should be
            return self.path.rename(self.path.with_name(f".{self.path.name}-was-a-file"))
        number = 1
        while (target := self.path.with_name(f".{self.path.name}-old-{number}")).exists():
            number += 1
        target.mkdir()
        # run.json last: without it, what is left after a crash would be written over
        for file in sorted(self.path.iterdir(), key=lambda file: file.name == "run.json"):
            if file.name != ".lock":
                shutil.move(file, target / file.name)
        return target

    def write_run(self, spec: RunSpec, run: Run, facts: Facts, kept: Kept = None) -> None:
        """Write all files of a run that ended by itself, well or not."""
        tables = {
            "history": history_table(run),
            "workers": workers_table(run),
            "staleness": staleness_table(run.staleness),
        }
        if run.intervals is not None:
            tables["timeline"] = timeline_table(run.intervals)
        if kept is not None:
            tables["iterates"] = iterates_table(run, kept)
        files = {f"{name}.parquet": self._write_table(name, tables[name]) for name in tables}
        status = "failed" if run.failure else "done"
        facts |= {"reason": run.failure, "totals": totals(run), "files": files}
        facts |= billed(spec.scenario.cluster.prices(), tables["workers"], totals(run))
        self.write_info(spec, status, **facts)

    def write_info(self, spec: RunSpec, status: str, **facts: Unpack[Facts]) -> None:
        """Write ``run.json``, which ends the run."""
        if self.race is not None:
            facts["race"] = self.race
        self._write(run_info(spec, status, **facts))
        (self.path / "progress.json").unlink(missing_ok=True)

    def bill_again(self, spec: RunSpec) -> None:
        """Let ``run.json`` say what the run that is here costs at its scenario's present prices."""
        info = self.info()
        if info is None:
            return
        new = rebilled(info, self.path, spec.scenario.cluster.prices())
        if new is not info:
            self._write(new)

    def _write(self, info: RunInfo) -> None:
        write_atomically(self.path / "run.json", json.dumps(info, indent=1).encode() + b"\n")

    def _write_table(self, name: str, table: pa.Table) -> str:
        sink = pa.BufferOutputStream()
        packed: dict[str, Any] = {}
        if name == "iterates":  # bytes of numbers side by side: their exponents are much the same
            packed = {"compression": "zstd", "use_dictionary": False}
            packed["column_encoding"] = {"theta.list.element": "BYTE_STREAM_SPLIT"}
        pq.write_table(table, sink, **packed)
        content = sink.getvalue().to_pybytes()
        write_atomically(self.path / f"{name}.parquet", content)
        return _digest(content)


def _sources(content: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    """Return the hashes of sources in a run's content, by what they are of."""
    if isinstance(content, list):
        content = dict(enumerate(content))
    if not isinstance(content, dict):
        return {}
    found = {name: source for part in content.values() for name, source in _sources(part).items()}
    if source := content.get("source"):
        found[next(str(content[key]) for key in _NAMES if key in content)] = str(source)
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
