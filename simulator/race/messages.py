"""What the server and the workers of a race tell each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.loop.tasks import Key, Move
from simulator.problem import Estimate
from simulator.types import Vector


class UnsupportedError(ValueError):
    """Something that a real cluster, or its emulation, cannot do yet; the text is one line."""


@dataclass(frozen=True)
class Sent:
    """A lookahead as it travels.

    Attributes:
        vector: shape (d,).
        baseline: what gradients there are told of earlier trajectories; None without one.
        move: where a worker goes from a point, given the gradient there; None: nobody moves.
    """

    vector: Vector
    baseline: Vector | None = None
    move: Move | None = None


@dataclass(frozen=True)
class Order:
    """Compute one gradient.

    Attributes:
        number: of this worker's orders, from 1; a cancel names the newest that it is about.
        place: of the lookahead; gradients of an earlier one are not needed any more.
        index: of the task: with seed and worker it keys all randomness.
        since: seconds since the epoch at which it begins; 0 for when it is there.
        seconds: real seconds that it takes at least, 0 for as long as it takes.
        per_step: those are for one environment step.
        limit: real seconds after which it is given up.
        path: indices of the tasks whose gradients move the worker there, in turn.
    """

    number: int
    place: int
    index: int
    since: float = 0.0
    seconds: float = 0.0
    per_step: bool = False
    limit: float = math.inf
    path: tuple[int, ...] = ()


@dataclass(frozen=True)
class Report:
    """An order is carried out, cancelled or given up.

    Attributes:
        began: seconds since the epoch.
        ended: the same.
        computing: real seconds that the gradient itself took, until it was there or cancelled.
        estimate: the trajectory; its gradient stays with the worker. None if there is none.
    """

    began: float
    ended: float
    computing: float
    estimate: Estimate | None


def together(gradient: Vector, estimates: Sequence[Estimate]) -> Estimate:
    """Return the answer whose gradient, shape (d,), is the sum of those of ``estimates``."""
    return Estimate(
        gradient,
        returns=np.concatenate([one.returns for one in estimates]),
        lengths=np.concatenate([one.lengths for one in estimates]),
        workers=np.concatenate([one.workers for one in estimates]),
        sums=np.sum([one.sums for one in estimates], axis=0),
    )


@dataclass(frozen=True)
class Parcel:
    """Send a weighted sum of gradients.

    Attributes:
        number: of this worker's parcels, from 1.
        keys: (worker, index) of each gradient, in turn, where they move the worker; a worker that
            does not have one computes it anew.
        weights: of each.
        since: seconds since the epoch at which it leaves; 0 for when it is asked for.
        seconds: real seconds that the message takes at least.
    """

    number: int
    keys: tuple[Key, ...]
    weights: tuple[float, ...]
    since: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Delivery:
    """What a parcel brought.

    Attributes:
        began: seconds since the epoch.
        ended: the same.
        vector: shape (d,), the weighted sum; empty where an all-reduce gave it to another worker,
            or where the parcel was given up.
    """

    began: float
    ended: float
    vector: Vector


@dataclass(frozen=True)
class Meeting:
    """Where the workers of an all-reduce find each other.

    Attributes:
        number: of the meeting; another one has another number.
        rank: of the worker.
        size: how many meet.
        address: HOST:PORT of rank 0.
    """

    number: int
    rank: int
    size: int
    address: str
