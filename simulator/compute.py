"""Compute-time models: when does a task that starts now end?"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from simulator.types import Indices, Vector


class ComputeModel(ABC):
    """How long one stochastic gradient takes on each worker."""

    workers: int

    @property
    @abstractmethod
    def typical(self) -> Vector:
        """Seconds that a task usually takes on each worker, shape (n,)."""

    @abstractmethod
    def ends(self, workers: Indices, tasks: Indices, starts: Vector) -> Vector:
        """Return when tasks end, in simulated seconds.

        Args:
            workers: shape (m,), worker indices in ascending order.
            tasks: shape (m,), how many tasks each of them began before.
            starts: shape (m,), when each task starts, in simulated seconds.
        """


@dataclass(frozen=True)
class FixedTimes(ComputeModel):
    """Worker i takes h_i seconds for every task (the paper's model, Section 1).

    Attributes:
        seconds: shape (n,), h_i > 0.
    """

    seconds: Vector

    @property
    def workers(self) -> int:  # type: ignore[override]
        """The number n of workers."""
        return len(self.seconds)

    @property
    def typical(self) -> Vector:
        """The times themselves."""
        return self.seconds

    def ends(self, workers: Indices, tasks: Indices, starts: Vector) -> Vector:  # noqa: ARG002
        """Return starts + h."""
        return starts + self.seconds[workers]


def power_law(workers: int, scale: float, exponent: float) -> Vector:
    """Return scale * i**exponent for i = 1..n, shape (n,)."""
    return scale * np.arange(1, workers + 1, dtype=np.float64) ** exponent
