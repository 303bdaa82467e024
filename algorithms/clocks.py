"""Seconds per update, by formula or exact algorithm, for fixed times and preemption "cancel".

All functions are pure. h and kappa are arrays of shape (n,), seconds per gradient and per vector.
"""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from algorithms.afedpg import AFedPG
from algorithms.algorithm import Algorithm
from algorithms.fastest import Fastest
from algorithms.malenia import HarmonicCounts, Malenia
from algorithms.rennala import Rennala
from algorithms.ringmaster import Ringmaster
from algorithms.synchronous import Synchronous
from simulator import Vector


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
    version = [0] * len(h)
    made = 0
    for time, worker in completions(h + kappa):
        made += made - version[worker] < threshold
        version[worker] = made
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


def seconds_per_update(
    method: Algorithm, h: Vector, kappa: Vector, *, allreduce: bool = False
) -> tuple[float, str]:
    """Return a method's seconds per update in the long run, and the formula in words."""
    match method:
        case Synchronous():
            formula = "max h + max kappa" if allreduce else "max_i(h_i + kappa_i)"
            period = synchronous_round(h, kappa, allreduce=allreduce, timeout=method.timeout)
            return period, formula + (", or the timeout" if method.timeout else "")
        case Fastest():
            formula = "the same, among the m smallest h_i + kappa_i"
            return fastest_round(h, kappa, method.m, allreduce=allreduce), formula
        case Rennala():
            formula = "M-th of all k h_i, + max kappa" + ("" if allreduce else " of contributors")
            return rennala_round(h, kappa, method.batch, allreduce=allreduce), formula
        case Malenia():
            formula = "first k h_i with harmonic mean of M_i >= M/n, + max kappa"
            return malenia_round(h, kappa, method.batch), formula
        case AFedPG():
            return afedpg_interval(h, kappa), "1 / sum_i 1/(h_i + kappa_i)"
        case Ringmaster():
            formula = "arrivals with delay < R, over 10,000 updates"
            return ringmaster_interval(h, kappa, method.threshold), formula
    raise TypeError(f"no clock is known for {type(method).__name__}")


def update_times(
    method: Algorithm, h: Vector, kappa: Vector, number: int, *, allreduce: bool = False
) -> Vector:
    """Return when updates 1..number are made, by :func:`seconds_per_update`, shape (number,).

    The first update of methods with a batch takes M_init gradients.
    """
    period, _ = seconds_per_update(method, h, kappa, allreduce=allreduce)
    first = period
    if isinstance(method, Rennala | Malenia) and method.batch_init:
        initial = replace(method, batch=method.batch_init)
        first, _ = seconds_per_update(initial, h, kappa, allreduce=allreduce)
    return np.array([first + period * k for k in range(number)])
