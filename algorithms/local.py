"""Local steps: workers go some way on their own before the server hears of it."""

from dataclasses import dataclass

from algorithms.algorithm import Algorithm
from algorithms.theory.clocks import Clock, synchronous_round
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Count, Positive, Process, Vector


@dataclass(frozen=True)
class Local(Algorithm):
    """Each worker takes tau steps of its own; then one step with the mean of their differences.

    Federated averaging with all workers in each round: McMahan, Moore, Ramage, Hampson, Aguera y
    Arcas (AISTATS 2017), arXiv 1602.05629; local SGD: Stich (ICLR 2019), arXiv 1805.09767.

        1  for t = 0, 1, ...
        2      send the lookahead to all workers; x_i = lookahead
        3      each worker, tau times: x_i = x_i + beta g_i, with g_i at x_i
        4      wait for all n of them
        5      g_t = 1/n sum_i (x_i - lookahead) / beta             (one vector per worker)
        6      theta_{t+1} = step(theta_t, g_t)

    With PG steps and alpha = beta line 6 is theta_{t+1} = mean of the x_i, federated averaging
    itself. With tau = 1 it is :class:`algorithms.Synchronous`, whatever beta.

    Attributes:
        local_steps: tau.
        local_step_size: beta.
    """

    waits_for = "`local_steps` gradients of each, along its own path"
    discards = "nothing"
    paper = "McMahan et al., AISTATS 2017; Stich, ICLR 2019"

    local_steps: Count
    local_step_size: Positive

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        while True:
            round = cluster.broadcast(
                now.lookahead, keep_going=False, steps=self.local_steps, move=self.move
            )  # lines 2, 3
            tasks = yield from round.arrivals(cluster.size)  # line 4
            # x_i - lookahead is beta times the sum of worker i's gradients
            weights = [1 / cluster.size] * len(tasks)
            gradient = yield from round.reduce(tasks, weights)  # line 5
            now = yield from cluster.update(self.rule.step, now, gradient)  # line 6

    def move(self, point: Vector, gradient: Vector) -> Vector:
        """Return where a worker goes from ``point``, given its gradient there, shape (d,) each."""
        return point + self.local_step_size * gradient  # line 3

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:
        """See :class:`Algorithm`."""
        period = synchronous_round(self.local_steps * h, kappa, allreduce=allreduce)
        formula = "max tau h + max kappa" if allreduce else "max_i(tau h_i + kappa_i)"
        return Clock(period, formula)

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        seconds = self.local_steps * pace.seconds
        return pace.round(float(seconds.max()), seconds)
