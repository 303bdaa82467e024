"""Lookaheads that workers are sent, and the tasks that they complete there."""

from dataclasses import dataclass
from typing import TypeAlias

from simulator.types import Vector

Key: TypeAlias = tuple[int, int]
"""(worker, index): which task of which worker; with the seed it keys all randomness."""


@dataclass(frozen=True, eq=False, slots=True)
class Lookahead:
    """Where gradients are taken, as it was sent to workers.

    Attributes:
        vector: shape (d,).
        update: how many updates had been made when it was sent.
        dispatched: it was sent to one worker, for one gradient, which that worker owes: if a
            failure takes it, it is computed anew at this lookahead. Otherwise it was broadcast,
            and a worker that loses a gradient joins the newest round.
        baseline: what gradients there are told of earlier updates' trajectories, None without one.
    """

    vector: Vector
    update: int
    dispatched: bool = False
    baseline: Vector | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """A completed stochastic gradient that nobody may have computed yet.

    Attributes:
        worker: index of the worker.
        index: how many tasks this worker had before.
        lookahead: where the gradient is taken.
        start: simulated seconds.
        end: simulated seconds.
        rows: its rows in the timeline, (first, after the last).
        seconds: that it was computed for; less than end - start if its worker was down.
    """

    worker: int
    index: int
    lookahead: Lookahead
    start: float
    end: float
    rows: tuple[int, int]
    seconds: float

    @property
    def key(self) -> Key:
        """Which task of which worker it is."""
        return self.worker, self.index
