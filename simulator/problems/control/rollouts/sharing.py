"""What the processes of a batch share: what nobody has taken yet, and who is idle."""

import mmap
import os
import tempfile
from collections.abc import Callable

_BYTES = 4


class Queue:
    """The numbers of the trajectories that nobody has taken yet, in a pipe."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.take = taker(self.reader)

    def put(self, indices: range) -> None:
        """Put numbers below 2**32; there is room for a page of them."""
        os.write(self._writer, b"".join(index.to_bytes(_BYTES, "little") for index in indices))

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


class Board:
    """Who is idle: a byte per process, in memory that all see, with the turn in which it said so.

    A process may say so when the next turn has begun already, which then means nothing.

    Args:
        file: a :func:`shared_file` of one byte per process; number 0 is the main one.
    """

    def __init__(self, file: int) -> None:
        self.file, self.turn = file, 0
        self._bytes = mmap.mmap(file, 0)  # all of it

    def next_turn(self) -> int:
        """Let nobody be idle; return the number of the turn, for the other boards."""
        self.turn = self.turn % 255 + 1
        return self.turn

    def say_idle(self, number: int) -> None:
        """Say that a process has nothing left to do in this turn."""
        self._bytes[number] = self.turn

    def is_idle(self, number: int) -> bool:
        """Return whether a process has said so."""
        return self._bytes[number] == self.turn

    def first_idle(self, number: int) -> int:
        """Return the first from ``number`` on that is idle; -1 if none is."""
        return self._bytes.find(self.turn.to_bytes(1, "little"), number)

    def claim(self, number: int) -> None:
        """Say that a process will have something to do."""
        self._bytes[number] = 0

    def close(self) -> None:
        """Close what this process sees of it."""
        self._bytes.close()
        os.close(self.file)


def shared_file(size: int) -> int:
    """Return the descriptor of a new file of zeros that other processes can map as well."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("straggler")
    else:  # not on Linux
        with tempfile.TemporaryFile() as new:
            file = os.dup(new.fileno())
    os.ftruncate(file, size)
    return file
