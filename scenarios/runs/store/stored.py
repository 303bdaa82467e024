"""Runs that are over, as they are read."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from scenarios.format.words.errors import BadInputError
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.arrow import read_table
from scenarios.runs.store.billing import rebilled
from scenarios.runs.store.files import raise_unless_absent
from scenarios.runs.store.folder import RunFolder
from scenarios.runs.store.record import RunInfo, Totals, reason_of
from scenarios.runs.store.records import HISTORY_SCHEMA
from simulator import Staleness, Vector
from simulator.accounting.columns import ITERATES, STALENESS, TIMELINE


@dataclass(frozen=True)
class StoredRun:
    """A run that is over.

    Attributes:
        path: its folder, or the file that holds it among others.
        info: what ``run.json`` says.
        table: its history; None if that lies in the folder.
        intervals: its timeline; the same.
        delays: its gradients by worker and delay; the same.
        thetas: its kept iterates; the same.
    """

    path: Path
    info: RunInfo
    table: pa.Table | None = field(default=None, repr=False)
    intervals: pa.Table | None = field(default=None, repr=False)
    delays: Staleness | None = field(default=None, repr=False)
    thetas: pa.Table | None = field(default=None, repr=False)

    @property
    def is_done(self) -> bool:
        """Whether it ended well; a run that failed has no rows here."""
        return self.info.get("status") == "done"

    @property
    def reason(self) -> str:
        """Why it failed, in a line."""
        return reason_of(self.info)

    @property
    def is_race(self) -> bool:
        """Whether its clock was the wall clock."""
        return self.info.get("kind") == "race"

    @property
    def label(self) -> str:
        """The method's label, or its name."""
        return self.info["label"]

    @property
    def totals(self) -> Totals:
        """The sums over a run that ended by itself."""
        totals = self.info["totals"]
        if totals is None:
            raise ValueError(f"{self.path}: the run did not end by itself: it has no totals")
        return totals

    @property
    def shares(self) -> dict[str, float]:
        """The share of workers that have each variant of the problem; empty without variants."""
        return dict(self.info.get("variants") or {})

    @cached_property
    def history(self) -> dict[str, Vector]:
        """The columns of ``history.parquet`` as numbers; NaN where there is none.

        So is all of a column that is younger than the file.
        """
        table = self._read("history", ("update", "time")) if self.table is None else self.table
        names = table.column_names
        columns = {name: table[name].to_numpy().astype(np.float64) for name in names}
        younger = [name for name in HISTORY_SCHEMA.names if name not in columns]
        return columns | {name: np.full(len(table), np.nan) for name in younger}

    @property
    def has_timeline(self) -> bool:
        """Whether its timeline was recorded."""
        return self.intervals is not None or (self.path / "timeline.parquet").is_file()

    def timeline(self) -> pa.Table:
        """Return the columns of ``timeline.parquet``.

        Raises:
            BadInputError: it was not recorded, or is damaged.
        """
        if self.intervals is not None:
            return self.intervals
        if not self.has_timeline:
            raise BadInputError(
                f"{self.path}: no run with a timeline; accepted: OUT/<method>/seed-<seed> of a "
                "scenario without `timeline = false`"
            )
        return self._read("timeline", [column.name for column in TIMELINE])

    def staleness(self) -> Staleness:
        """Return what ``staleness.parquet`` holds: gradients by worker and delay.

        Raises:
            BadInputError: an older version made the run, or the file is damaged.
        """
        if self.delays is not None:
            return self.delays
        if not (self.path / "staleness.parquet").is_file():
            raise BadInputError(
                f"{self.path}: no staleness.parquet, which older versions and compact results do "
                "not have; accepted: a folder of runs made by this version (--recompute)"
            )
        names = [column.name for column in STALENESS]
        table = self._read("staleness", names)
        return Staleness(*(table[name].to_numpy() for name in names))

    def iterates(self) -> pa.Table:
        """Return the columns of ``iterates.parquet``.

        Raises:
            BadInputError: they were not kept, or the file is damaged.
        """
        if self.thetas is not None:
            return self.thetas
        if not (self.path / "iterates.parquet").is_file():
            raise BadInputError(
                f"{self.path}: has kept no theta; accepted: runs of a scenario with `[evaluation] "
                "keep = true`; to run again with it makes them, to the same history"
            )
        return self._read("iterates", [column.name for column in ITERATES])

    def _read(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Return a table of the folder.

        Raises:
            BadInputError: it is damaged, or lacks a column.
            OSError: it cannot be read.
        """
        file = self.path / f"{name}.parquet"
        try:
            table = read_table(file)
        except (OSError, pa.ArrowException) as error:
            if isinstance(error, OSError):
                raise_unless_absent(error, file)
            raise BadInputError(
                f"{file}: cannot be read; accepted: delete its folder and run again"
            ) from error
        if not {*columns} <= {*table.column_names}:
            raise BadInputError(f"{file}: has not the columns of a {name}; delete its folder")
        return table


def folders_below(out: Path) -> list[RunFolder]:
    """Return the folders of all runs below a folder, but for those that were set aside.

    Raises:
        BadInputError: there is none.
        OSError: a folder cannot be read.
    """
    folders = holding(out, {"run.json"})
    if not folders:
        raise BadInputError(f"{out}: no runs below it; accepted: a folder that run or sweep made")
    return [RunFolder(folder) for folder in folders]


def holding(out: Path, names: set[str]) -> list[Path]:
    """Return the folders of runs at or below one that hold one of these files, in order.

    Raises:
        OSError: a folder cannot be read: runs in it would be left out.
    """
    folders = []
    for folder, below, files in os.walk(out, onerror=raise_unless_absent):
        below[:] = [name for name in below if not name.startswith(".")]  # they were set aside
        if names & {*below, *files}:
            folders.append(Path(folder))
    return sorted(folders, key=by_seed)


def by_seed(folder: Path) -> tuple[Path, int, str]:
    """Return a key to sort run folders by: seed-2 comes before seed-10."""
    seed = folder.name.partition("seed-")[2]
    return folder.parent, int(seed) if seed.isdecimal() else -1, folder.name


def runs_in(folders: Sequence[RunFolder]) -> list[StoredRun]:
    """Return the runs that are over; a damaged one has nothing in its info."""
    infos = [(folder, folder.info()) for folder in folders]
    return [
        StoredRun(folder.path, info or RunInfo())
        for folder, info in infos
        if info is not None or (folder.path / "run.json").exists()
    ]


def as_asked(run: StoredRun, spec: RunSpec) -> StoredRun:
    """Return a run with the label, title and bill of who asks: they are no part of what it is."""
    if not run.info:
        return run
    info = rebilled(run.info, run.path, spec.scenario.cluster.prices()).copy()
    info["label"], info["title"] = spec.method.folder, spec.scenario.title
    return replace(run, info=info)


def comparable(runs: Sequence[StoredRun], where: str) -> list[StoredRun]:
    """Return those that ended well, by method and seed.

    Args:
        runs: that should be of one scenario.
        where: where they are, for messages.

    Raises:
        BadInputError: there is none, one is damaged, or they are of different scenarios, or differ
            in more than the seed under one label.
    """
    for run in runs:
        if not run.info:
            raise BadInputError(
                f"{run.path}: its files are damaged; accepted: run again, which sets them aside"
            )
    done = [run for run in runs if run.is_done]
    if not done:
        raise BadInputError(
            f"{where}: no finished runs; accepted: a folder with <method>/seed-<seed>/run.json, "
            "as `straggler run` makes it; for a store of sweeps, name the sweep"
        )
    for run in done[1:]:
        if apart_from_method(run) != apart_from_method(done[0]):
            raise BadInputError(
                f"{where}: has runs of different scenarios: {done[0].path} and {run.path}; "
                "accepted: runs that differ in method and seed only"
            )
    check_labels(done, where)
    return done


def check_labels(runs: Sequence[StoredRun], where: str) -> None:
    """Check that runs of one label are seeds of one method, since means are taken over them.

    Args:
        runs: that ended well, of one scenario.
        where: where they are, for messages.

    Raises:
        BadInputError: a label has other values in another run, or a simulated run is there twice.
    """
    first: dict[str, StoredRun] = {}
    there: dict[tuple[str, int], StoredRun] = {}
    for run in runs:
        values, others = _values(run), _values(first.setdefault(run.label, run))
        for key in {**others, **values}:
            if values.get(key) != others.get(key):
                raise BadInputError(
                    f"{where}: {run.label} has {key} {others.get(key)} ({first[run.label].path}) "
                    f"and {values.get(key)} ({run.path}); accepted: the same in all runs, "
                    "or a label for each"
                )
        before = there.setdefault((run.label, run.info["seed"]), run)
        if before is not run and not run.is_race:
            raise BadInputError(
                f"{where}: {run.label} with seed {run.info['seed']} is there twice: {before.path} "
                f"and {run.path}; accepted: each once"
            )


def _values(run: StoredRun) -> dict[str, Any]:
    """Return the values of a run's method."""
    (method,) = run.info.get("content", {}).get("methods") or [{}]
    return dict(method)


def alike(runs: Iterable[StoredRun], others: Iterable[StoredRun]) -> list[StoredRun]:
    """Return those of ``runs`` that differ from one of ``others`` in their seed only."""

    def but_for_seed(run: StoredRun) -> str:
        return repr((run.label, apart_from_method(run), run.info.get("content", {}).get("methods")))

    there = {but_for_seed(run) for run in others}
    return [run for run in runs if but_for_seed(run) in there]


def apart_from_method(run: StoredRun) -> dict[str, Any]:
    """Return what a run's content says but for its method and seed; nothing if it is damaged."""
    content = run.info.get("content", {})
    return {key: value for key, value in content.items() if key not in {"methods", "seeds"}}
