"""Batched rollouts: many trajectories at once, each a function of its own key alone."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from simulator.problems.control.actions import policy_for
from simulator.problems.control.policy import Actor
from simulator.problems.control.rollouts.batch import Floats, Setting, Trajectories, Underway
from simulator.problems.control.rollouts.physics import make_slots
from simulator.problems.control.rollouts.sharing import Job, Table
from simulator.randomness import generator

SLOTS = 16
"""The most environments that a process has live at once: beyond this a batch gains little.

Results do not depend on it, since a trajectory is the same in whatever slot and company.
"""

AHEAD = 2 * SLOTS
"""Trajectories that are announced for each process: what is live, and what comes next."""

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


class Others(Protocol):
    """Processes that sample from the same table, and that this one can give episodes to."""

    def idle(self) -> bool:
        """Return whether one of them has nothing left to do."""

    def give(self, episodes: Sequence[Underway]) -> None:
        """Let one that has nothing left to do go on with these."""


class Sampler:
    """Samples trajectories in slots; a slot takes the next one as soon as its last one ends.

    So a long episode holds up nobody, and only live environments are stepped. A trajectory's
    numbers do not depend on the slot, the company or the processes that it was sampled in.

    Args:
        setting: what to sample.
        processes: how many share the table.
        file: of the table, if another process made it.

    Attributes:
        table: what there is to sample.
        inbox: episodes that others gave; they take the next free slots.
    """

    def __init__(self, setting: Setting, processes: int = 1, file: int = -1) -> None:
        self.setting = setting
        self._slots = make_slots(setting.make, len(setting.environments), SLOTS)
        probe = setting.make(0)
        self.policy, self.hand = policy_for(probe, setting.hidden)
        probe.close()
        # one process alone fills a row when a slot is free for it
        points = AHEAD * processes if processes > 1 else SLOTS
        self.table = Table(points, self.policy.dimension, setting.dtype, processes, file)
        self.inbox: list[Underway] = []
        self._live = 0
        self._actor = Actor(self.policy, SLOTS, setting.dtype)
        self._horizon = min(setting.horizon, self._slots.time_limit or setting.horizon)
        self._rows = np.empty(SLOTS, dtype=np.int64)
        self._ages = np.empty(SLOTS, dtype=np.int64)
        self._everyone = np.arange(SLOTS)
        self._seen = np.empty((SLOTS, self.policy.observation_size), setting.dtype)
        self._noise = np.empty(
            (SLOTS, NOISE_STEPS, self.policy.noise_size), self.policy.noise_dtype
        )
        self._points = [-1] * SLOTS
        self._rngs = [np.random.default_rng(0)] * SLOTS
        self._record = _Record(self.policy.observation_size, self.policy.u_size, setting.dtype)

    @property
    def kind(self) -> str:
        """``physics`` if the environments are stepped by straggler, ``gymnasium`` otherwise."""
        return self._slots.kind

    @property
    def portable(self) -> bool:
        """Whether an episode can go on in another process."""
        return self._slots.portable

    @property
    def busy(self) -> bool:
        """Whether there are episodes that are not over."""
        return self._live > 0 or bool(self.inbox)

    def advance(
        self, take: Callable[[], int | None], others: Others | None = None
    ) -> list[tuple[int, Trajectories]]:
        """Fill free slots, and make one step of all live episodes.

        Args:
            take: returns the row of the next trajectory, None if there is none now.
            others: are given half of what is live when they are idle, if it is portable and has
                :data:`LEAST_STEPS` before it.

        Returns:
            The rows of the episodes that ended, each with the steps that were made here.
        """
        self._fill(take)
        live = self._live
        if others is not None and live > 1 and self.portable and others.idle():
            self._hand_over(others)
            live = self._live
        if not live:
            return []
        seen, ages = self._seen[:live], self._ages[:live]
        u, actions = self._act(seen)
        observations, rewards, ended = self._slots.step(actions)
        self._record.add(seen, u, rewards)
        seen[:] = observations
        ages += 1
        ended |= ages >= self._horizon
        ended |= self.table.dropped[self._rows[:live]]
        # from the last on, so that the last slot goes on
        return [self._end(slot) for slot in ended.nonzero()[0][::-1].tolist()]

    def clear(self) -> None:
        """Forget all episodes."""
        self._live, self._points = 0, [-1] * SLOTS
        self.inbox.clear()

    def close(self) -> None:
        """Close the environments."""
        self._slots.close()

    def _fill(self, take: Callable[[], int | None]) -> None:
        while self._live < SLOTS and self.inbox:
            self._go_on(self.inbox.pop())
        while self._live < self.table.share and (row := take()) is not None:
            self._begin(row)

    def _begin(self, row: int) -> None:
        job, slot = self.table.job(row), self._live
        rng = generator(self.setting.seed, job.worker, job.task)
        self._seen[slot] = self._slots.begin(slot, job.variant, reset_seed(rng))
        self._ages[slot], self._rngs[slot] = 0, rng
        self._place(row, job)

    def _go_on(self, episode: Underway) -> None:
        slot = self._live
        self._slots.unpack(slot, episode.packed)
        self._ages[slot], self._rngs[slot] = episode.age, episode.rng
        self._noise[slot], self._seen[slot] = episode.noise, episode.seen
        self._place(episode.row, self.table.job(episode.row))

    def _place(self, row: int, job: Job) -> None:
        slot = self._live
        self._rows[slot] = row
        self._record.begin(slot)
        if self._points[slot] != job.point:
            self._actor.place(slot, self.table.points[job.place])
            self._points[slot] = job.point
        self._live += 1

    def _hand_over(self, others: Others) -> None:
        """Give half of the live episodes away, those in the last slots."""
        given = range(self._live - self._live // 2, self._live)
        if self._horizon - self._ages[given].max() < LEAST_STEPS:
            return
        others.give(
            [
                Underway(
                    int(self._rows[slot]),
                    int(self._ages[slot]),
                    self._rngs[slot],
                    self._noise[slot].copy(),
                    self._seen[slot].copy(),
                    self._slots.pack(slot),
                    self._record.end(slot),
                )
                for slot in given
            ]
        )
        self._live = given.start

    def _end(self, slot: int) -> tuple[int, Trajectories]:
        """End the episode of a slot; the last one moves there."""
        row, steps = int(self._rows[slot]), self._record.end(slot)
        self._live -= 1
        if slot != self._live:
            self._move(self._live, slot)
        return row, steps

    def _move(self, source: int, target: int) -> None:
        self._slots.move(source, target)
        self._record.swap(source, target)
        self._rngs[target] = self._rngs[source]
        if self._points[source] != self._points[target]:
            self._actor.move(source, target)
            self._points[target] = self._points[source]
        for array in (self._rows, self._ages, self._seen, self._noise):
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


class _Record:
    """The steps of what is live in each slot, as far as they were made here."""

    def __init__(self, observation_size: int, u_size: int, dtype: str) -> None:
        self._room = 64  # for steps of an episode
        self._starts = np.arange(SLOTS) * self._room  # of each slot's episode in the columns
        self._at = self._starts.copy()
        self._columns: Sequence[Floats] = (
            np.empty((SLOTS * self._room, observation_size), dtype),
            np.empty((SLOTS * self._room, u_size), dtype),
            np.empty(SLOTS * self._room),
        )
        self._left = self._room  # at least, before the room is too small

    def begin(self, slot: int) -> None:
        """Begin with no steps."""
        self._at[slot] = self._starts[slot]

    def add(self, seen: Floats, u: Floats, rewards: Floats) -> None:
        """Add a step in each of the first k slots: shapes (k, o), (k, u_size) and (k,)."""
        if not self._left:
            self._make_room(len(seen))
        at = self._at[: len(seen)]
        for column, values in zip(self._columns, (seen, u, rewards), strict=True):
            column[at] = values
        at += 1
        self._left -= 1

    def end(self, slot: int) -> Trajectories:
        """Return a copy of a slot's steps."""
        mine = slice(self._starts[slot], self._at[slot])
        seen, u, rewards = (column[mine].copy() for column in self._columns)
        return Trajectories(seen, u, rewards, np.array([len(rewards)]))

    def swap(self, one: int, two: int) -> None:
        """Let two slots change places."""
        for array in (self._starts, self._at):
            array[one], array[two] = array[two], array[one]

    def _make_room(self, live: int) -> None:
        """Double the room, if the longest episode needs it."""
        self._left = self._room - int((self._at - self._starts)[:live].max())
        if not self._left:
            self._left = self._room
            self._columns = [_doubled(column, self._room) for column in self._columns]
            self._room *= 2
            self._at += self._starts
            self._starts *= 2


def _doubled(column: Floats, room: int) -> Floats:
    """Return a column with twice the room for each slot."""
    old = column.reshape(SLOTS, room, -1)
    new = np.concatenate((old, np.empty_like(old)), axis=1)
    return new.reshape(2 * len(column), *column.shape[1:])
