"""Environments as users would bring them, each with a mistake."""

from typing import Any

import gymnasium
import numpy as np


class Walk(gymnasium.Env[Any, Any]):
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,))
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed, options=options)
        self.place = np.zeros(1)
        return self.place, {}

    def step(self, action: Any) -> Any:
        self.place += action
        return self.place, 1.0, False, False, {}


class Slip(Walk):
    def step(self, action: Any) -> Any:
        self.place += action

        # the line that a test names
        return self.plaec, 1.0, False, False, {}  # type: ignore[attr-defined]


class NoInfo(Walk):
    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        return super().reset(seed=seed, options=options)[0]


class Four(Walk):
    def step(self, action: Any) -> Any:
        return super().step(action)[:4]


class NoSpace(gymnasium.Env[Any, Any]):
    """Says nothing of what is seen and done."""


class Shape(Walk):
    def step(self, action: Any) -> Any:
        return np.zeros(3), *super().step(action)[1:]


class Listed(Walk):
    def step(self, action: Any) -> Any:
        return super().step(action)[0], action, False, False, {}


class Unsure(Walk):
    def step(self, action: Any) -> Any:
        return super().step(action)[0], 1.0, self.place > 1, False, {}


class Unpaid(Walk):
    def step(self, action: Any) -> Any:
        return super().step(action)[0], None, False, False, {}


class Wrapped(Walk):
    """Is right as it is registered: observations as they stand, actions with a wrapper's space."""

    observation_space = gymnasium.spaces.Dict({"place": Walk.observation_space})  # type: ignore[assignment]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        place, info = super().reset(seed=seed, options=options)
        return {"place": place}, info

    def step(self, action: Any) -> Any:
        assert abs(action[0]) <= 1
        place, *rest = super().step(action)
        return {"place": place}, *rest


def wrapped(**_: Any) -> gymnasium.Env[Any, Any]:
    flat = gymnasium.wrappers.FlattenObservation(Wrapped())
    return gymnasium.wrappers.RescaleAction(flat, np.float32(-5), np.float32(5))


def remembering(**_: Any) -> gymnasium.Env[Any, Any]:
    """Keeps the mean of all observations, over episodes too."""
    return gymnasium.wrappers.NormalizeObservation(Walk())


class Whole(Walk):
    action_space = gymnasium.spaces.Box(0, 5, (1,), np.int64)  # type: ignore[arg-type]


gymnasium.register("Wrapped-v0", wrapped, max_episode_steps=20)
gymnasium.register("Remembering-v0", remembering, max_episode_steps=20)
gymnasium.register("Whole-v0", "broken_walks:Whole", max_episode_steps=20)

for name in ("Slip", "NoInfo", "Four", "NoSpace", "Shape", "Listed", "Unsure", "Unpaid"):
    gymnasium.register(f"{name}-v0", f"broken_walks:{name}", max_episode_steps=20)
