"""Ringleader: asynchronous steps in which every worker has its say, equally."""

from dataclasses import dataclass, replace

import numpy as np

from algorithms.algorithm import Algorithm
from algorithms.theory.clocks import Clock, mean_interval, turns
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Process, Task, Vector


@dataclass(frozen=True)
class Ringleader(Algorithm):
    """A table of everyone's gradients, and one update for each worker's turn.

    Maranjyan and Richtarik (ICLR 2026), arXiv 2509.22860, Algorithm 1: Malenia's rival for workers
    whose problems differ. It stops nobody and discards nothing, and no gradient is older than
    2n - 2 updates. In a round of n updates each worker is sent a new lookahead once.

        1  send theta_0 to all workers; each computes one gradient there; the table is empty
        2  until everyone has a gradient in the table:
        3      wait for the next to arrive, from worker i, and put it there
        4      let worker i compute one more where it is      (but for the last, whose turn it is)
        5  for each worker i, in the order in which they arrive from now on:
        6      put its gradient into the table
        7      g_t = 1/n sum_i (mean of worker i's in the table), theta_{t+1} = step(theta_t, g_t)
        8      send worker i the new lookahead; it computes one gradient there
        9      whoever arrives again before all had their turn: keep it for the next table, and
               let the worker compute one more where it is
       10  go to line 2, with those for the next table
    """

    waits_for = "the next worker in turn, once everyone has sent"
    discards = "nothing"
    paper = "Maranjyan and Richtarik, ICLR 2026"

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        everyone = range(cluster.size)
        for worker in everyone:
            cluster.dispatch(worker, now.lookahead)  # line 1
        table, following = [list[Task]() for _ in everyone], [list[Task]() for _ in everyone]
        left: set[int] = set()  # who has a turn to come; nobody: not all are in the table yet
        while True:
            task = yield from cluster.arrival()
            if left and task.worker not in left:
                following[task.worker].append(task)
                cluster.repeat(task)  # line 9
                continue
            table[task.worker].append(task)  # lines 3, 6
            if not left and not all(table):  # line 2
                cluster.repeat(task)  # line 4
                continue
            left = (left or set(everyone)) - {task.worker}  # line 5
            means = [
                np.mean([cluster.gradient(task, keep=bool(left)) for task in tasks], axis=0)
                for tasks in table
            ]
            gradient = np.mean(means, axis=0)
            now = yield from cluster.update(self.rule.step, now, gradient)  # line 7
            cluster.dispatch(task.worker, now.lookahead)  # line 8
            if not left:
                table, following = following, [[] for _ in everyone]  # line 10

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock:  # noqa: ARG002
        """See :class:`Algorithm`."""
        return Clock(
            mean_interval(turns(h, kappa)),
            "turns of n workers, over 10,000 updates",
            updates=lambda: (time for time, used in turns(h, kappa) if used),
        )

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        whole = pace.keep_going(float((pace.seconds + pace.upload).max()))
        return replace(whole, updates=len(pace.seconds), lap=len(pace.seconds))
