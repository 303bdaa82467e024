"""From real workers to a scenario: what gradients, vectors and updates really take."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scenarios.results.sheet import Sheet
from scenarios.studies.censored import survival
from scenarios.studies.tuning.edit import inline
from simulator import Vector
from simulator.hardware.hardware import Preemption
from simulator.hardware.network import BYTES_PER_COORDINATE
from simulator.race.links import Links
from simulator.race.race import Race
from simulator.types import Truths

STEADY = 0.01
"""A coefficient of variation below which times count as fixed."""

TINY = 1e-9
"""Seconds that the length of a vector takes at least: bandwidths are finite."""

NOTICED = 0.05
"""A share of a vector's seconds below which its length is left out of a link."""


@dataclass(frozen=True)
class Spread:
    """The named distribution of mean one that is nearest to what was measured.

    Attributes:
        name: of a scenario's ``random`` table; None: the times are fixed.
        cv: standard deviation over mean.
        distance: Kolmogorov and Smirnov's: the largest difference of the distribution functions.
    """

    name: str | None
    cv: float
    distance: float

    @property
    def table(self) -> dict[str, object] | None:
        """The ``random`` table of a scenario."""
        if self.name is None:
            return None
        cv = {} if self.name == "exponential" else {"cv": float(f"{self.cv:.4g}")}
        return {"distribution": self.name, **cv}


def nearest(factors: Vector) -> Spread:
    """Return the distribution nearest to ``factors``, shape (m,), whose mean is about one."""
    from scipy import stats  # noqa: PLC0415 - takes a second

    cv = float(factors.std(ddof=1) / factors.mean()) if len(factors) > 1 else 0.0
    if cv < STEADY:
        return Spread(None, cv, 0.0)
    sigma = np.sqrt(np.log1p(cv**2))
    known = {
        "exponential": stats.expon(),
        "lognormal": stats.lognorm(sigma, scale=np.exp(-(sigma**2) / 2)),
        "gamma": stats.gamma(cv**-2, scale=cv**2),
    }
    if cv < 3**-0.5:
        known["uniform"] = stats.uniform(1 - 3**0.5 * cv, 2 * 3**0.5 * cv)
    distances = {n: float(stats.kstest(factors, d.cdf).statistic) for n, d in known.items()}
    name = min(distances, key=distances.__getitem__)
    return Spread(name, cv, distances[name])


@dataclass(frozen=True)
class Calibration:
    """What real workers take.

    Attributes:
        compute: shape (n,), mean seconds of a gradient, or per environment step, with those of an
            order at a lookahead that the worker has.
        downlink: shape (n,), mean seconds that an order takes longer, from it to the news of its
            gradient, where the lookahead is new.
        spread: of single gradients around their worker's mean.
        uplink: shape (n,), mean seconds of a vector; of all workers, where one sent none.
        update: median seconds of the server's work for an update.
        per_step: whether times are per environment step.
        gradients: how many were measured whole.
        links: what of ``uplink`` and ``downlink`` is due to a vector's length; None: not measured.
        preemption: the scenario's own rule.
        cancelled: how many more were measured until they were cancelled.
        order: mean seconds of an order at a lookahead that its worker has; part of ``compute``.
    """

    compute: Vector
    downlink: Vector
    spread: Spread
    uplink: Vector
    update: float
    per_step: bool
    gradients: int
    links: Links | None = None
    preemption: Preemption = "cancel"
    cancelled: int = 0
    order: float = 0.0

    def tables(self) -> dict[str, object]:
        """Return what a scenario says of its cluster, by key.

        What the measured seconds contain is not to be simulated once more, and a race has no cost
        of cancelling.
        """
        compute: dict[str, object] = {"model": "explicit", "seconds": _short(self.compute)}
        if self.per_step:
            compute["per"] = "step"
        if self.spread.table is not None:
            compute["random"] = self.spread.table
        up, down = (self.links.uplink, self.links.downlink) if self.links else (None, None)
        if down is not None:  # a share of whole orders
            longer = np.maximum(self.downlink, TINY)
            down = np.minimum(down * (self.order + longer) / longer, 1.0)
        return {
            "compute": compute,
            "uplink": self._link(self.uplink, up),
            "downlink": self._link(self.downlink, down),
            "topology": "ideal",
            "server": {"update": float(f"{self.update:.4g}"), "receive": 0.0},
            "preemption": self.preemption,
        }

    def _link(self, seconds: Vector, share: Vector | None) -> dict[str, object]:
        """Return the table of a link, which takes ``seconds`` (n,) for vectors of this length."""
        if share is None or self.links is None or np.median(share) < NOTICED:
            return {"model": "explicit", "seconds": _short(seconds)}
        size = BYTES_PER_COORDINATE * self.links.dimension
        bandwidth = size / np.maximum(share * seconds, TINY)
        return {
            "model": "link",
            "latency": _short((1 - share) * seconds),
            "bandwidth": _short(bandwidth),
        }

    def sheet(self, title: str) -> Sheet:
        """Return the table to be read."""
        unit = "step" if self.per_step else "gradient"
        header = ("worker", f"s per {unit}", "s per new lookahead", "s per vector")
        rows = [
            (str(k), f"{h:.4g}", f"{order:.4g}", f"{kappa:.4g}")
            for k, (h, order, kappa) in enumerate(
                zip(self.compute, self.downlink, self.uplink, strict=True)
            )
        ]
        return Sheet(f"{title}: {self.gradients} gradients on real workers", header, rows)

    def _shares(self) -> list[tuple[str, Vector]]:
        if self.links is None:
            return []
        return [
            ("a vector's seconds", self.links.uplink),
            ("an order's seconds", self.links.downlink),
        ]

    def lines(self) -> Iterator[str]:
        """Yield what is the same for all workers."""
        if self.cancelled:
            yield f"{self.cancelled} more were cancelled: counted as longer than they ran"
        if self.spread.name is None:
            yield f"gradients vary by {self.spread.cv:.1%}: taken as fixed"
        else:
            yield (
                f"gradients vary by {self.spread.cv:.0%}, nearest to {self.spread.name} "
                f"(Kolmogorov-Smirnov distance {self.spread.distance:.2f})"
            )
        for what, share in self._shares():
            yield f"of {what} {np.median(share):.0%} is due to its length, the rest is latency"
        yield f"the server takes {self.update:.4g} s for an update"


def calibration(
    race: Race,
    workers: int,
    *,
    per_step: bool,
    links: Links | None = None,
    preemption: Preemption = "cancel",
    downloads: bool = True,
) -> Calibration:
    """Return what a race on the hardware as it is says of it.

    Args:
        race: in which every worker has computed a gradient.
        workers: the number n.
        per_step: times are to be per environment step.
        links: what was measured of them alone.
        preemption: the scenario's own rule.
        downloads: whether lookaheads are downloaded; after an all-reduce they are not.

    Raises:
        ValueError: a worker has computed none.
    """
    every = np.array(race.measured.gradients, dtype=np.float64).reshape(-1, 5)
    every = _warm(every, np.isfinite(every[:, 2]))
    if not downloads:
        every[:, 4] = 0
    every, orders, always = _with_orders(every, workers)
    rows = every[np.isfinite(every[:, 2])]
    who, own, steps = rows[:, 0].astype(int), rows[:, 1], rows[:, 3]
    silent = sorted({*range(workers)} - {*who.tolist()})
    if silent:
        raise ValueError(f"worker {silent[0]} has computed no gradient")
    if per_step:
        compute = np.bincount(who, own, workers) / np.bincount(who, steps, workers)
        factors = own / steps / compute[who]
    else:
        compute, factors = _whole(every, workers)
    vectors = np.array(race.measured.vectors).reshape(-1, 2)
    vectors = _warm(vectors, np.ones(len(vectors), dtype=bool))
    mean = float(vectors[:, 1].mean()) if len(vectors) else 0.0
    senders = vectors[:, 0].astype(int)
    counts = np.bincount(senders, minlength=workers)
    sums = np.bincount(senders, vectors[:, 1], workers)
    return Calibration(
        compute=compute,
        downlink=orders,
        spread=nearest(factors),
        uplink=np.where(counts > 0, sums / np.maximum(counts, 1), mean),
        update=float(np.median(race.measured.updates)) if race.measured.updates else 0.0,
        per_step=per_step,
        gradients=len(rows),
        links=links,
        preemption=preemption,
        cancelled=0 if per_step else len(every) - len(rows),
        order=always,
    )


def _with_orders(rows: Vector, workers: int) -> tuple[Vector, Vector, float]:
    """Count an order at a lookahead that its worker has as computing, which each gradient takes.

    Returns:
        The rows with it; how much longer an order takes where the lookahead is new, shape (n,); and
        what it takes always.
    """
    whole = np.isfinite(rows[:, 2])
    new, takes = whole & (rows[:, 4] == 1), rows[:, 2] - rows[:, 1]
    known = whole & (rows[:, 4] == 0)
    always = float(takes[known].mean()) if known.any() else 0.0
    who = rows[new, 0].astype(int)
    counts, sums = np.bincount(who, minlength=workers), np.bincount(who, takes[new], workers)
    mean = float(takes[new].mean()) if new.any() else always
    longer = np.where(counts > 0, sums / np.maximum(counts, 1), mean) - always
    with_it = rows.copy()
    with_it[:, 1] += always
    return with_it, np.maximum(longer, 0.0), always


def _whole(rows: Vector, workers: int) -> tuple[Vector, Vector]:
    """Return the mean seconds of each worker's gradients, shape (n,), and factors around them.

    Long gradients are cancelled more often: a mean of the others would be too short.
    """
    who, seconds, cancelled = rows[:, 0].astype(int), rows[:, 1], np.isinf(rows[:, 2])
    own = [survival(seconds[who == k], cancelled[who == k]) for k in range(workers)]
    compute = np.array([times.mean for times in own])
    return compute, survival(seconds / compute[who], cancelled).quantiles(len(rows))


def _warm(rows: Vector, done: Truths) -> Vector:
    """Return what was measured, without the first of each worker, who begins cold.

    Args:
        rows: shape (m, ...), a worker first.
        done: shape (m,), which are whole; the only whole one of a worker is not left out.
    """
    workers, first = np.unique(rows[:, 0], return_index=True)
    several = [np.count_nonzero(done[rows[:, 0] == worker]) > 1 for worker in workers]
    return np.delete(rows, first[np.array(several, dtype=bool)], axis=0)


def text(base: Path, target: Path, found: Calibration, command: str) -> str:
    """Return a scenario file that differs from ``base`` in its cluster's times.

    Args:
        base: the scenario's file.
        target: the file that it will be.
        found: what was measured.
        command: what measured it.
    """
    where = os.path.relpath(base.resolve(), target.resolve().parent)
    said = command if command.isprintable() else repr(command)
    lines = [f"# Measured by `{said}`", *(f"# {line}" for line in found.lines())]
    lines += [f"base = {inline(where)}", "", "[cluster]"]
    lines += [f"{key} = {inline(value)}" for key, value in found.tables().items()]
    lines += ["ingress = {}", "failures = {}"]
    return "\n".join(lines) + "\n"


def _short(seconds: Vector) -> list[float]:
    return [float(f"{value:.4g}") for value in seconds]
