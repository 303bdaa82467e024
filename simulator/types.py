"""Types that all floors share."""

from collections.abc import Generator
from typing import Annotated, Any, TypeAlias, TypeVar

import annotated_types
import numpy as np
import numpy.typing as npt

T = TypeVar("T")

Vector: TypeAlias = npt.NDArray[np.float64]
"""Real numbers: parameters of shape (d,), or one number per worker, shape (n,)."""

Indices: TypeAlias = npt.NDArray[np.int64]
"""Worker or task indices, shape (m,)."""

Truths: TypeAlias = npt.NDArray[np.bool_]
"""Whether something holds, of each of shape (m,)."""

Event: TypeAlias = tuple[float, float]
"""(time, worker): at equal times events are handled in the order of workers."""

Process: TypeAlias = Generator[Any, Any, T]
"""A generator that waits in simulated time by ``yield from`` and returns a T."""

Positive: TypeAlias = Annotated[float, annotated_types.Gt(0), annotated_types.Lt(float("inf"))]
"""A finite number above zero."""

Factor: TypeAlias = Annotated[float, annotated_types.Gt(0), annotated_types.Le(1e6)]
"""A number of times, above zero and at most a million."""

Count: TypeAlias = Annotated[int, annotated_types.Ge(1), annotated_types.Lt(2**63)]
"""A whole number of at least one, in 64 bits."""

Kept: TypeAlias = Annotated[float, annotated_types.Ge(0), annotated_types.Lt(1)]
"""How much of a sum over updates is kept at the next update, in [0, 1)."""

Whole: TypeAlias = Annotated[int, annotated_types.Ge(0), annotated_types.Lt(2**63)]
"""A whole number of at least zero, in 64 bits."""


Momentum: TypeAlias = Annotated[float, annotated_types.Gt(0), annotated_types.Le(1)]
"""The paper's eta: the weight of the newest gradient, in (0, 1]."""
