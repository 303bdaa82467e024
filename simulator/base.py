"""What the simulated and the real cluster answer alike, from their hardware and their history."""

import numpy as np

from simulator.accounting.history import History
from simulator.accounting.ledger import Ledger
from simulator.hardware.hardware import Hardware
from simulator.interface import Cluster
from simulator.loop.tasks import Task
from simulator.types import Indices, Vector


class HardwareCluster(Cluster):
    """A cluster that a scenario describes.

    Attributes:
        hardware: its times, real or only said; for preemption, collective, and who is fastest.
        history: one row per update so far.
        ledger: what becomes of each gradient.
    """

    hardware: Hardware
    history: History
    ledger: Ledger

    @property
    def size(self) -> int:
        """The number n of workers."""
        return self.hardware.compute.workers

    @property
    def gradient_seconds(self) -> Vector:
        """See :class:`Cluster`; what the scenario says."""
        compute = self.hardware.compute
        return compute.ends(np.arange(self.size), np.zeros(self.size), compute.seconds)

    @property
    def updates_made(self) -> int:
        """How many updates have been made."""
        return len(self.history.rows)

    def fastest(self, number: int) -> Indices:
        """See :class:`Cluster`; by what the scenario says."""
        ends = self.gradient_seconds + self.hardware.network.uplink
        return np.sort(np.argsort(ends, kind="stable")[:number])

    def drop(self, task: Task) -> None:
        """See :class:`Cluster`."""
        self.ledger.discard(task)

    def delay(self, task: Task) -> int:
        """See :class:`Cluster`."""
        return self.updates_made - task.lookahead.update
