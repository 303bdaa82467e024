"""What a method may ask of a cluster: all of it, whether time is simulated or real.

A method is a generator. It waits with ``yield from`` for what returns a
:data:`~simulator.types.Process`, and calls the rest. Two ways of working are offered: rounds,
where many workers compute at one lookahead (:meth:`Cluster.broadcast` gives a :class:`Round`),
and arrivals, one worker at a time (:meth:`Cluster.dispatch`, :meth:`Cluster.arrival`). Either way
the server makes its steps with :meth:`Cluster.update`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from simulator.loop.tasks import Move, Task
from simulator.types import Indices, Process, Vector


@dataclass(frozen=True)
class Iterate:
    """Where a method stands after t updates: all that lasts from one update to the next.

    A rule that needs more may add fields of its own, each an array, or None before the first
    update.

    Attributes:
        point: theta_t, shape (d,).
        lookahead: where the next gradients are taken, shape (d,).
        direction: d_{t-1}, shape (d,); None before the first update.
    """

    point: Vector
    lookahead: Vector
    direction: Vector | None = None

    @classmethod
    def start(cls, point: Vector) -> "Iterate":
        """Return the iterate before the first update: the lookahead is theta_0 itself."""
        return cls(point, point)


class Moment(NamedTuple):
    """How far a run is.

    Attributes:
        update: how many updates have been made; a mean may be no whole number.
        time: simulated seconds.
    """

    update: float
    time: float


class When(NamedTuple):
    """When a gradient is used: what a rule may be told of time, where its values change with it.

    Attributes:
        now: the moment of the update from theta_t to theta_{t+1}, with t updates before it.
        sent: the moment since which there has been the lookahead at which the gradient was taken.
            The mean over lookaheads, where there are several.
    """

    now: Moment
    sent: Moment

    @property
    def made(self) -> Moment:
        """The moment after the update, since which there is its lookahead."""
        return Moment(self.now.update + 1, self.now.time)


State = TypeVar("State", bound=Iterate)


@dataclass(frozen=True)
class Trials:
    """How often the workers of a round try to compute a gradient, and for how long.

    Attributes:
        number: shape (n,), gradients that each worker begins, one after the other.
        limit: shape (n,), seconds after which it gives one up, that is stops and discards it.
    """

    number: Indices
    limit: Vector


class Round(ABC):
    """One lookahead for many workers, from its broadcast to the next."""

    @abstractmethod
    def completions(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """Wait for the next ``number`` gradients of this round, by (time, worker).

        Args:
            number: how many; no more than will come.
            timeout: seconds after the broadcast from which on nobody is waited for, if there is
                one gradient.

        Returns:
            The tasks; fewer than ``number`` after a timeout, but never none.

        Raises:
            RuntimeError: without a timeout, so many will never come.
        """

    def completion(self) -> Process[Task]:
        """Wait for the next gradient of this round; return its task."""
        return (yield from self.completions(1))[0]

    @abstractmethod
    def arrivals(self, number: int, timeout: float | None = None) -> Process[list[Task]]:
        """Wait for the first ``number`` vectors of this round: once, before any ``completions``.

        In a round in which nobody keeps going: with ``gather`` the first vectors at the server,
        by (time, worker); else the first workers that complete all of their steps.

        Args:
            number: how many vectors; no more than will come.
            timeout: seconds after the broadcast from which on nobody is waited for who has not
                completed, if fewer than ``number`` have, but one has.

        Returns:
            The tasks in these vectors; after a timeout, in all that are complete.

        Raises:
            RuntimeError: so many will never come, or gradients were waited for before.
        """

    @abstractmethod
    def successes(self) -> Process[list[Task]]:
        """Wait until all trials of this round are over; return the tasks that were completed."""

    @abstractmethod
    def reduce(self, tasks: Sequence[Task], weights: Sequence[float]) -> Process[Vector]:
        """Wait until the sum over k of weights_k g_k is there, one vector per worker; return it.

        The network decides who sends, and when the last vector is there. Under ``cancel`` the
        workers stop what they do; under ``finish`` they compute on while their vector travels,
        and what they complete meanwhile is discarded.

        Args:
            tasks: completed in this round, each used once; with several steps, all of its worker.
            weights: of their gradients.

        Returns:
            Shape (d,).

        Raises:
            RuntimeError: a worker has not completed all of its steps; there is no task, or one of
                another round.
        """


class Cluster(ABC):
    """Workers that can be sent a lookahead, gradients that come back, and the server's updates."""

    initial_point: Vector
    """theta_0, shape (d,)."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number n of workers."""

    @property
    @abstractmethod
    def gradient_seconds(self) -> Vector:
        """h_i at the start, shape (n,): mean seconds per gradient, or per environment step."""

    @abstractmethod
    def update(
        self, step: Callable[[State, Vector, When], State], now: State, gradient: Vector
    ) -> Process[State]:
        """Let the server make an update, and announce theta_{t+1}; return where the method stands.

        A run that is resumed takes saved updates from its checkpoint, without a step.

        Args:
            step: the rule's, ``self.rule.step``: a pure function of the iterate, the gradient and
                when that is used.
            now: the iterate after t updates.
            gradient: aggregated, shape (d,).

        Raises:
            DivergedError: theta_{t+1} is not finite.
            RuntimeError: the step returns an iterate of another class.
            ValueError: the step writes into the iterate before it.
        """

    # Rounds: one lookahead for many workers

    @abstractmethod
    def broadcast(
        self,
        lookahead: Vector,
        *,
        keep_going: bool,
        to: Indices | None = None,
        trials: Trials | None = None,
        steps: int = 1,
        move: Move | None = None,
    ) -> Round:
        """Begin a round: send workers to a lookahead; busy ones under ``finish`` start there later.

        Completed gradients that were not used are discarded.

        Args:
            lookahead: shape (d,), where gradients are to be taken.
            keep_going: compute gradient after gradient until the reduce; else compute ``steps``,
                and send them at once, as one vector, where nobody has to be waited for.
            to: shape (m,), ascending, who takes part in this round; everyone by default.
            trials: bounds of those who keep going. A gradient that a failure takes is a trial too.
            steps: of each worker that does not keep going.
            move: a pure function of a point and the gradient there, shape (d,) each: where that
                worker takes its next gradient of this round. Everyone stays if None. It is called
                when a value is needed: a point may be a promise, as gradients are.

        Raises:
            RuntimeError: ``to`` has nobody, somebody twice, or a worker that is not there.
        """

    @abstractmethod
    def fastest(self, number: int) -> Indices:
        """Return the workers with the smallest h_i + kappa_i at the start, shape (m,), ascending.

        All of them if there are fewer than ``number``.
        """

    # Arrivals: one worker at a time

    @property
    @abstractmethod
    def idle(self) -> Indices:
        """Who neither has a task nor a vector on its way, shape (m,), ascending."""

    @abstractmethod
    def dispatch(self, worker: int, lookahead: Vector) -> None:
        """Send an idle worker to a lookahead, shape (d,): it computes one gradient and sends it.

        Between two updates it is one lookahead, whoever is sent there.

        Raises:
            RuntimeError: the worker is not idle, or it is a second lookahead.
        """

    @abstractmethod
    def preempt(self, delay: int) -> Indices:
        """Stop tasks that are too old; return whose, shape (m,), ascending: they are idle now.

        Under ``finish`` nothing is stopped. Neither is a gradient that is complete, and on its way.

        Args:
            delay: updates since a task's lookahead was sent, from which on it is too old.
        """

    @abstractmethod
    def repeat(self, task: Task) -> None:
        """Let the worker of an arrived task compute one more gradient at the same lookahead.

        Raises:
            RuntimeError: the worker is not idle.
        """

    @abstractmethod
    def arrival(self) -> Process[Task]:
        """Wait until the next gradient of a dispatched worker is at the server; return its task.

        What is completed for an earlier round is discarded, and its worker is idle.
        """

    @abstractmethod
    def gradient(self, task: Task, *, keep: bool = False) -> Vector:
        """Use a gradient that has arrived, shape (d,), in the next update.

        Args:
            task: that has arrived.
            keep: it will be used by a later update again; it counts as used once, by the first.

        Raises:
            RuntimeError: it was used or discarded before.
        """

    @abstractmethod
    def drop(self, task: Task) -> None:
        """Discard a gradient that has arrived."""

    @abstractmethod
    def delay(self, task: Task) -> int:
        """Return how many updates were made since the task's lookahead was sent."""
