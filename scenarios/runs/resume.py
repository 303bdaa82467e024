"""A run's checkpoint in its folder: written now and then, and where the next attempt continues."""

import os
import time
from dataclasses import replace

from scenarios.format.words.errors import BadInputError
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.files import replacing
from scenarios.runs.store.fingerprint import code_fingerprint, versions
from scenarios.runs.store.folder import RunFolder
from simulator import Checkpoint, SimulatedCluster

CHECKPOINT_SECONDS = 60.0
"""Real seconds between checkpoints, unless STRAGGLER_CHECKPOINT_SECONDS says otherwise."""


def checkpoint_seconds() -> float:
    """Return the real seconds between checkpoints.

    Raises:
        BadInputError: the environment variable is not a number.
    """
    text = os.environ.get("STRAGGLER_CHECKPOINT_SECONDS", str(CHECKPOINT_SECONDS))
    try:
        return float(text)
    except ValueError as error:
        raise BadInputError(
            f"STRAGGLER_CHECKPOINT_SECONDS={text}: accepted: a number of seconds"
        ) from error


class Resumption:
    """One run that can be killed.

    Args:
        spec: the run.
        folder: where its checkpoint is, or will be.

    Attributes:
        past: where the run continues; its start if there is no checkpoint of this very run.
        resumed_at: the updates at which the run was resumed.
    """

    def __init__(self, spec: RunSpec, folder: RunFolder) -> None:
        self._file = folder.checkpoint
        self._run = {
            "content": spec.content(),
            "versions": versions(),
            "code": code_fingerprint(),
        }
        self._seconds = checkpoint_seconds()
        self._next = time.monotonic() + self._seconds
        self.past = self._load()
        self.resumed_at: list[int] = [*self.past.about.get("resumed_at", [])]
        if self.past.rows:
            self.resumed_at.append(len(self.past.rows))

    def __call__(self, cluster: SimulatedCluster) -> None:
        """Save the run at an update boundary, if it is time."""
        if time.monotonic() < self._next:
            return
        about = {"run": self._run, "resumed_at": self.resumed_at}
        with replacing(self._file) as file:
            replace(cluster.checkpoint(), about=about).save(file)
        self._next = time.monotonic() + self._seconds

    def _load(self) -> Checkpoint:
        try:
            with self._file.open("rb") as file:
                past = Checkpoint.load(file)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, the run can start anew
            return Checkpoint()
        return past if past.about.get("run") == self._run else Checkpoint()
