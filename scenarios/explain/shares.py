"""Where the workers' time goes: what they do, and whom they wait for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scenarios.explain.path import EXACT, SERVER, Piece, What
from scenarios.explain.seen import Seen
from simulator import Indices, State, Vector


class Cause(NamedTuple):
    """What a worker's time goes into.

    Attributes:
        what: ``used``, ``discarded``, ``sending``, ``queue``, ``down``, ``left out`` (it never has
            anything to do), ``lookahead`` (on its way), ``held back`` (the method sends none yet),
            or ``wait``.
        on: for which part of the critical path it waits, with ``wait``.
        worker: and whose that is.
    """

    what: str
    on: What | None = None
    worker: int = SERVER


USED, DISCARDED, SENDING, QUEUE = map(Cause, ("used", "discarded", "sending", "queue"))
LOOKAHEAD, HELD, DOWN, LEFT_OUT = map(Cause, ("lookahead", "held back", "down", "left out"))
OF_STATE = {State.COMPUTE: USED, State.DISCARD: DISCARDED, State.DOWN: DOWN}


@dataclass(frozen=True)
class Shares:
    """Seconds of each worker by cause; they add up to the time of the run.

    Attributes:
        seconds: of each cause, shape (n,).
        elapsed: simulated seconds.
    """

    seconds: dict[Cause, Vector]
    elapsed: float

    def of(self, *causes: Cause) -> float:
        """Return the share of all worker time."""
        return float(self.by_worker(*causes).mean())

    def by_worker(self, *causes: Cause) -> Vector:
        """Return the share of each worker's time, shape (n,)."""
        nothing = np.zeros(self.workers)
        return sum((self.seconds.get(cause, nothing) for cause in causes), nothing) / self.elapsed

    @property
    def workers(self) -> int:
        """The number n of workers."""
        return len(self.seconds[USED])

    def waits(self) -> list[Cause]:
        """Return for what workers wait, most seconds first."""
        waits = [cause for cause in self.seconds if cause.what == "wait"]
        return sorted(waits, key=self.of, reverse=True)


def shares(seen: Seen, path: Sequence[Piece]) -> Shares:
    """Return where the workers' time went.

    Who is idle waits for what is on the critical path just then. In a method of arrivals a worker
    is idle while a lookahead is on its way, while the server is busy, if its work takes time, or
    until the method sends it something.
    """
    n, rows = seen.hardware.compute.workers, seen.intervals
    length = rows.end - rows.start

    def summed(mine: Indices, seconds: Vector) -> Vector:
        return np.bincount(rows.worker[mine], seconds, n).astype(np.float64)

    found = {
        cause: summed(mine, length[mine])
        for state, cause in OF_STATE.items()
        for mine in [np.flatnonzero(rows.state == state)]
    }
    sends = np.flatnonzero(rows.state == State.SEND)
    sent = length[sends]
    if seen.hardware.network.shared:  # what is longer than on a link of one's own
        sent = np.minimum(sent, seen.hardware.network.uplink[rows.worker[sends]])
    found[SENDING], found[QUEUE] = summed(sends, sent), summed(sends, length[sends] - sent)
    idle = np.flatnonzero(rows.state == State.IDLE)
    busy = sum(found.values())
    out = (busy - found[DOWN] == 0)[rows.worker[idle]]
    found[LEFT_OUT] = summed(idle[out], length[idle[out]])
    idle = idle[~out]
    travels = seen.travels[idle]
    found[LOOKAHEAD], found[HELD] = summed(idle, travels), np.zeros(n)
    if not seen.in_rounds:
        rest = length[idle] - travels
        rest[rest < EXACT * seen.run.elapsed] = 0.0
        found[QUEUE if seen.server_works else HELD] += summed(idle, rest)
    else:
        starts, ends = rows.start[idle], rows.end[idle] - travels
        for cause, seconds in _waits(path, starts, ends):
            found[cause] = found.get(cause, np.zeros(n)) + summed(idle, seconds)
    return Shares(found, seen.run.elapsed)


def _waits(path: Sequence[Piece], starts: Vector, ends: Vector) -> Iterator[tuple[Cause, Vector]]:
    """Yield how many seconds of idle intervals, (k,), the parts of the path with a cause take."""
    edges = np.array([path[0].start, *(piece.end for piece in path)])
    lengths = np.diff(edges)
    numbers = {cause: k for k, cause in enumerate(dict.fromkeys(map(_cause, path)))}
    number = np.array([numbers[_cause(piece)] for piece in path])
    for cause, k in numbers.items():
        before = np.concatenate([[0.0], np.cumsum(lengths * (number == k))])
        yield cause, np.interp(ends, edges, before) - np.interp(starts, edges, before)


def _cause(piece: Piece) -> Cause:
    if piece.what in {"queue", "update", "lookahead"}:
        return LOOKAHEAD if piece.what == "lookahead" else QUEUE
    return Cause("wait", piece.what, piece.worker)
