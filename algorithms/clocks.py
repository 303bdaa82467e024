"""Seconds per update, by formula or exact algorithm, for fixed times and preemption "cancel".

Each method says in its ``clock`` which of them is its own. All functions are pure; h and kappa are
arrays of shape (n,), seconds per gradient and per vector.
"""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from algorithms.harmonic import HarmonicCounts
from simulator import Vector


@dataclass(frozen=True)
class Clock:
    """When a method's updates are predicted.

    Attributes:
        period: simulated seconds per update in the long run.
        formula: it in words.
        first: simulated seconds until the first update; ``period`` if None.
    """

    period: float
    formula: str
    first: float | None = None

    def times(self, number: int) -> Vector:
        """Return the simulated seconds at which updates 1..number are made, shape (number,)."""
        first = self.period if self.first is None else self.first
        return np.array([first + self.period * k for k in range(number)])


def synchronous_round(
    h: Vector, kappa: Vector, *, allreduce: bool = False, timeout: float | None = None
) -> float:
    """Return max_i(h_i + kappa_i), or max h + max kappa (the paper, Section 1).

    With a timeout, computing ends then (but not before the first gradient), without the late.
    """
    if timeout is not None and h.max() > (end := max(timeout, float(h.min()))):
        in_time = h <= end
        if allreduce:
            return end + float(kappa.max())
        return max(end, float((h + kappa)[in_time].max()))
    return float(h.max() + kappa.max() if allreduce else (h + kappa).max())


def fastest_round(h: Vector, kappa: Vector, m: int, *, allreduce: bool = False) -> float:
    """Return the synchronous round among the m workers with the smallest h_i + kappa_i."""
    chosen = np.argsort(h + kappa, kind="stable")[:m]
    return synchronous_round(h[chosen], kappa[chosen], allreduce=allreduce)


def rennala_round(h: Vector, kappa: Vector, batch: int, *, allreduce: bool = False) -> float:
    """Return the time of the M-th completion plus the reduce, exactly (Algorithm 2)."""
    first = list(itertools.islice(completions(h), batch))
    contributed = sorted({worker for _, worker in first})
    return first[-1][0] + float(kappa.max() if allreduce else kappa[contributed].max())


def malenia_round(h: Vector, kappa: Vector, batch: int) -> float:
    """Return when the harmonic condition holds, plus max kappa, exactly (Algorithm 3)."""
    counts = HarmonicCounts(len(h), batch)
    for time, worker in completions(h):
        counts.add(worker)
        if counts.enough:
            return time + float(kappa.max())
    raise AssertionError


def afedpg_interval(h: Vector, kappa: Vector) -> float:
    """Return the mean seconds between arrivals, (sum_i 1/(h_i + kappa_i))^-1."""
    return float(1 / (1 / (h + kappa)).sum())


def ringmaster_interval(h: Vector, kappa: Vector, threshold: int, updates: int = 10_000) -> float:
    """Return the mean seconds between updates over the first ``updates`` of them, exactly.

    Maranjyan, Tyurin, Richtarik (2025), Algorithm 1; which arrivals are dropped has no closed form.
    """
    sent = [0] * len(h)  # the update of each worker's lookahead
    made = 0
    for time, worker in completions(h + kappa):
        made += made - sent[worker] < threshold
        sent[worker] = made
        if made == updates:
            return time / made
    raise AssertionError


def completions(h: Vector) -> Iterator[tuple[float, int]]:
    """Yield (time, worker) of all completions of workers that never stop, in order."""
    queue = [(float(seconds), worker) for worker, seconds in enumerate(h)]
    heapq.heapify(queue)
    while True:
        time, worker = queue[0]
        yield time, worker
        heapq.heapreplace(queue, (time + float(h[worker]), worker))
