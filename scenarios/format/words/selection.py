"""Which workers a part of a scenario is about."""

import re
from collections.abc import Sequence

import numpy as np

from scenarios.format.words.errors import short
from simulator import Indices

SELECTIONS = 'a list of numbers, a text such as "0-4, 7", or "others"'
"""What ``workers`` may be."""


def select(parts: Sequence[list[int] | str], workers: int, key: str) -> Indices:
    """Return for each worker the index of the part that names it, -1 if none does; shape (n,).

    Args:
        parts: for each part its workers: numbers from 0, a text such as "0-4, 7", or "others".
        workers: n.
        key: of the parts, for messages.

    Raises:
        ValueError: a part is no selection or names workers that do not exist; a worker is in two
            parts; two parts claim the others.
    """
    owner = np.full(workers, -1)
    rest = -1
    for k, part in enumerate(parts):
        mine = f"{key}[{k}].workers"
        if part == "others":
            if rest >= 0:
                raise ValueError(f"{mine}: two parts have 'others'; accepted: one")
            rest = k
            continue
        members = _ranges(part) if isinstance(part, str) else [range(w, w + 1) for w in part]
        if not members:
            raise ValueError(f"{mine}: {short(part)} names nobody; accepted: {SELECTIONS}")
        for some in members:
            if some.stop > workers:
                there = f"accepted: 0 to {workers - 1}"
                raise ValueError(f"{mine}: there is no worker {short(some.stop - 1)}; {there}")
            taken = owner[some.start : some.stop] >= 0
            if taken.any():
                worker = some[int(taken.argmax())]
                raise ValueError(f"{mine}: worker {worker} stands there twice; accepted: once")
            owner[some.start : some.stop] = k
    owner[owner < 0] = rest
    return owner


def _ranges(text: str) -> list[range]:
    """Return the parts of a text such as "0-4, 7"; none if it is no selection."""
    found = [
        re.fullmatch(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?", part) for part in text.split(",")
    ]
    chosen = [range(int(m[1]), int(m[2] or m[1]) + 1) for m in found if m]
    return chosen if len(chosen) == len(found) and all(chosen) else []
