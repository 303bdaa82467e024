"""How much memory a run needs at least."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scenarios.format.words.errors import short

VECTORS = 4
"""Vectors of d numbers that every method holds: two iterates, a direction, a gradient."""

NUMBER = 8
"""Bytes of a number."""


@dataclass(frozen=True)
class Size:
    """How large a problem is.

    Attributes:
        dimension: coordinates of an iterate, d.
        bytes: that a run holds at least.
        key: the key of the problem that decides on it.
        what: what takes the memory, in words.
        fitting: says what would fit into so many bytes.
    """

    dimension: int
    bytes: int = 0
    key: str = ""
    what: str = ""
    fitting: Callable[[int], str] = str

    def check(self) -> None:
        """Check that a run fits into memory.

        Raises:
            ValueError: it does not; the text says what would.
        """
        there = memory()
        if self.bytes > there:
            raise ValueError(
                f"{self.key}: {self.what} need at least {_gibibytes(self.bytes)} of memory; "
                f"accepted: what fits into this machine's {_gibibytes(there)}, such as "
                f"{self.fitting(there // 2)}"
            )


def check_point(point: Any, dimension: object, where: str) -> None:  # noqa: ANN401
    """Check what a problem of the user's says of its size.

    Raises:
        ValueError: the dimension is no int, or the initial point no array of as many numbers.
    """
    if type(dimension) is not int:
        raise ValueError(f"{where}: dimension is {short(dimension)}; accepted: an int")
    if (shape := np.shape(point)) != (dimension,):
        raise ValueError(
            f"{where}: initial_point has shape {shape}; accepted: {(dimension,)}, as dimension says"
        )
    if not (isinstance(point, np.ndarray) and point.dtype.kind in "iuf"):
        raise ValueError(f"{where}: initial_point is {short(point)}; accepted: an array of numbers")


def memory() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _gibibytes(size: int) -> str:
    gibibytes = size / 2**30
    return f"{gibibytes:,.0f} GiB" if gibibytes < 10**9 else f"{gibibytes:.2g} GiB"
