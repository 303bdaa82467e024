"""Which workers a part of a scenario is about."""

import contextlib
from collections.abc import Sequence

import numpy as np

from simulator import Indices


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
        if part == "others":
            if rest >= 0:
                raise ValueError(f"{key}: two have workers = 'others'; accepted: one")
            rest = k
            continue
        members = _ranges(part, key) if isinstance(part, str) else part
        for worker in members:
            if worker >= workers:
                raise ValueError(
                    f"{key}: there is no worker {worker}; accepted: 0 to {workers - 1}"
                )
            if owner[worker] >= 0:
                raise ValueError(f"{key}: worker {worker} stands there twice; accepted: once")
            owner[worker] = k
    owner[owner < 0] = rest
    return owner


def _ranges(text: str, key: str) -> list[int]:
    chosen: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        with contextlib.suppress(ValueError):
            members = range(int(first), int(last or first) + 1)
            chosen += members
            if members:
                continue
        raise ValueError(
            f"{key}: workers = {text!r} is no selection; accepted: "
            'a list of numbers, a text such as "0-4, 7", or "others"'
        )
    return chosen
