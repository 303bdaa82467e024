"""How old gradients are when they are used or discarded, by worker."""

from dataclasses import dataclass

import numpy as np

from simulator.types import Indices

WORKER, DELAY = 33, 1
"""A count's key is one integer: worker from this bit on, delay from that, 1 if it was used."""

FEW = 1 << 16
"""Keys that are kept before they are counted."""


@dataclass(frozen=True)
class Staleness:
    """Gradients by worker and delay, in this order: a row for each pair that occurred.

    Attributes:
        worker: shape (k,), from 0.
        delay: shape (k,), updates between dispatch and use, or discarding.
        used: shape (k,), how many gradients were used.
        discarded: shape (k,), how many were completed or begun, and discarded.
    """

    worker: Indices
    delay: Indices
    used: Indices
    discarded: Indices

    def by_worker(self, counts: Indices, workers: int) -> Indices:
        """Return the sums of ``used`` or ``discarded`` of workers 0 to n - 1, shape (n,)."""
        return np.bincount(self.worker, counts, workers).astype(np.int64)

    def summary(self) -> dict[str, float | None]:
        """Return median and 95% quantile of delays used, and how many workers are heard.

        ``workers_heard`` is an effective number, 1 / sum_i p_i^2, with p_i the share of the used
        gradients that are worker i's: n if all have the same share, 1 if one worker has all.
        """
        total = int(self.used.sum())
        if not total:
            return {"delay_median": None, "delay_q95": None, "workers_heard": None}
        share = np.bincount(self.worker, self.used) / total
        return {
            "delay_median": quantile(self.delay, self.used, 50),
            "delay_q95": quantile(self.delay, self.used, 95),
            "workers_heard": 1 / float(share @ share),
        }


def quantile(delays: Indices, counts: Indices, percent: int) -> float:
    """Return the smallest delay that at least so many percent of the gradients do not exceed.

    Args:
        delays: shape (k,).
        counts: shape (k,), gradients that have each; at least one in all.
        percent: of them.
    """
    order = np.argsort(delays, kind="stable")
    upto = np.cumsum(counts[order])
    return float(delays[order][np.searchsorted(100 * upto, percent * upto[-1])])


class DelayCounts:
    """Counts gradients by worker and delay, in memory for the pairs that occurred.

    Args:
        workers: the number n of workers.
    """

    def __init__(self, workers: int) -> None:
        self._stopped: Indices = np.zeros(workers, dtype=np.int64)  # discarded with delay 0
        self._new: list[int] = []  # not counted yet
        self._keys: Indices = np.empty(0, dtype=np.int64)
        self._counts: Indices = np.empty(0, dtype=np.int64)

    def use(self, worker: int, delay: int) -> None:
        """Count a gradient as used."""
        self._new.append((worker << WORKER) + (delay << DELAY) + 1)
        self._count_if_many()

    def discard(self, worker: int, delay: int) -> None:
        """Count a gradient as discarded."""
        self._new.append((worker << WORKER) + (delay << DELAY))
        self._count_if_many()

    def discard_many(self, workers: Indices, delays: Indices) -> None:
        """Count a gradient of each of ``workers`` as discarded: with their delays, shape (m,)."""
        late = np.flatnonzero(delays)  # of what a round stops, none is
        self._stopped[workers[delays == 0]] += 1
        workers, delays = workers[late], delays[late]
        self._new += ((workers << WORKER) + (delays << DELAY)).tolist()
        self._count_if_many()

    def table(self) -> Staleness:
        """Return all that was counted."""
        self._count()
        stopped = np.flatnonzero(self._stopped)
        keys = np.concatenate([self._keys, stopped << WORKER])
        counts = np.concatenate([self._counts, self._stopped[stopped]])
        pairs, row = np.unique(keys >> DELAY, return_inverse=True)
        was_used = (keys & 1).astype(bool)
        used, discarded = (
            np.bincount(row[kind], counts[kind], len(pairs)).astype(np.int64)
            for kind in (was_used, ~was_used)
        )
        bits = WORKER - DELAY
        return Staleness(pairs >> bits, pairs & ((1 << bits) - 1), used, discarded)

    def _count_if_many(self) -> None:
        if len(self._new) > max(FEW, len(self._keys)):
            self._count()

    def _count(self) -> None:
        keys = np.concatenate([self._keys, np.array(self._new, dtype=np.int64)])
        counts = np.concatenate([self._counts, np.ones(len(self._new), dtype=np.int64)])
        self._keys, row = np.unique(keys, return_inverse=True)
        self._counts = np.bincount(row, counts, len(self._keys)).astype(np.int64)
        self._new.clear()
