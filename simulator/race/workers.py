"""The workers of a race as the server knows them: who computes, who sends, who is gone."""

import math
import time
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from simulator.accounting.timeline import State, Timeline
from simulator.loop.tasks import Key, Task
from simulator.problem import Estimate
from simulator.race.crew import Crew, Death, News
from simulator.race.emulation import Emulation
from simulator.race.messages import Delivery, Order, Report
from simulator.race.underway import Computing, Lost, Placed, Sending
from simulator.types import Indices, Vector


class OverError(Exception):
    """The race has reached its time limit, or its last update."""


@dataclass
class Measured:
    """Real seconds, without stretching: all that a race knows of its hardware.

    Attributes:
        gradients: worker, seconds to compute it, seconds from the order to the news, steps, and
            whether the lookahead was new to the worker; of a gradient that was cancelled or given
            up the seconds until then, inf and 0 steps.
        vectors: worker, and seconds from the order to send it to its arrival.
        updates: seconds of each update, with the broadcast or the dispatches before the next wait.
    """

    gradients: list[tuple[int, float, float, int, bool]] = field(default_factory=list)
    vectors: list[tuple[int, float]] = field(default_factory=list)
    updates: list[float] = field(default_factory=list)


@dataclass
class RealWorkers:
    """Starts and cancels tasks, sends vectors, and takes the news as it comes.

    Args:
        crew: the workers.
        timeline: where intervals are recorded.
        emulation: what times to stretch to; None: the hardware as it is.
        scale: real seconds per second of the history.
        time_limit: seconds of the history.

    Attributes:
        estimates: of completed tasks, without their gradients, which the workers have.
        measured: what things took.
        deaths: how many workers died.
        waited: real seconds that the server had nothing to do.
        moment: seconds since the epoch of what happened last.
    """

    crew: Crew
    timeline: Timeline
    emulation: Emulation | None
    scale: float
    time_limit: float
    estimates: dict[Key, Estimate] = field(default_factory=dict)
    measured: Measured = field(default_factory=Measured)
    deaths: int = 0
    waited: float = 0.0

    def __post_init__(self) -> None:
        self.number = len(self.crew.pids)
        self._index: Indices = np.zeros(self.number, dtype=np.int64)
        self._sent: Indices = np.zeros(self.number, dtype=np.int64)
        self._has: Indices = np.zeros(self.number, dtype=np.int64)  # numbers of lookaheads
        self._until: Vector = np.zeros(self.number)
        self._running: dict[int, Computing] = {}
        self._down: dict[int, float] = {}
        self._resend: dict[int, list[Sending]] = defaultdict(list)
        self.updating: float | None = None  # since when the server makes an update
        self.began = self.moment = time.time()

    @property
    def now(self) -> float:
        """Seconds of the history since the start."""
        return self._time(time.time())

    def left(self, deadline: float = math.inf) -> float | None:
        """Return the real seconds until a deadline or the time limit; None: there is none."""
        end = min(deadline, self.time_limit)
        return None if math.isinf(end) else max(0.0, (end - self.now) * self.scale)

    def index(self, worker: int) -> int:
        """Return how many tasks this worker had before its present one."""
        return int(self._index[worker])

    def sent(self, workers: Indices) -> Indices:
        """Return after how many updates the newest lookahead of ``workers`` (m,) was sent."""
        return self._sent[workers]

    @property
    def running(self) -> list[Computing]:
        """Tasks that are waited for."""
        return list(self._running.values())

    def is_busy(self, worker: int) -> bool:
        """Return whether a worker has a task."""
        return worker in self._running

    def start(
        self,
        worker: int,
        lookahead: Placed,
        limit: float = math.inf,
        path: tuple[int, ...] = (),
    ) -> None:
        """Let an idle worker compute a gradient, a dead one when it is replaced.

        Args:
            worker: who.
            lookahead: where.
            limit: seconds of the history after which it gives up.
            path: indices of its tasks that move it from there.
        """
        self._sent[worker] = lookahead.update
        index, number = self.index(worker), self.crew.number(worker)
        since = seconds = 0.0
        new = bool(self._has[worker] != lookahead.number)
        if self.emulation is not None:
            travels = self.emulation.delay(worker, dispatched=lookahead.dispatched) if new else 0.0
            since = self.moment + travels
            seconds = self.emulation.computing(worker, index, self._time(since))
        per_step = self.emulation is not None and self.emulation.per_step
        self._has[worker] = lookahead.number
        limit *= self.scale
        order = Order(number, lookahead.number, index, since, seconds, per_step, limit, path)
        began = math.inf if worker in self._down else self._time(since or time.time())
        self._running[worker] = Computing(worker, index, number, lookahead, began, new)
        self.crew.compute(worker, order, lookahead.reference, self._running[worker])

    def cancel(self, tasks: list[Computing]) -> Indices:
        """Cancel running tasks; return whose had begun, shape (m,), ascending."""
        now = self.now
        for task in tasks:
            task.cancelled = True
            self.crew.cancel(task.worker, order=task.number)
            del self._running[task.worker]
            if task.began >= now:
                self._has[task.worker] = 0  # it was on its way
        ran = sorted(task.worker for task in tasks if task.began < now)
        for task in tasks:
            if task.began < now:
                self._index[task.worker] += 1
                self._record(task.worker, State.DISCARD, task.began, now)
        return np.array(ran, dtype=np.int64)

    def send(self, sending: Sending) -> None:
        """Let a worker send; a dead one does it when it is replaced."""
        if sending.worker in self._down:
            self._resend[sending.worker].append(sending)
            return
        reference = sending.lookahead.reference
        if sending.meeting is None:
            self.crew.send(sending.worker, sending.parcel, reference, sending)
        else:
            self.crew.allreduce(sending.worker, sending.parcel, reference, sending.meeting, sending)

    def give_up(self, sending: Sending) -> None:
        """Let a worker stop sending what nobody waits for."""
        if not sending.ended:
            self.crew.cancel(sending.worker, parcel=sending.parcel.number)

    def advance(self, deadline: float = math.inf) -> Task | Sending | Lost | None:
        """Wait for the next completion, vector or loss; None at the deadline or for other news.

        Args:
            deadline: seconds of the history.

        Raises:
            OverError: the time limit has come.
        """
        asked = time.time()
        if self.updating is not None:
            self.measured.updates.append(asked - self.updating)
            self.updating = None
        news = self.crew.wait(self.left(deadline))
        self.waited += time.time() - asked
        if self.now >= self.time_limit:
            raise OverError
        if news is None:
            self.moment = time.time()
            return None
        self.moment = news.ended or time.time()
        if isinstance(news.answer, Death):
            return self._lose(news, known=news.answer.known)
        if isinstance(news.what, Computing) and isinstance(news.answer, Report):
            return self._complete(news.what, news.answer)
        if isinstance(news.what, Sending):
            return self._arrive(news.what, news.answer)
        self._come_back(news.worker)
        return None

    def _complete(self, task: Computing, report: Report) -> Task | Lost | None:
        self._measure(task, report)
        if task.cancelled:
            return None
        del self._running[task.worker]
        self._index[task.worker] += 1
        times = self._time(report.began), self._time(report.ended)
        if report.estimate is None:
            self._record(task.worker, State.DISCARD, *times)
            return Lost(task, ran=True)
        (begin, end), (rows, seconds) = self._record(task.worker, State.COMPUTE, *times)
        done = Task(task.worker, task.index, task.lookahead, begin, end, rows, seconds)
        self.estimates[done.key] = report.estimate
        return done

    def _measure(self, task: Computing, report: Report) -> None:
        heard, steps = math.inf, 0
        if report.estimate is not None:
            heard, steps = time.time() - task.asked, int(report.estimate.lengths.sum())
        self.measured.gradients.append((task.worker, report.computing, heard, steps, task.new))

    def _arrive(self, sending: Sending, delivery: object) -> Sending:
        sending.ended = self.moment
        if isinstance(delivery, Delivery):
            sending.vector = delivery.vector
            self.measured.vectors.append((sending.worker, time.time() - sending.asked))
            sending.arrived = len(sending.vector) > 0 or sending.meeting is not None
            if not sending.beside_work:
                times = self._time(delivery.began), self._time(delivery.ended)
                self._record(sending.worker, State.SEND, *times)
        return sending

    def _lose(self, news: News, *, known: bool) -> Lost | None:
        worker = news.worker
        if not known:
            self.deaths += worker not in self._down
            self._down.setdefault(worker, self.now)
            self.crew.replace(worker)  # which may die before it is ready, where its node did
        if isinstance(news.what, Sending) and news.what.meeting is not None:
            news.what.ended = self.moment  # all of them meet anew
        elif isinstance(news.what, Sending):
            self._resend[worker].append(news.what)
            if worker not in self._down:
                self._send_again(worker)
        if not isinstance(news.what, Computing) or news.what.cancelled:
            return None
        del self._running[worker]
        ran = news.what.began < self.now
        if ran:  # else the interval goes on in which it is down
            self._index[worker] += 1
            self._record(worker, State.DISCARD, news.what.began, self.now)
        return Lost(news.what, ran)

    def _come_back(self, worker: int) -> None:
        self._record(worker, State.DOWN, self._down.pop(worker), self.now)
        if worker in self._running:
            self._running[worker].began = self.now
        self._send_again(worker)

    def _send_again(self, worker: int) -> None:
        for sending in self._resend.pop(worker, []):
            self.send(sending)

    def close(self, end: float) -> None:
        """Write down who is down at the end, in seconds of the history."""
        for worker, begin in self._down.items():
            self._record(worker, State.DOWN, begin, end)

    def _time(self, epoch: float) -> float:
        return (epoch - self.began) / self.scale

    def _record(
        self, worker: int, state: State, begin: float, end: float
    ) -> tuple[tuple[float, float], tuple[tuple[int, int], float]]:
        """Record an interval after the worker's last one; return its times, rows and seconds."""
        begin = max(begin, float(self._until[worker]))
        end = max(end, begin)
        self._until[worker] = end
        return (begin, end), self.timeline.add(worker, state, begin, end)
