"""A method of one's own for straggler: rounds that end with a quorum of workers."""

from dataclasses import dataclass

import numpy as np

from straggler import Algorithm, Clock, Cluster, Count, Process, Task, Vector


@dataclass(frozen=True)
class Quorum(Algorithm):
    """Go on as soon as enough different workers have a gradient; take all that are there.

        1  for t = 0, 1, ...
        2      send the lookahead to all workers; each computes gradient after gradient there
        3      wait until gradients of q different workers are there
        4      g_t = the mean of all of them                    (one vector per worker)
        5      theta_{t+1} = step(theta_t, g_t)

    Attributes:
        quorum: q, at most the number of workers.
    """

    quorum: Count = 3

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=True)  # line 2
            tasks: list[Task] = []
            while len({task.worker for task in tasks}) < min(self.quorum, cluster.size):  # line 3
                tasks.append((yield from round.completion()))
            gradient = yield from round.reduce(tasks, [1 / len(tasks)] * len(tasks))  # line 4
            now = yield from cluster.update(self.rule.step, now, gradient)  # line 5

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:
        """See the class: the q-th worker's first gradient ends line 3."""
        chosen = np.argsort(h, kind="stable")[: self.quorum]
        slowest_link = (kappa if allreduce else kappa[chosen]).max()
        return Clock(float(h[chosen].max() + slowest_link), "q-th smallest h_i, + max kappa")
