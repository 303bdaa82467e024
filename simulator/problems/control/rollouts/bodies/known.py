"""Which environments are known to the batched engine."""

from typing import Any

from simulator.problems.control.rollouts.bodies.arms import (
    DoublePendulum,
    Pendulum,
    Pusher,
    Reacher,
)
from simulator.problems.control.rollouts.bodies.body import Body
from simulator.problems.control.rollouts.bodies.legged import (
    Ant,
    Hopper,
    Humanoid,
    Runner,
    Standup,
    Walker,
)

BODIES: dict[str, type[Body]] = {
    "humanoid": Humanoid,
    "humanoidstandup": Standup,
    "ant": Ant,
    "half_cheetah": Runner,
    "swimmer": Runner,
    "hopper": Hopper,
    "walker2d": Walker,
    "reacher": Reacher,
    "pusher": Pusher,
    "inverted_pendulum": Pendulum,
    "inverted_double_pendulum": DoublePendulum,
}
"""By the name of Gymnasium's module, without its version."""


def body_of(env: Any) -> Body | None:
    """Return what computes around the physics of an unwrapped environment, None if unknown."""
    package, _, module = type(env).__module__.rpartition(".")
    name, _, version = module.rpartition("_v")
    known = package == "gymnasium.envs.mujoco" and version in {"4", "5"} and name in BODIES
    return BODIES[name](env) if known else None
