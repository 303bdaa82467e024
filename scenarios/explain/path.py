"""The critical path of each update: what its time was, second by second, waited for."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from scenarios.explain.observed import Wait
from scenarios.explain.seen import Seen
from simulator import State

What: TypeAlias = Literal["computing", "sending", "down", "lookahead", "timeout", "queue", "update"]
"""What a worker or the server does on the path.

``lookahead``: it is on its way to the worker. ``queue``: a vector waits at the server, or for
others at its ingress. ``update``: the server makes it.
"""

SERVER = -1
"""Instead of a worker."""

ACTIVE = {State.COMPUTE, State.DISCARD, State.SEND}
DOES: dict[int, What] = {
    State.COMPUTE: "computing",
    State.DISCARD: "computing",
    State.SEND: "sending",
    State.DOWN: "down",
}

EXACT = 1e-11
"""Of a run's time: two times that differ by less are the same."""


@dataclass(frozen=True)
class Piece:
    """A part of the critical path of an update.

    Attributes:
        update: 1, 2, ...
        start: simulated seconds.
        end: simulated seconds.
        what: was done.
        worker: by whom; :data:`SERVER` or a worker.
    """

    update: int
    start: float
    end: float
    what: What
    worker: int

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start


def critical_path(seen: Seen) -> list[Piece]:
    """Return what updates waited for: pieces that tile the time up to the last update.

    Going back from an update to the one before it: the server's own work; what ended the server's
    last wait, that is a vector or a gradient; what its worker did before, without a pause; what
    ended the wait before that; and so on.
    """
    pieces, before, first = [], 0.0, 0
    for number, (begun, end) in enumerate(zip(seen.begun, seen.times, strict=True), start=1):
        last = first
        while last < len(seen.waits) and seen.waits[last].end <= begun:
            last += 1
        back = _Back(seen, number, before)
        pieces += list(back.pieces(seen.waits[first:last], begun, float(end)))[::-1]
        before, first = float(end), last
    return pieces


class _Back:
    """The way back from one update to the one before it, which was made at ``floor``."""

    def __init__(self, seen: Seen, update: int, floor: float) -> None:
        self._seen, self._update, self._floor = seen, update, floor
        self._slack = EXACT * seen.run.elapsed

    def _piece(self, start: float, end: float, what: What, worker: int) -> Iterator[Piece]:
        start = max(start, self._floor)
        if end > start:
            yield Piece(self._update, start, end, what, worker)

    def pieces(self, waits: Sequence[Wait], begun: float, end: float) -> Iterator[Piece]:
        """Yield the pieces, the latest first."""
        yield from self._piece(begun, end, "update", SERVER)
        now, worker = begun, SERVER
        for wait in reversed(waits):
            if wait.start >= now:  # the path has passed it
                continue
            yield from self._pause(wait.end, now, worker)
            now = min(now, wait.end)
            for piece in self._of_wait(wait):
                if piece.start < now:
                    yield replace(piece, end=min(piece.end, now))
                    now = piece.start
                    worker = worker if piece.worker == SERVER else piece.worker
        yield from self._pause(self._floor, now, worker)

    def _pause(self, start: float, end: float, worker: int) -> Iterator[Piece]:
        """Yield what is between two waits: a lookahead travels, or a task is being stopped."""
        if worker == SERVER:
            yield from self._piece(start, end, "queue", SERVER)
            return
        lane = self._seen.lanes[worker]
        state = lane.states[max(bisect_right(lane.starts, (start + end) / 2) - 1, 0)]
        what: What = "lookahead" if state == State.IDLE else DOES[state]
        yield from self._piece(start, end, what, worker)

    def _of_wait(self, wait: Wait) -> Iterator[Piece]:
        """Yield the way back through a wait, and maybe beyond its beginning."""
        network, now = self._seen.hardware.network, wait.end
        if wait.kind in {"allreduce", "beside"}:
            slowest = max(wait.workers, key=lambda worker: (network.uplink[worker], worker))
            there = now if wait.kind == "allreduce" else wait.start + network.uplink[slowest]
            yield from self._piece(min(there, now), now, "queue", SERVER)
            yield from self._piece(wait.start, min(there, now), "sending", slowest)
            return
        worker, there = self._last(wait)
        late: What = "timeout" if wait.timed_out else "queue"
        came_late = wait.kind == "gradients" and there <= wait.start  # it had other things to do
        if there < now - self._slack:
            yield from self._piece(wait.start if came_late else there, now, late, SERVER)
        if not came_late:
            yield from self._lane(worker, min(there, now), alone=wait.kind != "gather")

    def _last(self, wait: Wait) -> tuple[int, float]:
        """Return whose activity a wait hung on, and when that ended."""
        now = wait.end
        if wait.kind == "gradients":
            worker = wait.workers[-1]
            return worker, self._ended(worker, now)
        uplink = self._seen.hardware.network.uplink
        ended = [(self._ended(worker, now), uplink[worker], worker) for worker in wait.workers]
        receive = self._seen.hardware.server.receive if wait.kind != "trials" else 0.0
        free, found = -1.0, (SERVER, now)
        for there, _, worker in sorted(ended):  # the server receives them one after the other
            if there >= free - self._slack:
                found = worker, there
            free = max(there, free) + receive
        return found

    def _place(self, worker: int, now: float) -> int:
        return bisect_right(self._seen.lanes[worker].ends, now + self._slack) - 1

    def _ended(self, worker: int, now: float) -> float:
        """Return when the worker's last activity until ``now`` ended."""
        lane, k = self._seen.lanes[worker], self._place(worker, now)
        while k >= 0 and lane.states[k] not in ACTIVE:
            k -= 1
        return min(lane.ends[k], now) if k >= 0 else 0.0

    def _lane(self, worker: int, now: float, *, alone: bool) -> Iterator[Piece]:
        """Yield what a worker did until ``now``, without a pause.

        Args:
            worker: whose lane.
            now: simulated seconds.
            alone: it sends when it is ready; else when the server says so.
        """
        lane, network = self._seen.lanes[worker], self._seen.hardware.network
        k = self._place(worker, now)
        while k >= 0 and now > self._floor:
            start, state = lane.starts[k], lane.states[k]
            if state == State.IDLE:
                began = max(start, now - lane.travels[k])
                yield from self._piece(began, now, "lookahead", worker)
                if began > start + self._slack:
                    return
            elif state == State.SEND and network.shared:
                began = max(start, now - float(network.uplink[worker]))
                yield from self._piece(began, now, "sending", worker)
                yield from self._piece(start, began, "queue", SERVER)
            else:
                yield from self._piece(start, now, DOES[state], worker)
            now, k = start, k - 1
            if state == State.SEND and not alone:
                return
