"""Synchronous aggregation: the baseline that waits for everyone, or for all but a few."""

import math
from dataclasses import dataclass

import numpy as np

from algorithms.algorithm import Algorithm, Durations
from algorithms.theory.clocks import Clock, synchronous_round
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Positive, Process, Vector, Whole


@dataclass(frozen=True)
class Synchronous(Algorithm):
    """One gradient from every worker, then one step.

    Tyurin, Spiridonov, Rudenko (ICLR 2026), Section 1: the classical distributed method. With
    b backup workers it is that of Chen, Pan, Monga, Bengio, Jozefowicz (2016), arXiv 1604.00981:
    whoever comes last in a round is not waited for.

        1  for t = 0, 1, ...
        2      send the lookahead to all workers; each computes one gradient there
        3      wait for the first n - b of them, or until the timeout; drop the others
        4      g_t = mean of those g_i                          (gather or all-reduce)
        5      theta_{t+1} = step(theta_t, g_t)

    The first n - b are those whose vectors are first at the server (gather), or who complete
    first (all-reduce). So with b = 0 a round takes max_i(h_i + kappa_i) or max h + max kappa
    seconds. Workers that are down hold up the round until they are back and done, if there are
    more of them than b, or until the timeout.

    Attributes:
        timeout: seconds after which a round goes on without those who have not completed, but
            not without anyone; never if None.
        backup: b, less than n.
    """

    waits_for = "one gradient of each worker, but for `backup`"
    discards = "the last `backup`; with `timeout`, what is late"
    paper = "Tyurin, Spiridonov, Rudenko, ICLR 2026, Section 1"

    timeout: Positive | None = None
    backup: Whole = 0

    def misfit(self, workers: int, durations: Durations) -> str | None:  # noqa: ARG002
        """See :class:`Algorithm`."""
        if self.backup < workers:
            return None
        return f"backup: {self.backup:,} of {workers:,} workers; accepted: 0 to {workers - 1:,}"

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        number = max(cluster.size - self.backup, 1)
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=False)  # line 2
            tasks = yield from round.arrivals(number, self.timeout)  # line 3
            weights = [1 / len(tasks)] * len(tasks)
            gradient = yield from round.reduce(tasks, weights)  # line 4
            now = yield from cluster.update(self.rule.step, now, gradient)  # line 5

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:
        """See :class:`Algorithm`."""
        period = synchronous_round(
            h, kappa, allreduce=allreduce, timeout=self.timeout, backup=self.backup
        )
        formula = "max h + max kappa" if allreduce else "max_i(h_i + kappa_i)"
        if self.backup:
            what = "h_i, + max kappa" if allreduce else "h_i + kappa_i"
            formula = f"(n-{self.backup})-th smallest {what}"
        return Clock(period, formula + (", or the timeout" if self.timeout else ""))

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        late = math.inf if self.timeout is None else self.timeout
        ordered = np.sort(pace.seconds)
        last = ordered[max(len(ordered) - self.backup, 1) - 1]
        return pace.one_each(float(min(last, max(late, ordered[0]))))
