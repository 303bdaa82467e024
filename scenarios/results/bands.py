"""Workers as pictures and tables show them: each, or bands of many."""

from typing import Any

import numpy as np

LANES = 40
"""With more workers than this, bands of workers are shown."""
BANDS = 10
"""Bands of equal size; the scenario's groups of workers instead, if it has some."""
MOST_GROUPS = 20
"""With more groups than this, the bands would not be legible."""

Band = tuple[int, int, str]
"""Its first worker, its last one, and its name."""


def groups_of(compute: dict[str, Any]) -> list[tuple[int, str]]:
    """Return a scenario's groups of workers in their order: the size of each, and its name.

    Args:
        compute: the table ``cluster.compute``.
    """
    unit = "step" if compute.get("per") == "step" else "gradient"
    groups = compute["groups"] if compute["model"] == "groups" else []
    return [(int(g["count"]), f"{float(g['seconds']):g} s per {unit}") for g in groups]


def bands_of(workers: int, groups: list[tuple[int, str]]) -> list[Band]:
    """Return bands of many workers: the groups, or tenths."""
    named = 0 < len(groups) <= MOST_GROUPS
    tenths = [(len(part), "") for part in np.array_split(np.arange(workers), BANDS)]
    bands, first = [], 0
    for size, name in groups if named else tenths:
        last = first + size - 1
        bands.append((first, last, f"{first:,} to {last:,}" + f"\n{name}" * named))
        first += size
    return bands


def lanes_of(workers: int, groups: list[tuple[int, str]]) -> list[Band]:
    """Return a band for each worker, or bands of many."""
    if workers <= LANES:
        return [(worker, worker, str(worker)) for worker in range(workers)]
    return bands_of(workers, groups)
