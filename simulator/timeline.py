"""Who did what when: the intervals, and the sums that have to close."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from simulator.types import Indices, Vector


class State(IntEnum):
    """What a worker is doing."""

    COMPUTE = 0  # a gradient that an update used
    DISCARD = 1  # a gradient that no update used
    SEND = 2
    IDLE = 3
    DOWN = 4


@dataclass(frozen=True)
class Intervals:
    """One row per interval, in the order of (start, worker); for each worker they tile the run.

    Attributes:
        worker: shape (k,).
        start: shape (k,), simulated seconds.
        end: shape (k,), simulated seconds, > start.
        state: shape (k,), values of :class:`State`.
    """

    worker: Indices
    start: Vector
    end: Vector
    state: npt.NDArray[np.int8]


_ROW = np.dtype(
    [("worker", np.int64), ("start", np.float64), ("end", np.float64), ("state", np.int8)]
)


class Timeline:
    """Records each worker's intervals one after the other and adds them up.

    The time before an interval that nothing else claimed is idle. Intervals may reach into
    the future; :meth:`close` cuts what lies beyond the end of the run.

    Args:
        workers: the number n of workers.
        record: keep every interval (25 bytes each), not only the sums.
    """

    def __init__(self, workers: int, *, record: bool = True) -> None:
        self.seconds = np.zeros((len(State), workers))
        """Shape (5, n): seconds that each worker spent in each state."""
        self._until = np.zeros(workers)
        self._last = np.full(workers, State.IDLE, dtype=np.int8)
        self._record = record
        self._size = 0
        self._rows = np.empty(1024 if record else 0, dtype=_ROW)

    def add(self, worker: int, state: State, start: float, end: float) -> int:
        """Record one interval; return its row, for :meth:`discard`.

        Raises:
            ValueError: the interval overlaps the worker's previous one.
        """
        until = float(self._until[worker])
        if start < until:
            raise ValueError(f"worker {worker} is busy until {until}, not free at {start}")
        if start > until:
            self.seconds[State.IDLE, worker] += start - until
            self._append(worker, State.IDLE, until, start)
        if end > start:
            self.seconds[state, worker] += end - start
            self._until[worker], self._last[worker] = end, state
            return self._append(worker, state, start, end)
        self._until[worker] = end
        return -1

    def add_many(self, workers: Indices, state: State, starts: Vector, ends: Vector) -> None:
        """Record one interval for each of ``workers``, shape (m,); see :meth:`add`."""
        until = self._until[workers]
        late = np.flatnonzero(starts < until)
        if len(late):
            i = late[0]
            raise ValueError(
                f"worker {workers[i]} is busy until {until[i]}, not free at {starts[i]}"
            )
        gap = starts > until
        self.seconds[State.IDLE, workers[gap]] += starts[gap] - until[gap]
        self._extend(workers[gap], State.IDLE, until[gap], starts[gap])
        self._until[workers] = ends
        some = ends > starts
        workers, starts, ends = workers[some], starts[some], ends[some]
        self.seconds[state, workers] += ends - starts
        self._last[workers] = state
        self._extend(workers, state, starts, ends)

    def discard(self, row: int, worker: int, seconds: float) -> None:
        """Turn a computed interval, recorded in ``row``, into one that was for nothing."""
        self.seconds[State.COMPUTE, worker] -= seconds
        self.seconds[State.DISCARD, worker] += seconds
        if row >= 0:
            self._rows["state"][row] = State.DISCARD

    def close(self, elapsed: float) -> None:
        """End the run at ``elapsed`` seconds: cut what is later, fill up with idle time."""
        everyone = np.arange(len(self._until))
        over = np.maximum(self._until - elapsed, 0.0)
        self.seconds[self._last, everyone] -= over
        self._until = np.minimum(self._until, elapsed)
        nothing = np.full(len(everyone), elapsed)
        self.add_many(everyone, State.IDLE, nothing, nothing)

    def intervals(self) -> Intervals:
        """Return all recorded intervals that began before the end of the run."""
        rows = self._rows[: self._size]
        rows["end"] = np.minimum(rows["end"], self._until[rows["worker"]])
        rows = rows[rows["end"] > rows["start"]]
        rows = rows[np.lexsort((rows["worker"], rows["start"]))]
        columns = (np.ascontiguousarray(rows[name]) for name in _ROW.names or ())
        return Intervals(*columns)

    def _append(self, worker: int, state: State, start: float, end: float) -> int:
        if not self._record:
            return -1
        row = self._size
        self._reserve(1)
        self._rows[row] = worker, start, end, state
        self._size += 1
        return row

    def _extend(self, workers: Indices, state: State, starts: Vector, ends: Vector) -> None:
        if not self._record:
            return
        self._reserve(len(workers))
        rows = self._rows[self._size : self._size + len(workers)]
        rows["worker"], rows["start"], rows["end"], rows["state"] = workers, starts, ends, state
        self._size += len(workers)

    def _reserve(self, rows: int) -> None:
        if self._size + rows > len(self._rows):
            old = self._rows[: self._size]
            self._rows = np.empty(2 * (self._size + rows), dtype=_ROW)
            self._rows[: self._size] = old
