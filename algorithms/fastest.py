"""Synchronous aggregation among the fastest workers: the simplest cure for stragglers."""

from dataclasses import dataclass

import numpy as np

from algorithms.algorithm import Algorithm, Durations
from algorithms.theory.clocks import Clock, fastest_round
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Count, Process, Vector


@dataclass(frozen=True)
class Fastest(Algorithm):
    """One gradient from each of the m fastest workers, then one step; the others stay idle.

    The baseline of m-synchronous methods: with the best m it is close to Rennala's clock, but
    somebody has to know the speeds and choose m. Rennala needs neither (Tyurin and Richtarik,
    NeurIPS 2023, Section 4).

        1  S = the m workers with the smallest h_i + kappa_i
        2  for t = 0, 1, ...
        3      send the lookahead to S; each computes one gradient there
        4      wait for all m of them
        5      g_t = 1/m sum_{i in S} g_i                       (gather or all-reduce, in S)
        6      theta_{t+1} = step(theta_t, g_t)

    Attributes:
        m: how many workers take part, at most n.
    """

    waits_for = "one gradient of each of the `m` fastest workers"
    discards = "nothing; the other workers are idle"
    paper = "Tyurin and Richtarik, NeurIPS 2023, Section 4"

    m: Count

    def misfit(self, workers: int, durations: Durations) -> str | None:
        """See :class:`Algorithm`."""
        if durations == "per step":
            return (
                "m: who is fastest depends on the lengths of episodes where times are per step; "
                "accepted: another method, or compute.per = 'gradient'"
            )
        if self.m <= workers:
            return None
        return f"m: {self.m:,} of {workers:,} workers; accepted: 1 to {workers:,}"

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        chosen = cluster.fastest(self.m)  # line 1
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=False, to=chosen)  # line 3
            tasks = yield from round.completions(len(chosen))  # line 4
            weights = [1 / len(chosen)] * len(chosen)
            gradient = yield from round.reduce(tasks, weights)  # line 5
            now = yield from cluster.update(self.rule.step, now, gradient)  # line 6

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:
        """See :class:`Algorithm`."""
        period = fastest_round(h, kappa, self.m, allreduce=allreduce)
        return Clock(period, "the same, among the m smallest h_i + kappa_i")

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        chosen = np.argsort(pace.seconds + pace.upload, kind="stable")[: self.m]
        busy = np.zeros_like(pace.seconds)
        busy[chosen] = pace.seconds[chosen]
        return pace.round(float(busy.max()), busy)
