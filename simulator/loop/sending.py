"""Vectors between workers and server, and the workers' time that sending takes."""

from collections.abc import Collection

import numpy as np

from simulator.accounting.timeline import State, Timeline
from simulator.hardware.network import Network
from simulator.hardware.server import Serving
from simulator.types import Indices, Truths, Vector


class Sending:
    """Sends vectors over the network and writes down who sent when.

    Args:
        network: links, ingress and collective.
        serving: the server that receives, for which arrivals wait.
        timeline: where intervals are recorded.

    Attributes:
        vectors_sent: shape (n,), vectors of each worker that arrived.
        vectors_received: shape (n,), lookaheads that each worker was sent.
        vectors: how many vectors' bytes were sent, both ways, each once.
    """

    def __init__(self, network: Network, serving: Serving, timeline: Timeline) -> None:
        self._network = network
        self._serving = serving
        self._timeline = timeline
        self.vectors_sent: Indices = np.zeros(len(network.transfer), dtype=np.int64)
        self.vectors_received: Indices = np.zeros_like(self.vectors_sent)
        self.vectors = 0
        self._transfers = network.transfers()
        self._taken: list[tuple[float, float, int]] = []  # arrival, received, worker; not counted
        self._under_way: tuple[Vector, Indices] | None = None  # arrivals and workers; the same

    @property
    def on_their_way(self) -> Collection[int]:
        """Whose vectors are, or wait for the server."""
        return self._transfers.ready.keys()

    def begin(self, now: float) -> None:
        """Begin anew at ``now`` simulated seconds: what is still on its way is given up."""
        self.close(now)
        self._transfers = self._network.transfers()

    def start(self, worker: int, ready: float) -> None:
        """Let one worker send from ``ready`` on; called in the order of (ready, worker)."""
        self._transfers.start(worker, ready)

    def next_arrival(self) -> tuple[float, int]:
        """Return when the next arrival is received, and whose it is; (inf, -1): there is none."""
        arrival, worker = self._transfers.peek()
        return self._serving.when_received(arrival), worker

    def receive(self, beside_work: Collection[int] = ()) -> tuple[float, int]:
        """Take the next arrival; return when it is received, and its worker.

        Of those who compute ``beside_work`` it takes none of their time.
        It is not counted yet: the run may end before (:meth:`count_arrival`, :meth:`count_reduce`).
        """
        end, worker, ready = self._transfers.pop()
        if worker not in beside_work:
            self._timeline.add(worker, State.SEND, ready, end)
        received = self._serving.receive(end)
        self._taken.append((end, received, worker))
        return received, worker

    def receive_from(self, senders: Indices, beside_work: Collection[int] = ()) -> float:
        """Take arrivals until nothing of ``senders`` (m,) is on its way; return when that is."""
        end, missing = 0.0, self._transfers.ready.keys() & set(senders.tolist())
        while missing:
            end, worker = self.receive(beside_work)
            missing.discard(worker)
        return end

    def reduce(self, senders: Indices, ready: Vector, busy: Truths) -> float:
        """Bring together the vectors of ``senders`` (m,), ready at ``ready`` (m,).

        Those who are ``busy`` (m,) compute beside it: then it takes none of their time.

        Returns:
            When the reduce is over, in simulated seconds.
        """
        network, idle = self._network, ~busy
        ends: Vector = ready + network.uplink[senders]
        if network.collective == "allreduce":
            begin = np.full(len(senders), ready.max())
            end = float(begin[0]) + network.allreduce_seconds(senders)
            # on a ring or a tree everyone has a part until the end
            ends = np.full(len(senders), end)
            if network.topology == "ideal":
                ends = np.minimum(begin + network.uplink[senders], end)
            self._record(senders[idle], begin[idle], ends[idle])
            return end
        if network.shared or self._serving.queues:
            self._transfers.start_many(senders, ready)
            return self.receive_from(senders, set(senders[busy].tolist()))
        self._record(senders[idle], ready[idle], ends[idle])
        self._under_way = ends, senders
        return float(ends.max())

    def count_lookahead(self, workers: Indices) -> None:
        """Count a lookahead as sent to each of ``workers``, shape (m,), even if it is late."""
        self.vectors_received[workers] += 1
        self.vectors += len(workers)

    def count_arrival(self, worker: int) -> None:
        """Count a vector of ``worker`` as arrived, and received."""
        self._taken.clear()
        self._count(worker)
        self._serving.done()

    def count_reduce(self, senders: Indices) -> None:
        """Count vectors of ``senders``, shape (m,), as arrived; others' that came before, too."""
        if self._network.collective == "gather" and self._under_way is None:
            senders = np.array([worker for *_, worker in self._taken], dtype=np.int64)
        self._taken.clear()
        self._under_way = None
        np.add.at(self.vectors_sent, senders, 1)
        self.vectors += self._network.reduce_vectors(len(senders))
        self._serving.done()

    def close(self, now: float) -> None:
        """Write down until when vectors were sent: until their arrival, or ``now``."""
        if self._under_way is not None:  # by a reduce that is not over
            ends, senders = self._under_way
            self._taken += zip(ends.tolist(), ends.tolist(), senders.tolist(), strict=True)
            self._under_way = None
        for arrival, received, worker in self._taken:
            if arrival <= now:
                self._count(worker)
            if received <= now:
                self._serving.receive_done()
        self._taken.clear()
        while self._transfers.peek()[0] < now:  # at the server, where nobody wants it any more
            end, worker, ready = self._transfers.pop()
            self._record(np.array([worker]), np.array([ready]), np.array([end]))
            self._count(worker)
        for worker, ready in self._transfers.ready.items():
            self._record(np.array([worker]), np.array([ready]), np.array([max(now, ready)]))

    def _count(self, worker: int) -> None:
        self.vectors_sent[worker] += 1
        self.vectors += 1

    def _record(self, senders: Indices, ready: Vector, ends: Vector) -> None:
        self._timeline.add_many(senders, State.SEND, ready, ends)
