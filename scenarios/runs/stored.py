"""Runs that are over, as they are read."""

from collections.abc import Container
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.format.errors import BadInputError
from scenarios.runs.folder import RunFolder
from scenarios.runs.records import HISTORY_SCHEMA
from simulator import Vector


@dataclass(frozen=True)
class StoredRun:
    """A run that is over.

    Attributes:
        path: its folder, or the file that holds it among others.
        info: what ``run.json`` says.
        table: its history; None if that lies in the folder.
    """

    path: Path
    info: dict[str, Any]
    table: pa.Table | None = field(default=None, repr=False)

    @property
    def is_done(self) -> bool:
        """Whether it ended well; a run that failed has no rows here."""
        return bool(self.info["status"] == "done")

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
        table = self._read() if self.table is None else self.table
        return {name: table[name].to_numpy().astype(np.float64) for name in table.column_names}

    def _read(self) -> pa.Table:
        file = self.path / "history.parquet"
        try:
            table = pq.read_table(file)
        except (OSError, pa.ArrowException) as error:
            raise BadInputError(
                f"{file}: cannot be read; accepted: delete its folder and run again"
            ) from error
        if not set(HISTORY_SCHEMA.names) <= set(table.column_names):
            raise BadInputError(f"{file}: has not the columns of a history; delete its folder")
        return table


def stored_runs(out: Path, only: Container[Path] | None = None) -> list[StoredRun]:
    """Return the finished runs below a result folder, by method and seed.

    Args:
        out: the folder.
        only: the run folders to look at; all of them by default.

    Raises:
        BadInputError: there is none, one is damaged, or they are of different scenarios.
    """
    runs = []
    for file in sorted(out.glob("*/seed-*/run.json")):
        if only is not None and file.parent not in only:
            continue
        info = RunFolder(file.parent).info()
        if info is None:
            raise BadInputError(
                f"{file.parent}: its files are damaged; accepted: run again, which sets them aside"
            )
        if info["status"] == "done":
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
            "as `straggler run` makes it; for a store of sweeps, name the sweep"
        )
    return runs


def _apart_from_method(run: StoredRun) -> dict[str, Any]:
    content: dict[str, Any] = run.info["content"]
    return {key: value for key, value in content.items() if key not in {"methods", "seeds"}}
