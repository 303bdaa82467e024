"""Update rules: what to do with an aggregated gradient. Pure functions of the iterate.

Maximisation: steps go up.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from algorithms.rules.schedule import Schedule
from simulator import DivergedError, Iterate, Kept, Moment, Momentum, Positive, Vector, When


@dataclass(frozen=True)
class Rule(ABC):
    """An update rule.

    Attributes:
        step_size: alpha > 0, constant or decaying.
    """

    step_size: Positive | Schedule

    def start(self, point: Vector) -> Iterate:
        """Return the iterate before the first update, at theta_0 = ``point``, shape (d,).

        A rule that keeps more from one update to the next returns an iterate of its own kind.
        """
        return Iterate.start(point)

    @abstractmethod
    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        """Return the next iterate.

        Args:
            now: the iterate after t updates.
            gradient: aggregated, taken at a ``lookahead``, shape (d,).
            when: the moment of this update, and that of the lookahead.
        """

    def alpha(self, when: When) -> float:
        """Return the step size of an update."""
        return self.at(self.step_size, when.now)

    @staticmethod
    def at(value: float | Schedule, moment: Moment) -> float:
        """Return a value, constant or not, at a moment."""
        return value.at(moment) if isinstance(value, Schedule) else value


@dataclass(frozen=True)
class NIGT(Rule):
    """Normalised steps with implicit gradient transport (Cutkosky and Mehta, ICML 2020).

    As used in Tyurin, Spiridonov, Rudenko (ICLR 2026), Algorithms 1 and 2:

        d_0       = g_0
        d_t       = (1 - eta) d_{t-1} + eta g_t
        theta_t+1 = theta_t + alpha d_t / |d_t|
        lookahead = theta_t+1 + (1 - eta)/eta (theta_t+1 - theta_t)

    A momentum that decays belongs to a lookahead: however old a gradient is, it has the weight eta
    with which its lookahead was made, since (1 - eta)(theta_{t-1} - theta_t) + eta (lookahead -
    theta_t) = 0. This is alpha_{k - delay} of AFedPG (Lan et al., ICLR 2025, Algorithm 1).

    Attributes:
        momentum: eta in (0, 1], the weight of the newest gradient, constant or decaying.
    """

    momentum: Momentum | Schedule

    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        """Return the next iterate; a direction of length zero moves nothing.

        Raises:
            DivergedError: the direction is too long to be measured.
        """
        if now.direction is None:
            direction = gradient.copy()  # a method may use its array again
        else:
            eta = self.at(self.momentum, when.sent)
            direction = (1 - eta) * now.direction + eta * gradient
        length = math.sqrt(direction @ direction)
        if not math.isfinite(length):
            raise DivergedError("the direction's length is not finite")
        move = self.alpha(when) * direction / length if length else np.zeros_like(direction)
        point = now.point + move
        eta = self.at(self.momentum, when.made)
        return Iterate(point, point + (1 - eta) / eta * move, direction)


@dataclass(frozen=True)
class PG(Rule):
    """Plain policy gradient ascent: theta_{t+1} = theta_t + alpha g_t."""

    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        """Return the next iterate; its lookahead is the point itself."""
        point = now.point + self.alpha(when) * gradient
        return Iterate(point, point)


@dataclass(frozen=True)
class HeavyBall(Rule):
    """Steps with inertia (Polyak, 1964); the iterate's ``direction`` is the latest move.

        theta_{t+1} = theta_t + alpha g_t + beta (theta_t - theta_{t-1})

    Attributes:
        beta: how much of a move goes on in the next one.
    """

    beta: Kept = 0.9

    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        """Return the next iterate; its lookahead is the point itself."""
        move = self.alpha(when) * gradient
        if now.direction is not None:
            move = move + self.beta * now.direction
        point = now.point + move
        return Iterate(point, point, move)


@dataclass(frozen=True)
class Squares(Iterate):
    """An iterate with a mean of squared gradients.

    Attributes:
        squares: v_t, shape (d,); None before the first update.
    """

    squares: Vector | None = None


@dataclass(frozen=True)
class Adam(Rule):
    """Adam (Kingma and Ba, ICLR 2015, Algorithm 1), upwards; ``direction`` is the mean gradient.

        m_{t+1}     = beta1 m_t + (1 - beta1) g_t
        v_{t+1}     = beta2 v_t + (1 - beta2) g_t^2
        theta_{t+1} = theta_t + alpha m_{t+1}/(1 - beta1^{t+1})
                      / (sqrt(v_{t+1}/(1 - beta2^{t+1})) + epsilon)

    Attributes:
        beta1: how much of the mean gradient is kept.
        beta2: how much of the mean square is kept.
        epsilon: keeps the step finite where all gradients were 0.
    """

    beta1: Kept = 0.9
    beta2: Kept = 0.999
    epsilon: Positive = 1e-8

    def start(self, point: Vector) -> Squares:
        """See :class:`Rule`."""
        return Squares(point, point)

    def step(self, now: Iterate, gradient: Vector, when: When) -> Squares:
        """Return the next iterate; its lookahead is the point itself."""
        mean, squares = (1 - self.beta1) * gradient, (1 - self.beta2) * gradient**2
        if isinstance(now, Squares) and now.direction is not None and now.squares is not None:
            mean += self.beta1 * now.direction
            squares += self.beta2 * now.squares
        updates = when.made.update
        unbiased = mean / (1 - self.beta1**updates)
        scale = np.sqrt(squares / (1 - self.beta2**updates)) + self.epsilon
        point = now.point + self.alpha(when) * unbiased / scale
        return Squares(point, point, mean, squares)
