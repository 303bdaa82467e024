"""AFedPG: every gradient is a step, however old it is."""

from dataclasses import dataclass

from algorithms.algorithm import Algorithm
from algorithms.theory.clocks import Clock, afedpg_interval, arrivals
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Process, Vector


@dataclass(frozen=True)
class AFedPG(Algorithm):
    """Asynchronous federated policy gradient: the server steps on every arrival.

    Lan, Han, Hashemi, Aggarwal, Brinton (ICLR 2025), arXiv 2404.08003. The first arrival is
    d_0; a gradient that arrives k updates after its point was sent has delay k. The authors let
    alpha and eta change with the update and the delay; here they are constant, unless a
    :class:`algorithms.Schedule` says otherwise.

        1  send theta_0 to all workers; each computes one gradient there
        2  for t = 0, 1, ...
        3      wait for the next gradient to arrive, from worker i
        4      d_t = (1 - eta) d_{t-1} + eta g_{t - delay}
        5      theta_{t+1} = theta_t + alpha d_t / |d_t|
        6      send the new lookahead to worker i; it computes one gradient there
    """

    waits_for = "the next gradient, however old"
    discards = "nothing"
    paper = "Lan et al., ICLR 2025"

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        for worker in range(cluster.size):
            cluster.dispatch(worker, now.lookahead)  # line 1
        while True:
            task = yield from cluster.arrival()  # line 3
            gradient = cluster.gradient(task)
            now = yield from cluster.update(self.rule.step, now, gradient)  # lines 4, 5
            cluster.dispatch(task.worker, now.lookahead)  # line 6

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:  # noqa: ARG002
        """See :class:`Algorithm`."""
        period, updates = afedpg_interval(h, kappa), lambda: (t for t, _ in arrivals(h, kappa))
        return Clock(period, "1 / sum_i 1/(h_i + kappa_i)", updates=updates)

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        return pace.arrivals()
