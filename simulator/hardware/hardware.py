"""A cluster's times, all in one place."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from simulator.hardware.compute import ComputeModel
from simulator.hardware.failures import Failures
from simulator.hardware.network import Network
from simulator.hardware.server import FREE, Server
from simulator.types import Indices, Truths, Vector

Preemption: TypeAlias = Literal["cancel", "finish"]


@dataclass(frozen=True)
class Hardware:
    """The times of a cluster.

    Attributes:
        compute: h_i, the seconds per gradient.
        network: kappa_i, the seconds per vector, and the collective.
        preemption: what a broadcast does to a running task. ``cancel``: it stops at once.
            ``finish``: it goes on, is dropped on completion, and then the worker starts at the
            newest point.
        stop_cost: seconds that a worker is busy stopping a task under ``cancel``.
        failures: when workers are down; never if None.
        server: what the server's own work takes.
    """

    compute: ComputeModel
    network: Network
    preemption: Preemption = "cancel"
    stop_cost: float = 0.0
    failures: Failures | None = None
    server: Server = FREE

    def course(
        self, workers: Indices, starts: Vector, work: Vector
    ) -> tuple[Vector, Vector, Truths]:
        """Return when tasks begin and end, and which of them end in a failure; (m,) each.

        Args:
            workers: shape (m,), who has them.
            starts: shape (m,), simulated seconds; a worker that is down then begins when it is
                back.
            work: shape (m,), seconds that they take at speed one.
        """
        ends = self.compute.ends(workers, starts, work)
        lost = np.zeros(len(workers), dtype=bool)
        if self.failures is None:
            return starts, ends, lost
        down, up = self.failures.after(workers, starts)
        met = np.flatnonzero(down < ends)  # few, most of the time
        if not len(met):
            return starts, ends, lost
        begins, who = starts.copy(), workers[met]
        begins[met], down = _when_back(self.failures, who, starts[met], down[met], up[met])
        if self.failures.running == "lost":
            ends[met] = self.compute.ends(who, begins[met], work[met])
            # at the same time, the completion comes first
            lost[met] = (down < ends[met]) & np.isfinite(ends[met])
            ends[lost] = down[lost[met]]
        else:
            ends[met] = self._pause(self.failures, who, begins[met], work[met])
        return begins, ends, lost

    def _pause(self, failures: Failures, workers: Indices, begins: Vector, work: Vector) -> Vector:
        ends = self.compute.ends(workers, begins, work)
        now, going = begins.copy(), np.arange(len(workers))
        while len(going):
            down, up = failures.after(workers[going], now[going])
            stopped = (down < ends[going]) & np.isfinite(ends[going])
            going, down, up = going[stopped], down[stopped], up[stopped]
            who = workers[going]
            work[going] -= self.compute.work_between(who, now[going], down)
            now[going] = up
            ends[going] = self.compute.ends(who, up, work[going])
        return ends


def _when_back(
    failures: Failures, workers: Indices, times: Vector, down: Vector, up: Vector
) -> tuple[Vector, Vector]:
    """Return the first times from ``times`` on at which workers are up, and when they next fail.

    The windows after ``times`` begin at ``down`` and end at ``up``, (m,) each; all are changed.
    """
    while len(still := np.flatnonzero(down <= times)):
        times[still] = up[still]
        down[still], up[still] = failures.after(workers[still], times[still])
    return times, down
