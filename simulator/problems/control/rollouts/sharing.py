"""What processes that sample together share: a table of trajectories, and a queue of its rows."""

import mmap
import os
import select
import tempfile
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

JOBS = 1024
"""Trajectories in the table at a time: their rows' numbers fit into the smallest pipe, one page."""

_BYTES = 4


class Queue:
    """The rows of the trajectories that nobody has taken yet, in a pipe."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.take = taker(self.reader)

    def put(self, row: int) -> None:
        """Put a number below 2**32; there is room for a page of them."""
        os.write(self._writer, row.to_bytes(_BYTES, "little"))

    def empty(self) -> bool:
        """Return whether there is nothing to take."""
        return not select.select([self.reader], [], [], 0)[0]

    def close(self) -> None:
        """Close both ends."""
        os.close(self.reader)
        os.close(self._writer)


def taker(queue: int) -> Callable[[], int | None]:
    """Return a function that takes a number from the pipe ``queue``, None if it is empty.

    It raises EOFError if the process that puts numbers there has ended.
    """

    def take() -> int | None:
        try:
            number = os.read(queue, _BYTES)
        except BlockingIOError:
            return None
        if not number:
            raise EOFError
        return int.from_bytes(number, "little")

    return take


class Job(NamedTuple):
    """A trajectory to sample.

    Attributes:
        place: the row of its point in :attr:`Table.points`.
        point: the number of its point: no other has it.
        variant: of the environment.
        worker: with ``task`` the key of its randomness.
        task: see ``worker``.
    """

    place: int
    point: int
    variant: int
    worker: int
    task: int


class Table:
    """What there is to sample, and who is idle, in memory that all processes see.

    Args:
        points: how many there is room for.
        dimension: d.
        dtype: of the points.
        processes: how many share it; number 0 is the main one.
        file: of another process's table; -1: it is made.

    Attributes:
        file: its descriptor; -1: it is this process's alone.
        points: shape (points, d).
        dropped: shape (JOBS,), trajectories that nobody waits for any more.
        idle: by process, whether it has nothing left to do.
        sent: by process, how many messages it was sent by the main process.
        answered: by process, how many it has sent there.
    """

    def __init__(
        self, points: int, dimension: int, dtype: str, processes: int, file: int = -1
    ) -> None:
        layout = np.dtype(
            [
                ("points", dtype, (points, dimension)),
                ("jobs", np.int64, (JOBS, len(Job._fields))),
                ("share", np.int64, (1,)),
                ("dropped", np.bool_, (JOBS,)),
                ("idle", np.bool_, (processes,)),
                ("sent", np.int64, (processes,)),
                ("answered", np.int64, (processes,)),
            ],
            align=True,
        )
        self.file = file
        if file < 0 and processes > 1:
            self.file = shared_file(layout.itemsize)
        if self.file < 0:
            parts = np.zeros(1, layout)
        else:
            parts = np.frombuffer(mmap.mmap(self.file, layout.itemsize), layout)
        self.points, self._jobs, self.dropped = (parts[c][0] for c in ("points", "jobs", "dropped"))
        # what is asked in each step: a memoryview is faster than an array
        self._share, self.idle, self.sent, self.answered = (
            parts[column][0].data for column in ("share", "idle", "sent", "answered")
        )

    @property
    def share(self) -> int:
        """How many trajectories a process should have live."""
        return int(self._share[0])

    @share.setter
    def share(self, trajectories: int) -> None:
        self._share[0] = trajectories

    def job(self, row: int) -> Job:
        """Return what a row says."""
        return Job(*self._jobs[row].tolist())

    def put(self, row: int, job: Job) -> None:
        """Fill a row."""
        self._jobs[row] = job
        self.dropped[row] = False

    def begin(self) -> None:
        """Nobody is idle, and nothing was sent."""
        for number in range(len(self.idle)):
            self.idle[number], self.sent[number], self.answered[number] = False, 0, 0

    def close(self) -> None:
        """Close the file."""
        if self.file >= 0:
            os.close(self.file)
            self.file = -1


def shared_file(size: int) -> int:
    """Return the descriptor of a new file of zeros that other processes can map as well."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("straggler")
    else:  # not on Linux
        with tempfile.TemporaryFile() as new:
            file = os.dup(new.fileno())
    os.ftruncate(file, size)
    return file
