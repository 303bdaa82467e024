"""What it costs to move vectors: links, the server's ingress, and collectives."""

import heapq
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

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
        downlink: shape (n,), seconds for a vector from the server; free if None.
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

    def vectors_per_worker(self, group: int) -> float:
        """Return how many vectors' bytes each of ``group`` workers sends in a reduce."""
        ring_like = self.collective == "allreduce" and self.topology != "ideal"
        return 2 * (group - 1) / group if ring_like else 1.0

    def transfers(self) -> "Transfers":
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


@dataclass
class Transfers:
    """Vectors on their way to the server; they do not delay each other.

    Attributes:
        seconds: shape (n,), kappa_i.
    """

    seconds: Vector
    ready: dict[int, float] = field(default_factory=dict)
    """When each worker that sends became ready to."""
    _arrivals: list[tuple[float, int]] = field(default_factory=list)

    def start(self, worker: int, ready: float) -> None:
        """Let a worker send from ``ready`` on; called in the order of (ready, worker)."""
        self.ready[worker] = ready
        heapq.heappush(self._arrivals, (self._arrival(worker, ready), worker))

    def start_many(self, workers: Indices, ready: Vector) -> None:
        """Let workers, shape (m,), send from ``ready``, shape (m,), on."""
        for k in np.lexsort((workers, ready)):
            self.start(int(workers[k]), float(ready[k]))

    def peek(self) -> tuple[float, int]:
        """Return (time, worker) of the next arrival if nobody starts before; (inf, -1): none."""
        return self._arrivals[0] if self._arrivals else (math.inf, -1)

    def pop(self) -> tuple[float, int, float]:
        """Remove the next arrival; return its time, its worker, and when that was ready."""
        time, worker = heapq.heappop(self._arrivals)
        return time, worker, self.ready.pop(worker)

    def _arrival(self, worker: int, ready: float) -> float:
        return ready + float(self.seconds[worker])


class SlotTransfers(Transfers):
    """The server receives a few vectors at a time; the others wait, first come first served.

    Args:
        seconds: shape (n,), kappa_i.
        slots: how many at a time.
    """

    def __init__(self, seconds: Vector, slots: int) -> None:
        super().__init__(seconds)
        self._free = [0.0] * slots  # a heap: when each slot becomes free

    def _arrival(self, worker: int, ready: float) -> float:
        end = max(ready, self._free[0]) + float(self.seconds[worker])
        heapq.heapreplace(self._free, end)
        return end


class FairTransfers(Transfers):
    """Transfers share the server's capacity fairly (max-min), each within its own link.

    Rates are recomputed whenever a transfer starts or ends.

    Args:
        seconds: shape (n,), seconds for a vector on each link by itself.
        capacity: vectors per second, all together.
    """

    def __init__(self, seconds: Vector, capacity: float) -> None:
        super().__init__(seconds)
        self._capacity = capacity
        self._time = 0.0
        self._left: dict[int, float] = {}  # of a vector
        self._rates: dict[int, float] = {}

    def start(self, worker: int, ready: float) -> None:
        """See :class:`Transfers`."""
        self._advance(ready)
        self.ready[worker] = ready
        self._left[worker] = 1.0
        self._share()

    def peek(self) -> tuple[float, int]:
        """See :class:`Transfers`."""
        return self._arrivals[0] if self._arrivals else self._next_end()

    def pop(self) -> tuple[float, int, float]:
        """See :class:`Transfers`."""
        self._advance(self.peek()[0])
        return super().pop()

    def _next_end(self) -> tuple[float, int]:
        ends = ((self._time + self._left[w] / self._rates[w], w) for w in self._left)
        return min(ends, default=(math.inf, -1))

    def _advance(self, time: float) -> None:
        """Let transfers go on until ``time``; those that end before free their share then."""
        end, worker = self._next_end()
        while worker >= 0 and end <= time:
            self._progress(end)
            del self._left[worker]
            heapq.heappush(self._arrivals, (end, worker))
            self._share()
            end, worker = self._next_end()
        self._progress(time)

    def _progress(self, time: float) -> None:
        passed = max(time - self._time, 0.0)
        for worker in self._left:
            self._left[worker] = max(self._left[worker] - self._rates[worker] * passed, 0.0)
        self._time = max(time, self._time)

    def _share(self) -> None:
        """Serve the slowest links first; from where a link could do more, all get the same."""
        rest = self._capacity
        order = sorted(self._left, key=lambda w: (-float(self.seconds[w]), w))
        for k, worker in enumerate(order):
            seconds, level = float(self.seconds[worker]), rest / (len(order) - k)
            if seconds * level <= 1:
                self._rates.update(dict.fromkeys(order[k:], level))
                return
            self._rates[worker] = 1 / seconds
            rest -= self._rates[worker]
