"""What is sampled, and what comes of it: batches, steps, trajectories."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from simulator.problems.control.variant import Variant, flagged, make_variant
from simulator.types import Indices, Vector

Floats: TypeAlias = npt.NDArray[Any]


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


def whole(parts: Sequence[Trajectories]) -> Trajectories:
    """Return one trajectory whose steps were made in several parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    packed = joined(parts)
    return replace(packed, lengths=packed.lengths.sum(keepdims=True))


@dataclass(frozen=True)
class Underway:
    """An episode that is not over, as it goes on in another process.

    Attributes:
        row: its row in the table.
        age: its steps so far.
        rng: its generator.
        noise: shape (NOISE_STEPS, noise_size), of the steps around ``age``.
        seen: shape (o,), its latest observation.
        packed: its environment, as ``physics.Slots.pack`` gives it.
        steps: those that were made where it comes from; None: they stay there.
    """

    row: int
    age: int
    rng: np.random.Generator
    noise: Floats
    seen: Floats
    packed: object
    steps: Trajectories | None
