"""Malenia's condition on the counts of gradients."""

import math


class HarmonicCounts:
    """Malenia's condition (1/n sum_i 1/M_i)^-1 >= M/n, that is M sum_i 1/M_i <= n^2, exactly.

    The sum is kept as an integer, in units of one over the least common multiple of 1..K for
    the largest count K so far (K doubles when it is passed). A completion costs a fixed number
    of integer operations, whatever n.

    Args:
        workers: n.
        batch: M.
    """

    def __init__(self, workers: int, batch: int) -> None:
        self._counts = [0] * workers
        self._without = workers  # workers with M_i = 0, whose 1/M_i is infinite
        self._batch = batch
        self._largest = 16
        self._unit = math.lcm(*range(1, self._largest + 1))
        self._sum = 0  # sum_i 1/M_i over M_i > 0, times the unit

    def __getitem__(self, worker: int) -> int:
        """Return M_i."""
        return self._counts[worker]

    @property
    def enough(self) -> bool:
        """Whether the condition holds; it implies that every M_i >= 1."""
        n = len(self._counts)
        return self._without == 0 and self._batch * self._sum <= n * n * self._unit

    def add(self, worker: int) -> None:
        """Count one more gradient of ``worker``."""
        count = self._counts[worker] + 1
        self._counts[worker] = count
        if count > self._largest:
            finer = math.lcm(self._unit, *range(self._largest + 1, 2 * self._largest + 1))
            self._sum *= finer // self._unit
            self._unit, self._largest = finer, 2 * self._largest
        if count == 1:
            self._without -= 1
            self._sum += self._unit
        else:
            self._sum += self._unit // count - self._unit // (count - 1)
