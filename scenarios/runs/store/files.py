"""Files that are whole or not there."""

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from scenarios.format.words.errors import BadInputError

ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
"""Errors that say that there is no such file; after any other, it may be there, and whole."""


def raise_unless_absent(error: OSError, file: Path | None = None) -> None:
    """Raise an error of the system that does not say that a file is absent, with the file's name.

    PyArrow's errors about what is in a file have no number: they are not raised.
    """
    if error.errno is None or isinstance(error, ABSENT):
        return
    raise OSError(error.errno, os.strerror(error.errno), str(file or error.filename)) from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole: see :func:`replacing`."""
    with replacing(path) as file:
        file.write(content)


def may_overwrite(path: Path, mark: str) -> bool:
    """Return whether nothing is there, or a file that begins as those that a command writes."""
    if not path.is_file():
        return not path.exists()
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().startswith(mark)


def check_overwrite(path: Path, mark: str, command: str, *, force: bool) -> None:
    """Check that a command can write a file, and over none but its own.

    Args:
        path: the file to write.
        mark: how files begin that the command writes.
        command: its name.
        force: write over any file.

    Raises:
        BadInputError: something is there that the command did not write, or nothing can be.
    """
    check_writable(path)
    if not force and not may_overwrite(path, mark):
        raise BadInputError(
            f"{path}: is there, and not written by {command}; accepted: another file, or --force"
        )


def check_writable(path: Path) -> None:
    """Check that a file may be written somewhere, before the work whose result it is to hold.

    Raises:
        BadInputError: it is a folder, or no file can be made in the folder that it would lie in.
    """
    if path.is_dir():
        raise BadInputError(f"{path}: is a folder; accepted: a file")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise BadInputError(f"{path}: {above} is a file; accepted: a file in a folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise BadInputError(f"{path}: nothing may be written in {above}; accepted: another file")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write beside ``path`` and rename: a reader sees the old file or the new one, whole.

    Errors of the system name ``path``, which is the user's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; accepted: a file", str(path))
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        if error.errno is not None and error.filename in {None, str(beside)}:
            error.filename = str(path)
        raise
    finally:
        with suppress(OSError):  # as of a disk that can only be read: the first error is told
            beside.unlink(missing_ok=True)
