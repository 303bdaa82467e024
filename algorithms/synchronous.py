"""Synchronous aggregation: the baseline that waits for everyone."""

import math
from dataclasses import dataclass

from algorithms.algorithm import Algorithm
from algorithms.clocks import Clock, synchronous_round
from algorithms.forecast import Forecast, Pace
from simulator import Cluster, Positive, Process, Vector


@dataclass(frozen=True)
class Synchronous(Algorithm):
    """One gradient from every worker, then one step.

    Tyurin, Spiridonov, Rudenko (ICLR 2026), Section 1: the classical distributed method.

        1  for t = 0, 1, ...
        2      send the lookahead to all workers; each computes one gradient there
        3      wait for all n of them, or until the timeout
        4      g_t = mean of those g_i                          (gather or all-reduce)
        5      theta_{t+1} = step(theta_t, g_t)

    A round takes max_i(h_i + kappa_i) seconds (gather) or max h + max kappa (all-reduce). A
    worker that is down holds up the round until it is back and done, or until the timeout.

    Attributes:
        timeout: seconds after which a round goes on without those who have not completed, but
            not without anyone; never if None.
    """

    waits_for = "one gradient of each worker"
    discards = "nothing; with `timeout`, what is late"
    paper = "Tyurin, Spiridonov, Rudenko, ICLR 2026, Section 1"

    timeout: Positive | None = None

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=False)  # line 2
            tasks = yield from round.completions(cluster.size, self.timeout)  # line 3
            weights = [1 / len(tasks)] * len(tasks)
            gradient = yield from round.reduce(tasks, weights)  # line 4
            now = yield from cluster.update(self.rule.step, now, gradient)  # line 5

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:
        """See :class:`Algorithm`."""
        period = synchronous_round(h, kappa, allreduce=allreduce, timeout=self.timeout)
        formula = "max h + max kappa" if allreduce else "max_i(h_i + kappa_i)"
        return Clock(period, formula + (", or the timeout" if self.timeout else ""))

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        late = math.inf if self.timeout is None else self.timeout
        first, last = float(pace.seconds.min()), float(pace.seconds.max())
        return pace.one_each(min(last, max(late, first)))
