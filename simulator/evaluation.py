"""Theta itself, evaluated now and then while simulated time stands still."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.accounting.columns import EVALUATION, Update, of_variant
from simulator.loop.cluster import SimulatedCluster
from simulator.loop.tasks import LENIENCE
from simulator.problem import Problem
from simulator.types import Vector

FIRST_TASK = 2**40
"""Evaluation episodes are keyed as tasks from here on, which no worker ever reaches.

Only trajectories are drawn for them: :func:`~simulator.randomness.generator` takes 64-bit tasks.
Durations and failures, whose :func:`~simulator.randomness.uniforms` take 32 bits, are drawn for
workers' own tasks alone.
"""


def multiple(time: float, every: float) -> int:
    """Return how many times ``every`` has passed: three tenths of a second are at 0.3 s."""
    return int(time * LENIENCE // every)


@dataclass(frozen=True)
class Evaluation:
    """Samples episodes at theta after the first update at or after each multiple of ``every``.

    The trajectories that a method uses are sampled at lookaheads, and at delayed ones; this is the
    return of what the method would hand out. It costs no simulated time and changes no result.
    Each history row gets the column ``evaluation``, the mean undiscounted return over the workers'
    variants, and ``evaluation_*`` for each variant; null where nothing was sampled. The first
    update is always evaluated. At the same multiple all methods meet the same episodes.

    Attributes:
        problem: with trajectories, for one seed.
        episodes: for each variant of the problem.
        every: simulated seconds.
    """

    problem: Problem
    episodes: int
    every: float

    def __call__(self, cluster: SimulatedCluster, point: Vector) -> None:
        """Complete the newest row; ``point``, shape (d,), is theta at that row's time."""
        self.complete(cluster.history.rows, point)

    def is_due(self, rows: Sequence[Update]) -> bool:
        """Return whether episodes are sampled at the theta of the last of ``rows``."""
        number = multiple(rows[-1].time, self.every)
        return len(rows) == 1 or number > multiple(rows[-2].time, self.every)

    def complete(self, rows: list[Update], point: Vector) -> None:
        """Complete the last of ``rows``; ``point``, shape (d,), is theta there."""
        number, due = multiple(rows[-1].time, self.every), self.is_due(rows)
        rows[-1] = replace(rows[-1], extra=rows[-1].extra | self._columns(point, number, due=due))

    def _columns(self, point: Vector, number: int, *, due: bool) -> dict[str, float | int | None]:
        variants = self.problem.variants
        names = variants.names if variants else ()
        columns = [EVALUATION, *(of_variant(EVALUATION, name) for name in names)]
        if not due:
            return dict.fromkeys(columns)
        first = (
            np.unique(variants.of_worker, return_index=True)[1] if variants else np.zeros(1, int)
        )
        workers = np.repeat(first, self.episodes)
        tasks = FIRST_TASK + number * self.episodes + np.arange(self.episodes)
        tasks = np.tile(tasks, len(first))
        _, returns = self.problem.sample(point, workers, tasks)
        means = returns.reshape(-1, self.episodes).mean(axis=1)
        mean = means @ variants.shares if variants else means[0]
        return dict(zip(columns, map(float, [mean, *means]), strict=False))
