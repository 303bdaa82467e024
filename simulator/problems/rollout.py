"""Batched rollouts: many trajectories at once, each a function of its own key alone."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import gymnasium
import numpy as np
import numpy.typing as npt

from simulator.problems.environment import flat_size
from simulator.types import Indices, Vector

Float32s: TypeAlias = npt.NDArray[np.float32]

Sampler: TypeAlias = Callable[[Indices, Float32s, Float32s], tuple[Float32s, Float32s]]
"""(trajectories (m,), observations (m, o), noise (m, a)) -> (u, actions), both (m, a)."""


@dataclass(frozen=True)
class Trajectories:
    """Packed trajectories: all steps of the first, then all of the second, and so on.

    Attributes:
        observations: shape (steps, observation_size), float32.
        u: shape (steps, action_size), float32, the actions before they were squashed.
        rewards: shape (steps,).
        lengths: shape (m,), steps of each trajectory.
    """

    observations: Float32s
    u: Float32s
    rewards: Vector
    lengths: Indices

    @property
    def returns(self) -> Vector:
        """Undiscounted return of each trajectory, shape (m,)."""
        starts = np.cumsum(self.lengths) - self.lengths
        return np.add.reduceat(self.rewards, starts)


class Rollouts:
    """Gymnasium environments, stepped in turn with one policy inference for all that are live.

    An environment takes the next trajectory as soon as its last one ends, so that a long
    episode holds up nobody, and only live environments are stepped.

    Args:
        make: makes one environment of a version, given by its index.
        horizon: the most steps of a trajectory.
        slots: the most environments at once.
    """

    def __init__(
        self,
        make: Callable[[int], gymnasium.Env[Any, Any]],
        horizon: int,
        slots: int = 16,
    ) -> None:
        self._make = make
        self._horizon = horizon
        self._slots = slots
        self._idle: dict[int, list[gymnasium.Env[Any, Any]]] = {}

    def sample(
        self, rngs: Sequence[np.random.Generator], versions: Indices, sampler: Sampler
    ) -> Trajectories:
        """Return one trajectory per generator, which keys its reset and its action noise.

        Args:
            rngs: m generators.
            versions: shape (m,), the version of the environment for each trajectory.
            sampler: the policy.
        """
        waiting = iter(range(len(rngs)))
        live = [self._begin(k, versions, rngs) for k in itertools.islice(waiting, self._slots)]
        log = _Log()
        while live:
            owners = np.array([slot.trajectory for slot in live])
            observations = np.stack([slot.observation for slot in live])
            noise = np.stack([slot.noise() for slot in live])
            u, actions = sampler(owners, observations, noise)
            ended = []
            for slot, action in zip(live, actions, strict=True):
                if slot.step(action) or slot.steps == self._horizon:
                    ended.append(slot)
            log.add(owners, observations, u, [slot.reward for slot in live])
            for slot in ended:
                self._idle[int(versions[slot.trajectory])].append(slot.environment)
                following = next(waiting, None)
                if following is None:
                    live.remove(slot)
                else:
                    live[live.index(slot)] = self._begin(following, versions, rngs)
        return log.packed(len(rngs))

    def close(self) -> None:
        """Close all environments."""
        for environments in self._idle.values():
            for environment in environments:
                environment.close()
        self._idle.clear()

    def _begin(
        self, trajectory: int, versions: Indices, rngs: Sequence[np.random.Generator]
    ) -> "_Slot":
        version = int(versions[trajectory])
        idle = self._idle.setdefault(version, [])
        environment = idle.pop() if idle else self._make(version)
        return _Slot(trajectory, environment, rngs[trajectory])


class _Slot:
    """An environment and the trajectory that it is in."""

    def __init__(
        self,
        trajectory: int,
        environment: gymnasium.Env[Any, Any],
        rng: np.random.Generator,
    ) -> None:
        self.environment = environment
        self._action_shape = environment.action_space.shape or ()
        self._action_size = flat_size(environment.action_space)
        self.trajectory = trajectory
        self.steps = 0
        self.reward = 0.0
        self._rng = rng
        observation, _ = self.environment.reset(seed=int(rng.integers(2**31)))
        self.observation = np.asarray(observation, dtype=np.float32).ravel()

    def noise(self) -> Float32s:
        return self._rng.standard_normal(self._action_size, dtype=np.float32)

    def step(self, action: Float32s) -> bool:
        """Step the environment; return whether the trajectory ended."""
        observation, reward, terminated, truncated, _ = self.environment.step(
            action.reshape(self._action_shape)
        )
        self.steps += 1
        self.reward = float(reward)
        self.observation = np.asarray(observation, dtype=np.float32).ravel()
        return bool(terminated or truncated)


class _Log:
    """The steps of all trajectories in the order in which they were made."""

    def __init__(self) -> None:
        self._owners: list[Indices] = []
        self._observations: list[Float32s] = []
        self._u: list[Float32s] = []
        self._rewards: list[list[float]] = []

    def add(
        self, owners: Indices, observations: Float32s, u: Float32s, rewards: list[float]
    ) -> None:
        self._owners.append(owners)
        self._observations.append(observations)
        self._u.append(u)
        self._rewards.append(rewards)

    def packed(self, trajectories: int) -> Trajectories:
        owners = np.concatenate(self._owners)
        order = np.argsort(owners, kind="stable")
        return Trajectories(
            np.concatenate(self._observations)[order],
            np.concatenate(self._u)[order],
            np.concatenate([np.asarray(r, dtype=np.float64) for r in self._rewards])[order],
            np.bincount(owners, minlength=trajectories),
        )
