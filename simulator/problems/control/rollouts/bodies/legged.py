"""Gymnasium's walking and swimming robots around the physics, in batches."""

from typing import Any

import numpy as np

from simulator.problems.control.rollouts.bodies.body import Body, Floats, Rows, flat
from simulator.types import Truths


class Runner(Body):
    """HalfCheetah and Swimmer: velocity forward, less the cost of control."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        hidden = 2 if "swimmer" in type(env).__module__ else 1
        self.skip = hidden * env._exclude_current_positions_from_observation

    def observe(self, now: Rows) -> list[Floats]:
        return [now["qpos"][:, self.skip :], now["qvel"]]

    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:
        forward = self.forward(before["qpos"][:, 0], now["qpos"][:, 0], now)
        return forward - self.control_cost(actions)


class Walker(Runner):
    """Walker2d: a reward for standing, and the end when it falls."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.z_range, self.angle_range = env._healthy_z_range, env._healthy_angle_range

    def observe(self, now: Rows) -> list[Floats]:
        return [now["qpos"][:, self.skip :], np.clip(now["qvel"], -10, 10)]

    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:
        forward = self.forward(before["qpos"][:, 0], now["qpos"][:, 0], now)
        return (forward + self.survival(now)) - self.control_cost(actions)

    def healthy(self, now: Rows) -> Truths:
        z, angle = now["qpos"][:, 1], now["qpos"][:, 2]
        upright: Truths = _inside(z, self.z_range) & _inside(angle, self.angle_range)
        return upright


class Hopper(Walker):
    """Hopper: as Walker2d, and no coordinate may run away."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.state_range = env._healthy_state_range

    def healthy(self, now: Rows) -> Truths:
        state = np.concatenate((now["qpos"], now["qvel"]), axis=1)[:, 2:]
        bounded = _inside(state, self.state_range).all(axis=1)
        healthy: Truths = super().healthy(now) & bounded
        return healthy


class Ant(Body):
    """Ant: the torso's velocity, standing, control and contact."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.skip = 2 * env._exclude_current_positions_from_observation
        self.z_range = env._healthy_z_range
        self.force_range = env._contact_force_range
        self.contact_cost_weight = env._contact_cost_weight
        self.contact_forces = not self.old or env._use_contact_forces
        self.observes_forces = getattr(env, "_include_cfrc_ext_in_observation", self.contact_forces)

    def fields(self, env: Any) -> dict[str, Floats]:
        torso = env.data.body(getattr(env, "_main_body", "torso")).xpos
        forces = {"cfrc_ext": flat(env.data.cfrc_ext)} if self.contact_forces else {}
        return super().fields(env) | {"torso": torso} | forces

    def observe(self, now: Rows) -> list[Floats]:
        parts = [now["qpos"][:, self.skip :], now["qvel"]]
        if self.observes_forces:
            world = 0 if self.old else 6  # v5 leaves out the world body
            parts.append(np.clip(now["cfrc_ext"], *self.force_range)[:, world:])
        return parts

    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:
        forward = self.forward(before["torso"][:, 0], now["torso"][:, 0], now)
        costs = self.control_cost(actions)
        if self.contact_forces:
            forces = np.clip(now["cfrc_ext"], *self.force_range)
            costs = costs + self.contact_cost_weight * np.square(forces).sum(axis=1)
        return (forward + self.survival(now)) - costs

    def healthy(self, now: Rows) -> Truths:
        z = now["qpos"][:, 2]
        finite = np.isfinite(now["qpos"]).all(axis=1) & np.isfinite(now["qvel"]).all(axis=1)
        healthy: Truths = finite & (self.z_range[0] <= z) & (z <= self.z_range[1])
        return healthy


class Standup(Body):
    """HumanoidStandup: height reached, less control and impact."""

    contact_forces = True
    parts = (("cinert", 10), ("cvel", 6), ("qfrc_actuator", 6), ("cfrc_ext", 6))
    """What v5 can leave out of an observation, and the numbers of each that belong to the world."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.skip = 2 * getattr(env, "_exclude_current_positions_from_observation", True)
        self.timestep = env.model.opt.timestep
        self.ctrl_cost_weight = getattr(env, "_ctrl_cost_weight", 0.1)  # constants in v4's code
        self.impact_cost_weight = getattr(env, "_impact_cost_weight", 5e-7)
        self.impact_cost_range = getattr(env, "_impact_cost_range", (-np.inf, 10))
        self.observed = [
            (name, 0 if self.old else world)
            for name, world in self.parts
            if getattr(env, f"_include_{name}_in_observation", True)
        ]

    def fields(self, env: Any) -> dict[str, Floats]:
        return super().fields(env) | {n: flat(getattr(env.data, n)) for n, _ in self.parts}

    def observe(self, now: Rows) -> list[Floats]:
        own = [now["qpos"][:, self.skip :], now["qvel"]]
        return own + [now[name][:, world:] for name, world in self.observed]

    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:  # noqa: ARG002
        height = now["qpos"][:, 2] / self.timestep
        impact = self.impact_cost_weight * np.square(now["cfrc_ext"]).sum(axis=1)
        control = self.control_cost(actions.astype(np.float64))
        result: Floats = height - control - np.clip(impact, *self.impact_cost_range) + 1
        return result


class Humanoid(Standup):
    """Humanoid: the centre of mass's velocity, standing, control and, in v5, contact."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.z_range = env._healthy_z_range
        if not self.old:
            self.contact_cost_weight = env._contact_cost_weight
            self.contact_cost_range = env._contact_cost_range

    def fields(self, env: Any) -> dict[str, Floats]:
        mass = env.model.body_mass
        own = {"mass": mass, "total": np.array([mass.sum()]), "xipos": flat(env.data.xipos)}
        return super().fields(env) | own | {"center": np.zeros(1)}

    def derive(self, now: Rows) -> None:
        positions = now["xipos"].reshape(len(now["xipos"]), -1, 3)
        moments = np.einsum("kb,kbj->kj", now["mass"], positions)
        now["center"][:, 0] = moments[:, 0] / now["total"][:, 0]

    def reward(self, before: Rows, now: Rows, actions: Floats) -> Floats:
        forward = self.forward(before["center"][:, 0], now["center"][:, 0], now)
        costs = self.control_cost(actions.astype(np.float64))
        if not self.old:
            contact = self.contact_cost_weight * np.square(now["cfrc_ext"]).sum(axis=1)
            costs = costs + np.clip(contact, *self.contact_cost_range)
        return (forward + self.survival(now)) - costs

    def healthy(self, now: Rows) -> Truths:
        return _inside(now["qpos"][:, 2], self.z_range)


def _inside(values: Floats, bounds: tuple[float, float]) -> Truths:
    result: Truths = (bounds[0] < values) & (values < bounds[1])
    return result
