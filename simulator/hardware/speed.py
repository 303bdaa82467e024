"""Speeds that change over simulated time; work is conserved across changes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.types import Indices, Vector


@dataclass(frozen=True)
class Profile:
    """A piecewise constant speed.

    Attributes:
        times: shape (k,), seconds at which a speed begins, ascending from 0.
        speeds: shape (k,), at least 0; the last one lasts for ever, or until the period ends.
        period: seconds after which it all begins anew, later than the last time; inf: never.
    """

    times: Vector
    speeds: Vector
    period: float = math.inf
    _work: Vector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        gained = self.speeds[:-1] * np.diff(self.times)
        object.__setattr__(self, "_work", np.concatenate([[0.0], np.cumsum(gained)]))

    def work(self, until: Vector) -> Vector:
        """Return the integral of the speed from 0 to ``until``, both of shape (m,)."""
        periods, rest = self._split(until, self.period)
        k = np.searchsorted(self.times, rest, side="right") - 1
        result: Vector = self._work[k] + self.speeds[k] * (rest - self.times[k])
        return result + periods * self._per_period if math.isfinite(self.period) else result

    def when(self, work: Vector) -> Vector:
        """Return the first time at which the integral reaches ``work``, (m,); inf: never."""
        if math.isfinite(self.period) and self._per_period == 0:
            return np.full(len(work), math.inf)
        whole = self._per_period if math.isfinite(self.period) else math.inf
        periods, rest = self._split(work, whole)
        # exactly a whole number of periods is reached in the last of them
        full = (rest == 0) & (periods > 0)
        periods, rest = np.where(full, periods - 1, periods), np.where(full, whole, rest)
        near = np.minimum(
            np.searchsorted(self._work, rest - self._slack(rest)), len(self._work) - 1
        )
        rest = np.where(abs(self._work[near] - rest) <= self._slack(rest), self._work[near], rest)
        k = np.maximum(np.searchsorted(self._work, rest, side="left") - 1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            within = (rest - self._work[k]) / self.speeds[k]
        result: Vector = self.times[k] + np.where(rest == self._work[k], 0.0, within)
        return result + periods * self.period if math.isfinite(self.period) else result

    @property
    def _per_period(self) -> float:
        return float(self._work[-1] + self.speeds[-1] * (self.period - self.times[-1]))

    @staticmethod
    def _slack(work: Vector) -> Vector:
        """Return by how much rounding may miss work that ends exactly at a change of speed."""
        slack: Vector = 1e-12 * np.maximum(abs(work), 1.0)
        return slack

    @staticmethod
    def _split(x: Vector, whole: float) -> tuple[Vector, Vector]:
        if math.isinf(whole):
            return np.zeros_like(x), x
        periods = np.floor(x / whole)
        return periods, x - periods * whole


@dataclass(frozen=True)
class Speeds:
    """The speed profile of each worker.

    Attributes:
        profiles: the different profiles.
        of_worker: shape (n,), index of each worker's profile; -1: constant speed 1.
    """

    profiles: Sequence[Profile]
    of_worker: Indices

    def ends(self, workers: Indices, starts: Vector, work: Vector) -> Vector:
        """Return when ``work`` (m,) that starts at ``starts`` (m,) is done; inf if never."""
        ends = starts + work
        owner = self.of_worker[workers]
        for k in np.unique(owner[owner >= 0]):
            mine, profile = owner == k, self.profiles[k]
            ends[mine] = profile.when(profile.work(starts[mine]) + work[mine])
        return np.maximum(ends, starts)

    def work(self, worker: int, start: float, end: float) -> float:
        """Return the work that one worker does between two times."""
        k = int(self.of_worker[worker])
        if k < 0:
            return end - start
        done = self.profiles[k].work(np.array([start, end]))
        return float(done[1] - done[0])
