"""Errors of users' classes in one line: what went wrong, and where in their source."""

import sysconfig
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]

OURS = {"simulator", "algorithms", "scenarios", "straggler"}
"""Packages whose changes are told by the code's fingerprint."""

LIBRARIES = {"gymnasium", "matplotlib", "mujoco", "numpy", "pandas", "pebble", "pyarrow"} | {
    *("pydantic", "pydantic_core", "ray", "scipy", "simpy", "torch"),
}
"""Installed packages in which an error is rarely the user's."""

CELLS = (f"{tempfile.gettempdir()}/ipykernel_", "<ipython-input-")
"""How the names of files begin that are none: what IPython calls a cell."""


@contextmanager
def told(where: str, but: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    """Let what a user's class raises be a ValueError of one line.

    Args:
        where: the key and the name; begins the text.
        but: what has a line already.
    """
    try:
        yield
    except but:
        raise
    except Exception as error:
        raise ValueError(f"{where} fails: {in_one_line(error)}") from error


def in_one_line(error: BaseException) -> str:
    """Return an error's kind, the first line of its text, and where in the user's source it was."""
    text = str(error).strip()
    first = text.splitlines()[0] if text else ""
    line = f"{type(error).__name__}: {first}" if first else type(error).__name__
    source = raised_at(error)
    line = f"{line} ({source})" if source else line
    if isinstance(error, TypeError) and "'generator'" in first:
        line += "; accepted: `yield from` before what has to be waited for"
    return line


def raised_at(error: BaseException) -> str | None:
    """Return ``file:line`` of the user's code that raised an error; None if none took part.

    SimPy raises a method's errors anew: their cause says where they happened.
    """
    chain = [error]
    while (cause := chain[-1].__cause__) is not None and cause not in chain:
        chain.append(cause)
    for one in reversed(chain):
        if isinstance(one, SyntaxError) and one.filename:
            return file_line(one.filename, one.lineno or 0)
        calls = [(f.filename, f.lineno or 0) for f in traceback.extract_tb(one.__traceback__)]
        calls += getattr(one, "places", ())  # in another process
        theirs = [call for call in calls if _is_theirs(call[0])]
        if theirs:
            return file_line(*theirs[-1])
    return None


def file_line(file: str, line: int) -> str:
    """Return ``file:line``, the file as seen from the working directory if it is below it."""
    if file.startswith(CELLS):
        return f"a notebook's cell:{line}"
    path, here = Path(file), Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{line}"


def _is_theirs(file: str) -> bool:
    path = Path(file)
    if file.startswith(("<frozen", "<string>")) or any(
        path.is_relative_to(ROOT / name) for name in OURS
    ):
        return False
    for site in ("site-packages", "dist-packages"):
        if site in path.parts:
            return path.parts[path.parts.index(site) + 1].removesuffix(".py") not in LIBRARIES
    return not path.is_relative_to(sysconfig.get_path("stdlib"))
