"""Asynchronous SGD: every gradient is a step, which may shrink with its delay."""

from dataclasses import dataclass

from algorithms.algorithm import Algorithm
from algorithms.theory.clocks import Clock, afedpg_interval, arrivals
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Process, Vector


@dataclass(frozen=True)
class Asynchronous(Algorithm):
    """Step on every arrival, as on the blackboard; a step with a long delay can be made shorter.

    Mishchenko, Bach, Even, Woodworth (NeurIPS 2022), arXiv 2206.07638, and Koloskova, Stich,
    Jaggi (NeurIPS 2022), arXiv 2206.08307. Both allow steps up to the order of 1/(L n), and of
    1/(L delay) where the delay is longer than n. So alpha stands for the former here, and is
    multiplied by n / delay in the latter case; L is not needed. It is alpha that shrinks only with
    the rule ``pg``, theirs: others do not move in proportion to g_t, and a normalised step (NIGT's)
    keeps its length.

        1  send theta_0 to all workers; each computes one gradient there
        2  for t = 0, 1, ...
        3      wait for the next gradient to arrive, from worker i
        4      g_t = g, or min(1, n / delay) g if delay-adaptive
        5      theta_{t+1} = step(theta_t, g_t)
        6      send the newest lookahead to worker i; it computes one gradient there

    Attributes:
        delay_adaptive: gradients with a delay of more than n updates count less, with the rule
            ``pg`` in proportion.
    """

    waits_for = "the next gradient, however old; old ones may count less"
    discards = "nothing"
    paper = "Mishchenko et al. and Koloskova et al., NeurIPS 2022"

    delay_adaptive: bool = False

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        for worker in range(cluster.size):
            cluster.dispatch(worker, now.lookahead)  # line 1
        while True:
            task = yield from cluster.arrival()  # line 3
            gradient = cluster.gradient(task)
            if self.delay_adaptive:
                gradient = min(1, cluster.size / max(1, cluster.delay(task))) * gradient  # line 4
            now = yield from cluster.update(self.rule.step, now, gradient)  # line 5
            cluster.dispatch(task.worker, now.lookahead)  # line 6

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:  # noqa: ARG002
        """See :class:`Algorithm`."""
        period, updates = afedpg_interval(h, kappa), lambda: (t for t, _ in arrivals(h, kappa))
        return Clock(period, "1 / sum_i 1/(h_i + kappa_i)", updates=updates)

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        return pace.arrivals()
