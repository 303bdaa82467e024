"""The simulated cluster: SimPy decides when, nothing here knows a gradient's value."""

import math
from collections.abc import Callable, Mapping

import numpy as np

from simulator.accounting.history import History
from simulator.accounting.ledger import Ledger
from simulator.accounting.selection_bias import SelectionBias
from simulator.accounting.tally import Tally
from simulator.accounting.timeline import Timeline
from simulator.base import HardwareCluster
from simulator.contract import check_worker, not_idle, stepped
from simulator.hardware.hardware import Hardware
from simulator.hardware.network import BYTES_PER_COORDINATE
from simulator.hardware.server import Serving
from simulator.interface import State, Trials, When
from simulator.loop.clock import Clock
from simulator.loop.dispatches import Dispatches
from simulator.loop.losses import Losses
from simulator.loop.round import SimulatedRound
from simulator.loop.sending import Sending
from simulator.loop.tasks import Lookahead, Move, Task
from simulator.loop.workers import Workers
from simulator.problem import Problem
from simulator.promises.checkpoint import Checkpoint, SoFar
from simulator.promises.gradients import LazyGradients
from simulator.promises.replay import Replay
from simulator.promises.trajectories import Trajectories
from simulator.types import Event, Indices, Process, Vector
from simulator.watch import Watch


class SimulatedCluster(HardwareCluster):
    """A cluster in simulated time; the generators of methods yield SimPy events.

    :meth:`advance` is the event loop: all waiting goes through it. At equal times the server
    acts first, then completions are handled one by one in the order of the workers.

    Args:
        hardware: the cluster's times.
        problem: where gradients come from.
        timeline: where the workers' time is accounted for.
        time_limit: simulated seconds; no update is made later.
        updates: no more updates than this.
        past: what is replayed before anything new happens.
        watch: notices that the run would not end.
        on_update: called with the cluster and theta after each new update.

    Attributes:
        clock: SimPy's, in simulated seconds; it knows when the run is over.
        history: one row per update so far.
        round: the newest; None before the first broadcast.
        seconds: shape (5, n), of each worker in each state so far.
    """

    def __init__(
        self,
        hardware: Hardware,
        problem: Problem,
        timeline: Timeline,
        *,
        time_limit: float,
        updates: int | None,
        past: Checkpoint,
        watch: Watch,
        on_update: Callable[["SimulatedCluster", Vector], None],
    ) -> None:
        self.initial_point = problem.initial_point()
        self._dimension = problem.dimension
        self.hardware = hardware
        self.clock = Clock(time_limit, watch)
        self.history = History()
        self.round: SimulatedRound | None = None
        self._update_limit = updates
        self._on_update = on_update
        self._timeline = timeline
        self.seconds = timeline.seconds
        self._replay = Replay(past, self.history)
        self._iterate: Mapping[str, Vector | None] = {}  # the newest, once the replay is over
        self.gradients = LazyGradients(problem, self._replay)
        self._trajectories = Trajectories(problem, self._replay, self.gradients.point)
        self._tally = Tally(problem, self._replay)
        self._dispatches = Dispatches()
        self._travelling: dict[int, Task] = {}  # by worker, on its way to the server
        self.workers = Workers(hardware, timeline, self._trajectories.lengths)
        self._losses = Losses(self)
        self.serving = Serving(hardware.server)
        self.sending = Sending(hardware.network, self.serving, timeline)
        self.ledger = Ledger(
            self.workers, timeline, self.gradients, self._trajectories, self._tally
        )

    @property
    def now(self) -> float:
        """Simulated seconds since the start."""
        return float(self.clock.now)

    @property
    def bytes_sent(self) -> int:
        """Bytes of all vectors that were sent, both ways and each once, at 4 a coordinate."""
        return self.sending.vectors * self._dimension * BYTES_PER_COORDINATE

    @property
    def bias(self) -> SelectionBias | None:
        """Used against discarded trajectories; None where durations do not depend on them."""
        return self._tally.bias

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
    ) -> SimulatedRound:
        """See :class:`Cluster`."""
        self.clock.watch.happens()  # a method might do nothing else
        self.ledger.discard_pending()
        self._travelling.clear()
        self.cancel()
        self.round = SimulatedRound(
            self,
            self._lookahead(lookahead, dispatched=False, move=move),
            steps=math.inf if keep_going else steps,
            group=to,
            trials=trials,
        )
        self.round.begin()
        return self.round

    # Arrivals

    @property
    def idle(self) -> Indices:
        """See :class:`Cluster`."""
        free = np.setdiff1d(np.arange(self.size), self.workers.all_busy(), assume_unique=True)
        return np.setdiff1d(free, np.array(list(self.sending.on_their_way), dtype=np.int64))

    def dispatch(self, worker: int, lookahead: Vector) -> None:
        """See :class:`Cluster`."""
        check_worker(worker, self.size)
        self.sending.count_lookahead(np.array([worker]))
        sent = self._lookahead(lookahead, dispatched=True)
        self._start(worker, self._dispatches.add(worker, sent))

    def preempt(self, delay: int) -> Indices:
        """See :class:`Cluster`."""
        late: list[int] = []
        if self.hardware.preemption == "cancel":
            while (worker := self._dispatches.oldest(self.updates_made - delay)) is not None:
                late += [worker] if self._withdraw(worker) else []
        stopped = np.array(sorted(late), dtype=np.int64)
        if late:
            self._stop(stopped)
        return stopped

    def repeat(self, task: Task) -> None:
        """See :class:`Cluster`."""
        self._dispatches.add_again(task.worker, task.lookahead)
        self._start(task.worker, task.lookahead)

    def arrival(self) -> Process[Task]:
        """See :class:`Cluster`."""
        while True:
            while self.workers.next_event() < self.sending.next_arrival():
                if (task := (yield from self.advance())) is not None:
                    self._handle(task)
            yield self.clock.until(self.sending.next_arrival()[0])
            _, worker = self.sending.receive()
            self.sending.count_arrival(worker)
            if worker in self._travelling:  # else of a round that is over
                return self._travelling.pop(worker)

    def gradient(self, task: Task, *, keep: bool = False) -> Vector:
        """See :class:`Cluster`."""
        answer = self.gradients.one(task, keep=keep)
        if task.key in self.ledger.pending:
            self.ledger.use([task], answer)
        return answer.gradient

    # Updates

    def update(
        self, step: Callable[[State, Vector, When], State], now: State, gradient: Vector
    ) -> Process[State]:
        """See :class:`Cluster`."""
        if self.hardware.server.update:
            yield from self.advance_until(self.serving.update(self.now))
            self.serving.done()
        new = self._replay.over
        when = self.history.when(self._tally.delays, self.now)
        now = stepped(step, now, gradient, when) if new else self._replay.iterate(now)
        row = self.ledger.close_update(self.updates_made + 1, self.now, now.point)
        self.history.rows.append(row)
        self.gradients.baselines.update(self.updates_made, new=new)
        if new:
            self._iterate = vars(now)
            self._on_update(self, now.point)
        self.clock.watch.updated(self.now)
        if self.updates_made == self._update_limit:
            yield self.clock.at(self.now, self.clock.ended)
        return now

    def checkpoint(self) -> Checkpoint:
        """Return what resumes the run after the newest update, which is not a replayed one."""
        # where tasks are that are no promises: those of rounds, and what may be repeated
        places = self._dispatches.lookaheads + self.workers.lookaheads + self.ledger.lookaheads
        points, ahead, baselines = self.gradients.unused(places, self.updates_made)
        return Checkpoint(
            rows=SoFar(self.history.rows),
            trajectories=SoFar(self._trajectories.asked),
            points=points,
            ahead=ahead,
            baselines=baselines,
            memory=self.gradients.baselines.memory,
            iterate={name: part for name, part in self._iterate.items() if part is not None},
        )

    def close(self) -> None:
        """End the accounting: what is unfinished or unused counts as discarded."""
        self.ledger.discard_unused()
        self.ledger.stop(self.workers.stop(self.workers.all_busy(), self.now))
        self.sending.close(self.now)
        self._timeline.close(self.now)

    # The event loop, which rounds use as well

    def advance(self, until: Event | None = None, number: float = 1) -> Process[Task | None]:
        """Wait for the next completion, or handle failures, none after ``until``, or one.

        The method does not act before ``number`` completions.
        """
        if self.round is not None and self.workers.loses_next():
            yield from self._losses.handle(self.round, until, number)
            return None
        event = self.workers.next_event()
        yield self.clock.until(event[0])
        task, complete = self.workers.advance(event)
        if complete:
            self.ledger.complete(task)
            return task
        self.ledger.lose(task)
        self._start(task.worker, task.lookahead)
        return None

    def advance_until(self, end: float) -> Process[None]:
        """Wait until ``end``, while the server takes no notice of what workers complete."""
        if self.round is not None and end > self.now:
            self.round.compute_on()
        while self.workers.next_event()[0] < end:
            task = yield from self.advance((end, -1), math.inf)
            if task is not None and self.round is not None and not task.lookahead.dispatched:
                self.round.move_on(task)
            elif task is not None:
                self._handle(task)
        yield self.clock.until(end)

    def cancel(self) -> None:
        """Stop running tasks, if a broadcast or a reduce does so on this cluster."""
        if self.hardware.preemption == "cancel":
            for worker in self._dispatches.workers:
                self._withdraw(worker)
            self._stop(self.workers.all_busy())

    def _withdraw(self, worker: int) -> bool:
        """Take back what was dispatched to ``worker``; return whether it computes that now."""
        lookahead = self._dispatches.take(worker)
        computes = self.workers.computes_at(worker, lookahead)
        if computes:
            self.gradients.forget((worker, self.workers.index(worker)), lookahead)
        return computes

    def _lookahead(self, at: Vector, *, dispatched: bool, move: Move | None = None) -> Lookahead:
        return Lookahead(at, self.updates_made, dispatched, self.gradients.baselines.newest, move)

    def _stop(self, workers: Indices) -> None:
        self.ledger.stop(self.workers.stop(workers, self.now, self.hardware.stop_cost))

    def _handle(self, task: Task) -> None:
        """Let who completed a dispatched gradient send it; another's round is over."""
        if task.lookahead.dispatched:
            self.sending.start(task.worker, task.end)
            self._travelling[task.worker] = task
        else:
            self.ledger.discard(task)

    def _start(self, worker: int, lookahead: Lookahead) -> None:
        if self.workers.is_busy(worker) or worker in self.sending.on_their_way:
            raise not_idle(worker)
        self.workers.start(np.array([worker]), lookahead, self.now)
        key = worker, self.workers.index(worker)
        due, lost = self.workers.due(worker)
        self.gradients.promise(key, lookahead, due, needed=not lost and due <= self.clock.limit)
