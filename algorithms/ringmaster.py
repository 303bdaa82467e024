"""Ringmaster: AFedPG that has no use for gradients that are too old."""

from dataclasses import dataclass

from algorithms.algorithm import Algorithm
from algorithms.clocks import Clock, arrivals, ringmaster_interval
from algorithms.forecast import Forecast, Pace
from simulator import Cluster, Count, Process, Vector


@dataclass(frozen=True)
class Ringmaster(Algorithm):
    """Step on every arrival whose delay is below a threshold; drop the others.

    Aggregation of Ringmaster ASGD (Maranjyan, Tyurin, Richtarik, 2025, arXiv 2501.16168), here
    with NIGT steps as in :class:`algorithms.AFedPG`, which is its case R = infinity.

        1  send theta_0 to all workers; each computes one gradient there
        2  for t = 0, 1, ...
        3      wait for the next gradient to arrive, from worker i
        4      if its delay is below R: theta_{t+1} = step(theta_t, g)
        5      else drop it
        6      send the newest lookahead to worker i; it computes one gradient there

    Attributes:
        threshold: R, in updates; a gradient whose delay is R or more is dropped.
    """

    waits_for = "the next gradient whose delay is below `threshold`"
    discards = "gradients that are older"
    paper = "Maranjyan, Tyurin, Richtarik, 2025"

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
            else:
                cluster.drop(task)  # line 5
            cluster.dispatch(task.worker, now.lookahead)  # line 6

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:  # noqa: ARG002
        """See :class:`Algorithm`."""
        period = ringmaster_interval(h, kappa, self.threshold)
        return Clock(
            period,
            "arrivals with delay < R, over 10,000 updates",
            updates=lambda: (t for t, used in arrivals(h, kappa, self.threshold) if used),
        )

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        return pace.arrivals()
