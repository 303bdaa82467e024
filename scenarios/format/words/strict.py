"""What all parts of the scenario format share."""

from typing import Annotated

import annotated_types
from pydantic import BaseModel, ConfigDict, Field

from simulator import Whole

NonNegative = Annotated[float, annotated_types.Ge(0)]
"""A number of at least zero."""

LARGEST_DIMENSION = 10**8
"""Coordinates of a vector: 400 megabytes."""

Index = Whole
"""A worker, counted from 0, or another whole number of at least 0."""

Workers = list[Index] | str
"""A list of workers from 0, a text such as "0-4, 7", or "others"."""

Label = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=80,
        description="up to 80 letters, digits, '.', '_', '-', the first one a letter or digit",
    ),
]
"""A name that can be a folder or a column."""


FILLED = "filled in"
"""How the description of a key begins that no file has: it is known from something else."""


class Strict(BaseModel):
    """No unknown keys, no silent conversions, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
