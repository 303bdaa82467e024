"""Update rules: what to do with an aggregated gradient. Pure functions of the iterate."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from simulator import DivergedError, Iterate, Momentum, Positive, Vector


@dataclass(frozen=True)
class Rule(ABC):
    """An update rule. Maximisation: the step goes up.

    Attributes:
        step_size: alpha > 0.
    """

    step_size: Positive

    def start(self, point: Vector) -> Iterate:
        """Return the iterate before the first update, at theta_0 = ``point``, shape (d,).

        A rule that keeps more from one update to the next returns an iterate of its own kind.
        """
        return Iterate.start(point)

    @abstractmethod
    def step(self, now: Iterate, gradient: Vector) -> Iterate:
        """Return the next iterate, given the aggregated gradient at ``now.lookahead``."""


@dataclass(frozen=True)
class NIGT(Rule):
    """Normalised steps with implicit gradient transport (Cutkosky and Mehta, ICML 2020).

    As used in Tyurin, Spiridonov, Rudenko (ICLR 2026), Algorithms 1 and 2:

        d_0       = g_0
        d_t       = (1 - eta) d_{t-1} + eta g_t
        theta_t+1 = theta_t + alpha d_t / |d_t|
        lookahead = theta_t+1 + (1 - eta)/eta (theta_t+1 - theta_t)

    Attributes:
        momentum: eta in (0, 1], the weight of the newest gradient.
    """

    momentum: Momentum

    def step(self, now: Iterate, gradient: Vector) -> Iterate:
        """Return the next iterate; a direction of length zero moves nothing.

        Raises:
            DivergedError: the direction is too long to be measured.
        """
        eta = self.momentum
        direction = gradient
        if now.direction is not None:
            direction = (1 - eta) * now.direction + eta * gradient
        length = float(np.linalg.norm(direction))
        if not np.isfinite(length):
            raise DivergedError("the direction's length is not finite")
        move = self.step_size * direction / length if length else np.zeros_like(direction)
        point = now.point + move
        return Iterate(point, point + (1 - eta) / eta * move, direction)


@dataclass(frozen=True)
class PG(Rule):
    """Plain policy gradient ascent: theta_{t+1} = theta_t + alpha g_t."""

    def step(self, now: Iterate, gradient: Vector) -> Iterate:
        """Return the next iterate; its lookahead is the point itself."""
        point = now.point + self.step_size * gradient
        return Iterate(point, point)
