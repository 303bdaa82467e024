"""Vectors on their way to the server, and how they delay each other."""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from simulator.types import Indices, Vector


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

    Who has a slow link sends at its own speed; all others send at the same speed, the level. So a
    transfer ends at a time of its own, or when the integral of the level has grown by what is
    left of its vector. Only who changes sides is looked at when a transfer starts or ends.

    Args:
        seconds: shape (n,), seconds for a vector on each link by itself.
        capacity: vectors per second, all together.
    """

    def __init__(self, seconds: Vector, capacity: float) -> None:
        super().__init__(seconds)
        self._capacity = capacity
        self._time = 0.0
        self._level = math.inf  # vectors per second of each transfer that no slow link holds up
        self._grown = 0.0  # the integral of the level
        # worker -> when it ends: as an integral of the level, or in seconds on its own link
        self._level_ends = _Ends(lambda worker: float(seconds[worker]))
        self._own_ends = _Ends(lambda worker: -float(seconds[worker]))
        self._own_rate = 0.0  # vectors per second of all slow links

    def start(self, worker: int, ready: float) -> None:
        """See :class:`Transfers`."""
        self._advance(ready)
        self.ready[worker] = ready
        self._level_ends.add(worker, self._grown + 1.0)
        self._share()

    def peek(self) -> tuple[float, int]:
        """See :class:`Transfers`."""
        return self._arrivals[0] if self._arrivals else self._next_end()

    def pop(self) -> tuple[float, int, float]:
        """See :class:`Transfers`."""
        self._advance(self.peek()[0])
        return super().pop()

    def _next_end(self) -> tuple[float, int]:
        grown, worker = self._level_ends.first()
        shared = (self._time + (grown - self._grown) / self._level, worker)
        return min(shared if worker >= 0 else (math.inf, -1), self._own_ends.first())

    def _advance(self, time: float) -> None:
        """Let transfers go on until ``time``; those that end before free their share then."""
        end, worker = self._next_end()
        while worker >= 0 and end <= time:
            self._progress(end)
            if worker in self._own_ends:
                self._leave(worker)
            else:
                self._grown = self._level_ends.remove(worker)  # without rounding
            heapq.heappush(self._arrivals, (end, worker))
            self._share()
            end, worker = self._next_end()
        self._progress(max(time, self._time))

    def _progress(self, time: float) -> None:
        if self._level_ends:
            self._grown += self._level * (time - self._time)
        self._time = time

    def _share(self) -> None:
        """Find the level: links that could not do as much keep to their own speed."""
        while self._own_ends and self._rate(self._own_ends.extreme()) > self._level_with_one_more():
            worker = self._own_ends.extreme()  # the level has fallen below this link
            left = (self._leave(worker) - self._time) / float(self.seconds[worker])
            self._level_ends.add(worker, self._grown + left)
        self._level = self._find_level()
        while self._level_ends and self._rate(self._level_ends.extreme()) < self._level:
            worker = self._level_ends.extreme()
            left = self._level_ends.remove(worker) - self._grown
            self._own_ends.add(worker, self._time + left * float(self.seconds[worker]))
            self._own_rate += self._rate(worker)
            self._level = self._find_level()

    def _find_level(self) -> float:
        number = len(self._level_ends)
        return (self._capacity - self._own_rate) / number if number else math.inf

    def _level_with_one_more(self) -> float:
        """Return the level if the fastest of the slow links shared it."""
        rest = self._capacity - self._own_rate + self._rate(self._own_ends.extreme())
        return rest / (len(self._level_ends) + 1)

    def _rate(self, worker: int) -> float:
        seconds = float(self.seconds[worker])
        return 1 / seconds if seconds else math.inf

    def _leave(self, worker: int) -> float:
        """Remove a worker from the slow links; return when it would have ended."""
        end = self._own_ends.remove(worker)
        self._own_rate = self._own_rate - self._rate(worker) if self._own_ends else 0.0
        return end


class _Ends:
    """Transfers by when they end, and by how slow their links are.

    Args:
        order: of a worker; :meth:`extreme` has the largest.
    """

    def __init__(self, order: Callable[[int], float]) -> None:
        self._order = order
        self._ends: dict[int, float] = {}
        self._by_end: list[tuple[float, int]] = []  # heaps, which may hold who has left
        self._by_order: list[tuple[float, int, float]] = []

    def __len__(self) -> int:
        return len(self._ends)

    def __contains__(self, worker: int) -> bool:
        return worker in self._ends

    def add(self, worker: int, end: float) -> None:
        self._ends[worker] = end
        heapq.heappush(self._by_end, (end, worker))
        heapq.heappush(self._by_order, (-self._order(worker), worker, end))

    def remove(self, worker: int) -> float:
        return self._ends.pop(worker)

    def first(self) -> tuple[float, int]:
        """Return (end, worker) of who ends first; (inf, -1): nobody."""
        while self._by_end and self._ends.get(self._by_end[0][1]) != self._by_end[0][0]:
            heapq.heappop(self._by_end)
        return self._by_end[0] if self._by_end else (math.inf, -1)

    def extreme(self) -> int:
        """Return the first worker in the order; there has to be one."""
        while self._ends.get(self._by_order[0][1]) != self._by_order[0][2]:
            heapq.heappop(self._by_order)
        return self._by_order[0][1]
