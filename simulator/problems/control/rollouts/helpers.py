"""Rollouts in several processes: whoever is free takes the next trajectory, or half of another's.

All take from one queue. A process that finds it empty and has nothing live says so on a board, and
is handed half of another's live episodes, which go on there bit for bit. So the end of a batch,
when there is nothing left to take, is shared as well. Helpers hand over to the main process only,
and it to them.
"""

import contextlib
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait

from simulator.one_line import one_line
from simulator.problems.control.rollouts.batch import (
    Batch,
    Setting,
    Steps,
    Trajectories,
    Underway,
    pack,
)
from simulator.problems.control.rollouts.sampler import SLOTS, Sampler
from simulator.problems.control.rollouts.sharing import Board, Queue, shared_file, taker
from simulator.threads import one_thread_per_process

LARGEST_BATCH = 1024
"""Trajectories queued at a time: their numbers fit into the smallest pipe, one page."""


class HelperError(RuntimeError):
    """A helper process failed; the message has its traceback, or says how it ended."""


class Rollouts:
    """Samples trajectories, here and in helper processes; how many does not change a bit.

    Args:
        setting: what to sample.
        processes: how many sample, this one included.
    """

    def __init__(self, setting: Setting, processes: int = 1) -> None:
        self.sampler = Sampler(setting)
        self._processes = processes
        self._crew: _Crew | None = None

    def sample(self, batch: Batch, interrupt: Callable[[], None] | None = None) -> Trajectories:
        """Return the trajectories of a batch, in its order.

        Args:
            batch: what to sample.
            interrupt: called before each step of a single trajectory; may raise.

        Raises:
            HelperError: a helper process failed.
        """
        trajectories, parts = len(batch.point), []
        if interrupt is not None and trajectories == 1:
            return pack([self.sampler.sample(batch, _interrupted(interrupt))], 1)
        for first in range(0, trajectories, LARGEST_BATCH):
            chunk = range(first, min(first + LARGEST_BATCH, trajectories))
            parts += self._sample_chunk(batch, chunk)
        return pack(parts, trajectories)

    def close(self) -> None:
        """End the helpers and close the environments."""
        self._dismiss()
        self.sampler.close()

    def _sample_chunk(self, batch: Batch, chunk: range) -> list[Steps]:
        if self._processes == 1 or len(chunk) == 1:
            indices = iter(chunk)
            return [self.sampler.sample(batch, lambda: next(indices, None))]
        try:
            if self._crew is None:
                self._crew = _Crew(self.sampler, self._processes - 1)
            return self._crew.sample(batch, chunk)
        except BaseException:
            self._dismiss()  # what they would still send belongs to this batch
            raise

    def _dismiss(self) -> None:
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.close()


def _interrupted(interrupt: Callable[[], None]) -> Callable[[], int | None]:
    """Return a function that gives the only trajectory; the sampler asks before each step."""
    only = iter([0])

    def take() -> int | None:
        interrupt()
        return next(only, None)

    return take


class _Crew:
    """This process and its helpers, which sample a batch together.

    Args:
        sampler: this process's.
        helpers: how many.
    """

    def __init__(self, sampler: Sampler, helpers: int) -> None:
        self._sampler = sampler
        self._queue, self._board = Queue(), Board(shared_file(1 + helpers))
        self.helpers: list[_Helper] = []
        try:
            for number in range(1, 1 + helpers):
                self.helpers.append(_Helper(self._queue, self._board))
                self.helpers[-1].set_up(sampler.setting, number)
        except BaseException:
            self.close()
            raise

    def sample(self, batch: Batch, chunk: range) -> list[Steps]:
        """Return the steps of the trajectories ``chunk`` of a batch."""
        slots = self._slots_each(len(chunk))
        self._queue.put(chunk)
        turn = self._board.next_turn()
        for helper in self.helpers:
            helper.send((batch, slots, turn))
        parts = [self._sampler.sample(batch, self._queue.take, slots, self)]
        while owing := [helper for helper in self.helpers if helper.owed]:
            self._board.say_idle(0)
            answers = [helper.receive() for helper in _ready(owing)]
            self._board.claim(0)
            for answer in answers:
                if isinstance(answer, Steps):
                    parts.append(answer)
                else:
                    parts.append(self._sampler.sample(batch, self._queue.take, slots, self, answer))
        return parts

    def idle(self) -> bool:
        """Return whether a helper has nothing left to do."""
        return self._board.first_idle(1) > 0

    def give(self, episodes: Sequence[Underway]) -> None:
        """Let a helper that has nothing left to do go on with these."""
        number = self._board.first_idle(1)
        self._board.claim(number)
        self.helpers[number - 1].send(list(episodes))

    def close(self) -> None:
        """End the helpers."""
        for helper in self.helpers:
            helper.close()
        self._queue.close()
        self._board.close()

    def _slots_each(self, trajectories: int) -> int:
        """Return how many a process samples at once: its share, if what is left over can move.

        If not, so few that the rest evens out the ends.
        """
        processes = 1 + len(self.helpers)
        if self._sampler.portable:
            return min(SLOTS, -(-trajectories // processes))
        return max(3, min(SLOTS, trajectories // (2 * processes)))


def _ready(helpers: "list[_Helper]") -> "list[_Helper]":
    """Wait until one of them has sent something; return those that have."""
    if len(helpers) == 1:
        return helpers
    ready = wait([helper.connection for helper in helpers])
    return [helper for helper in helpers if helper.connection in ready]


class _Helper:
    """A process that samples what it is sent; it ends with this one."""

    def __init__(self, queue: Queue, board: Board) -> None:
        ours, theirs = socket.socketpair()
        command = "from simulator.problems.control.rollouts.helpers import serve; serve()"
        files = theirs.fileno(), queue.reader, board.file
        with one_thread_per_process():
            self._process = subprocess.Popen(  # noqa: S603 - our own code
                [sys.executable, "-P", "-c", command, *map(str, files)],
                pass_fds=files,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the parent's business
            )
        theirs.close()
        self.connection = Connection(ours.detach())
        self.owed = 0
        """Answers to what was sent."""

    def set_up(self, setting: Setting, number: int) -> None:
        """Say what it samples, and which one it is."""
        with self._named_failure():
            self.connection.send((setting, list(sys.path), number))

    def send(self, message: object) -> None:
        """Send a batch, or episodes to go on with."""
        with self._named_failure():
            self.connection.send(message)
        self.owed += 1

    def receive(self) -> Steps | list[Underway]:
        """Return an answer, or episodes that the helper gives before it."""
        with self._named_failure():
            answer = self.connection.recv()
        if isinstance(answer, str):
            raise HelperError(f"in a helper process: {answer}")
        given: Steps | list[Underway] = answer
        self.owed -= isinstance(given, Steps)
        return given

    def close(self) -> None:
        self.connection.close()
        self._process.kill()
        self._process.wait()

    @contextlib.contextmanager
    def _named_failure(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)  # its end of the socket closes a little earlier
            code = self._process.returncode
            raise HelperError(f"a helper process ended (exit code {code})") from error


class _Parent:
    """The process that a helper belongs to, as it sees it: what it gives, it gives there."""

    def __init__(self, connection: Connection, board: Board) -> None:
        self._connection, self._board = connection, board

    def idle(self) -> bool:
        return self._board.is_idle(0)

    def give(self, episodes: Sequence[Underway]) -> None:
        self._board.claim(0)
        self._connection.send(list(episodes))


def serve() -> None:
    """Sample batches until the parent ends, or an error is told: a helper's main function."""
    connection, queue, file = Connection(int(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
    with contextlib.suppress(OSError):  # the parent has ended
        try:
            _serve(connection, queue, file)
        except EOFError:  # the parent has ended
            pass
        except Exception as error:  # noqa: BLE001 - the parent says it
            connection.send(f"{one_line(error)}\n{traceback.format_exc()}")


def _serve(connection: Connection, queue: int, file: int) -> None:
    setting, sys.path[:], number = connection.recv()
    board = Board(file)
    sampler, parent, take = Sampler(setting), _Parent(connection, board), taker(queue)
    batch, slots, board.turn = message = connection.recv()
    while True:
        underway = message if isinstance(message, list) else ()
        connection.send(sampler.sample(batch, take, slots, parent, underway))
        board.say_idle(number)
        message = connection.recv()
        if not isinstance(message, list):
            batch, slots, board.turn = message
