"""The batched engine against Gymnasium's own environments, bit for bit."""

import pickle
from collections import Counter
from typing import Any

import environments  # noqa: F401 - Gymnasium knows them then
import gymnasium
import numpy as np
import pytest
from gymnasium.envs.mujoco.hopper_v4 import HopperEnv
from gymnasium.wrappers import TimeLimit

from simulator.problems.control.rollouts.physics import (
    GymnasiumSlots,
    PhysicsSlots,
    Slots,
    make_slots,
)
from simulator.problems.control.variant import Variant, make_variant

NAMES = (
    *("Humanoid", "HumanoidStandup", "Ant", "HalfCheetah", "Hopper", "Walker2d", "Swimmer"),
    *("Reacher", "InvertedPendulum", "InvertedDoublePendulum"),
)
ALL = [f"{name}-v{version}" for name in NAMES for version in (4, 5)] + ["Pusher-v5"]
"""Pusher-v4 refuses any MuJoCo since 3.0."""

SLOTS = 3


def compare(slots: Slots, references: list[gymnasium.Env[Any, Any]], steps: int) -> Counter[str]:
    """Step both with the same actions; versions follow each other in each slot."""
    rng = np.random.default_rng(0)
    space: Any = references[0].action_space
    discrete = isinstance(space, gymnasium.spaces.Discrete)
    live: list[gymnasium.Env[Any, Any]] = [references[0]] * SLOTS
    seen: Counter[str] = Counter()
    steps_of = [0] * SLOTS

    def begin(slot: int) -> None:
        seed = seen["begun"]
        seen["begun"] += 1
        steps_of[slot] = 0
        version = seed % (len(references) // SLOTS)
        live[slot] = references[version * SLOTS + slot]
        expected, _ = live[slot].reset(seed=seed)
        np.testing.assert_array_equal(slots.begin(slot, version, seed), np.ravel(expected))

    for slot in range(SLOTS):
        begin(slot)
    for _ in range(steps):
        if discrete:
            actions = space.start + rng.integers(space.n, size=SLOTS)
        else:
            low, high = space.low, space.high
            actions = rng.uniform(low, high, (SLOTS, len(low))).astype(np.float32)
        observations, rewards, ended = slots.step(actions)
        for slot in range(SLOTS):
            expected, reward, terminated, truncated, _ = live[slot].step(actions[slot])
            np.testing.assert_array_equal(observations[slot], np.ravel(expected))
            assert rewards[slot] == reward
            steps_of[slot] += 1
            late = slots.time_limit is not None and steps_of[slot] >= slots.time_limit
            assert (ended[slot] or late) == (terminated or truncated)
            seen["terminated"] += terminated
            seen["truncated"] += truncated
            if terminated or truncated:
                begin(slot)
    return seen


@pytest.mark.parametrize("name", ALL)
def test_the_engine_gives_the_very_numbers_of_gymnasium(name: str) -> None:
    """Resets, observations, rewards and ends, over whole episodes, up to the time limit."""
    slots = make_slots(lambda _: make_variant(name, Variant()), 1, SLOTS)
    assert isinstance(slots, PhysicsSlots)
    references = [make_variant(name, Variant()) for _ in range(SLOTS)]
    never_terminates = ("Standup", "Cheetah", "Swimmer", "Reacher", "Pusher")
    if any(part in name for part in never_terminates):
        assert slots.time_limit is not None
        seen = compare(slots, references, steps=slots.time_limit + 5)
        assert seen["truncated"] >= SLOTS
    else:
        seen = compare(slots, references, steps=400)
        assert seen["terminated"] >= SLOTS


@pytest.mark.parametrize(
    ("name", "flags"), [("Humanoid-v4", True), ("Ant-v5", False), ("Reacher-v5", True)]
)
def test_worlds_are_those_of_the_wrappers(name: str, *, flags: bool) -> None:
    worlds = [
        Variant(gravity=0.5, body_mass=1.5, reward_scale=-2.0),
        Variant(flip=True, friction=0.7),
        Variant(flip="untold"),
        Variant(target_velocity=1 if name == "Reacher-v5" else -1, actuator_gear=0.5),
    ]

    def make(version: int) -> gymnasium.Env[Any, Any]:
        return make_variant(name, worlds[version], flags=flags)

    slots = make_slots(make, len(worlds), SLOTS)
    assert isinstance(slots, PhysicsSlots)
    references = [make(version) for version in range(len(worlds)) for _ in range(SLOTS)]
    assert compare(slots, references, steps=200)["begun"] > SLOTS


def test_a_flip_that_nothing_tells_is_seen_alone() -> None:
    def make(_: int) -> gymnasium.Env[Any, Any]:
        return make_variant("Hopper-v4", Variant(flip="untold"))

    slots = make_slots(make, 1, SLOTS)
    assert isinstance(slots, PhysicsSlots)
    assert compare(slots, [make(0) for _ in range(SLOTS)], steps=20)["begun"] >= SLOTS


@pytest.mark.parametrize("name", ["Hopper-v4", "RandomLength-v0"])
def test_an_episode_goes_on_in_the_slot_that_it_moves_to(name: str) -> None:
    slots = make_slots(lambda _: make_variant(name, Variant()), 1, SLOTS)
    alone = make_variant(name, Variant())
    alone.reset(seed=2)
    for slot in range(SLOTS):
        slots.begin(slot, 0, slot)
    size = alone.action_space.shape[0]  # type: ignore[index]
    action = np.full(size, 0.1, dtype=np.float32)
    for live in (3, 2, 1):  # the last episode moves to slot 1, then to slot 0
        observations, rewards, ended = slots.step(np.tile(action, (live, 1)))
        expected, reward, terminated, *_ = alone.step(action)
        np.testing.assert_array_equal(observations[-1], np.ravel(expected))
        assert (rewards[-1], ended[-1]) == (reward, terminated)
        if live > 1:
            slots.move(live - 1, live - 2)


@pytest.mark.parametrize("name", ALL)
def test_an_episode_goes_on_in_other_slots(name: str) -> None:
    """Packed and unpacked thrice, into slots that had another world's, it is Gymnasium's still."""
    worlds = [Variant(), Variant(gravity=0.9, reward_scale=2.0, flip=True)]

    def make(version: int) -> gymnasium.Env[Any, Any]:
        return make_variant(name, worlds[version], flags=True)

    engines = [make_slots(make, len(worlds), SLOTS) for _ in range(2)]
    alone = make(1)
    rng = np.random.default_rng(1)
    space: Any = alone.action_space
    for seed, engine in enumerate(engines):
        for slot in range(SLOTS):
            engine.begin(slot, 0, seed)
            engine.step(np.tile(space.high, (slot + 1, 1)))
    alone.reset(seed=7)
    engines[0].begin(0, 1, 7)
    for trip in range(4):
        here, there = engines[trip % 2], engines[1 - trip % 2]
        for _ in range(4):
            action = rng.uniform(space.low, space.high).astype(np.float32)
            observations, rewards, ended = here.step(action[None])
            expected, reward, terminated, *_ = alone.step(action)
            np.testing.assert_array_equal(observations[0], np.ravel(expected))
            assert (rewards[0], ended[0]) == (reward, terminated)
        packed = pickle.dumps(here.pack(0))
        here.begin(0, 0, trip)
        there.unpack(0, pickle.loads(packed))  # noqa: S301 - our own


@pytest.mark.parametrize("limits", [(3,), (3, 7), (7, 3)])
def test_the_shortest_of_several_time_limits_ends_an_episode(limits: tuple[int, ...]) -> None:
    def make(_: int) -> gymnasium.Env[Any, Any]:
        environment: gymnasium.Env[Any, Any] = HopperEnv()  # type: ignore[no-untyped-call]
        for limit in limits:
            environment = TimeLimit(environment, limit)
        return environment

    slots = make_slots(make, 1, SLOTS)
    assert isinstance(slots, PhysicsSlots)
    assert compare(slots, [make(0) for _ in range(SLOTS)], steps=9)["truncated"] == 3 * SLOTS


class Wrapped(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Some wrapper of a user's."""


class Paid(TimeLimit):
    """A time limit of a user's that does more: one is paid for each step."""

    def step(self, action: Any) -> Any:
        seen, reward, *rest = super().step(action)
        return seen, float(reward) + 1, *rest


@pytest.mark.parametrize(
    "make",
    [
        lambda _: Paid(make_variant("Hopper-v4", Variant()), 9),
        lambda _: make_variant("RandomLength-v0", Variant()),
        lambda _: Wrapped(make_variant("Hopper-v4", Variant())),
        lambda _: make_variant("CartPole-v1", Variant()),
        lambda _: make_variant("TwoChoices-v0", Variant()),
    ],
)
def test_any_other_environment_is_left_to_gymnasium(make: Any) -> None:
    slots = make_slots(make, 1, SLOTS)
    assert isinstance(slots, GymnasiumSlots)
    assert compare(slots, [make(0) for _ in range(SLOTS)], steps=100)["begun"] > SLOTS
