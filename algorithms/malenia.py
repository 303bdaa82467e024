"""Malenia aggregation: enough gradients from every worker, each worker weighing the same."""

import math
from dataclasses import dataclass

from algorithms.algorithm import Algorithm
from simulator import Cluster, Count, Iterate, Process


@dataclass(frozen=True)
class Malenia(Algorithm):
    """Wait until the harmonic mean of the counts is large enough; average the workers' means.

    Tyurin, Spiridonov, Rudenko (ICLR 2026), Algorithm 3, with aggregation as in Malenia SGD
    (Tyurin and Richtarik, NeurIPS 2023). For workers whose problems differ: the objective is
    the equal average of theirs, whatever their speeds.

        1  M_0 = M_init, M_t = M
        2  for t = 0, 1, ...
        3      send the lookahead to all workers; each computes gradient after gradient there
        4      M_i = 0 for all i
        5      until (1/n sum_i 1/M_i)^-1 >= M_t / n: wait for a gradient; add 1 to its M_i
        6      g_t = 1/n sum_i (sum of worker i's gradients) / M_i     (one vector per worker)
        7      theta_{t+1} = step(theta_t, g_t)

    Attributes:
        batch: M; the wait ends when the counts are as good as M/n gradients from everyone.
        batch_init: M_init, for the first update; M if not given.
    """

    batch: Count
    batch_init: Count | None = None

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = Iterate.start(cluster.initial_point)
        batch = self.batch_init or self.batch  # line 1
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=True)  # line 3
            tasks, counts = [], HarmonicCounts(cluster.size, batch)  # line 4
            while not counts.enough:  # line 5
                tasks.append((yield from round.completion()))
                counts.add(tasks[-1].worker)
            weights = [1 / (cluster.size * counts[task.worker]) for task in tasks]
            gradient = yield from round.reduce(tasks, weights)  # line 6
            now = yield from cluster.update(self.rule.step, now, gradient)  # line 7
            batch = self.batch  # line 1


class HarmonicCounts:
    """Malenia's condition (1/n sum_i 1/M_i)^-1 >= M/n, that is M sum_i 1/M_i <= n^2, exactly.

    The sum is kept as an integer, in units of one over the least common multiple of 1..K for
    the largest count K so far (K doubles when it is passed). A completion costs a fixed number
    of integer operations, whatever n.

    Args:
        workers: n.
        batch: M.
    """

    def __init__(self, workers: int, batch: int) -> None:
        self._counts = [0] * workers
        self._without = workers  # workers with M_i = 0, whose 1/M_i is infinite
        self._batch = batch
        self._largest = 16
        self._unit = math.lcm(*range(1, self._largest + 1))
        self._sum = 0  # sum_i 1/M_i over M_i > 0, times the unit

    def __getitem__(self, worker: int) -> int:
        """Return M_i."""
        return self._counts[worker]

    @property
    def enough(self) -> bool:
        """Whether the condition holds; it implies that every M_i >= 1."""
        n = len(self._counts)
        return self._without == 0 and self._batch * self._sum <= n * n * self._unit

    def add(self, worker: int) -> None:
        """Count one more gradient of ``worker``."""
        count = self._counts[worker] + 1
        self._counts[worker] = count
        if count > self._largest:
            finer = math.lcm(self._unit, *range(self._largest + 1, 2 * self._largest + 1))
            self._sum *= finer // self._unit
            self._unit, self._largest = finer, 2 * self._largest
        if count == 1:
            self._without -= 1
            self._sum += self._unit
        else:
            self._sum += self._unit // count - self._unit // (count - 1)
