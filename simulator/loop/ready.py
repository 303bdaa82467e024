"""A queue of completions or losses: one sorted block per broadcast, a heap for restarts."""

import heapq
import math

import numpy as np

from simulator.types import Event, Indices, Vector


class ReadyQueue:
    """Whose task ends next, in the order of (time, worker).

    A broadcast to n workers costs one vectorised sort instead of n heap operations, and a
    cancelled round costs nothing: a round's real time grows with what happens in it.
    """

    def __init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        return len(self._times) - self._next + len(self._heap)

    def clear(self) -> None:
        """Forget all events."""
        self._times: Vector = np.empty(0)
        self._workers: Indices = np.empty(0, dtype=np.int64)
        self._next = 0
        self._heap: list[tuple[float, int]] = []

    def push(self, time: float, worker: int) -> None:
        """Add one event."""
        heapq.heappush(self._heap, (time, worker))

    def push_many(self, times: Vector, workers: Indices) -> None:
        """Add events at ``times``, shape (m,), of ``workers``, shape (m,)."""
        if 4 * len(workers) < len(self):
            for event in zip(times.tolist(), workers.tolist(), strict=True):
                heapq.heappush(self._heap, event)
            return
        times = np.concatenate([self._times[self._next :], times])
        workers = np.concatenate([self._workers[self._next :], workers])
        order = np.lexsort((workers, times))
        self._times, self._workers, self._next = times[order], workers[order], 0

    def peek(self) -> tuple[float, int]:
        """Return (time, worker) of the next event; (inf, -1) if nothing runs."""
        first = self._heap[0] if self._heap else (math.inf, -1)
        if self._next < len(self._times):
            return min(first, (float(self._times[self._next]), int(self._workers[self._next])))
        return first

    def pop(self) -> tuple[float, int]:
        """Remove and return the next event; (inf, -1) if nothing runs."""
        first = self.peek()
        if self._heap and self._heap[0] == first:
            return heapq.heappop(self._heap)
        self._next += 1
        return first

    def take(self, until: Event, most: int) -> tuple[Vector, Indices]:
        """Remove and return the first events, none after ``until``: so many, or up to twice that.

        Returns:
            Their times and workers, shape (m,) each, in any order.
        """
        last = self._next + most - 1
        if last < len(self._times):
            until = min(until, (float(self._times[last]), int(self._workers[last])))
        few: list[tuple[float, int]] = []
        while self._heap and self._heap[0] <= until and len(few) < most:
            few.append(heapq.heappop(self._heap))
        if len(few) == most:
            until = min(until, few[-1])
        first, low = self._next, self._next
        low += int(self._times[low:].searchsorted(until[0], "left"))
        high = low + int(self._times[low:].searchsorted(until[0], "right"))
        self._next = low + int(self._workers[low:high].searchsorted(until[1], "right"))
        times, workers = zip(*few, strict=True) if few else ((), ())
        block = slice(first, self._next)
        return (
            np.concatenate([self._times[block], times]),
            np.concatenate([self._workers[block], np.array(workers, dtype=np.int64)]),
        )
