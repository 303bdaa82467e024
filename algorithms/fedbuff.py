"""FedBuff: the server steps after K arrivals, however old they are."""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from algorithms.algorithm import Algorithm
from algorithms.theory.clocks import Clock, afedpg_interval, arrivals
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Count, Process, Task, Vector


@dataclass(frozen=True)
class FedBuff(Algorithm):
    """Collect K gradients in a buffer, then one step; nobody waits for it.

    Nguyen, Malik, Zhan, Yousefpour, Rabbat, Malek, Huba (AISTATS 2022), arXiv 2106.06639,
    Algorithm 1, with one gradient for a worker's local steps and no weights for staleness. With
    K = 1 it is :class:`algorithms.AFedPG`; unlike :class:`algorithms.Rennala`, which has all of
    its gradients at one lookahead, it stops nobody.

        1  send theta_0 to all workers; each computes one gradient there
        2  for t = 0, 1, ...
        3      until the buffer has K gradients:
        4          wait for the next gradient to arrive, from worker i, and put it there
        5          send the newest lookahead to worker i; it computes one gradient there
        6      g_t = mean of the buffer, which is empty then
        7      theta_{t+1} = step(theta_t, g_t)             (the K-th worker is sent the result)

    Attributes:
        buffer: K, gradients per update.
    """

    waits_for = "the next `buffer` gradients, however old"
    discards = "nothing"
    paper = "Nguyen et al., AISTATS 2022"

    buffer: Count

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        buffer: list[Task] = []
        for worker in range(cluster.size):
            cluster.dispatch(worker, now.lookahead)  # line 1
        while True:
            task = yield from cluster.arrival()
            buffer.append(task)  # line 4
            if len(buffer) == self.buffer:  # line 3
                gradient = np.mean([cluster.gradient(task) for task in buffer], axis=0)
                buffer = []  # line 6
                now = yield from cluster.update(self.rule.step, now, gradient)  # line 7
            cluster.dispatch(task.worker, now.lookahead)  # line 5

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:  # noqa: ARG002
        """See :class:`Algorithm`."""
        k = self.buffer
        return Clock(
            k * afedpg_interval(h, kappa),
            "K / sum_i 1/(h_i + kappa_i)",
            updates=lambda: (t for t, _ in islice(arrivals(h, kappa), k - 1, None, k)),
        )

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        return pace.arrivals(self.buffer)
