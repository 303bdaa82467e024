"""Processes that die, or get an error, before any chosen thing that they do to a file."""

import errno
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGES = {"os.rename": 2, "os.remove": 1, "os.mkdir": 1, "os.rmdir": 1, "os.truncate": 1}
"""The audit events of Python that change files, and how many paths each has; ``open`` apart."""


class Killed(BaseException):
    """The process is dead: no error, which somebody might catch."""


class Disk:
    """Lets what happens inside of it end before its deed number ``at``, counted from 0.

    Deeds are all openings for writing, fsyncs, renames, removals and new folders below a folder,
    whoever does them: Python's audit events tell. A dead process does nothing more, and what it
    wrote and did not fsync is cut to half, as by a loss of power.

    Args:
        folder: where deeds count.
        at: which one does not happen.
        error: what it raises instead, once; the process lives on.
    """

    def __init__(self, folder: Path, at: int, error: OSError | None = None) -> None:
        self._folder, self._at, self._error = str(folder), at, error
        self._unsynced: set[str] = set()
        self._dead = False
        self.deeds: list[tuple[str, ...]] = []

    def __enter__(self) -> Self:
        _watching.append(self)
        self._fsync, os.fsync = os.fsync, self.fsync  # type: ignore[assignment]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        _watching.remove(self)
        os.fsync = self._fsync
        if self._dead:
            for name in self._unsynced:
                if os.path.exists(name):  # noqa: PTH110 - names, as events have them
                    os.truncate(name, os.path.getsize(name) // 2)  # noqa: PTH202
        return kind is Killed

    @property
    def hit(self) -> bool:
        """Whether there was such a deed."""
        return len(self.deeds) > self._at

    def count(self, what: str, path: Path) -> int:
        """Return how often something happened to a file."""
        happened = self.deeds if not self.hit else self.deeds[: self._at]
        return sum(deed[0] == what and deed[-1] == str(path) for deed in happened)

    def fsync(self, file: int) -> None:
        name = os.readlink(f"/proc/self/fd/{file}")  # noqa: PTH115 - as above
        self.see("fsync", name)
        self._unsynced.discard(name)  # the real one takes milliseconds, and nothing would see it

    def see(self, what: str, *paths: str) -> None:
        """Take note of a deed that is about to happen, and let it fail if it is the one."""
        names = tuple(os.path.abspath(path) for path in paths)  # noqa: PTH100 - as above
        if not names[-1].startswith(self._folder):
            return
        if not self._dead:
            self.deeds.append((what, *names))
        if self._dead or len(self.deeds) == self._at + 1:
            if self._error is None:
                self._dead = True
                raise Killed
            raise self._error
        if what == "open":
            self._unsynced.add(names[0])
        elif what == "os.rename" and names[0] in self._unsynced:
            self._unsynced.remove(names[0])
            self._unsynced.add(names[1])


_watching: list[Disk] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event in CHANGES:
        _watching[-1].see(event, *map(os.fsdecode, arguments[: CHANGES[event]]))
    elif event == "open" and isinstance(arguments[0], str | bytes) and arguments[2] & WRITING:
        _watching[-1].see(event, os.fsdecode(arguments[0]))


sys.addaudithook(_hook)


def crashes(
    folder: Callable[[int], Path], attempt: Callable[[Path], object], error: int = 0
) -> Iterator[tuple[Path, Disk]]:
    """Attempt something with a death before each of its deeds in turn, in a new folder each.

    Args:
        folder: makes the folder number k.
        attempt: what is attempted there.
        error: the number of an error to be raised instead of dying.

    Yields:
        each folder after the crash, and what had happened; that without any crash is not among
        them.
    """
    for k in itertools.count():
        place = folder(k)
        raised = OSError(error, os.strerror(error), "a file") if error else None
        with Disk(place, k, raised) as disk:
            attempt(place)
        if not disk.hit:
            assert k > 0, "nothing was done"
            return
        yield place, disk


FULL = errno.ENOSPC
BROKEN = errno.EIO
