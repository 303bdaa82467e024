"""Batched rollouts: many trajectories at once, each a function of its own key alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from simulator.problems.control.actions import policy_for
from simulator.problems.control.physics import make_slots
from simulator.problems.control.policy import Actor
from simulator.problems.control.variant import Variant, flagged, make_variant
from simulator.randomness import generator
from simulator.types import Indices, Vector

Floats: TypeAlias = npt.NDArray[Any]

SLOTS = 16
"""The most environments that a process has live at once: beyond this a batch gains little.

Results do not depend on it, since a trajectory is the same in whatever slot and company.
"""

NOISE_STEPS = 32
"""For how many steps a trajectory's noise is drawn at a time.

Results do not depend on it: a trajectory's generator gives the same numbers in any portions, and
draws nothing else after the reset's seed.
"""


@dataclass(frozen=True)
class Setting:
    """What all trajectories of a run share.

    Attributes:
        env: the name of a Gymnasium environment.
        environments: its variants.
        horizon: the most steps of a trajectory.
        hidden: width of each tanh layer of the policy.
        seed: keys the resets and the action noise.
        dtype: ``float32`` or ``float64``, of the policy.
    """

    env: str
    environments: Sequence[Variant]
    horizon: int
    hidden: tuple[int, ...]
    seed: int
    dtype: str

    def make(self, variant: int, **options: Any) -> Any:  # noqa: ANN401
        """Return an environment of a variant; ``options`` are for ``gymnasium.make``."""
        flags = flagged(self.environments)
        return make_variant(self.env, self.environments[variant], flags=flags, **options)


@dataclass(frozen=True)
class Batch:
    """Trajectories to sample.

    Attributes:
        points: shape (p, d).
        point: shape (m,), the point of each trajectory.
        variants: shape (m,), the variant of the environment.
        workers: shape (m,), with ``tasks`` the key of its randomness.
        tasks: shape (m,).
    """

    points: Floats
    point: Indices
    variants: Indices
    workers: Indices
    tasks: Indices


@dataclass(frozen=True)
class Steps:
    """Steps in the order in which they were made.

    Attributes:
        owners: shape (steps,), the trajectory of each.
        observations: shape (steps, o).
        u: shape (steps, a), the actions before they were squashed; or (steps, 1), indices.
        rewards: shape (steps,).
    """

    owners: Indices
    observations: Floats
    u: Floats
    rewards: Vector


@dataclass(frozen=True)
class Trajectories:
    """Packed trajectories: all steps of the first, then all of the second, and so on.

    Attributes:
        observations: shape (steps, o).
        u: shape (steps, a), the actions before they were squashed; or (steps, 1), indices.
        rewards: shape (steps,).
        lengths: shape (m,), steps of each trajectory.
    """

    observations: Floats
    u: Floats
    rewards: Vector
    lengths: Indices

    @property
    def returns(self) -> Vector:
        """Undiscounted return of each trajectory, shape (m,)."""
        starts = np.cumsum(self.lengths) - self.lengths
        return np.add.reduceat(self.rewards, starts)

    @property
    def size(self) -> int:
        """Bytes that they take."""
        return self.observations.nbytes + self.u.nbytes + self.rewards.nbytes

    def each(self) -> "list[Trajectories]":
        """Return a copy of each trajectory by itself."""
        ends = np.cumsum(self.lengths)[:-1]
        columns = (np.split(part, ends) for part in (self.observations, self.u, self.rewards))
        return [
            Trajectories(seen.copy(), u.copy(), rewards.copy(), np.array([len(rewards)]))
            for seen, u, rewards in zip(*columns, strict=True)
        ]


def joined(trajectories: Sequence[Trajectories]) -> Trajectories:
    """Return packed trajectories, one after the other."""
    columns = zip(*(vars(one).values() for one in trajectories), strict=True)
    return Trajectories(*[np.concatenate(column) for column in columns])


def pack(parts: Sequence[Steps], trajectories: int) -> Trajectories:
    """Return the trajectories that were sampled in parts, each of them in one part."""
    owners = np.concatenate([part.owners for part in parts])
    order = np.argsort(owners, kind="stable")
    return Trajectories(
        np.concatenate([part.observations for part in parts])[order],
        np.concatenate([part.u for part in parts])[order],
        np.concatenate([part.rewards for part in parts])[order],
        np.bincount(owners, minlength=trajectories),
    )


def reset_seed(rng: np.random.Generator) -> int:
    """Return the seed of the environment's reset: the first that a trajectory draws."""
    return int(rng.integers(2**31))


class Sampler:
    """Samples trajectories in slots; a slot takes the next one as soon as its last one ends.

    So a long episode holds up nobody, and only live environments are stepped. A trajectory's
    numbers do not depend on the slot, the batch or the process that it was sampled in.

    Args:
        setting: what to sample.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._slots = make_slots(setting.make, len(setting.environments), SLOTS)
        probe = setting.make(0)
        self.policy, self.hand = policy_for(probe, setting.hidden)
        probe.close()
        self._actor = Actor(self.policy, SLOTS, setting.dtype)
        self._horizon = min(setting.horizon, self._slots.time_limit or setting.horizon)
        self._owners = np.empty(SLOTS, dtype=np.int64)
        self._ages = np.empty(SLOTS, dtype=np.int64)
        self._everyone = np.arange(SLOTS)
        self._seen = np.empty((SLOTS, self.policy.observation_size), setting.dtype)
        self._noise = np.empty(
            (SLOTS, NOISE_STEPS, self.policy.noise_size), self.policy.noise_dtype
        )
        self._points = [-1] * SLOTS
        self._rngs = [np.random.default_rng(0)] * SLOTS

    @property
    def kind(self) -> str:
        """``physics`` if the environments are stepped by straggler, ``gymnasium`` otherwise."""
        return self._slots.kind

    def sample(self, batch: Batch, take: Callable[[], int | None], slots: int = SLOTS) -> Steps:
        """Sample what ``take`` gives until it gives None.

        Args:
            batch: what there is to sample.
            take: returns the index of the next trajectory.
            slots: how many may be live at once, at most :data:`SLOTS`.
        """
        live = 0
        self._points = [-1] * SLOTS  # of this batch
        log: list[tuple[Indices, Floats, Floats, Vector]] = []
        while True:
            while live < slots and (trajectory := take()) is not None:
                self._begin(live, trajectory, batch)
                live += 1
            if not live:
                return self._joined(log)
            owners, seen = self._owners[:live].copy(), self._seen[:live].copy()
            u, actions = self._act(seen)
            observations, rewards, ended = self._slots.step(actions)
            log.append((owners, seen, u, rewards))
            self._seen[:live] = observations
            ages = self._ages[:live]
            ages += 1
            ended |= ages >= self._horizon
            if ended.any():
                for slot in ended.nonzero()[0][::-1].tolist():  # so that the last slot goes on
                    live -= 1
                    if slot != live:
                        self._move(live, slot)

    def close(self) -> None:
        """Close the environments."""
        self._slots.close()

    def _begin(self, slot: int, trajectory: int, batch: Batch) -> None:
        worker, task = int(batch.workers[trajectory]), int(batch.tasks[trajectory])
        rng = generator(self.setting.seed, worker, task)
        variant = int(batch.variants[trajectory])
        self._seen[slot] = self._slots.begin(slot, variant, reset_seed(rng))
        point = int(batch.point[trajectory])
        if self._points[slot] != point:
            self._actor.place(slot, batch.points[point])
            self._points[slot] = point
        self._owners[slot], self._ages[slot], self._rngs[slot] = trajectory, 0, rng

    def _move(self, source: int, target: int) -> None:
        self._slots.move(source, target)
        self._rngs[target] = self._rngs[source]
        if self._points[source] != self._points[target]:
            self._actor.move(source, target)
            self._points[target] = self._points[source]
        for array in (self._owners, self._ages, self._seen, self._noise):
            array[target] = array[source]

    def _act(self, seen: Floats) -> tuple[Floats, Floats]:
        """Return u, shape (k, u_size), and k actions, with the noise of each slot's step."""
        at = self._ages[: len(seen)] % NOISE_STEPS
        if not at.all():
            for slot in (at == 0).nonzero()[0]:
                self.policy.draw(self._rngs[slot], self._noise[slot])
        noise = self._noise[self._everyone[: len(seen)], at]
        u = self.policy.sample(self._actor.heads(seen), noise)
        return u, self.hand(u)

    def _joined(self, log: list[tuple[Indices, Floats, Floats, Vector]]) -> Steps:
        if log:
            return Steps(*(np.concatenate(column) for column in zip(*log, strict=True)))
        nothing = np.zeros((0, self.policy.observation_size), self.setting.dtype)
        return Steps(
            np.zeros(0, dtype=np.int64),
            nothing,
            nothing[:, :0].reshape(0, self.policy.u_size),
            np.zeros(0),
        )
