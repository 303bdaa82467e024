"""Gymnasium's arms and pendulums around the physics, in batches."""

from typing import Any

import numpy as np

from simulator.problems.control.rollouts.bodies.body import Body, Floats, Rows
from simulator.types import Truths


class Reacher(Body):
    """Reacher: the distance from fingertip to target; v4 takes it before the step."""

    ends = ("fingertip", "target")

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.dist_weight = getattr(env, "_reward_dist_weight", 1)
        self.control_weight = getattr(env, "_reward_control_weight", 1)

    def fields(self, env: Any) -> dict[str, Floats]:
        return super().fields(env) | {name: env.data.body(name).xpos for name in self.ends}

    def observe(self, now: Rows) -> list[Floats]:
        angles = np.ascontiguousarray(now["qpos"][:, :2])
        gap = now["fingertip"] - now["target"]
        return [
            *(np.cos(angles), np.sin(angles)),
            *(now["qpos"][:, 2:], now["qvel"][:, :2]),
            gap if self.old else gap[:, :2],
        ]

    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:
        then = before if self.old else now
        near = -_norm(then["fingertip"] - then["target"]) * self.dist_weight
        result: Floats = near + -np.square(actions).sum(axis=1) * self.control_weight
        return result


class Pusher(Body):
    """Pusher-v5: from tip to object, from object to goal. v4 does not work with this MuJoCo."""

    ends = ("tips_arm", "object", "goal")

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.near_weight, self.dist_weight = env._reward_near_weight, env._reward_dist_weight
        self.control_weight = env._reward_control_weight

    def fields(self, env: Any) -> dict[str, Floats]:
        return super().fields(env) | {name: env.data.body(name).xpos for name in self.ends}

    def observe(self, now: Rows) -> list[Floats]:
        return [now["qpos"][:, :7], now["qvel"][:, :7], *(now[name] for name in self.ends)]

    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:  # noqa: ARG002
        near = -_norm(now["object"] - now["tips_arm"]) * self.near_weight
        far = -_norm(now["object"] - now["goal"]) * self.dist_weight
        control = -np.square(actions).sum(axis=1) * self.control_weight
        result: Floats = far + control + near
        return result


class Pendulum(Body):
    """InvertedPendulum: 1 a step while the pole stands; v4 pays it on the last step too."""

    terminate_when_unhealthy = True

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.terminate_when_unhealthy, self.healthy_reward = True, 1

    def observe(self, now: Rows) -> list[Floats]:
        return [now["qpos"], now["qvel"]]

    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:  # noqa: ARG002
        return self.survival(now) + np.zeros(len(actions))

    def healthy(self, now: Rows) -> Truths:
        finite: Truths = np.isfinite(np.concatenate(self.observe(now), axis=1)).all(axis=1)
        return finite & (np.abs(now["qpos"][:, 1]) <= 0.2)  # noqa: PLR2004 - from its code


class DoublePendulum(Body):
    """InvertedDoublePendulum: a bonus, less the tip's distance and the joints' speed."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.terminate_when_unhealthy = True
        self.healthy_reward = getattr(env, "_healthy_reward", 10)

    def fields(self, env: Any) -> dict[str, Floats]:
        own = {"tip": env.data.site_xpos[0], "qfrc_constraint": env.data.qfrc_constraint}
        return super().fields(env) | own

    def observe(self, now: Rows) -> list[Floats]:
        angles = np.ascontiguousarray(now["qpos"][:, 1:])
        forces = np.clip(now["qfrc_constraint"], -10, 10)
        return [
            *(now["qpos"][:, :1], np.sin(angles), np.cos(angles), np.clip(now["qvel"], -10, 10)),
            forces if self.old else forces[:, :1],
        ]

    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:  # noqa: ARG002
        x, y = now["tip"][:, 0], now["tip"][:, 2]
        v1, v2 = now["qvel"][:, 1], now["qvel"][:, 2]
        distance = 0.01 * _squares(x) + _squares(y - 2)
        speed = 0.001 * _squares(v1) + 0.005 * _squares(v2)
        result: Floats = self.survival(now) - distance - speed
        return result

    def healthy(self, now: Rows) -> Truths:
        return ~(now["tip"][:, 2] <= 1)


def _norm(vectors: Floats) -> Floats:
    result: Floats = np.sqrt(np.vecdot(vectors, vectors))
    return result


def _squares(values: Floats) -> Floats:
    """Return v**2 as scalars have it: the C library's pow, which can differ in the last bit."""
    return np.array([value**2 for value in values])
