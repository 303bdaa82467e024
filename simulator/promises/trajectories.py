"""Trajectories that are sampled when their task starts, since they decide how long it takes."""

from collections.abc import Callable

import numpy as np

from simulator.loop.tasks import Key, Lookahead
from simulator.problem import Problem
from simulator.promises.replay import Replay
from simulator.types import Indices, Vector


class Trajectories:
    """Asks the problem how long tasks take, and remembers the answers until the tasks are over.

    Args:
        problem: what samples.
        replay: what the problem need not be asked again.
        point: where a lookahead is, shape (d,).

    Attributes:
        asked: (length, return) of each task whose length was asked for, in that order.
    """

    def __init__(
        self, problem: Problem, replay: Replay, point: Callable[[Lookahead], Vector]
    ) -> None:
        self.asked: list[tuple[float, float]] = []
        self._problem = problem
        self._replay = replay
        self._point = point
        self._open: dict[Key, tuple[float, float]] = {}

    def lengths(self, workers: Indices, tasks: Indices, lookahead: Lookahead) -> Indices:
        """Return how many environment steps tasks at ``lookahead`` take, shape (m,)."""
        if self._replay.over:
            lengths, returns = self._problem.preview(self._point(lookahead), workers, tasks)
            facts = list(zip(lengths.tolist(), returns.tolist(), strict=True))
        else:
            facts = self._replay.trajectories(len(workers))
        self.asked += facts
        keys = zip(workers.tolist(), tasks.tolist(), strict=True)
        self._open.update(zip(keys, facts, strict=True))
        return np.array([length for length, _ in facts], dtype=np.int64)

    def take(self, is_over: Callable[[Key], bool]) -> dict[Key, tuple[float, float]]:
        """Return (length, return) of the tasks that are over, each once, in the order of asking."""
        over = {key: fact for key, fact in self._open.items() if is_over(key)}
        for key in over:
            del self._open[key]
        self._problem.forget(over)
        return over
