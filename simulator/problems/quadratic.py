"""A concave quadratic: small, exact, and the problem that timing tests and lessons run on."""

from collections.abc import Sequence

import numpy as np

from simulator.problem import Estimate, Problem, Request
from simulator.randomness import Stream, generator
from simulator.types import Vector


class Quadratic(Problem):
    """J(x) = -(1/2) x'Ax + b'x with diagonal A, maximised at the vector of ones.

    A's eigenvalues are spaced geometrically from 1/condition to 1 and b = A 1, so the smoothness
    constant is 1. A stochastic gradient is b - Ax + xi with xi normal and E|xi|^2 = noise^2.

    Args:
        dimension: d >= 1.
        condition: largest over smallest eigenvalue of A, >= 1.
        noise: standard deviation of the gradient's norm, >= 0.
        seed: keys x_0 (standard normal) and all noise.
    """

    def __init__(self, dimension: int, condition: float, noise: float, seed: int) -> None:
        self.dimension = dimension
        self.eigenvalues: Vector = np.geomspace(1 / condition, 1, dimension)
        self.linear: Vector = self.eigenvalues.copy()
        self._scale = noise / np.sqrt(dimension)
        self._seed = seed

    def initial_point(self) -> Vector:
        """Return x_0, standard normal."""
        return generator(self._seed, 0, 0, Stream.INITIAL_POINT).standard_normal(self.dimension)

    def gradient(self, point: Vector) -> Vector:
        """Return the exact gradient b - Ax, shape (d,)."""
        return self.linear - self.eigenvalues * point

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        """Return exact gradients plus keyed noise."""
        return [
            Estimate(r.weights.sum() * self.gradient(r.point) + self._noise(r)) for r in requests
        ]

    def exact(self, point: Vector) -> tuple[float, float]:
        """Return (J, |grad J|) at ``point``."""
        value = self.linear @ point - 0.5 * point @ (self.eigenvalues * point)
        return float(value), float(np.linalg.norm(self.gradient(point)))

    def _noise(self, request: Request) -> Vector:
        total = np.zeros(self.dimension)
        if self._scale:
            keys = zip(request.workers, request.tasks, request.weights, strict=True)
            for worker, task, weight in keys:
                draw = generator(self._seed, int(worker), int(task)).standard_normal(self.dimension)
                total += weight * self._scale * draw
        return total
