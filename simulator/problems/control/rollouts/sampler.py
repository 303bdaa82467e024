"""Batched rollouts: many trajectories at once, each a function of its own key alone."""

from collections.abc import Callable, Sequence

import numpy as np

from simulator.problems.control.actions import policy_for
from simulator.problems.control.policy import Actor
from simulator.problems.control.rollouts.batch import (
    Batch,
    Floats,
    Others,
    Setting,
    Steps,
    Underway,
)
from simulator.problems.control.rollouts.physics import make_slots
from simulator.randomness import generator
from simulator.types import Indices, Vector

SLOTS = 16
"""The most environments that a process has live at once: beyond this a batch gains little.

Results do not depend on it, since a trajectory is the same in whatever slot and company.
"""

NOISE_STEPS = 32
"""For how many steps a trajectory's noise is drawn at a time.

Results do not depend on it: a trajectory's generator gives the same numbers in any portions, and
draws nothing else after the reset's seed.
"""


LEAST_STEPS = 8
"""An episode that the horizon ends sooner is not worth the way to another process."""


def reset_seed(rng: np.random.Generator) -> int:
    """Return the seed of the environment's reset: the first that a trajectory draws."""
    return int(rng.integers(2**31))


class Sampler:
    """Samples trajectories in slots; a slot takes the next one as soon as its last one ends.

    So a long episode holds up nobody, and only live environments are stepped. A trajectory's
    numbers do not depend on the slot, the batch or the processes that it was sampled in.

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

    @property
    def portable(self) -> bool:
        """Whether an episode can go on in another process."""
        return self._slots.portable

    def sample(
        self,
        batch: Batch,
        take: Callable[[], int | None],
        slots: int = SLOTS,
        others: Others | None = None,
        underway: Sequence[Underway] = (),
    ) -> Steps:
        """Sample what ``take`` gives until it gives None.

        Args:
            batch: what there is to sample.
            take: returns the index of the next trajectory; asked before each step while there is
                a free slot.
            slots: how many may be live at once, at most :data:`SLOTS`.
            others: are given half of what is live when they are idle, if it is portable and has
                :data:`LEAST_STEPS` before it.
            underway: what others gave, to go on with; at most :data:`SLOTS`.
        """
        self._points = [-1] * SLOTS  # of this batch
        for slot, episode in enumerate(underway):
            self._go_on(slot, episode, batch)
        live = len(underway)
        log: list[tuple[Indices, Indices, Floats, Floats, Vector]] = []
        while True:
            while live < slots and (trajectory := take()) is not None:
                self._begin(live, trajectory, batch)
                live += 1
            if not live:
                return self._joined(log)
            if others is not None and live > 1 and self.portable and others.idle():
                live -= self._hand_over(live, others)
            ages = self._ages[:live]
            owners, before, seen = self._owners[:live].copy(), ages.copy(), self._seen[:live].copy()
            u, actions = self._act(seen)
            observations, rewards, ended = self._slots.step(actions)
            log.append((owners, before, seen, u, rewards))
            self._seen[:live] = observations
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
        self._ages[slot], self._rngs[slot] = 0, rng
        self._place(slot, trajectory, batch)

    def _place(self, slot: int, trajectory: int, batch: Batch) -> None:
        self._owners[slot], point = trajectory, int(batch.point[trajectory])
        if self._points[slot] != point:
            self._actor.place(slot, batch.points[point])
            self._points[slot] = point

    def _hand_over(self, live: int, others: Others) -> int:
        """Give half of the live episodes away, those in the last slots; return how many."""
        given = range(live - live // 2, live)
        if self._horizon - self._ages[given].max() < LEAST_STEPS:
            return 0
        others.give(
            [
                Underway(
                    int(self._owners[slot]),
                    int(self._ages[slot]),
                    self._rngs[slot],
                    self._noise[slot],
                    self._seen[slot],
                    self._slots.pack(slot),
                )
                for slot in given
            ]
        )
        return len(given)

    def _go_on(self, slot: int, episode: Underway, batch: Batch) -> None:
        self._slots.unpack(slot, episode.packed)
        self._ages[slot], self._rngs[slot] = episode.age, episode.rng
        self._noise[slot], self._seen[slot] = episode.noise, episode.seen
        self._place(slot, episode.trajectory, batch)

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

    def _joined(self, log: list[tuple[Indices, Indices, Floats, Floats, Vector]]) -> Steps:
        if log:
            return Steps(*(np.concatenate(column) for column in zip(*log, strict=True)))
        nothing = np.zeros((0, self.policy.observation_size), self.setting.dtype)
        none = np.zeros(0, dtype=np.int64)
        return Steps(
            none,
            none,
            nothing,
            nothing[:, :0].reshape(0, self.policy.u_size),
            np.zeros(0),
        )
