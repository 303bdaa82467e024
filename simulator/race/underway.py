"""What is under way in a race: lookaheads, tasks, vectors."""

import time
from dataclasses import dataclass, field

import numpy as np

from simulator.loop.tasks import Lookahead
from simulator.race.messages import Meeting, Parcel
from simulator.types import Vector

NOTHING: Vector = np.empty(0)


@dataclass(frozen=True, eq=False, slots=True)
class Placed(Lookahead):
    """A lookahead that workers can find.

    Attributes:
        number: of the lookahead, from 1.
        reference: the crew's.
    """

    number: int = 0
    reference: object = None


@dataclass(eq=False)
class Computing:
    """A task under way, which nobody waits for if it is ``cancelled``.

    Its worker begins it at ``began``, in seconds of the history; inf: when it is there again. The
    lookahead may be ``new`` to it. The order was given at ``asked``, in seconds since the epoch.
    """

    worker: int
    index: int
    number: int
    lookahead: Placed
    began: float
    new: bool
    cancelled: bool = False
    asked: float = field(default_factory=time.time)


@dataclass(eq=False)
class Sending:
    """A vector under way.

    Attributes:
        worker: who sends.
        parcel: what.
        lookahead: where its gradients were taken.
        meeting: where, if it is part of an all-reduce.
        beside_work: the worker computes meanwhile.
        asked: seconds since the epoch at which it was to be sent.
        vector: shape (d,), when it is there; with an all-reduce, rank 0 has it.
        ended: seconds since the epoch at which it was there, was given up, or its
            all-reduce broke; 0 before.
        arrived: it did.
    """

    worker: int
    parcel: Parcel
    lookahead: Placed
    meeting: Meeting | None = None
    beside_work: bool = False
    asked: float = field(default_factory=time.time)
    vector: Vector = field(default_factory=lambda: NOTHING)
    ended: float = 0.0
    arrived: bool = False


@dataclass(frozen=True)
class Lost:
    """A task was lost: its worker died, or gave it up; ``ran``: it had begun."""

    task: Computing
    ran: bool
