"""How far a run is, while it is made: said in ``progress.json``, and read by whoever watches."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenarios.runs.store.files import write_atomically
from simulator import SimulatedCluster, Update

REPORT_SECONDS = 0.5
"""Real seconds between two reports."""


def state_of(now: float, rows: Sequence[Update], events: int = 0) -> bytes:
    """Return what ``progress.json`` says of a run that is under way."""
    state: dict[str, object] = {"time": now, "update": len(rows), "value": None, "events": events}
    for row in rows[-1:]:
        state["value"] = row.objective if row.return_mean is None else row.return_mean
    return json.dumps(state).encode()


def read_state(folder: Path) -> dict[str, Any] | None:
    """Return what a run's folder says of how far it is; None if it says nothing."""
    try:
        state: dict[str, Any] = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state


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
        write_atomically(self.path, state_of(cluster.now, cluster.history.rows, events))
