"""Processes that help to sample, and what they and their parent send each other."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import TypeAlias

from simulator.one_line import one_line
from simulator.problems.control.rollouts.batch import Trajectories, Underway
from simulator.problems.control.rollouts.sampler import Sampler
from simulator.problems.control.rollouts.sharing import Queue, Table, taker
from simulator.threads import one_thread_per_process
from simulator.watch import LostProcessError


class HelperError(RuntimeError):
    """A helper process failed; the message has its traceback, or says how it ended.

    Attributes:
        places: (file, line) of the calls that led there, the last one innermost.
    """

    places: Sequence[tuple[str, int]] = ()


class HelperEndedError(HelperError, LostProcessError):
    """A helper process ended by itself, or was killed."""


class HelperMemoryError(HelperError, MemoryError):
    """A helper process needed more memory than it may have."""


@dataclass(frozen=True)
class Ended:
    """Rows of episodes that ended in a helper, each with the steps that were made there."""

    episodes: Sequence[tuple[int, Trajectories]]


@dataclass(frozen=True)
class Failed:
    """A helper's last message: what went wrong, with its traceback, and where: see HelperError."""

    text: str
    places: Sequence[tuple[str, int]]


Answer: TypeAlias = Ended | list[Underway]
"""What a helper sends: what ended, or episodes to go on with."""


class Crew:
    """Helpers that sample what is put into a queue.

    Args:
        sampler: this process's.
        helpers: how many.
    """

    def __init__(self, sampler: Sampler, helpers: int) -> None:
        self.queue, self._table = Queue(), sampler.table
        self._table.begin()
        self.helpers: list[_Helper] = []
        try:
            for number in range(1, 1 + helpers):
                self.helpers.append(_Helper(self.queue, self._table))
                self.helpers[-1].send((sampler.setting, list(sys.path), number, 1 + helpers))
        except BaseException:
            self.close()
            raise

    def check(self) -> None:
        """Raise a HelperError if a helper has ended."""
        for helper in self.helpers:
            while helper.ended:
                helper.receive()

    def idle(self) -> bool:
        """Return whether a helper has nothing left to do."""
        return any(self._table.idle[1:]) and self.queue.empty()

    def give(self, episodes: Sequence[Underway]) -> None:
        """Let a helper that has nothing left to do go on with these."""
        # any, if it has found something itself meanwhile: they wait for free slots there
        number = max(range(1, len(self._table.idle)), key=self._table.idle.__getitem__)
        self._table.idle[number] = False
        self._table.sent[number] += 1  # first: what is large is only sent while somebody reads
        self.helpers[number - 1].send(list(episodes))

    def heard(self) -> list[Answer]:
        """Return what has been sent since, without waiting."""
        answers = []
        for helper, sent in zip(self.helpers, self._table.answered[1:], strict=True):
            while helper.received < sent:
                answers.append(helper.receive())
        return answers

    def wait(self) -> list[Answer]:
        """Say that this process is idle until one of them sends something; return that."""
        self._table.idle[0] = True
        ready = wait([helper.connection for helper in self.helpers])
        self._table.idle[0] = False
        return [helper.receive() for helper in self.helpers if helper.connection in ready]

    def close(self) -> None:
        """End the helpers."""
        for helper in self.helpers:
            helper.close()
        self.queue.close()


class _Helper:
    """A process that samples what it is sent; it ends with this one."""

    def __init__(self, queue: Queue, table: Table) -> None:
        ours, theirs = socket.socketpair()
        command = "from simulator.problems.control.rollouts.helpers import serve; serve()"
        files = theirs.fileno(), queue.reader, table.file
        with one_thread_per_process():
            self._process = subprocess.Popen(  # noqa: S603 - our own code
                [sys.executable, "-P", "-c", command, *map(str, files)],
                pass_fds=files,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the parent's business
            )
        theirs.close()
        self.connection = Connection(ours.detach())
        self.received = 0
        """Messages."""

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def send(self, message: object) -> None:
        """Send what it samples, or episodes to go on with."""
        with self._named_failure():
            self.connection.send(message)

    def receive(self) -> Answer:
        """Return what it sent."""
        with self._named_failure():
            answer: Answer | Failed = self.connection.recv()
        self.received += 1
        if isinstance(answer, Failed):
            kind = answer.text.partition("\n")[0].partition(":")[0]
            memory = kind.endswith("MemoryError")  # NumPy has its own
            text = f"in a helper process: {answer.text}"
            error = HelperMemoryError(text) if memory else HelperError(text)
            error.places = answer.places
            raise error
        return answer

    def close(self) -> None:
        self.connection.close()
        if not self.ended:
            os.killpg(self._process.pid, signal.SIGKILL)  # with what it starts, while it starts
        self._process.wait()

    @contextlib.contextmanager
    def _named_failure(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)  # its end of the socket closes a little earlier
            code = self._process.returncode
            raise HelperEndedError(f"a helper process ended (exit code {code})") from error


class _Parent:
    """The process that a helper belongs to, as it sees it: what it gives, it gives there.

    A thread of its own sends, since the parent does not listen all the time.

    Args:
        connection: to it.
        table: what they share.
        number: of the helper.
    """

    def __init__(self, connection: Connection, table: Table, number: int) -> None:
        self._connection, self._table, self._number = connection, table, number
        self._box: SimpleQueue[Answer | Failed | None] = SimpleQueue()
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()

    def idle(self) -> bool:
        return bool(self._table.idle[0])

    def give(self, episodes: Sequence[Underway]) -> None:
        self._table.idle[0] = False
        self.tell(list(episodes))

    def tell(self, answer: Answer | Failed) -> None:
        self._box.put(answer)

    def close(self) -> None:
        """Wait until all is sent."""
        self._box.put(None)
        self._sender.join()

    def _send(self) -> None:
        try:
            while (answer := self._box.get()) is not None:
                self._table.answered[self._number] += 1  # as in Crew.give
                self._connection.send(answer)
        except BaseException:  # noqa: BLE001 - whatever it is
            os._exit(1)  # the parent has ended, or must not wait for an answer that never comes


def serve() -> None:
    """Sample until the parent ends, or an error is told: a helper's main function."""
    connection, queue, file = Connection(int(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
    tell: Callable[[Failed], None] = connection.send
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:  # the parent has ended
        try:
            setting, sys.path[:], number, processes = connection.recv()
            sampler = Sampler(setting, processes, file)
            parent = _Parent(connection, sampler.table, number)
            tell = stack.enter_context(contextlib.closing(parent)).tell
            _serve(sampler, queue, connection, parent, number)
        except EOFError:  # the parent has ended
            pass
        except Exception as error:  # noqa: BLE001 - the parent says it
            calls = traceback.extract_tb(error.__traceback__)
            places = [(call.filename, call.lineno or 0) for call in calls]
            tell(Failed(f"{one_line(error)}\n{traceback.format_exc()}", places))


def _serve(
    sampler: Sampler, queue: int, connection: Connection, parent: _Parent, number: int
) -> None:
    table, take, received = sampler.table, taker(queue), 0
    while True:
        while received < table.sent[number]:
            sampler.inbox += connection.recv()
            received += 1
        ended = sampler.advance(take, parent)
        if ended:
            parent.tell(Ended(ended))
        elif not sampler.busy:
            table.idle[number] = True
            if connection in wait([queue, connection]):
                sampler.inbox += connection.recv()
                received += 1
            table.idle[number] = False
