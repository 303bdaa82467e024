"""Random factors on task durations, with mean one, drawn for many tasks at once."""

import math
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from simulator.randomness import Stream, uniforms
from simulator.types import Indices, Vector

AHEAD = 16
_NOTHING = np.empty(0)

Distribution: TypeAlias = Literal["exponential", "lognormal", "gamma", "pareto", "uniform"]


@dataclass(frozen=True)
class Jitter:
    """A factor for every task, keyed by (seed, worker, task), so that nothing else moves it.

    Attributes:
        distribution: of the factor.
        spread: the coefficient of variation (lognormal, gamma, uniform: at most 1/sqrt(3)), or
            the tail index, above 1 (pareto); of no meaning for exponential.
        seed: the run's seed.
    """

    distribution: Distribution
    spread: float
    seed: int
    _ahead: dict[int, tuple[int, Vector]] = field(default_factory=dict, repr=False, compare=False)

    def factors(self, workers: Indices, tasks: Indices) -> Vector:
        """Return the factors, shape (m,), for m (worker, task) pairs."""
        if len(workers) == 1:
            return self._one(int(workers[0]), int(tasks[0]))
        return self._draw(workers, tasks)

    def _one(self, worker: int, task: int) -> Vector:
        """Draw some tasks ahead for a worker that restarts: one key costs as much as many."""
        first, block = self._ahead.get(worker, (0, _NOTHING))
        if not first <= task < first + len(block):
            first, tasks = task, np.arange(task, task + AHEAD)
            block = self._draw(np.full(AHEAD, worker), tasks)
            self._ahead[worker] = first, block
        return block[task - first : task - first + 1]

    def _draw(self, workers: Indices, tasks: Indices) -> Vector:
        u, v = uniforms(self.seed, workers, tasks, Stream.DURATION).T
        a = self.spread
        result: Vector
        match self.distribution:
            case "exponential":
                result = -np.log(u)
            case "lognormal":
                normal = np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)  # Box and Muller
                sigma = math.sqrt(math.log1p(a * a))
                result = np.exp(sigma * normal - sigma * sigma / 2)
            case "gamma":
                from scipy.special import gammaincinv  # noqa: PLC0415 - only gamma needs scipy

                result = gammaincinv(1 / a**2, u) * a**2
            case "pareto":
                result = (a - 1) / a * u ** (-1 / a)
            case "uniform":
                result = 1 + math.sqrt(3) * a * (2 * u - 1)
        return result
