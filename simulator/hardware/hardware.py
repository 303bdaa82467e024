"""A cluster's times, all in one place."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from simulator.hardware.compute import ComputeModel
from simulator.hardware.failures import Failures
from simulator.hardware.network import Network

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
    """

    compute: ComputeModel
    network: Network
    preemption: Preemption = "cancel"
    stop_cost: float = 0.0
    failures: Failures | None = None
