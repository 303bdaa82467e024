"""How far a run is, while it is made: said in ``progress.json``, and read by whoever watches."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.runs.store.files import write_atomically
from simulator import SimulatedCluster, State, Update, Vector

REPORT_SECONDS = 0.5
"""Real seconds between two reports."""


SHOWN = 40
"""Workers whose seconds are reported; of more, so many groups of neighbours."""


def state_of(
    now: float, rows: Sequence[Update], events: int = 0, seconds: Vector | None = None
) -> bytes:
    """Return what ``progress.json`` says of a run that is under way.

    Args:
        now: simulated seconds.
        rows: of the history.
        events: since the last update, if they are many.
        seconds: shape (5, n), by state and worker so far; None if it is not known.
    """
    state: dict[str, object] = {"time": now, "update": len(rows), "value": None, "events": events}
    if seconds is not None:
        first = np.unique(np.linspace(0, seconds.shape[1], SHOWN, endpoint=False).astype(int))
        state["workers"] = np.add.reduceat(seconds, first, axis=1).round(6).tolist()
    for row in rows[-1:]:
        state["value"] = row.objective if row.return_mean is None else row.return_mean
    return json.dumps(state).encode()


def read_state(folder: Path) -> dict[str, Any] | None:
    """Return what a run's folder says of how far it is; None if it says nothing about a run."""
    try:
        state: dict[str, Any] = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
        return state if _is_of_a_run(state) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_of_a_run(said: object) -> bool:
    """Return whether JSON is what :func:`state_of` says: others write such files too.

    Raises:
        ValueError, TypeError, KeyError: it is not.
    """
    if not isinstance(said, dict) or not isinstance(said["value"], float | int | None):
        return False
    numbers = np.array([said["time"], said["update"], said["events"]], dtype=np.float64)
    workers = np.array(said.get("workers") or np.zeros((len(State), 1)), dtype=np.float64)
    rows = len(State)
    return bool(np.isfinite(numbers).all()) and workers.shape == (rows, workers.size // rows)


@dataclass
class Reporter:
    """Says now and then how far a run is.

    Attributes:
        path: of ``progress.json``.
    """

    path: Path
    _next: float = field(default=0.0)

    def __call__(self, cluster: SimulatedCluster, events: int = 0) -> None:
        """Say it, if the last time was a while ago."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + REPORT_SECONDS
        state = state_of(cluster.now, cluster.history.rows, events, cluster.seconds)
        write_atomically(self.path, state)
