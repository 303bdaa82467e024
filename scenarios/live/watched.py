"""One run as its files show it, while it goes on and afterwards."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scenarios.runs.store.files import ABSENT
from scenarios.runs.store.folder import RunFolder
from scenarios.runs.store.stored import StoredRun, holding
from scenarios.runs.underway import read_state
from simulator import Checkpoint, State, Vector
from simulator.accounting.columns import OBJECTIVE, RETURN_MEAN

SILENT = 60.0
"""Real seconds without a sign of life, after which a run is not taken to go on."""

LETTERS = {
    State.COMPUTE: "C",
    State.DISCARD: "d",
    State.SEND: "s",
    State.IDLE: ".",
    State.DOWN: "x",
}
"""What a worker has mostly done lately."""


@dataclass
class Watched:
    """A run.

    Attributes:
        path: of its folder.
        status: ``going``, ``silent`` (it was), ``done``, ``failed``; or ``waiting``.
        time: simulated seconds.
        update: how many it has made.
        value: its newest return, or objective.
        events: since the last update, if they are many.
        workers: a letter of :data:`LETTERS` for each worker, or for groups of many.
    """

    path: Path
    status: str = "waiting"
    time: float = 0.0
    update: int = 0
    value: float | None = None
    events: int = 0
    workers: str = ""
    _points: dict[float, float] = field(default_factory=dict)
    _seconds: Vector | None = None
    _checkpoint: float = 0.0
    _former: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """The method's."""
        return self.path.parent.name

    @property
    def name(self) -> str:
        """Method and seed."""
        return f"{self.label}/{self.path.name}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in {"done", "failed"}

    def points(self) -> tuple[Vector, Vector]:
        """Return times and values that are known of its curve, in the order of time."""
        times = sorted(self._points)
        return np.array(times), np.array([self._points[t] for t in times])

    def wait_for_another(self) -> None:
        """Take a ``run.json`` that is there for that of a run which is about to be made again."""
        self._former = self._end()

    def look(self) -> None:
        """Read its files, if it is not over."""
        if self.is_over:
            return
        state = read_state(self.path)
        if state is None:
            self._look_for_the_end()
            return
        self._read_checkpoint()
        age = time.time() - self._modified("progress.json")
        self.status = "going" if age < SILENT else "silent"
        self.time, self.update = float(state["time"]), int(state["update"])
        self.value, self.events = state["value"], int(state["events"])
        if self.value is not None:
            self._points[self.time] = float(self.value)
        if state.get("workers"):
            self._note_workers(np.array(state["workers"], dtype=np.float64))

    def _end(self) -> tuple[int, int] | None:
        """Return what tells ``run.json`` from one in its place; None if there is none."""
        try:
            found = (self.path / "run.json").stat()
        except ABSENT:
            return None
        return found.st_mtime_ns, found.st_ino

    def _look_for_the_end(self) -> None:
        if self._end() == self._former:
            return
        info = RunFolder(self.path).info()
        if info is None:
            return
        self.status, self.workers, self.events = info["status"], "", 0
        if self.status != "done":
            return
        totals, history = info["totals"], StoredRun(self.path, info).history
        returns = history[RETURN_MEAN]
        values = np.where(np.isfinite(returns), returns, history[OBJECTIVE])
        there = np.isfinite(values)
        self._points = dict(
            zip(history["time"][there].tolist(), values[there].tolist(), strict=True)
        )
        self.time = totals["elapsed"] if totals else 0.0
        self.update = len(values)
        self.value = float(values[there][-1]) if there.any() else None

    def _read_checkpoint(self) -> None:
        """Take in what the curve was before anyone looked; it is written once a minute."""
        modified = self._modified("checkpoint.npz")
        if modified == self._checkpoint:
            return
        self._checkpoint = modified
        try:
            with (self.path / "checkpoint.npz").open("rb") as file:
                rows = Checkpoint.load(file).rows
        except Exception:  # noqa: BLE001 - it is being replaced, or is of another version
            return
        for row in rows:
            value = row.objective if row.return_mean is None else row.return_mean
            if value is not None:
                self._points[row.time] = value

    def _note_workers(self, seconds: Vector) -> None:
        """Note what workers have mostly done since the last look; shape (5, workers)."""
        before = self._seconds
        if before is None or before.shape != seconds.shape:
            before = np.zeros_like(seconds)
        if (spent := seconds - before).any():
            self.workers = "".join(LETTERS[State(k)] for k in spent.argmax(axis=0))
        self._seconds = seconds

    def _modified(self, name: str) -> float:
        try:
            return (self.path / name).stat().st_mtime
        except OSError:
            return 0.0


def runs_below(out: Path) -> list[Path]:
    """Return the folders of runs at or below a folder that have begun, in order."""
    return holding(out, {"progress.json", "run.json"})
