"""Which policy an environment needs, and what its u becomes there."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from simulator.problems.control.categorical import CategoricalPolicy
from simulator.problems.control.environment import flat_size
from simulator.problems.control.policy import Floats, GaussianPolicy, Policy

Hand: TypeAlias = Callable[[Floats], Floats]
"""Turns u, shape (k, u_size), into k actions that the environment accepts."""


class Squashed:
    """The paper's a_max tanh(u); where the bounds are not symmetric, about their middle.

    Args:
        space: the actions, a bounded Box.
    """

    def __init__(self, space: Box) -> None:
        low, high = space.low.ravel(), space.high.ravel()
        self._middle, self._range = (high + low) / 2, (high - low) / 2  # a_max if symmetric
        exact = space.dtype == np.float32 and not self._middle.any()  # then a_max is the most
        self._bounds = None if exact else (_within(low, 1), _within(high, -1))

    def __call__(self, u: Floats) -> Floats:
        """Return the actions, shape (k, a), float32, of ``u``, shape (k, a)."""
        actions: Floats = np.tanh(u)
        actions *= self._range
        actions += self._middle
        actions = actions.astype(np.float32, copy=False)
        if self._bounds is not None:  # rounding may lead beyond
            np.clip(actions, *self._bounds, out=actions)
        return actions


def _within(bounds: Floats, inwards: int) -> Floats:
    """Return the nearest float32 of each bound that does not lie beyond it."""
    found: Floats = bounds.astype(np.float32)
    beyond = (bounds.astype(np.float64) - found) * inwards > 0
    return np.where(beyond, np.nextafter(found, np.float32(inwards * np.inf)), found)


class Numbered:
    """The action's index in the space's own count, which need not begin at 0.

    Args:
        space: the actions.
    """

    def __init__(self, space: Discrete) -> None:
        self._start = int(space.start)

    def __call__(self, u: Floats) -> Floats:
        """Return the actions, shape (k,), int64, of the indices ``u``, shape (k, 1)."""
        actions: Floats = u[:, 0].astype(np.int64)
        actions += self._start
        return actions


def policy_for(environment: gymnasium.Env[Any, Any], hidden: Sequence[int]) -> tuple[Policy, Hand]:
    """Return the Gaussian policy for Box actions, the categorical one for Discrete actions.

    Args:
        environment: with Box observations and bounded Box or Discrete actions.
        hidden: width of each tanh layer.

    Raises:
        TypeError: the actions are of another kind.
    """
    size, space = flat_size(environment.observation_space), environment.action_space
    if isinstance(space, Discrete):
        return CategoricalPolicy(size, int(space.n), hidden), Numbered(space)
    if isinstance(space, Box):
        return GaussianPolicy(size, flat_size(space), hidden), Squashed(space)
    raise TypeError(f"no policy for {space}")
