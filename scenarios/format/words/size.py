"""How much memory a run needs at least."""

import os
from collections.abc import Callable
from dataclasses import dataclass

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


def memory() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _gibibytes(size: int) -> str:
    gibibytes = size / 2**30
    return f"{gibibytes:,.0f} GiB" if gibibytes < 10**9 else f"{gibibytes:.2g} GiB"
