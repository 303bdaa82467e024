"""Random factors on task durations, with mean one, drawn for many tasks at once."""

import math
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from simulator.randomness import Stream, uniforms
from simulator.types import Indices, Vector

AHEAD = 16
_NOTHING = np.empty(0)

SMALLEST_CV = 0.001
LARGEST_CV = {"lognormal": 1000.0, "gamma": 10.0, "uniform": 3**-0.5}
"""Above it factors are no longer finite, above 0, or of mean one: gamma's round to 0 beyond 10."""

Distribution: TypeAlias = Literal["exponential", "lognormal", "gamma", "pareto", "uniform"]


@dataclass(frozen=True)
class Jitter:
    """A factor for every task, keyed by (seed, worker, task), so that nothing else moves it.

    Attributes:
        distribution: of the factor.
        spread: the coefficient of variation, 0.001 to 1000 (lognormal), 10 (gamma) or 1/sqrt(3)
            (uniform); or the tail index, above 1 (pareto); of no meaning for exponential.
        seed: the run's seed.

    Raises:
        ValueError: the coefficient of variation is another.
    """

    distribution: Distribution
    spread: float
    seed: int
    _ahead: dict[int, tuple[int, Vector]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        largest = LARGEST_CV.get(self.distribution)
        if largest is not None and not SMALLEST_CV <= self.spread <= largest:
            raise ValueError(
                f"cv: {self.spread:g}; accepted for {self.distribution}: {SMALLEST_CV:g} to "
                f"{largest:.6g}"
            )

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
