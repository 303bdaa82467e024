"""A run's checkpoints: where a killed run continues, and where a longer one continues a shorter."""

import math
import os
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scenarios.format.words.errors import BadInputError
from scenarios.runs.keep import has_kept_all, kept_before
from scenarios.runs.spec import RunSpec, digits
from scenarios.runs.store.files import replacing
from scenarios.runs.store.fingerprint import code_fingerprint, versions
from scenarios.runs.store.folder import RunFolder
from simulator import Checkpoint, SimulatedCluster

CHECKPOINT_SECONDS = 60.0
"""Real seconds between checkpoints, unless STRAGGLER_CHECKPOINT_SECONDS says otherwise."""


def checkpoint_seconds() -> float:
    """Return the real seconds between checkpoints.

    Raises:
        BadInputError: the environment variable is not a number of seconds.
    """
    text = os.environ.get("STRAGGLER_CHECKPOINT_SECONDS", str(CHECKPOINT_SECONDS))
    with suppress(ValueError):
        seconds = float(text)
        if seconds >= 0:  # NaN is not
            return seconds
    raise BadInputError(f"STRAGGLER_CHECKPOINT_SECONDS={text}: accepted: a number of seconds")


class Resumption:
    """One run that can be killed, and continued beyond its limits.

    No limit has any influence on what comes before it. So a checkpoint is good for every run of
    the same course whose limits lie beyond.

    Args:
        spec: the run.
        folder: where its checkpoint is, or will be.
        seconds: real ones between checkpoints.
        continued: begin where the latest run of the same course ended, and leave where this one
            ends. That lies in ``.ends`` beside the run's folder.

    Attributes:
        past: where the run continues; its start if there is no checkpoint of its course.
        kept: iterates that are to be kept, the past's to begin with; None if they are not wanted.
        resumed_at: the updates at which the run was resumed.
    """

    def __init__(
        self, spec: RunSpec, folder: RunFolder, seconds: float, *, continued: bool = False
    ) -> None:
        self._file = folder.checkpoint
        self._end = folder.path.parent / ".ends" / f"{digits(spec.course())}.npz"
        self._continued = continued
        self._limits = spec.scenario
        self._run = {
            "course": spec.course(),
            "versions": versions(),
            "code": code_fingerprint(),
        }
        self._seconds = seconds
        self._next = time.monotonic() + self._seconds
        files = [self._file, *([self._end] if continued else [])]
        self.past = max(map(self._load, files), key=lambda past: len(past.rows))
        self._last = self.past
        self.kept = kept_before(spec.scenario, self.past)
        self.resumed_at: list[int] = [*self.past.about.get("resumed_at", [])]
        if self.past.rows:
            self.resumed_at.append(len(self.past.rows))

    def __call__(self, cluster: SimulatedCluster) -> None:
        """Save the run at an update boundary, if it is time."""
        if self._continued:
            self._last = cluster.checkpoint()
        if time.monotonic() >= self._next:
            self._save(cluster.checkpoint(), self._file)
            self._next = time.monotonic() + self._seconds

    def end(self) -> None:
        """Leave the newest update to longer runs, if they may continue this one."""
        if self._continued and self._last.rows:
            self._save(self._last, self._end)

    def _save(self, checkpoint: Checkpoint, path: Path) -> None:
        about = {"run": self._run, "resumed_at": self.resumed_at}
        with replacing(path) as file:
            replace(checkpoint, about=about, kept=self.kept or {}).save(file)

    def _load(self, path: Path) -> Checkpoint:
        try:
            with path.open("rb") as file:
                past = Checkpoint.load(file)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, the run can start anew
            return Checkpoint()
        fits = past.about.get("run") == self._run and self._is_early(past)
        fits &= has_kept_all(past) or not self._limits.keeps
        return past if fits else Checkpoint()

    def _is_early(self, past: Checkpoint) -> bool:
        """Return whether the run gets as far."""
        limits, row = self._limits, past.rows[-1]
        return row.time <= (limits.time_limit or math.inf) and row.update <= (
            limits.updates or math.inf
        )
