"""Arguments of functions for users, with what they take in words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import annotated_types
from pydantic import BeforeValidator, Field, Strict

from scenarios.format.words.strict import NonNegative


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


FileOrFolder = Annotated[str | Path, Field(description="a path, as a text or a Path")]
"""A file or a folder."""

Names = Annotated[
    Sequence[str], BeforeValidator(_one_or_more), Field(description="a text, or a list of texts")
]
"""Names, or a single one."""

Numbers = Annotated[Sequence[float], Field(description="a list of numbers")]

Seeds = Annotated[
    Sequence[Annotated[int, annotated_types.Ge(0), annotated_types.Lt(2**63)]],
    Field(description="a list of whole numbers of at least 0"),
]

Seconds = Annotated[NonNegative, Field(description="simulated seconds, at least 0")]

Labels = Annotated[Mapping[str, str], Field(description="a dict from names to new names")]

Values = Annotated[Mapping[str, Any], Field(description="a dict from dotted keys to values")]

Pair = Annotated[tuple[float, float], Strict(strict=False), Field(description="two numbers")]
