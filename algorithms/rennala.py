"""Rennala aggregation: the first M gradients, from whoever has them."""

from dataclasses import dataclass
from functools import partial

from algorithms.algorithm import Algorithm
from algorithms.theory.clocks import Clock, first_time, rennala_round
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Count, Process, Vector


@dataclass(frozen=True)
class Rennala(Algorithm):
    """Any M gradients at the same point, then one step; slow workers hold up nobody.

    Tyurin, Spiridonov, Rudenko (ICLR 2026), Algorithm 1 with aggregation as in Rennala SGD
    (Tyurin and Richtarik, NeurIPS 2023).

        1  M_0 = M_init, M_t = M
        2  for t = 0, 1, ...
        3      send the lookahead to all workers; each computes gradient after gradient there
        4      wait for the first M_t of them, from anyone
        5      g_t = 1/M_t sum g                                (one vector per worker)
        6      theta_{t+1} = step(theta_t, g_t)

    Attributes:
        batch: M, gradients per update.
        batch_init: M_init, gradients in the first update; M if not given.
    """

    waits_for = "the first `batch` gradients, from anyone"
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
            tasks = yield from round.completions(batch)  # line 4
            gradient = yield from round.reduce(tasks, [1 / batch] * batch)  # line 5
            now = yield from cluster.update(self.rule.step, now, gradient)  # line 6
            batch = self.batch  # line 1

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:
        """See :class:`Algorithm`."""
        round_of = partial(rennala_round, h, kappa, allreduce=allreduce)
        first = round_of(self.batch_init) if self.batch_init else None
        formula = "M-th of all k h_i, + max kappa" + ("" if allreduce else " of contributors")
        return Clock(round_of(self.batch), formula, first)

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        batch = max(self.batch, self.batch_init or 0)
        end = first_time(pace.seconds, lambda counts: bool(counts.sum() >= batch))
        return pace.keep_going(end)
