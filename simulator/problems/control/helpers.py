"""Rollouts in several processes: whoever is free takes the next trajectory."""

import contextlib
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

from simulator.one_line import one_line
from simulator.problems.control.rollout import (
    SLOTS,
    Batch,
    Sampler,
    Setting,
    Steps,
    Trajectories,
    pack,
)
from simulator.threads import one_thread_per_process

LARGEST_BATCH = 1024
"""Trajectories queued at a time: their numbers fit into the smallest pipe, one page."""

_BYTES = 4


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
        self._setting = setting
        self._helpers: list[_Helper] = []
        self._queue: _Queue | None = None
        self._alike = False  # whether the latest trajectories had the same length

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
        packed = pack(parts, trajectories)
        self._alike = packed.lengths.min() == packed.lengths.max()
        return packed

    def close(self) -> None:
        """End the helpers and close the environments."""
        self._dismiss()
        self.sampler.close()

    def _sample_chunk(self, batch: Batch, chunk: range) -> list[Steps]:
        if self._processes == 1 or len(chunk) == 1:
            indices = iter(chunk)
            return [self.sampler.sample(batch, lambda: next(indices, None))]
        if self._queue is None:
            self._queue = _Queue()
            count = self._processes - 1
            self._helpers = [_Helper(self._setting, self._queue) for _ in range(count)]
        slots = _slots_each(len(chunk), self._processes, alike=self._alike)
        try:
            self._queue.put(chunk)
            for helper in self._helpers:
                helper.send((batch, slots))
            mine = self.sampler.sample(batch, self._queue.take, slots)
            return [mine, *(helper.receive() for helper in self._helpers)]
        except BaseException:
            self._dismiss()  # what they would still send belongs to this batch
            raise

    def _dismiss(self) -> None:
        for helper in self._helpers:
            helper.close()
        if self._queue is not None:
            self._queue.close()
        self._helpers, self._queue = [], None


def _interrupted(interrupt: Callable[[], None]) -> Callable[[], int | None]:
    """Return a function that gives the only trajectory; the sampler asks before each step."""
    only = iter([0])

    def take() -> int | None:
        interrupt()
        return next(only, None)

    return take


def _slots_each(trajectories: int, processes: int, *, alike: bool) -> int:
    """Return how many a process samples at once: few enough that the rest evens out the ends.

    Trajectories of the same length end together anyway.
    """
    if alike:
        return min(SLOTS, -(-trajectories // processes))
    return max(3, min(SLOTS, trajectories // (2 * processes)))


class _Queue:
    """The numbers of the trajectories that nobody has taken yet, in a pipe."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.take = taker(self.reader)

    def put(self, indices: range) -> None:
        os.write(self._writer, b"".join(index.to_bytes(_BYTES, "little") for index in indices))

    def close(self) -> None:
        os.close(self.reader)
        os.close(self._writer)


def taker(queue: int) -> Callable[[], int | None]:
    """Return a function that takes a number from the pipe ``queue``, None if it is empty."""

    def take() -> int | None:
        try:
            return int.from_bytes(os.read(queue, _BYTES), "little")
        except BlockingIOError:
            return None

    return take


class _Helper:
    """A process that samples what it is sent; it ends with this one."""

    def __init__(self, setting: Setting, queue: _Queue) -> None:
        ours, theirs = socket.socketpair()
        command = "from simulator.problems.control.helpers import serve; serve()"
        pipes = theirs.fileno(), queue.reader
        with one_thread_per_process():
            self._process = subprocess.Popen(  # noqa: S603 - our own code
                [sys.executable, "-P", "-c", command, *map(str, pipes)],
                pass_fds=pipes,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the parent's business
            )
        theirs.close()
        self._connection = Connection(ours.detach())
        self.send((setting, list(sys.path)))

    def send(self, message: object) -> None:
        with self._named_failure():
            self._connection.send(message)

    def receive(self) -> Steps:
        with self._named_failure():
            answer = self._connection.recv()
        if isinstance(answer, str):
            raise HelperError(f"in a helper process: {answer}")
        steps: Steps = answer
        return steps

    def close(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()

    @contextlib.contextmanager
    def _named_failure(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, OSError) as error:
            code = self._process.poll()
            raise HelperError(f"a helper process ended (exit code {code})") from error


def serve() -> None:
    """Sample batches until the parent ends: the main function of a helper process."""
    connection, queue = Connection(int(sys.argv[1])), int(sys.argv[2])
    with contextlib.suppress(EOFError, OSError):
        setting, sys.path[:] = connection.recv()
        sampler = Sampler(setting)
        while True:
            batch, slots = connection.recv()
            try:
                answer: object = sampler.sample(batch, taker(queue), slots)
            except Exception as error:  # noqa: BLE001 - the parent says it
                answer = f"{one_line(error)}\n{traceback.format_exc()}"
            connection.send(answer)
