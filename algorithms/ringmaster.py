"""Ringmaster: AFedPG that has no use for gradients that are too old."""

from dataclasses import dataclass
from functools import partial

from algorithms.algorithm import Algorithm
from algorithms.theory.clocks import Clock, arrivals, mean_interval
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Count, Process, Vector


@dataclass(frozen=True)
class Ringmaster(Algorithm):
    """Step on every arrival whose delay is below a threshold; the others are of no use.

    Aggregation of Ringmaster ASGD (Maranjyan, Tyurin, Richtarik, ICML 2025), here with NIGT steps
    as in :class:`algorithms.AFedPG`, which is its case R = infinity. In the ICML version (PMLR
    267; arXiv 2501.16168v3) it has two algorithms; the cluster's preemption decides which one
    this is. Number 5 stops calculations (``cancel``), number 4 does not and leaves out line 5
    (``finish``).

        1  send theta_0 to all workers; each computes one gradient there
        2  for t = 0, 1, ...
        3      wait for the next gradient to arrive, from worker i
        4      if its delay is below R: theta_{t+1} = step(theta_t, g)
        5          stop calculating gradients whose delay is R now; their workers go on to line 7
        6      else drop it
        7      send the newest lookahead to worker i; it computes one gradient there

    Attributes:
        threshold: R, in updates; a gradient whose delay is R or more is stopped or dropped.
    """

    waits_for = "the next gradient whose delay is below `threshold`"
    discards = "older gradients; under `cancel` they are stopped"
    paper = "Maranjyan, Tyurin, Richtarik, ICML 2025"

    threshold: Count

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        for worker in range(cluster.size):
            cluster.dispatch(worker, now.lookahead)  # line 1
        while True:
            task = yield from cluster.arrival()  # line 3
            if cluster.delay(task) < self.threshold:
                gradient = cluster.gradient(task)
                now = yield from cluster.update(self.rule.step, now, gradient)  # line 4
                for worker in cluster.preempt(self.threshold):  # line 5
                    cluster.dispatch(int(worker), now.lookahead)  # line 7
            else:
                cluster.drop(task)  # line 6
            cluster.dispatch(task.worker, now.lookahead)  # line 7

    def clock(
        self,
        h: Vector,
        kappa: Vector,
        *,
        allreduce: bool = False,  # noqa: ARG002
        stops: bool = True,
    ) -> Clock:
        """See :class:`Algorithm`; without ``stops``, the clock under ``finish``."""
        arrive = partial(arrivals, h, kappa, self.threshold, stops=stops)
        return Clock(
            mean_interval(arrive()),
            "arrivals with delay < R, over 10,000 updates",
            updates=lambda: (time for time, used in arrive() if used),
        )

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        return pace.arrivals()
