"""Who did what when: the intervals, and the sums that have to close."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from simulator.hardware.failures import Failures, Window
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
        update: shape (k,), the update that used the gradient, 0 if none did.
    """

    worker: Indices
    start: Vector
    end: Vector
    state: npt.NDArray[np.int8]
    update: Indices


_ROW = np.dtype(
    [
        ("worker", np.int64),
        ("start", np.float64),
        ("end", np.float64),
        ("state", np.int8),
        ("update", np.int64),
    ]
)


class Timeline:
    """Records each worker's intervals one after the other and adds them up.

    The time before an interval that nothing else claimed is idle, or down. Intervals may reach
    into the future; :meth:`close` cuts what lies beyond the end of the run.

    Args:
        workers: the number n of workers.
        record: keep every interval (33 bytes each), not only the sums.
        failures: when workers are down; a vector on its way travels on meanwhile.
    """

    def __init__(
        self, workers: int, *, record: bool = True, failures: Failures | None = None
    ) -> None:
        self.seconds = np.zeros((len(State), workers))
        """Shape (5, n): seconds that each worker spent in each state."""
        self._until = np.zeros(workers)
        # the latest intervals, in turn: stopping, waiting, sending may lie beyond the end
        self._newest = np.zeros(workers, dtype=np.int8)
        self._recent_state = np.full((workers, 3), State.IDLE, dtype=np.int8)
        self._recent_end = np.zeros((workers, 3))
        self._failures = failures
        self._record = record
        self._size = 0
        self._rows = np.empty(1024 if record else 0, dtype=_ROW)
        self._blocks: list[tuple[Indices, Vector, Vector, State]] = []

    def add(
        self, worker: int, state: State, start: float, end: float
    ) -> tuple[tuple[int, int], float]:
        """Record one interval.

        Returns:
            Its rows (first, after the last) and the seconds in ``state``, for :meth:`discard`.

        Raises:
            ValueError: the interval overlaps the worker's previous one.
        """
        until = float(self._until[worker])
        if start < until:
            raise ValueError(f"worker {worker} is busy until {until}, not free at {start}")
        if start > until:
            self._put(worker, State.IDLE, until, start)
            self._remember(worker, State.IDLE, start)
        first = self._size
        seconds = self._put(worker, state, start, end)
        self._until[worker] = end
        self._remember(worker, state, end)
        return (first, self._size), seconds

    def add_many(self, workers: Indices, state: State, starts: Vector, ends: Vector) -> None:
        """Record one interval for each of ``workers``, shape (m,); see :meth:`add`."""
        if len(workers) == 1:
            self.add(int(workers[0]), state, float(starts[0]), float(ends[0]))
            return
        until = self._until[workers]
        late = np.flatnonzero(starts < until)
        if len(late):
            i = late[0]
            raise ValueError(
                f"worker {workers[i]} is busy until {until[i]}, not free at {starts[i]}"
            )
        self._put_many(workers, State.IDLE, until, starts)
        self._put_many(workers, state, starts, ends)
        self._until[workers] = ends
        gap = starts > until
        self._remember(workers[gap], State.IDLE, starts[gap])
        self._remember(workers, state, ends)

    def discard(self, rows: tuple[int, int], worker: int, seconds: float) -> None:
        """Turn a computed interval, recorded in ``rows``, into a discarded one."""
        self.seconds[State.COMPUTE, worker] -= seconds
        self.seconds[State.DISCARD, worker] += seconds
        mine = self._rows["state"][slice(*rows)]
        mine[mine == State.COMPUTE] = State.DISCARD

    def use(self, rows: tuple[int, int], update: int) -> None:
        """Note which update used the gradient that is recorded in ``rows``, between pauses."""
        mine = self._rows["update"][slice(*rows)]
        if len(mine) == 1:
            mine[0] = update
        else:
            mine[self._rows["state"][slice(*rows)] == State.COMPUTE] = update

    def close(self, elapsed: float) -> None:
        """End the run at ``elapsed`` seconds: cut what is later, fill up with idle time."""
        everyone = np.arange(len(self._until))
        latest = (self._newest - np.arange(3)[:, None]) % 3  # newest first
        states, ends = self._recent_state[everyone, latest], self._recent_end[everyone, latest]
        before = np.maximum([*ends[1:], np.full(len(everyone), elapsed)], elapsed)
        for k, start in enumerate(before):
            for worker in np.flatnonzero(ends[k] > start).tolist():
                state = State(states[k, worker])
                self._cut(worker, state, float(start[worker]), float(ends[k, worker]))
        self._until = np.minimum(self._until, elapsed)
        nothing = np.full(len(everyone), elapsed)
        self.add_many(everyone, State.IDLE, nothing, nothing)

    def _remember(self, workers: Indices | int, state: State, ends: Vector | float) -> None:
        slot = self._newest[workers] = (self._newest[workers] + 1) % 3
        self._recent_state[workers, slot], self._recent_end[workers, slot] = state, ends

    def _cut(self, worker: int, state: State, start: float, end: float) -> None:
        down = sum(up - begin for begin, up in self._down(worker, state, start, end))
        self.seconds[State.DOWN, worker] -= down
        self.seconds[state, worker] -= end - start - down

    def _down(self, worker: int, state: State, start: float, end: float) -> list[Window]:
        if self._failures is None or state == State.SEND:
            return []
        return self._failures.between(worker, start, end)

    def intervals(self) -> Intervals:
        """Return all recorded intervals that began before the end of the run."""
        rows = self._rows[: self._size]
        sizes = [len(block[0]) for block in self._blocks]
        workers, starts, ends = (
            np.concatenate([rows[name], *(block[k] for block in self._blocks)])
            for k, name in enumerate(("worker", "start", "end"))
        )
        states = np.repeat(np.array([block[3] for block in self._blocks], dtype=np.int8), sizes)
        states = np.concatenate([rows["state"], states])
        updates = np.concatenate([rows["update"], np.zeros(sum(sizes), dtype=np.int64)])
        ends = np.minimum(ends, self._until[workers])
        kept = np.flatnonzero(ends > starts)
        order = kept[np.lexsort((workers[kept], starts[kept]))]
        return Intervals(workers[order], starts[order], ends[order], states[order], updates[order])

    def _put(self, worker: int, state: State, start: float, end: float) -> float:
        """Add an interval, less the windows in which the worker is down; return its seconds."""
        seconds = 0.0
        for down, up in self._down(worker, state, start, end):
            seconds += down - start
            self._append(worker, state, start, down)
            self._append(worker, State.DOWN, down, up)
            start = up
        self._append(worker, state, start, end)
        return seconds + (end - start)

    def _append(self, worker: int, state: State, start: float, end: float) -> None:
        if end <= start:
            return
        self.seconds[state, worker] += end - start
        if self._record:
            if self._size == len(self._rows):
                self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
            self._rows[self._size] = worker, start, end, state, 0
            self._size += 1

    def _put_many(self, workers: Indices, state: State, starts: Vector, ends: Vector) -> None:
        """Add an interval for each worker, less the windows in which it is down."""
        if self._failures is None or state == State.SEND:
            self._append_many(workers, state, starts, ends)
            return
        while len(going := np.flatnonzero(starts < ends)):
            workers, starts, ends = workers[going], starts[going], ends[going]
            down, up = self._failures.after(workers, starts)
            down, up = np.minimum(np.maximum(down, starts), ends), np.minimum(up, ends)
            self._append_many(workers, state, starts, down)
            self._append_many(workers, State.DOWN, down, up)
            starts = up

    def _append_many(self, workers: Indices, state: State, starts: Vector, ends: Vector) -> None:
        some = ends > starts
        workers, starts, ends = workers[some], starts[some], ends[some]
        self.seconds[state, workers] += ends - starts
        if self._record:  # what becomes of these is settled: no copy is needed
            self._blocks.append((workers, starts, ends, state))
