"""The real cluster: what methods ask for is really done, and the clock is the wall clock."""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from simulator.accounting.history import History
from simulator.accounting.ledger import Ledger
from simulator.accounting.tally import Tally
from simulator.base import HardwareCluster
from simulator.contract import check_worker, not_idle, stepped, unavailable
from simulator.hardware.hardware import Hardware
from simulator.hardware.network import BYTES_PER_COORDINATE
from simulator.interface import State, Trials, When
from simulator.loop.tasks import Key, Move, Task
from simulator.problem import Problem
from simulator.promises.gradients import LazyGradients
from simulator.promises.replay import Replay
from simulator.race.meetings import Meetings
from simulator.race.messages import Parcel, Sent, together
from simulator.race.round import RaceRound
from simulator.race.underway import Computing, Lost, Placed, Sending
from simulator.race.workers import OverError, RealWorkers
from simulator.types import Indices, Process, Vector


class RaceCluster(HardwareCluster):
    """A cluster in real time; the generators of methods never yield, they wait.

    Args:
        workers: the real ones.
        problem: the server's own, for theta_0.
        hardware: for preemption, collective, and who is fastest.
        updates: no more updates than this.
        on_update: called with the cluster and theta after each update.

    Attributes:
        history: one row per update so far; J at theta is not known yet.
        round: the newest; None before the first broadcast.
        meetings: of all-reduces.
        vectors_sent: shape (n,), gradients of each worker that arrived.
        vectors_received: shape (n,), lookaheads that each worker was sent.
    """

    def __init__(
        self,
        workers: RealWorkers,
        problem: Problem,
        hardware: Hardware,
        *,
        updates: int | None,
        on_update: Callable[["RaceCluster", Vector], None],
    ) -> None:
        self.initial_point = problem.initial_point()
        self._dimension = problem.dimension
        self._alone = 0  # vectors that arrived, each by itself
        self.hardware = hardware
        self.history = History()
        self.workers = workers
        self.round: RaceRound | None = None
        self.vectors_sent: Indices = np.zeros(workers.number, dtype=np.int64)
        self.vectors_received: Indices = np.zeros(workers.number, dtype=np.int64)
        self._update_limit = updates
        self._on_update = on_update
        self._places = 0
        self.meetings = Meetings(workers)
        self._travelling: dict[Sending, Task] = {}
        self._arrived: list[tuple[Task, Vector]] = []
        self._vectors: dict[Key, Vector] = {}
        replay = Replay()
        gradients = LazyGradients(problem, replay)
        self._baselines = gradients.baselines
        self._tally = Tally(problem, replay, exact=False)
        self.ledger = Ledger(workers, workers.timeline, gradients, None, self._tally)

    @property
    def now(self) -> float:
        """Seconds since the start, real ones divided by the scale."""
        return self.workers.now

    @property
    def bytes_sent(self) -> int:
        """Bytes of all vectors, as on a simulated cluster: each once, at 4 a coordinate."""
        met = sum(map(self.hardware.network.reduce_vectors, self.meetings.sizes))
        vectors = self._alone + met + int(self.vectors_received.sum())
        return vectors * self._dimension * BYTES_PER_COORDINATE

    # Rounds

    def broadcast(
        self,
        lookahead: Vector,
        *,
        keep_going: bool,
        to: Indices | None = None,
        trials: Trials | None = None,
        steps: int = 1,
        move: Move | None = None,
    ) -> RaceRound:
        """See :class:`Cluster`."""
        for key in self.ledger.pending:
            self._vectors.pop(key, None)
        self._travelling.clear()
        self._arrived.clear()
        self.ledger.discard_pending()
        self.workers.estimates.clear()
        self.cancel()
        if self.round is not None:
            self.round.give_up()
        group = np.arange(self.size) if to is None else to
        if self.hardware.network.collective == "gather":  # an all-reduce left it with everyone
            self.vectors_received[group] += 1
        place = self._place(lookahead, dispatched=False, move=move)
        per_worker = math.inf if keep_going else steps
        self.round = RaceRound(self, place, steps=per_worker, group=group, trials=trials)
        self.round.begin()
        return self.round

    # Arrivals

    @property
    def idle(self) -> Indices:
        """See :class:`Cluster`."""
        sending = {under_way.worker for under_way in self._travelling}
        sending |= set() if self.round is None else self.round.senders
        free = (i for i in range(self.size) if i not in sending and not self.workers.is_busy(i))
        return np.array(list(free), dtype=np.int64)

    def dispatch(self, worker: int, lookahead: Vector) -> None:
        """See :class:`Cluster`."""
        check_worker(worker, self.size)
        if worker not in self.idle:
            raise not_idle(worker)
        self.vectors_received[worker] += 1
        self.workers.start(worker, self._place(lookahead, dispatched=True))

    def preempt(self, delay: int) -> Indices:
        """See :class:`Cluster`."""
        if self.hardware.preemption != "cancel":
            return np.empty(0, dtype=np.int64)
        late = [
            task
            for task in self.workers.running
            if self.updates_made - task.lookahead.update >= delay
        ]
        self._stop(late)
        return np.array(sorted(task.worker for task in late), dtype=np.int64)

    def repeat(self, task: Task) -> None:
        """See :class:`Cluster`."""
        if task.worker not in self.idle:
            raise not_idle(task.worker)
        self.workers.start(task.worker, _placed(task))

    def arrival(self) -> Process[Task]:
        """See :class:`Cluster`."""
        while not self._arrived:
            task = self.advance()
            if task is not None and task.lookahead.dispatched:
                self._send(task)
            elif task is not None:  # of a round that is over
                self.ledger.discard(task)
        task, self._vectors[task.key] = self._arrived.pop(0)
        self.vectors_sent[task.worker] += 1
        self._alone += 1
        yield from ()
        return task

    def gradient(self, task: Task, *, keep: bool = False) -> Vector:
        """See :class:`Cluster`."""
        if task.key not in self._vectors:
            raise unavailable(task)
        if keep:
            vector = self._vectors[task.key]
            vector.setflags(write=False)  # it is handed out again
        else:
            vector = self._vectors.pop(task.key).copy()  # what came may be read only
        if task.key in self.ledger.pending:
            self.use([task], vector)
        return vector

    def drop(self, task: Task) -> None:
        """See :class:`Cluster`."""
        super().drop(task)
        del self._vectors[task.key], self.workers.estimates[task.key]

    # Updates

    def update(
        self, step: Callable[[State, Vector, When], State], now: State, gradient: Vector
    ) -> Process[State]:
        """See :class:`Cluster`."""
        if (emulation := self.workers.emulation) is not None and emulation.update:
            waited = self.workers.waited
            self.advance_until(self.now + emulation.update)
            self.workers.waited = waited  # the server was at work
        self.workers.updating = time.time()
        when = self.history.when(self._tally.delays, self.now)
        now = stepped(step, now, gradient, when)
        row = self.ledger.close_update(self.updates_made + 1, self.now, now.point)
        self.history.rows.append(row)
        self._baselines.update(self.updates_made, new=True)
        self._on_update(self, now.point)
        if self.updates_made == self._update_limit:
            raise OverError
        yield from ()
        return now

    # What rounds use as well

    def advance(self, deadline: float = math.inf) -> Task | None:
        """Wait for the next news; return a completed task, None for anything else."""
        news = self.workers.advance(deadline)
        if isinstance(news, Task):
            self.ledger.complete(news)
            return news
        if isinstance(news, Sending) and news in self._travelling:
            self._arrived.append((self._travelling.pop(news), news.vector))
        elif isinstance(news, Sending):
            self.vectors_sent[news.worker] += news.arrived
            self._alone += news.arrived and news.meeting is None
        if isinstance(news, Lost):
            if news.ran:
                self.ledger.stop(np.array([news.task.worker]))
            self._begin_anew(news.task)
        return None

    def advance_until(self, end: float) -> None:
        """Wait until ``end``, while the server takes no notice of what workers complete."""
        if self.round is not None:
            self.round.compute_on()
        while self.now < end:
            task = self.advance(end)
            if task is None:
                continue
            if task.lookahead.dispatched or self.round is None:
                self._send(task)
            else:
                self.round.move_on(task)

    def cancel(self) -> None:
        """Stop running tasks, if a broadcast or a reduce does so on this cluster."""
        if self.hardware.preemption == "cancel":
            self._stop(self.workers.running)

    def use(self, tasks: Sequence[Task], gradient: Vector) -> None:
        """Count gradients as used by the next update; ``gradient`` is their sum, shape (d,)."""
        found = [self.workers.estimates.pop(task.key) for task in tasks]
        self.ledger.use(list(tasks), together(gradient, found))

    def parcel(self, worker: int, tasks: Sequence[Task], weights: Sequence[float]) -> Parcel:
        """Return what a worker sends, which leaves now."""
        since = seconds = 0.0
        if self.workers.emulation is not None:
            since, seconds = self.workers.moment, self.workers.emulation.sending(worker)
        keys, number = tuple(task.key for task in tasks), self.workers.crew.number(worker)
        return Parcel(number, keys, tuple(weights), since, seconds)

    def close(self) -> None:
        """End the accounting: what is unfinished or unused counts as discarded."""
        self.ledger.discard_unused()
        self._stop(self.workers.running)

    def _place(self, lookahead: Vector, *, dispatched: bool, move: Move | None = None) -> Placed:
        self._places += 1
        baseline = self._baselines.newest
        reference = self.workers.crew.put(Sent(lookahead, baseline, move))
        return Placed(
            lookahead,
            self.updates_made,
            dispatched=dispatched,
            baseline=baseline,
            move=move,
            number=self._places,
            reference=reference,
        )

    def _send(self, task: Task) -> None:
        sending = Sending(task.worker, self.parcel(task.worker, [task], [1.0]), _placed(task))
        self._travelling[sending] = task
        self.workers.send(sending)

    def _stop(self, tasks: list[Computing]) -> None:
        self.ledger.stop(self.workers.cancel(tasks))

    def _begin_anew(self, task: Computing) -> None:
        """Let a worker, or its replacement, compute what it owes, or join the newest round."""
        self.meetings.end()
        if task.lookahead.dispatched or self.round is None:
            self.workers.start(task.worker, task.lookahead)
        else:
            self.round.join(task.worker)


def _placed(task: Task) -> Placed:
    if not isinstance(task.lookahead, Placed):
        raise TypeError("a task of another cluster")
    return task.lookahead
