"""Trajectories that are sampled from when they are announced until somebody waits for them."""

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from simulator.problems.control.rollouts.batch import (
    Batch,
    Floats,
    Setting,
    Trajectories,
    Underway,
    joined,
    whole,
)
from simulator.problems.control.rollouts.helpers import Answer, Crew, Ended
from simulator.problems.control.rollouts.sampler import SLOTS, Sampler
from simulator.problems.control.rollouts.sharing import JOBS, Job


@dataclass(eq=False)
class _Point:
    """Where trajectories are sampled: in the table while some of them are."""

    theta: Floats
    number: int
    place: int | None = None
    users: int = 0


@dataclass(eq=False)
class Announced:
    """A trajectory that is or will be sampled.

    Attributes:
        point: of its policy.
        variant: of the environment.
        worker: with ``task`` the key of its randomness.
        task: see ``worker``.
        row: in the table, while it is there.
        parts: steps that were made already, where it was before; in their order.
        trajectory: None until it is sampled.
        dropped: nobody waits for it.
    """

    point: _Point
    variant: int
    worker: int
    task: int
    row: int | None = None
    parts: list[Trajectories] = field(default_factory=list)
    trajectory: Trajectories | None = None
    dropped: bool = False

    @property
    def size(self) -> int:
        """Bytes that it takes when it is sampled."""
        return 0 if self.trajectory is None else self.trajectory.size + self.point.theta.nbytes


class Rollouts:
    """Samples trajectories, here and in helper processes; how many does not change a bit.

    This process samples while somebody waits, helpers do so all the time. All take from one queue.
    A process that finds it empty and has nothing live says so in the table, and is given half of
    another's live episodes, which go on there bit for bit. Helpers give to this process only, and
    it to them.

    Args:
        setting: what to sample.
        processes: how many sample, this one included.

    Attributes:
        held_bytes: of trajectories that are sampled, and that nobody has waited for.
    """

    def __init__(self, setting: Setting, processes: int = 1) -> None:
        self.sampler = Sampler(setting, processes)
        self._table, self._processes = self.sampler.table, processes
        self._table.share = SLOTS
        self.held_bytes = 0
        self._crew: Crew | None = None
        self._numbers = itertools.count()
        self._waiting: deque[Announced] = deque()  # for a row of the table
        self._open: dict[int, Announced] = {}  # by row
        self._rows, self._places = list(range(JOBS)), list(range(len(self._table.points)))

    @property
    def pending(self) -> int:
        """How many trajectories are announced and not sampled yet."""
        return sum(not one.dropped for one in (*self._open.values(), *self._waiting))

    def sample(self, batch: Batch, interrupt: Callable[[], None] | None = None) -> Trajectories:
        """Return the trajectories of a batch, in its order.

        Args:
            batch: what to sample.
            interrupt: called before each step; may raise.

        Raises:
            HelperError: a helper process failed.
        """
        return joined(self.wait_for(self.announce(batch), interrupt))

    def announce(self, batch: Batch) -> list[Announced]:
        """Let the trajectories of a batch be sampled, in its order; helpers begin at once.

        Raises:
            HelperError: a helper process failed.
        """
        with self._from_the_start_after_errors():
            if self._crew is not None:
                self._crew.check()
            elif self._processes > 1 and self.pending + len(batch.point) > 1:
                self._crew = Crew(self.sampler, self._processes - 1)
        points = [_Point(theta, next(self._numbers)) for theta in batch.points]
        columns = (batch.point, batch.variants, batch.workers, batch.tasks)
        announced = [
            Announced(points[point], variant, worker, task)
            for point, variant, worker, task in zip(*(c.tolist() for c in columns), strict=True)
        ]
        self._waiting += announced
        self._fill_table()
        return announced

    def wait_for(
        self, announced: Sequence[Announced], interrupt: Callable[[], None] | None = None
    ) -> list[Trajectories]:
        """Return what was announced, in the same order.

        Args:
            announced: by :meth:`announce`; none was dropped.
            interrupt: called before each step; may raise.

        Raises:
            HelperError: a helper process failed.
        """
        missing = list(announced)
        with self._from_the_start_after_errors(announced):
            while missing:
                if missing[-1].trajectory is not None:
                    missing.pop()
                    continue
                if interrupt is not None:
                    interrupt()
                self._advance()
        self._release(announced)
        return [one.trajectory for one in announced if one.trajectory is not None]

    def drop(self, announced: Sequence[Announced]) -> None:
        """Say that nobody will wait for them."""
        self._release(announced)
        for one in announced:
            one.dropped = True
            if one.row is not None:
                self._table.dropped[one.row] = True

    def close(self) -> None:
        """End the helpers and close the environments."""
        self._dismiss()
        self._table.close()
        self.sampler.close()

    def idle(self) -> bool:
        """Return whether a helper has nothing left to do."""
        return self._crew is not None and self._crew.idle()

    def give(self, episodes: Sequence[Underway]) -> None:
        """Let a helper that has nothing left to do go on with these."""
        self._keep(episodes)
        if self._crew is not None:
            self._crew.give([replace(episode, steps=None) for episode in episodes])

    def _advance(self) -> None:
        """Make a step here, or wait for a helper if there is nothing to step."""
        crew = self._crew
        if crew is None:
            self._end(self.sampler.advance(self._place_next))
            return
        answers = crew.heard()
        self._hear(answers)
        if answers:  # perhaps the one that is waited for
            return
        ended = self.sampler.advance(crew.queue.take, self)
        self._end(ended)
        if not ended and not self.sampler.busy:
            self._hear(crew.wait())

    def _hear(self, messages: Iterable[Answer]) -> None:
        for message in messages:
            if isinstance(message, Ended):
                self._end(message.episodes)
            else:
                self._keep(message)
                self.sampler.inbox += message

    def _keep(self, episodes: Sequence[Underway]) -> None:
        """Keep the steps that were made where the episodes come from."""
        for episode in episodes:
            if episode.steps is not None:
                self._open[episode.row].parts.append(episode.steps)

    def _end(self, episodes: Iterable[tuple[int, Trajectories]]) -> None:
        for row, steps in episodes:
            one = self._open.pop(row)
            one.parts.append(steps)
            if not one.dropped:
                one.trajectory = whole(one.parts)
                self.held_bytes += one.size
            one.parts.clear()
            self._free(one)
        self._fill_table()

    def _fill_table(self) -> None:
        """Give rows to what waits for one, and say how much a process should have live."""
        if self._crew is None:
            return
        rows = []
        while (row := self._place_next()) is not None:
            rows.append(row)
        self._table.share = self._slots_each(len(self._open))  # before anybody takes one
        for row in rows:
            self._crew.queue.put(row)

    def _place_next(self) -> int | None:
        """Give the next one a row of the table, and return it; None: there is none, or no room."""
        while self._waiting and self._waiting[0].dropped:
            self._waiting.popleft()
        if not (self._waiting and self._rows and self._places):
            return None
        one = self._waiting.popleft()
        point = one.point
        if point.place is None:
            point.place = self._places.pop()
            self._table.points[point.place] = point.theta
        point.users += 1
        one.row = row = self._rows.pop()
        self._open[row] = one
        self._table.put(row, Job(point.place, point.number, one.variant, one.worker, one.task))
        return row

    def _free(self, one: Announced) -> None:
        point = one.point
        point.users -= 1
        if not point.users and point.place is not None:
            self._places.append(point.place)
            point.place = None
        if one.row is not None:
            self._rows.append(one.row)
            one.row = None

    def _release(self, announced: Iterable[Announced]) -> None:
        self.held_bytes -= sum(one.size for one in announced)

    @contextlib.contextmanager
    def _from_the_start_after_errors(self, wanted: Sequence[Announced] = ()) -> Iterator[None]:
        """After an error nobody knows how far the rest is; nobody waits for ``wanted`` any more."""
        try:
            yield
        except BaseException:
            self._dismiss()
            self.sampler.clear()
            again = list(self._open.values())
            self._open.clear()
            for one in again:
                one.parts.clear()
                self._free(one)
            self._waiting.extendleft(reversed(again))
            self._table.share = SLOTS
            self.drop(wanted)
            raise

    def _dismiss(self) -> None:
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.close()

    def _slots_each(self, trajectories: int) -> int:
        """Return how many a process samples at once: its share, if what is left over can move.

        If not, so few that the rest evens out the ends.
        """
        if self.sampler.portable:
            return max(1, min(SLOTS, -(-trajectories // self._processes)))
        return max(3, min(SLOTS, trajectories // (2 * self._processes)))
