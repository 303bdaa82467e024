"""The queue of completions: one sorted block per broadcast, a heap for restarts."""

import heapq
import math

import numpy as np

from simulator.types import Indices, Vector


class ReadyQueue:
    """Who finishes next, in the order of (time, worker).

    A broadcast to n workers costs one vectorised sort instead of n heap operations, and a
    cancelled round costs nothing: a round's real time grows with what happens in it.
    """

    def __init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        return len(self._times) - self._next + len(self._heap)

    def clear(self) -> None:
        """Forget all completions."""
        self._times: Vector = np.empty(0)
        self._workers: Indices = np.empty(0, dtype=np.int64)
        self._next = 0
        self._heap: list[tuple[float, int]] = []

    def push(self, time: float, worker: int) -> None:
        """Add one completion."""
        heapq.heappush(self._heap, (time, worker))

    def push_many(self, times: Vector, workers: Indices) -> None:
        """Add completions at ``times``, shape (m,), of ``workers``, shape (m,)."""
        times = np.concatenate([self._times[self._next :], times])
        workers = np.concatenate([self._workers[self._next :], workers])
        order = np.lexsort((workers, times))
        self._times, self._workers, self._next = times[order], workers[order], 0

    def peek(self) -> tuple[float, int]:
        """Return (time, worker) of the next completion; (inf, -1) if nothing runs."""
        first = self._heap[0] if self._heap else (math.inf, -1)
        if self._next < len(self._times):
            return min(first, (float(self._times[self._next]), int(self._workers[self._next])))
        return first

    def pop(self) -> tuple[float, int]:
        """Remove and return the next completion; (inf, -1) if nothing runs."""
        first = self.peek()
        if self._heap and self._heap[0] == first:
            return heapq.heappop(self._heap)
        self._next += 1
        return first
