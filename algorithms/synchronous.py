"""Synchronous aggregation: the baseline that waits for everyone."""

from dataclasses import dataclass

from algorithms.algorithm import Algorithm
from algorithms.updates import Iterate
from simulator import Cluster, Process


@dataclass(frozen=True)
class Synchronous(Algorithm):
    """One gradient from every worker, then one step.

    Tyurin, Spiridonov, Rudenko (ICLR 2026), Section 1: the classical distributed method.

        1  for t = 0, 1, ...
        2      send the lookahead to all workers; each computes one gradient there
        3      wait for all n of them
        4      g_t = 1/n sum_i g_i                              (gather or all-reduce)
        5      theta_{t+1} = step(theta_t, g_t)

    A round takes max_i(h_i + kappa_i) seconds (gather) or max h + max kappa (all-reduce).
    """

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = Iterate.start(cluster.initial_point)
        while True:
            cluster.broadcast(now.lookahead, keep_going=False)  # line 2
            tasks = yield from cluster.completions(cluster.size)  # line 3
            weights = [1 / cluster.size] * cluster.size
            gradient = yield from cluster.reduce(tasks, weights)  # line 4
            now = self.rule.step(now, gradient)  # line 5
            yield from cluster.publish(now.point)
