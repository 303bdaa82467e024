"""Environments side by side, stepped together: MuJoCo's physics, or any Gymnasium environment."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import gymnasium
import mujoco
import numpy as np
from gymnasium.spaces import Discrete
from gymnasium.wrappers import OrderEnforcing, TimeLimit

from simulator.problems.control.rollouts.bodies.body import Body, Floats, Rows
from simulator.problems.control.rollouts.bodies.known import body_of
from simulator.problems.control.variant import Flagged, ScaledReward
from simulator.types import Truths, Vector

Environment = gymnasium.Env[Any, Any]

_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
"""All that a step depends on; what else MuJoCo holds, it computes anew in each step."""


class Slots(ABC):
    """Places for environments, numbered from 0; the first k are live in a step."""

    kind: str
    """What ``run.json`` calls it."""

    time_limit: int | None = None
    """Steps after which the environment would truncate an episode, if it does not do so itself."""

    portable = False
    """Whether an episode can go on in the slots of another process."""

    @abstractmethod
    def begin(self, slot: int, variant: int, seed: int) -> Vector:
        """Start an episode of a variant in a slot; return its first observation, flat."""

    @abstractmethod
    def step(self, actions: Floats) -> tuple[Floats, Floats, Truths]:
        """Step the first k slots.

        Args:
            actions: shape (k, a), float32; or whole numbers (k,) for Discrete actions.

        Returns:
            Observations (k, o), rewards (k,), and whose episode ended (k,); the end at
            :attr:`time_limit` is the caller's business.
        """

    @abstractmethod
    def move(self, source: int, target: int) -> None:
        """Put the episode of slot ``source`` into slot ``target``, whose own has ended."""

    def pack(self, slot: int) -> object:
        """Return what :meth:`unpack` needs for the episode of a slot to go on in other slots.

        Its observation and its age are the caller's business. Only slots that are
        :attr:`portable` can.
        """
        raise NotImplementedError

    def unpack(self, slot: int, packed: Any) -> None:
        """Put an episode of other slots into ``slot``; it goes on bit for bit."""
        raise NotImplementedError

    @abstractmethod
    def close(self) -> None:
        """Close all environments."""


def make_slots(make: Callable[[int], Environment], variants: int, slots: int) -> Slots:
    """Return slots for the environments that ``make`` makes: physics if all are known.

    Args:
        make: makes an environment of a variant, given by its index.
        variants: how many there are.
        slots: how many environments can be live.
    """
    samples = [make(variant) for variant in range(variants)]
    if all(_is_known(sample) for sample in samples):
        return PhysicsSlots(samples, slots)
    return GymnasiumSlots(make, samples, slots)


def _is_known(environment: Environment) -> bool:
    while environment is not environment.unwrapped:
        # these very classes: what is derived from one may do more
        if type(environment) not in (TimeLimit, OrderEnforcing, ScaledReward, Flagged):
            return False
        environment = environment.env  # type: ignore[attr-defined]
    return body_of(environment) is not None


class GymnasiumSlots(Slots):
    """Any Gymnasium environments, stepped one after the other.

    Args:
        make: makes an environment of a variant.
        idle: one environment of each variant.
        slots: how many can be live.
    """

    kind = "gymnasium"

    def __init__(
        self, make: Callable[[int], Environment], idle: list[Environment], slots: int
    ) -> None:
        self._make = make
        self._idle = {variant: [environment] for variant, environment in enumerate(idle)}
        self._live: list[tuple[int, Environment] | None] = [None] * slots
        space = idle[0].action_space
        self._action_shape = None if isinstance(space, Discrete) else space.shape or ()

    def begin(self, slot: int, variant: int, seed: int) -> Vector:
        self._free(slot)
        idle = self._idle[variant]
        environment = idle.pop() if idle else self._make(variant)
        self._live[slot] = variant, environment
        observation, _ = environment.reset(seed=seed)
        return np.asarray(observation, dtype=np.float64).ravel()

    def step(self, actions: Floats) -> tuple[Floats, Floats, Truths]:
        observations, rewards, ended = [], [], []
        shape = self._action_shape
        for live, row in zip(self._live, actions, strict=False):
            action = row if shape is None else row.reshape(shape)  # a whole number has no shape
            seen, reward, terminated, truncated, _ = live[1].step(action)  # type: ignore[index]
            observations.append(np.ravel(seen))
            rewards.append(float(reward))
            ended.append(terminated or truncated)
        return np.stack(observations), np.array(rewards), np.array(ended, dtype=bool)

    def move(self, source: int, target: int) -> None:
        self._free(target)
        self._live[target], self._live[source] = self._live[source], None

    def close(self) -> None:
        for slot in range(len(self._live)):
            self._free(slot)
        for environments in self._idle.values():
            for environment in environments:
                environment.close()
        self._idle.clear()

    def _free(self, slot: int) -> None:
        live, self._live[slot] = self._live[slot], None
        if live is not None:
            self._idle[live[0]].append(live[1])


class PhysicsSlots(Slots):
    """MuJoCo environments that Gymnasium makes and resets, and that are stepped here.

    Only the physics is done one by one. Its results are gathered in a table with a row per slot,
    from which observations, rewards and ends are computed for all at once, bit for bit as
    Gymnasium does (:mod:`simulator.problems.control.rollouts.bodies.known`).

    Args:
        samples: an environment of each variant, as Gymnasium and we wrap it.
        slots: how many can be live.
    """

    kind = "physics"
    portable = True

    def __init__(self, samples: list[Environment], slots: int) -> None:
        self._samples = samples
        self._body: Body = body_of(samples[0].unwrapped)  # type: ignore[assignment]
        self._wrappers = [_Outside(sample) for sample in samples]
        self._plain = all(wrapper.plain for wrapper in self._wrappers)
        self.time_limit = self._wrappers[0].time_limit
        self._idle: dict[int, list[_Physics]] = {v: [] for v in range(len(samples))}
        self._live: list[_Physics | None] = [None] * slots
        fields = self._body.fields(samples[0].unwrapped)
        self._before, self._now = _Table(slots, fields), _Table(slots, fields)
        self._scale, self._sign = np.ones(slots), np.ones((slots, 1))
        self._flag = np.empty((slots, 1))

    def begin(self, slot: int, variant: int, seed: int) -> Vector:
        physics = self._place(slot, variant)
        physics.environment.reset(seed=seed)
        np.concatenate(physics.views, out=self._now.lines[slot])
        result: Vector = self._observe(slot, slot + 1)[0]
        return result

    def step(self, actions: Floats) -> tuple[Floats, Floats, Truths]:
        live, forces = len(actions), self._body.contact_forces
        self._before, self._now = self._now, self._before
        for physics, action, line in zip(self._live, actions, self._now.lines, strict=False):
            model, data = physics.model, physics.data  # type: ignore[union-attr]
            physics.control[:] = action  # type: ignore[union-attr]
            mujoco.mj_step(model, data, physics.substeps)  # type: ignore[union-attr]
            if forces:
                mujoco.mj_rnePostConstraint(model, data)
            np.concatenate(physics.views, out=line)  # type: ignore[union-attr]
        seen = self._observe(0, live)
        before, now = self._before.rows(0, live), self._now.rows(0, live)
        rewards = self._body.reward(before, now, actions)
        return seen, self._scale[:live] * rewards, self._body.terminated(now)

    def move(self, source: int, target: int) -> None:
        self._free(target)
        self._live[target], self._live[source] = self._live[source], None
        for array in (self._now.array, self._scale, self._sign, self._flag):
            array[target] = array[source]

    def pack(self, slot: int) -> tuple[int, Vector, Vector]:
        physics: Any = self._live[slot]
        state = np.empty(mujoco.mj_stateSize(physics.model, _STATE))
        mujoco.mj_getState(physics.model, physics.data, state, _STATE)
        return physics.variant, state, self._now.array[slot].copy()

    def unpack(self, slot: int, packed: tuple[int, Vector, Vector]) -> None:
        variant, state, self._now.array[slot] = packed
        physics = self._place(slot, variant)
        mujoco.mj_setState(physics.model, physics.data, state, _STATE)

    def close(self) -> None:
        for sample in self._samples:
            sample.close()

    def _place(self, slot: int, variant: int) -> "_Physics":
        self._free(slot)
        idle = self._idle[variant]
        physics = idle.pop() if idle else _Physics(self._samples[variant], variant, self._body)
        self._live[slot] = physics
        wrapper = self._wrappers[variant]
        self._scale[slot], self._sign[slot] = wrapper.scale, wrapper.sign
        self._flag[slot] = 0.0 if wrapper.flag is None else wrapper.flag
        return physics

    def _free(self, slot: int) -> None:
        physics, self._live[slot] = self._live[slot], None
        if physics is not None:
            self._idle[physics.variant].append(physics)

    def _observe(self, first: int, last: int) -> Floats:
        rows = self._now.rows(first, last)
        self._body.derive(rows)
        seen: Floats = np.concatenate(self._body.observe(rows), axis=1)
        if self._plain:
            return seen
        seen *= self._sign[first:last]
        if self._wrappers[0].flag is None:
            return seen
        return np.concatenate((seen, self._flag[first:last]), axis=1)


class _Physics:
    """One environment's physics: Gymnasium's own for the reset, and views of its results."""

    def __init__(self, sample: Environment, variant: int, body: Body) -> None:
        self.variant = variant
        base: Any = sample.unwrapped
        self.environment: Any = object.__new__(type(base))  # shares the compiled model
        self.environment.__dict__.update(base.__dict__)
        self.model, self.substeps = self.environment.model, self.environment.frame_skip
        self.data = self.environment.data = mujoco.MjData(self.model)
        self.control = self.data.ctrl
        self.views = tuple(body.fields(self.environment).values())


class _Table:
    """A row per slot with all fields of its environment side by side."""

    def __init__(self, slots: int, fields: dict[str, Floats]) -> None:
        ends = np.cumsum([len(view) for view in fields.values()]).tolist()
        self._columns = dict(zip(fields, map(slice, [0, *ends], ends), strict=False))
        self.array = np.empty((slots, ends[-1]))
        self.lines = list(self.array)
        self._rows: dict[tuple[int, int], Rows] = {}

    def rows(self, first: int, last: int) -> Rows:
        """Return views of the fields in slots ``first`` to ``last`` - 1."""
        if (first, last) not in self._rows:
            part = self.array[first:last]
            self._rows[first, last] = {f: part[:, columns] for f, columns in self._columns.items()}
        return self._rows[first, last]


class _Outside:
    """What wrappers do to one variant's rewards and observations, and the shortest time limit."""

    def __init__(self, environment: Environment) -> None:
        self.scale, self.sign = 1.0, 1.0
        self.flag: float | None = None
        self.time_limit: int | None = None
        while environment is not environment.unwrapped:
            if isinstance(environment, ScaledReward):
                self.scale = environment.factor
            elif isinstance(environment, Flagged):
                self.sign, self.flag = environment.sign, environment.flag
            elif isinstance(environment, TimeLimit):
                steps = environment._max_episode_steps
                self.time_limit = min(self.time_limit or steps, steps)
            environment = environment.env  # type: ignore[attr-defined]
        self.plain = self.scale == self.sign == 1.0 and self.flag is None
