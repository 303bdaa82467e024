"""Random factors on task durations, with mean one, drawn for many tasks at once."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from simulator.randomness import Stream, uniforms
from simulator.types import Indices, Vector

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

    def factors(self, workers: Indices, tasks: Indices) -> Vector:
        """Return the factors, shape (m,), for m (worker, task) pairs."""
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
