"""Seconds per update, by formula or exact algorithm, for fixed times and preemption "cancel".

Each method says in its ``clock`` which of them is its own. All functions are pure; h and kappa are
arrays of shape (n,), seconds per gradient and per vector.

Completions are counted one by one, as the cluster does it, up to a bound; the end of longer rounds
is found by bisection, up to rounding. So a clock takes seconds, whatever h and the batch.
"""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from algorithms.theory.harmonic import HarmonicCounts, suffice
from simulator import Vector

ONE_BY_ONE = 100_000
"""Completions of a round that are counted one by one."""

MOST_ARRIVALS = 1_000_000
"""And stops, over which Ringmaster's updates are counted."""

LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True)
class Clock:
    """When a method's updates are predicted.

    Attributes:
        period: simulated seconds per update in the long run.
        formula: it in words.
        first: simulated seconds until the first update; ``period`` if None.
        updates: yields when each update is made, where they do not come once a ``period``.
    """

    period: float
    formula: str
    first: float | None = None
    updates: Callable[[], Iterator[float]] | None = None

    def after(self, seconds: float) -> "Clock":
        """Return the clock of the same rounds, each of which ends ``seconds`` later."""
        first = None if self.first is None else self.first + seconds
        return Clock(self.period + seconds, f"{self.formula}, + {seconds:g}", first)

    def times(self, number: int) -> Vector:
        """Return the simulated seconds at which updates 1..number are made, shape (number,)."""
        if self.updates is not None:
            return np.fromiter(itertools.islice(self.updates(), number), np.float64, number)
        first = self.period if self.first is None else self.first
        return np.array([first + self.period * k for k in range(number)])


def synchronous_round(
    h: Vector,
    kappa: Vector,
    *,
    allreduce: bool = False,
    timeout: float | None = None,
    backup: int = 0,
) -> float:
    """Return max_i(h_i + kappa_i), or max h + max kappa (the paper, Section 1).

    With b backup workers (Chen et al., 2016), the largest b of h_i + kappa_i, or of h_i, are left
    out. With a timeout, computing ends then (but not before the first gradient), without the late.
    """
    last = max(len(h) - backup, 1) - 1
    computed = float(np.sort(h)[last])
    if timeout is not None and computed > (end := max(timeout, float(h.min()))):
        in_time = h <= end
        if allreduce:
            return end + float(kappa.max())
        return max(end, float((h + kappa)[in_time].max()))
    return computed + float(kappa.max()) if allreduce else float(np.sort(h + kappa)[last])


def fastest_round(h: Vector, kappa: Vector, m: int, *, allreduce: bool = False) -> float:
    """Return the synchronous round among the m workers with the smallest h_i + kappa_i."""
    chosen = np.argsort(h + kappa, kind="stable")[:m]
    return synchronous_round(h[chosen], kappa[chosen], allreduce=allreduce)


def rennala_round(h: Vector, kappa: Vector, batch: int, *, allreduce: bool = False) -> float:
    """Return the time of the M-th completion plus the reduce (Algorithm 2)."""
    if batch <= ONE_BY_ONE:
        first = list(itertools.islice(completions(h), batch))
        end, contributed = first[-1][0], np.unique([worker for _, worker in first])
    else:
        end = first_time(h, lambda counts: bool(counts.sum() >= batch))
        contributed = np.flatnonzero(_are_used(h, end, batch))
    return end + float(kappa.max() if allreduce else kappa[contributed].max())


def _are_used(h: Vector, end: float, batch: int) -> np.ndarray:
    """Return whose completions are among the first M, the last of which is at ``end``; shape (n,).

    Of those who complete one just then, the first by number are used, until there are M.
    """
    earlier, counts = _counts(h, math.nextafter(end, 0.0)), _counts(h, end)
    late = np.cumsum(counts - earlier) - (counts - earlier)
    used: np.ndarray = (earlier > 0) | ((counts > 0) & (late < batch - earlier.sum()))
    return used


def malenia_round(h: Vector, kappa: Vector, batch: int) -> float:
    """Return when the harmonic condition holds, plus max kappa (Algorithm 3)."""
    counts = HarmonicCounts(len(h), batch)
    for time, worker in itertools.islice(completions(h), ONE_BY_ONE):
        counts.add(worker)
        if counts.enough:
            return time + float(kappa.max())
    return first_time(h, lambda counts: suffice(counts, batch)) + float(kappa.max())


def first_time(h: Vector, enough: Callable[[Vector], bool]) -> float:
    """Return the first time at which completions suffice, inf if there is none.

    Args:
        h: shape (n,), seconds per gradient; inf: never one.
        enough: whether the numbers of completions, shape (n,), suffice; if so, more do.
    """
    low, high = 0.0, float(h[np.isfinite(h)].max(initial=0.0))

    while not enough(_counts(h, high)):
        low, high = high, 2 * high
        if high in {0.0, math.inf}:
            return math.inf
    while low < (middle := low + (high - low) / 2) < high:
        low, high = (low, middle) if enough(_counts(h, middle)) else (middle, high)
    return high


def _counts(h: Vector, time: float) -> Vector:
    """Return how many gradients each worker has completed by a time, shape (n,)."""
    with np.errstate(over="ignore"):
        counts: Vector = np.floor(np.minimum(time / h, LARGEST))
    return counts


def afedpg_interval(h: Vector, kappa: Vector) -> float:
    """Return the mean seconds between arrivals, (sum_i 1/(h_i + kappa_i))^-1."""
    return float(1 / (1 / (h + kappa)).sum())


def mean_interval(arrivals: Iterator[tuple[float, bool]], updates: int = 10_000) -> float:
    """Return the mean seconds between updates over the first ``updates``, or a million arrivals.

    Which arrivals Ringmaster and Ringleader use has no closed form. NaN: they make none.
    """
    made, latest = 0, math.nan
    for time, used in itertools.islice(arrivals, MOST_ARRIVALS):
        made, latest = made + used, time
        if made == updates:
            break
    return latest / made if made else math.nan


def arrivals(
    h: Vector, kappa: Vector, threshold: float = math.inf, *, stops: bool = False
) -> Iterator[tuple[float, bool]]:
    """Yield the time of each arrival or stop, and whether it makes an update.

    Args:
        h: shape (n,).
        kappa: shape (n,).
        threshold: R of Ringmaster: an arrival with this delay makes none; AFedPG has no such.
        stops: a task whose delay has become R while it was computed begins anew.
    """
    seconds, uploads = h.tolist(), kappa.tolist()
    made = 0
    queue: list[tuple[float, int, float]] = []  # (arrival, worker, end of computing)
    ends, sent = [0.0] * len(h), [0] * len(h)  # of each worker's task; the update it began at
    begun: deque[tuple[int, int]] = deque()  # (update, worker) of tasks, oldest first

    def begin(worker: int, time: float) -> None:
        ends[worker], sent[worker] = time + seconds[worker], made  # rounded as in a simulation
        heapq.heappush(queue, (ends[worker] + uploads[worker], worker, ends[worker]))
        if stops:
            begun.append((made, worker))

    for worker in range(len(h)):
        begin(worker, 0.0)
    while True:
        time, worker, end = heapq.heappop(queue)
        if end != ends[worker]:
            continue  # it was stopped
        used = made - sent[worker] < threshold
        made += used
        yield time, used
        begin(worker, time)
        while begun and made - begun[0][0] >= threshold:
            update, late = begun.popleft()
            if sent[late] == update and (ends[late], late) > (time, worker):
                begin(late, time)
                yield time, False


def turns(h: Vector, kappa: Vector) -> Iterator[tuple[float, bool]]:
    """Yield the time of each of Ringleader's arrivals, and whether it makes an update.

    Maranjyan and Richtarik (ICLR 2026), Algorithm 1. What comes early is not counted here: its
    worker is so fast that it comes again before the last one does.
    """
    everyone = frozenset(range(len(h)))
    present, left = set[int](), frozenset[int]()
    for time, worker in completions(h, kappa):
        if not left:
            present.add(worker)
        used = worker in left or present == everyone
        if used:
            left, present = (left or everyone) - {worker}, set()
        yield time, used


def completions(h: Vector, kappa: Vector | None = None) -> Iterator[tuple[float, int]]:
    """Yield (time, worker) of all completions of workers that never stop, in order.

    With ``kappa``, of all arrivals of workers that send each gradient before they go on.
    """
    uploads = [0.0] * len(h) if kappa is None else kappa.tolist()
    own = list(zip(h.tolist(), uploads, strict=True))
    queue = [(seconds + sending, worker) for worker, (seconds, sending) in enumerate(own)]
    heapq.heapify(queue)
    while True:
        time, worker = queue[0]
        yield time, worker
        seconds, sending = own[worker]
        heapq.heapreplace(queue, (time + seconds + sending, worker))  # rounded as in a simulation
