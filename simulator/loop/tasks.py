"""Lookaheads that workers are sent, and the tasks that they complete there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from simulator.types import Vector

Move: TypeAlias = Callable[[Vector, Vector], Vector]
"""(point, gradient there) -> the next point; shape (d,) each."""

LENIENCE = 1 + 1e-9
"""A task may take so many times its limit: what takes exactly that is not lost to rounding."""

Key: TypeAlias = tuple[int, int]
"""(worker, index): which task of which worker; with the seed it keys all randomness."""


@dataclass(frozen=True, eq=False, slots=True)
class Lookahead:
    """Where gradients are taken, as it was sent to workers.

    A worker that takes steps of its own has lookaheads that are promises: where the gradient of
    its previous task moves it.

    Attributes:
        vector: shape (d,), as it was sent: where the first of the worker's steps begins.
        update: how many updates had been made when it was sent.
        dispatched: it was sent to one worker, for one gradient, which that worker owes: if a
            failure takes it, it is computed anew at this lookahead. Otherwise it was broadcast,
            and a worker that loses a gradient joins the newest round.
        baseline: what gradients there are told of earlier updates' trajectories, None without one.
        move: from a point and the gradient there to the next point; None: nobody moves.
        after: the task whose gradient moves the worker to here; None: here is ``vector``.
        sent: the lookahead that was sent, if this is one of the worker's own.
    """

    vector: Vector
    update: int
    dispatched: bool = False
    baseline: Vector | None = None
    move: Move | None = None
    after: "Task | None" = None
    sent: "Lookahead | None" = None

    def moved(self, task: "Task") -> "Lookahead":
        """Return where the gradient of ``task`` moves its worker, in a round at this lookahead."""
        return replace(self, after=task, sent=self)


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
