"""What theory says: seconds per update, bounds, complexities, and the parameters to choose.

All functions are pure. h and kappa are arrays of shape (n,), seconds per gradient and per vector.
"The paper" is Tyurin, Spiridonov, Rudenko (ICLR 2026). It writes h'_i for seconds per environment
step; a gradient then takes h'_i / (1 - gamma) up to a logarithm, which is the h_i used here.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from algorithms.afedpg import AFedPG
from algorithms.algorithm import Algorithm
from algorithms.fastest import Fastest
from algorithms.malenia import HarmonicCounts, Malenia
from algorithms.rennala import Rennala
from algorithms.ringmaster import Ringmaster
from algorithms.synchronous import Synchronous
from simulator import Vector

# Seconds per update, for fixed times and preemption "cancel"


def synchronous_round(h: Vector, kappa: Vector, *, allreduce: bool = False) -> float:
    """Return max_i(h_i + kappa_i), or max h + max kappa (the paper, Section 1)."""
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
            return synchronous_round(h, kappa, allreduce=allreduce), formula
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


def rennala_bound(h: Vector, batch: int) -> float:
    """Return min_m 2 (sum_{i<=m} 1/h_(i))^-1 (M + m), h sorted: no Rennala round computes longer.

    Tyurin and Richtarik (NeurIPS 2023), Theorem 7.4; the paper, Section 4.
    """
    h = np.sort(h)
    m = np.arange(1, len(h) + 1)
    return float((2 * (batch + m) / np.cumsum(1 / h)).min())


# Complexities: seconds until E|grad J| <= epsilon, up to constants and logarithms


@dataclass(frozen=True)
class Constants:
    """What the complexities depend on besides the cluster.

    Attributes:
        epsilon: the gradient norm to reach.
        sigma: standard deviation of a stochastic gradient.
        smoothness: L_g, the Lipschitz constant of the gradient.
        hessian: L_h, the Lipschitz constant of the Hessian.
        gap: Delta = J* - J(theta_0).
    """

    epsilon: float
    sigma: float = 1.0
    smoothness: float = 1.0
    hessian: float = 1.0
    gap: float = 1.0

    @property
    def rounds(self) -> float:
        """L_g Delta / eps^2 + sqrt(L_h) Delta / eps^(3/2): updates without noise (Theorem 4.4)."""
        e = self.epsilon
        return self.smoothness * self.gap / e**2 + math.sqrt(self.hessian) * self.gap / math.pow(
            e, 1.5
        )

    @property
    def samples(self) -> float:
        """sigma^2 / eps^2 + sigma^2 sqrt(L_h) Delta / eps^(7/2): gradients (Theorem 4.4)."""
        e = self.epsilon
        return self.sigma**2 * (1 / e**2 + math.sqrt(self.hessian) * self.gap / math.pow(e, 3.5))

    @property
    def pg_rounds(self) -> float:
        """L_g Delta / eps^2: updates of plain policy gradient without noise."""
        return self.smoothness * self.gap / self.epsilon**2

    @property
    def pg_samples(self) -> float:
        """sigma^2 L_g Delta / eps^4: gradients of plain policy gradient."""
        return self.sigma**2 * self.smoothness * self.gap / self.epsilon**4


def truncation_horizon(discount: float, epsilon: float) -> int:
    """Return H with gamma^H <= epsilon: log(1/eps) / (1 - gamma) steps (the paper, Section 2)."""
    return max(1, math.ceil(math.log(1 / epsilon) / -math.log(discount))) if discount < 1 else 1


def harmonic_cost(h: Vector, rounds: float, samples: float) -> float:
    """Return min_m (1/m sum_{i<=m} 1/h_(i))^-1 (rounds + samples/m), h sorted (Theorem 4.2)."""
    h = np.sort(h)
    m = np.arange(1, len(h) + 1)
    return float((m / np.cumsum(1 / h) * (rounds + samples / m)).min())


@dataclass(frozen=True)
class Complexity:
    """One row of a table of the paper, in simulated seconds.

    Attributes:
        computation: seconds spent computing.
        communication: seconds spent communicating, with kappa = max kappa_i.
        note: what the numbers are.
    """

    computation: float
    communication: float
    note: str = ""

    @property
    def total(self) -> float:
        """Their sum."""
        return self.computation + self.communication


def homogeneous_table(c: Constants, h: Vector, kappa: Vector) -> dict[str, Complexity]:
    """Return Table 1: all workers have the same environment.

    For AFedPG and synchronous NIGT the paper gives the dependence on epsilon and n only; there
    Delta, L_g, L_h enter as in the other rows where the power of epsilon is the same.
    """
    n, k, e = len(h), float(kappa.max()), c.epsilon
    slowest, pooled = float(h.max()), float(n / (1 / h).sum())
    pg, nigt = c.pg_rounds + c.pg_samples / n, c.rounds + c.samples / n
    return {
        "synchronous-pg": Complexity(slowest * pg, k * pg),
        "synchronous-nigt": Complexity(slowest * nigt, k * nigt, "at least"),
        "rennala-pg": Complexity(
            harmonic_cost(h, c.pg_rounds, c.pg_samples), k * c.pg_rounds, "Rennala PG/SGD"
        ),
        "afedpg": Complexity(
            pooled * (n ** (4 / 3) / e ** (7 / 3) + c.samples / n), k / e**3, "kappa: at least"
        ),
        "rennala-nigt": Complexity(
            harmonic_cost(h, c.rounds, c.samples), k * c.rounds, "Theorem 4.4"
        ),
    }


def heterogeneous_table(c: Constants, h: Vector, kappa: Vector) -> dict[str, Complexity]:
    """Return Table 2: workers have different environments, and all of them are needed."""
    n, k = len(h), float(kappa.max())
    slowest, mean = float(h.max()), float(h.mean())
    pg, nigt = c.pg_rounds + c.pg_samples / n, c.rounds + c.samples / n
    return {
        "synchronous-pg": Complexity(slowest * pg, k * pg),
        "synchronous-nigt": Complexity(slowest * nigt, k * nigt, "at least"),
        "malenia-pg": Complexity(
            slowest * c.pg_rounds + mean * c.pg_samples / n, k * c.pg_rounds, "Malenia PG/SGD"
        ),
        "malenia-nigt": Complexity(
            slowest * c.rounds + mean * c.samples / n, k * c.rounds, "Theorem 5.1"
        ),
    }


TABLES: dict[str, Callable[[Constants, Vector, Vector], dict[str, Complexity]]] = {
    "homogeneous": homogeneous_table,
    "heterogeneous": heterogeneous_table,
}
"""Table 1 and Table 2 of the paper."""


@dataclass(frozen=True)
class Choice:
    """Parameters of NIGT with which the error terms of Lemma D.2 are of the order of epsilon.

    Attributes:
        batch: M.
        batch_init: M_init.
        momentum: eta.
        step_size: alpha.
    """

    batch: int
    batch_init: int
    momentum: float
    step_size: float


def choose_parameters(c: Constants) -> Choice:
    """Return M, M_init, eta and alpha for Rennala or Malenia NIGT, up to constants.

    Lemma D.2 bounds the direction's error by (1-eta)^t sigma/sqrt(M_init) + sqrt(eta/M) sigma +
    2 L_h alpha^2/eta^2, Lemma D.1 adds L_g alpha/2. Each is at most of the order of epsilon for

        eta    = min(1, max(sqrt(L_h eps)/L_g, eps^2/sigma^2)),     M = sigma^2 eta / eps^2,
        alpha  = min(eps/L_g, eta sqrt(eps/L_h)),              M_init = sigma^2 / eps^2,

    and with the smallest such eta that leaves the updates Delta/(alpha eps) of the order of
    Theorem 4.4's communication rounds. T(M) = updates times M then is Theorem 4.4's samples.
    """
    e, variance = c.epsilon, c.sigma**2
    by_rounds = math.sqrt(c.hessian * e) / c.smoothness
    by_noise = e**2 / variance if variance else 1.0
    momentum = min(1.0, max(by_rounds, by_noise))
    by_hessian = momentum * math.sqrt(e / c.hessian) if c.hessian else math.inf
    return Choice(
        batch=max(1, math.ceil(variance * momentum / e**2)),
        batch_init=max(1, math.ceil(variance / e**2)),
        momentum=momentum,
        step_size=min(e / c.smoothness, by_hessian),
    )
