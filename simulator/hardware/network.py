"""What it costs to move vectors: links, the server's ingress, and collectives."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, TypeAlias

from simulator.hardware.transfers import FairTransfers, SlotTransfers, Transfers
from simulator.types import Indices, Vector

Collective: TypeAlias = Literal["gather", "allreduce"]
Topology: TypeAlias = Literal["ideal", "ring", "tree"]

BYTES_PER_COORDINATE = 4


@dataclass(frozen=True)
class Network:
    """Each worker's link to the server, and what they share.

    Attributes:
        transfer: shape (n,), seconds that a vector takes up a worker's link, without latency;
            with no latency these are the paper's kappa_i (Section 1).
        collective: how a round's reduce is done. ``gather``: only those who have something
            send, each as soon as it is ready. ``allreduce``: all take part, from the moment
            that the last of them is ready.
        latency: shape (n,), seconds before a vector begins to arrive; 0 if None.
        downlink: shape (n,), seconds for a lookahead from the server, see :meth:`downloads`; free
            if None.
        topology: of the all-reduce; ``ideal`` takes max kappa.
        slots: how many vectors the server receives at a time, first come first served.
        capacity: vectors per second that the server can receive, shared fairly among transfers.
    """

    transfer: Vector
    collective: Collective = "gather"
    latency: Vector | None = None
    downlink: Vector | None = None
    topology: Topology = "ideal"
    slots: int | None = None
    capacity: float | None = None

    @property
    def uplink(self) -> Vector:
        """kappa_i: seconds for one vector when nobody else sends, shape (n,)."""
        return self.transfer if self.latency is None else self.latency + self.transfer

    @property
    def shared(self) -> bool:
        """Whether transfers to the server delay each other."""
        return self.slots is not None or self.capacity is not None

    def downloads(self, *, dispatched: bool) -> Vector | None:
        """Return after how long a lookahead is at each worker, shape (n,); None: at once.

        An all-reduce leaves its result with everyone, so that only what is dispatched travels.
        """
        return self.downlink if dispatched or self.collective == "gather" else None

    def allreduce_seconds(self, group: Indices) -> float:
        """Return how long an all-reduce among ``group`` takes; the slowest link decides.

        The usual costs (Thakur, Rabenseifner, Gropp, 2005) for latency a and vector time b:
        ring 2 (n - 1) (a + b/n), tree 2 ceil(log2 n) (a + b).
        """
        n, b = len(group), float(self.transfer[group].max())
        a = 0.0 if self.latency is None else float(self.latency[group].max())
        if self.topology == "ring":
            return 2 * (n - 1) * (a + b / n)
        if self.topology == "tree":
            return 2 * math.ceil(math.log2(n)) * (a + b)
        return float(self.uplink[group].max())

    def reduce_vectors(self, group: int) -> int:
        """Return how many vectors' bytes a reduce among ``group`` workers sends, all together.

        A gather sends one of each worker. An all-reduce sends the sum back too: an ideal one two
        for each worker; on a ring each of them sends 2 (group - 1) parts of 1/group to the next;
        a tree has group - 1 edges, each used up and down.
        """
        if self.collective == "gather":
            return group
        return 2 * group if self.topology == "ideal" else 2 * (group - 1)

    def transfers(self) -> Transfers:
        """Return the state of the transfers to the server: none yet."""
        if self.slots is not None:
            return SlotTransfers(self.uplink, self.slots)
        if self.capacity is not None:
            return FairTransfers(self.transfer, self.capacity)
        return Transfers(self.uplink)


class NetworkModel(ABC):
    """Base of a network of one's own: a dataclass whose fields are a scenario's keys."""

    @abstractmethod
    def network(self, workers: int, dimension: int) -> Network:
        """Return the network of n workers for vectors of ``dimension`` coordinates.

        A class derived from :class:`Network` may say how transfers delay each other
        (:meth:`Network.transfers`, with :attr:`Network.shared`) or what an all-reduce takes.
        """
