"""Tiny Gymnasium environments whose expectations are known."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class TwoStep(gymnasium.Env[Any, Any]):
    """Observations 1 and -0.5; rewards a_0, then a_1^2 + a_0 a_1; then it terminates."""

    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space = spaces.Box(-1, 1, (1,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._first: float | None = None
        return np.array([1.0], np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        a = float(action[0])
        observation = np.array([-0.5], np.float32)
        if self._first is None:
            self._first = a
            return observation, a, False, False, {}
        return observation, a * a + self._first * a, True, False, {}


class RandomLength(gymnasium.Env[Any, Any]):
    """Noisy observations, reward 1 + a a step, and episodes of 1 to 12 steps."""

    observation_space = spaces.Box(-np.inf, np.inf, (2, 2), np.float64)
    action_space = spaces.Box(-3, 1, (2,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._left = int(self.np_random.integers(1, 13))
        return self.np_random.normal(size=(2, 2)), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._left -= 1
        ended = self._left == 0
        return self.np_random.normal(size=(2, 2)), float(1 + np.sum(action)), ended, False, {}


class TwoChoices(gymnasium.Env[Any, Any]):
    """Observations 1 and -0.5; actions 5, 6, 7; rewards a_0 - 5, then PRIZES; then the end."""

    PRIZES = ((0.0, 3.0, -1.0), (2.0, 0.5, 1.0), (-2.0, 1.0, 4.0))
    """By the first and the second action, counted from 0."""

    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space = spaces.Discrete(3, start=5)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._first: int | None = None
        return np.array([1.0], np.float32), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        choice = {5: 0, 6: 1, 7: 2}[action]  # hashable and in the space, or an error
        observation = np.array([-0.5], np.float32)
        if self._first is None:
            self._first = choice
            return observation, float(choice), False, False, {}
        return observation, self.PRIZES[self._first][choice], True, False, {}


class RandomChoices(RandomLength):
    """The same with actions -2 to 1."""

    action_space = spaces.Discrete(4, start=-2)  # type: ignore[assignment]


class DiscreteStates(RandomChoices):
    """An environment that cannot be used, for its observations."""

    observation_space = spaces.Discrete(3)  # type: ignore[assignment]


class DictStates(RandomChoices):
    """Another one."""

    observation_space = spaces.Dict({"s": spaces.Box(-1, 1)})  # type: ignore[assignment]


class ManyChoices(RandomLength):
    """An environment that cannot be used, for its actions."""

    action_space = spaces.MultiDiscrete([2, 3])  # type: ignore[assignment]


class Unbounded(RandomLength):
    """Another one."""

    action_space = spaces.Box(-np.inf, 1, (2,), np.float32)


class Fragile(RandomLength):
    """An environment that cannot be stepped."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:  # noqa: ARG002
        raise RuntimeError("fragile")


# Gymnasium knows them as TwoStep-v0, RandomLength-v0 and so on.
usable = (TwoStep, TwoChoices, RandomLength, RandomChoices, Fragile)
for entry in (*usable, DiscreteStates, DictStates, ManyChoices, Unbounded):
    name = f"{entry.__name__}-v0"
    gymnasium.register(name, f"environments:{entry.__name__}", max_episode_steps=9)
