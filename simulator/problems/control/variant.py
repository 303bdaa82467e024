"""Variants of an environment for different workers: other physics, rewards or observations."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Literal, SupportsFloat, TypeAlias

import gymnasium
import mujoco
import numpy as np
from gymnasium.envs.mujoco import MujocoEnv
from gymnasium.spaces import Box

from simulator.problems.control.actions import policy_for
from simulator.problems.control.environment import (
    UnsuitableEnvironmentError,
    flat_size,
    make_environment,
)
from simulator.types import Vector

Flip: TypeAlias = bool | Literal["untold"]


@dataclass(frozen=True)
class Variant:
    """How one variant of an environment differs from Gymnasium's own. The default changes nothing.

    Attributes:
        gravity: factor on the gravity vector.
        friction: factor on the friction of all geoms.
        body_mass: factor on the mass and inertia of all bodies.
        joint_damping: factor on the damping of all joints.
        actuator_gear: factor on the gear of all actuators; -1 reverses them.
        reward_scale: factor on the reward.
        target_velocity: -1 rewards running backwards, by the sign of the forward reward.
        flip: the policy sees -s; whenever one variant flips, a 0 or (flipped) 1 is appended to
            the observations of all (the paper, Appendix H.3). ``untold``: it sees -s, and no flag
            says so.
    """

    gravity: float = 1.0
    friction: float = 1.0
    body_mass: float = 1.0
    joint_damping: float = 1.0
    actuator_gear: float = 1.0
    reward_scale: float = 1.0
    target_velocity: int = 1
    flip: Flip = False

    def changes(self) -> dict[str, Any]:
        """Return the fields that differ from Gymnasium's own environment."""
        return {f.name: getattr(self, f.name) for f in fields(self) if self._differs(f.name)}

    def _differs(self, name: str) -> bool:
        return bool(getattr(self, name) != getattr(Variant, name))


_MODEL_ARRAYS = {
    "gravity": ["opt.gravity"],
    "friction": ["geom_friction"],
    "body_mass": ["body_mass", "body_inertia"],
    "joint_damping": ["dof_damping"],
    "actuator_gear": ["actuator_gear"],
}
"""What each factor multiplies in MuJoCo's model."""


def make_variant(
    name: str,
    variant: Variant,
    *,
    flags: bool = False,
    **options: Any,  # noqa: ANN401 - Gymnasium's
) -> gymnasium.Env[Any, Any]:
    """Return the environment ``name`` with the changes of ``variant``.

    Args:
        name: a Gymnasium environment.
        variant: what is different.
        flags: append the 0 or 1 of ``flip`` to the observations.
        **options: for ``gymnasium.make``.

    Raises:
        UnsuitableEnvironmentError: the environment cannot be made or changed so.
    """
    environment = make_environment(name, **options)
    changes = variant.changes()
    model_changes = changes.keys() & _MODEL_ARRAYS
    base = environment.unwrapped
    if model_changes:
        if not isinstance(base, MujocoEnv):
            raise UnsuitableEnvironmentError(
                f"{name} is no MuJoCo environment: {', '.join(sorted(model_changes))} cannot change"
                "; accepted: reward_scale, flip"
            )
        for key in model_changes:
            for array in _MODEL_ARRAYS[key]:
                attrgetter(array)(base.model)[:] *= changes[key]
        mujoco.mj_setConst(base.model, base.data)  # what follows from masses and inertias
    if variant.target_velocity != 1:
        if not hasattr(base, "_forward_reward_weight"):
            raise UnsuitableEnvironmentError(
                f"{name} has no forward_reward_weight: target_velocity cannot change; accepted: 1, "
                "or an environment that has one, such as Ant-v5"
            )
        base._forward_reward_weight *= variant.target_velocity  # noqa: SLF001 - no public setter
    if variant.reward_scale != 1.0:
        environment = ScaledReward(environment, variant.reward_scale)
    if flags or variant.flip:
        sign, flag = -1.0 if variant.flip else 1.0, float(variant.flip is True)
        environment = Flagged(environment, sign, flag if flags else None)
    return environment


def flagged(variants: Sequence[Variant]) -> bool:
    """Return whether the observations of all have a flag."""
    return any(variant.flip is True for variant in variants)


def policy_size(name: str, variants: Sequence[Variant], hidden: Sequence[int]) -> int:
    """Return how many parameters the policy has; this makes each variant once, without torch.

    Raises:
        UnsuitableEnvironmentError: that does not work.
    """
    for variant in variants:
        environment = make_variant(name, variant, flags=flagged(variants))
        policy, _ = policy_for(environment, hidden)
        environment.close()
    return policy.dimension


class ScaledReward(gymnasium.RewardWrapper[Any, Any]):
    """The reward times a factor."""

    def __init__(self, environment: gymnasium.Env[Any, Any], factor: float) -> None:
        super().__init__(environment)
        self.factor = factor

    def reward(self, reward: SupportsFloat) -> float:
        """Return the scaled reward."""
        return self.factor * float(reward)


class Flagged(gymnasium.ObservationWrapper[Any, Any, Any]):
    """The observation times a sign, and a flag beside it if there is one."""

    def __init__(
        self, environment: gymnasium.Env[Any, Any], sign: float, flag: float | None
    ) -> None:
        super().__init__(environment)
        size = flat_size(environment.observation_space) + (flag is not None)
        self.observation_space = Box(-np.inf, np.inf, (size,), np.float64)
        self.sign, self.flag = sign, flag

    def observation(self, observation: Any) -> Vector:  # noqa: ANN401
        """Return the observation as the policy sees it."""
        seen = self.sign * np.ravel(observation)
        return seen if self.flag is None else np.append(seen, self.flag)
