"""Malenia's condition on the counts of gradients."""

from collections import Counter
from fractions import Fraction

import numpy as np

from simulator import Vector

NEAR = 1e-9
"""Where floats do not decide."""

UNIT, FINE_UNIT = 1 << 128, 1 << 1100
"""One, in units that integers count; any float divides the finer one."""


class HarmonicCounts:
    """Malenia's condition (1/n sum_i 1/M_i)^-1 >= M/n, that is M sum_i 1/M_i <= n^2, exactly.

    Each 1/M_i is kept as an integer, in units of 2^-128 and rounded down, so that the sum is known
    up to n units. A completion costs a fixed number of operations, whatever n and M_i; fractions
    decide only where that is not enough, as at equality.

    Args:
        workers: n.
        batch: M.
    """

    def __init__(self, workers: int, batch: int) -> None:
        self._counts = [0] * workers
        self._without = workers  # workers with M_i = 0, whose 1/M_i is infinite
        self._batch = batch
        self._sum = 0  # sum_i 1/M_i over M_i > 0, in units, rounded down

    def __getitem__(self, worker: int) -> int:
        """Return M_i."""
        return self._counts[worker]

    @property
    def enough(self) -> bool:
        """Whether the condition holds; it implies that every M_i >= 1."""
        n = len(self._counts)
        if self._without or self._batch * self._sum > n * n * UNIT:
            return False
        if self._batch * (self._sum + n) <= n * n * UNIT:
            return True
        counts = Counter(self._counts)
        return self._batch * sum(Fraction(k, count) for count, k in counts.items()) <= n * n

    def add(self, worker: int) -> None:
        """Count one more gradient of ``worker``."""
        count = self._counts[worker] + 1
        self._counts[worker] = count
        if count == 1:
            self._without -= 1
            self._sum += UNIT
        else:
            self._sum += UNIT // count - UNIT // (count - 1)


def suffice(counts: Vector, batch: int) -> bool:
    """Return whether M sum_i 1/M_i <= n^2 for any number of completions, shape (n,).

    Floats would take one completion among a million times a million for two.
    """
    n = len(counts)
    if not counts.all():
        return False
    excess = float((batch / counts).sum()) / n**2 - 1
    if abs(excess) > NEAR:
        return excess < 0
    different = zip(*np.unique(counts, return_counts=True), strict=True)
    return (
        batch * sum(int(k) * (FINE_UNIT // int(count)) for count, k in different)
        <= n * n * FINE_UNIT
    )
