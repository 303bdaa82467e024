"""Malenia aggregation: enough gradients from every worker, each worker weighing the same."""

import math
from dataclasses import dataclass

import numpy as np

from algorithms.algorithm import Algorithm
from algorithms.theory.clocks import Clock, first_time, malenia_round
from algorithms.theory.forecast import Forecast, Pace
from algorithms.theory.harmonic import HarmonicCounts, suffice
from simulator import Cluster, Count, Process, Vector


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

    waits_for = "gradients of all: harmonic mean of counts is `batch`/n"
    discards = "what is under way when they are there"
    paper = "Tyurin and Richtarik, NeurIPS 2023"

    batch: Count
    batch_init: Count | None = None

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
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

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:  # noqa: ARG002
        """See :class:`Algorithm`."""
        first = malenia_round(h, kappa, self.batch_init) if self.batch_init else None
        formula = "first k h_i with harmonic mean of M_i >= M/n, + max kappa"
        return Clock(malenia_round(h, kappa, self.batch), formula, first)

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        batch = max(self.batch, self.batch_init or 0)
        if np.isinf(pace.seconds).any():
            return pace.keep_going(math.inf)
        return pace.keep_going(first_time(pace.seconds, lambda counts: suffice(counts, batch)))
