"""No problem at all: nothing is learned, so that only the clock is simulated."""

from collections.abc import Sequence

import numpy as np

from simulator.problem import Estimate, Problem, Request
from simulator.types import Indices, Vector


class Timing(Problem):
    """Gradients that are zero and take no computing; theta is one number, whatever d is.

    When updates come, what they use and what is sent are those of any problem of this size with the
    same times.

    Args:
        dimension: d >= 1, coordinates of a vector that is sent.
        steps: environment steps of every trajectory; None: there are no trajectories.
    """

    def __init__(self, dimension: int, steps: int | None = None) -> None:
        self.dimension = dimension
        self._steps = steps

    def initial_point(self) -> Vector:
        """Return zero, shape (1,)."""
        return np.zeros(1)

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        """Return zeros, with trajectories of the given length and no reward."""
        if self._steps is None:
            return [Estimate(np.zeros(1)) for _ in requests]
        return [
            Estimate(np.zeros(1), np.zeros(len(r.tasks)), self._lengths(r.tasks), r.workers)
            for r in requests
        ]

    def sample(self, point: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:
        """See :class:`Problem`."""
        if self._steps is None:
            return super().sample(point, workers, tasks)
        return self._lengths(tasks), np.zeros(len(tasks))

    def _lengths(self, tasks: Indices) -> Indices:
        return np.full(len(tasks), self._steps, dtype=np.int64)
