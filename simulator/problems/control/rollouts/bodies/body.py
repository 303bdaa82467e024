"""What a Gymnasium environment computes around the physics, for many of them at once.

The classes in :mod:`legged` and :mod:`arms` repeat the arithmetic of ``gymnasium.envs.mujoco`` 1.4
in its order of operations, so that the numbers are the same to the last bit
(``tests/simulator/test_physics.py``). Weights and ranges are read from the Gymnasium environment.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from simulator.types import Truths

Rows: TypeAlias = Mapping[str, npt.NDArray[np.float64]]
"""The fields of k environments by name, each of shape (k, size)."""

Floats: TypeAlias = npt.NDArray[Any]


class Body(ABC):
    """One kind of environment.

    Args:
        env: Gymnasium's own environment, unwrapped.
    """

    contact_forces = False
    """Whether fields need ``mj_rnePostConstraint`` after a step."""

    def __init__(self, env: Any) -> None:
        self.old = type(env).__module__.endswith("_v4")
        self.dt = env.dt
        for name in ("ctrl_cost_weight", "healthy_reward", "terminate_when_unhealthy"):
            setattr(self, name, getattr(env, f"_{name}", None))
        self.skip = 0

    ctrl_cost_weight: float
    healthy_reward: float
    terminate_when_unhealthy: bool

    def fields(self, env: Any) -> dict[str, Floats]:
        """Return flat views into ``env``'s data, and what else a row needs, by name."""
        own = {name: flat(getattr(env.data, name)) for name in ("qpos", "qvel")}
        weight = getattr(env, "_forward_reward_weight", 1.0)  # a variant may have its own
        return own | {"forward_reward_weight": np.array([weight], dtype=np.float64)}

    def derive(self, now: Rows) -> None:  # noqa: B027 - most have nothing to derive
        """Fill in fields that follow from others, before anything else looks at the rows."""

    @abstractmethod
    def observe(self, now: Rows) -> list[Floats]:
        """Return the parts of the observations, to be joined, each (k, size)."""

    @abstractmethod
    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:
        """Return the reward of a step, shape (k,); ``actions`` is float32 of shape (k, a)."""

    def healthy(self, now: Rows) -> Truths:
        """Return who has not fallen, shape (k,)."""
        return np.ones(len(now["qpos"]), dtype=bool)

    def terminated(self, now: Rows) -> Truths:
        """Return whose episode ends here, shape (k,)."""
        if self.terminate_when_unhealthy:
            return ~self.healthy(now)
        return np.zeros(len(now["qpos"]), dtype=bool)

    def survival(self, now: Rows) -> Floats | float:
        """Return the reward for being healthy; v4 pays it on the last step too."""
        if self.old and self.terminate_when_unhealthy:
            return float(self.healthy_reward)
        return self.healthy(now) * self.healthy_reward

    def forward(self, before: Floats, after: Floats, now: Rows) -> Floats:
        """Return the weighted velocity between two positions of shape (k,)."""
        result: Floats = now["forward_reward_weight"][:, 0] * ((after - before) / self.dt)
        return result

    def control_cost(self, actions: Floats) -> Floats:
        """Return the weighted sum of squares, in the precision of ``actions``, shape (k,)."""
        result: Floats = self.ctrl_cost_weight * np.square(actions).sum(axis=1)
        return result


def flat(array: Floats) -> Floats:
    """Return a view of shape (size,)."""
    view: Floats = array.reshape(-1)
    return view
