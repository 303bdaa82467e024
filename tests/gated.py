"""A problem whose runs stop at a gate, a file, until a test opens it: copied beside scenarios."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.problems.quadratic import Bowl, Quadratic
from straggler import Estimate, Problem, Request, Vector

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
BATCHES = 8
"""So many are computed by a process before its run stops."""


@dataclass
class Gated(Problem):
    """A noisy quadratic; run number k writes ``waiting-k`` and waits while ``shut-k`` is there."""

    seed: int
    workers: int
    number: int = 0
    dimension: int = 3

    def __post_init__(self) -> None:
        self._problem = Quadratic(self.dimension, [Bowl()], noise=0.5, seed=self.seed)
        self._batches = 0

    def initial_point(self) -> Vector:
        return self._problem.initial_point()

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        self._batches += 1
        gate = HERE / f"shut-{self.number}"
        if self._batches == BATCHES and gate.exists():
            (HERE / f"pid-{self.number}").write_text(str(os.getpid()))
            (HERE / f"pid-{self.number}").rename(HERE / f"waiting-{self.number}")
            while gate.exists():
                time.sleep(0.01)
        return self._problem.estimate(requests)
