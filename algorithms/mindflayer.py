"""MindFlayer: a gradient that takes too long is given up, and another one is tried."""

import math
from dataclasses import dataclass
from itertools import islice

import numpy as np

from algorithms.algorithm import Algorithm, Durations
from algorithms.theory.clocks import Clock, completions, first_time, rennala_round
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Count, Factor, Process, Trials, Vector


@dataclass(frozen=True)
class MindFlayer(Algorithm):
    """Rennala for random times: so many trials of each worker, each with a time limit.

    Maranjyan, Omar, Richtarik (UAI 2025), arXiv 2410.04285, Algorithms 1 and 2. The paper divides
    by sum_i p_i B_i, with p_i the probability that a trial of worker i succeeds, so that g_t is
    unbiased. Here it is B. That is a constant factor, which NIGT does not see and the step size
    of other rules takes in; so nobody has to know p_i.

        1  worker i has B_i trials, as many as are among the first B of all k h_i; its time limit
           is t_i = patience * h_i
        2  for t = 0, 1, ...
        3      send the lookahead to all workers; worker i begins B_i gradients there, one after
               the other, and gives up each that is not there after t_i seconds
        4      wait until all trials are over; if none has succeeded, go to line 3
        5      g_t = 1/B sum g                                  (one vector per worker)
        6      theta_{t+1} = step(theta_t, g_t)

    Attributes:
        batch: B, trials per round.
        patience: t_i in units of h_i, the mean seconds of a gradient (per environment step, if
            times are: then it has to be given, in steps).
    """

    waits_for = "`batch` trials, each up to `patience` times h_i"
    discards = "gradients that take longer"
    paper = "Maranjyan, Omar, Richtarik, UAI 2025"

    batch: Count
    patience: Factor = 1.0

    def misfit(self, workers: int, durations: Durations) -> str | None:  # noqa: ARG002
        """See :class:`Algorithm`."""
        if durations == "per step" and self.patience <= 1:
            what = f"patience: {self.patience:g} steps, where times are per environment step"
            return f"{what}; accepted: more, such as the steps of most trajectories"
        if self.patience >= 1 or durations != "fixed":
            return None
        return f"patience: {self.patience:g} h_i, and gradients take h_i; accepted: at least 1"

    def run(self, cluster: Cluster) -> Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        h = cluster.gradient_seconds
        workers = [worker for _, worker in islice(completions(h), self.batch)]
        trials = Trials(np.bincount(workers, minlength=len(h)), self.patience * h)  # line 1
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=True, trials=trials)  # line 3
            tasks = yield from round.successes()  # line 4
            if tasks:
                gradient = yield from round.reduce(tasks, [1 / self.batch] * len(tasks))  # line 5
                now = yield from cluster.update(self.rule.step, now, gradient)  # line 6

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock | None:
        """See :class:`Algorithm`; with fixed times all trials succeed, if patience is 1 or more."""
        if self.patience < 1:
            return None
        period = rennala_round(h, kappa, self.batch, allreduce=allreduce)
        return Clock(period, "Rennala's, with M = B")

    def forecast(self, pace: Pace) -> Forecast:
        """See :class:`Algorithm`."""
        if np.isinf(pace.seconds).any():
            return pace.keep_going(math.inf)
        end = first_time(pace.seconds, lambda counts: bool(counts.sum() >= self.batch))
        return pace.keep_going(min(self.patience, 1) * end)
