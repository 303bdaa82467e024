"""What theory says: bounds, complexities, and the parameters to choose.

All functions are pure. h and kappa are arrays of shape (n,), seconds per gradient and per vector.
"The paper" is Tyurin, Spiridonov, Rudenko (ICLR 2026). It writes h'_i for seconds per environment
step; a gradient then takes h'_i / (1 - gamma) up to a logarithm, which is the h_i used here.
The seconds per update of each method are in :mod:`algorithms.theory.clocks`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulator import Vector


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


def truncation_horizon(discount: float, epsilon: float) -> int | None:
    """Return H with gamma^H <= epsilon: log(1/eps) / (1 - gamma) steps (the paper, Section 2).

    None where nothing is discounted.
    """
    if discount == 1:
        return None
    return max(1, math.ceil(math.log(1 / epsilon) / -math.log(discount)))


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
    Asynchronous PG, with steps that shrink with the delay, is not in the paper: it has the bound
    of asynchronous SGD in Tyurin and Richtarik (NeurIPS 2023), Table 1, with h_i + kappa_i for
    h_i, since its workers send each gradient.
    """
    n, k, e = len(h), float(kappa.max()), c.epsilon
    slowest, pooled = float(h.max()), float(n / (1 / h).sum())
    sending = float(n / (1 / (h + kappa)).sum()) - pooled
    pg, nigt = c.pg_rounds + c.pg_samples / n, c.rounds + c.samples / n
    return {
        "synchronous-pg": Complexity(slowest * pg, k * pg),
        "synchronous-nigt": Complexity(slowest * nigt, k * nigt, "at least"),
        "rennala-pg": Complexity(
            harmonic_cost(h, c.pg_rounds, c.pg_samples), k * c.pg_rounds, "Rennala PG/SGD"
        ),
        "asynchronous-pg": Complexity(pooled * pg, sending * pg, "delay-adaptive"),
        "afedpg": Complexity(
            pooled * (n ** (4 / 3) / e ** (7 / 3) + c.samples / n), k / e**3, "kappa: at least"
        ),
        "rennala-nigt": Complexity(
            harmonic_cost(h, c.rounds, c.samples), k * c.rounds, "Theorem 4.4"
        ),
    }


def heterogeneous_table(c: Constants, h: Vector, kappa: Vector) -> dict[str, Complexity]:
    """Return Table 2: workers have different environments, and all of them are needed.

    Ringleader is not in the paper: it has the bound of Maranjyan and Richtarik (ICLR 2026), which
    is Malenia's, with h_i + kappa_i for h_i, since its workers send each gradient.
    """
    n, k = len(h), float(kappa.max())
    slowest, mean = float(h.max()), float(h.mean())
    own = slowest * c.pg_rounds + mean * c.pg_samples / n
    sending = float((h + kappa).max()) * c.pg_rounds + float((h + kappa).mean()) * c.pg_samples / n
    pg, nigt = c.pg_rounds + c.pg_samples / n, c.rounds + c.samples / n
    return {
        "synchronous-pg": Complexity(slowest * pg, k * pg),
        "synchronous-nigt": Complexity(slowest * nigt, k * nigt, "at least"),
        "malenia-pg": Complexity(own, k * c.pg_rounds, "Malenia PG/SGD"),
        "ringleader-pg": Complexity(own, sending - own, "Ringleader ASGD"),
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
