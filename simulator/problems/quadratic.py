"""Concave quadratics: small, exact, and the problem that timing tests and lessons run on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.problem import Estimate, Problem, Request, Variants
from simulator.randomness import Stream, generator
from simulator.types import Vector


@dataclass(frozen=True)
class Bowl:
    """J(x) = -(1/2) x'Ax + b'x with diagonal A and b = A x*.

    A's eigenvalues are spaced geometrically from curvature/condition to curvature (for d = 1 the
    first is the only one).

    Attributes:
        condition: largest over smallest eigenvalue of A, >= 1.
        curvature: largest eigenvalue of A, > 0.
        optimum: every coordinate of the maximiser x*.
    """

    condition: float = 10.0
    curvature: float = 1.0
    optimum: float = 1.0

    def eigenvalues(self, dimension: int) -> Vector:
        """Return the diagonal of A, shape (d,)."""
        return self.curvature * np.geomspace(1 / self.condition, 1, dimension)


class Quadratic(Problem):
    """The equal average over workers of each worker's bowl.

    A stochastic gradient is the worker's own b - Ax plus xi, xi normal with E|xi|^2 = noise^2.

    Args:
        dimension: d >= 1.
        bowls: one per variant of the problem; only one if all workers have the same.
        noise: root mean square length of xi, >= 0.
        seed: keys x_0 (standard normal) and all noise.
        variants: which worker has which bowl; None if there is only one.
    """

    def __init__(
        self,
        dimension: int,
        bowls: Sequence[Bowl],
        noise: float,
        seed: int,
        variants: Variants | None = None,
    ) -> None:
        self.dimension = dimension
        self.variants = variants
        self._a = np.array([bowl.eigenvalues(dimension) for bowl in bowls])
        self._b = self._a * np.array([[bowl.optimum] for bowl in bowls])
        self._shares = variants.shares if variants else np.ones(1)
        self._scale = noise / np.sqrt(dimension)
        self._seed = seed

    def initial_point(self) -> Vector:
        """Return x_0, standard normal."""
        return generator(self._seed, 0, 0, Stream.INITIAL_POINT).standard_normal(self.dimension)

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        """Return exact gradients plus keyed noise."""
        return [Estimate(self._exact_sum(r) + self._noise_sum(r)) for r in requests]

    def exact(self, point: Vector) -> tuple[float, float]:
        """Return (J, |grad J|) at ``point``."""
        gradient = self._shares @ (self._b - self._a * point)
        return float(self._shares @ self._values(point)), math.sqrt(gradient @ gradient)

    def exact_by_variant(self, point: Vector) -> Vector | None:
        """Return each bowl's value at ``point``."""
        return self._values(point) if self.variants else None

    def _values(self, point: Vector) -> Vector:
        values: Vector = self._b @ point - 0.5 * self._a @ (point * point)
        return values

    def _exact_sum(self, request: Request) -> Vector:
        variant = self.variant_of(request.workers)
        weights = np.bincount(variant, request.weights, minlength=len(self._a))
        total: Vector = weights @ (self._b - self._a * request.point)
        return total

    def _noise_sum(self, request: Request) -> Vector:
        total = np.zeros(self.dimension)
        if self._scale:
            keys = zip(request.workers, request.tasks, request.weights, strict=True)
            for worker, task, weight in keys:
                draw = generator(self._seed, int(worker), int(task)).standard_normal(self.dimension)
                total += weight * self._scale * draw
        return total
