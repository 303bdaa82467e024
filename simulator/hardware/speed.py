"""Speeds that change over simulated time; work is conserved across changes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

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


class Speeds:
    """The speed of each worker: all profiles side by side, searched for many workers at once.

    Args:
        profiles: the different profiles.
        of_worker: shape (n,), index of each worker's profile; -1: constant speed 1.
    """

    def __init__(self, profiles: Sequence[Profile], of_worker: Indices) -> None:
        self._of_worker = of_worker
        sizes = np.array([len(p.times) for p in profiles])
        self._last = np.cumsum(sizes)
        self._first = self._last - sizes
        self._halvings = int(sizes.max(initial=1)).bit_length()
        self._times = np.concatenate([np.empty(0), *(p.times for p in profiles)])
        self._speeds = np.concatenate([np.empty(0), *(p.speeds for p in profiles)])
        self._work = self._work_before(sizes)
        self._period = np.array([p.period for p in profiles])
        end = self._last - 1
        lasting = np.where(np.isfinite(self._period), self._period - self._times[end], 0.0)
        self._per_period = self._work[end] + self._speeds[end] * lasting
        self._per_period[np.isinf(self._period)] = math.inf

    def _work_before(self, sizes: Indices) -> Vector:
        """Return the integral of each profile's speed up to each of its times."""
        work = np.zeros(len(self._times))
        for size in np.unique(sizes).tolist():
            rows = self._first[sizes == size, None] + np.arange(size)
            gained = self._speeds[rows[:, :-1]] * np.diff(self._times[rows])
            work[rows[:, 1:]] = np.cumsum(gained, axis=1)
        return work

    def ends(self, workers: Indices, starts: Vector, work: Vector) -> Vector:
        """Return when ``work`` (m,) that starts at ``starts`` (m,) is done; inf if never."""
        ends: Vector = starts + work
        owner = self._of_worker[workers]
        if len(changing := np.flatnonzero(owner >= 0)):
            owner = owner[changing]
            done = self._done(owner, starts[changing]) + work[changing]
            ends[changing] = self._when(owner, done)
        return np.maximum(ends, starts)

    def work(self, workers: Indices, starts: Vector, ends: Vector) -> Vector:
        """Return the work that ``workers`` (m,) do between two times, (m,) each."""
        work: Vector = ends - starts
        owner = self._of_worker[workers]
        if len(changing := np.flatnonzero(owner >= 0)):
            owner = owner[changing]
            done = self._done(owner, ends[changing]) - self._done(owner, starts[changing])
            work[changing] = done
        return work

    def mean(self, until: float) -> Vector:
        """Return the mean speeds until a time, shape (n,); if that is inf, in the long run.

        What does not repeat itself counts by its last speed, or by what came before if that was
        faster: a trace ends at speed 0, and runs may end before it does.
        """
        last = self._times[self._last - 1]
        end = np.where(np.isfinite(self._period), self._period, last)
        end = end if math.isinf(until) else np.full(len(last), until)
        done = self._done(np.arange(len(end)), end)
        mean = np.divide(done, end, out=np.zeros_like(end), where=end > 0)
        forever = np.isinf(self._period) & math.isinf(until)
        mean = np.where(forever, np.maximum(mean, self._speeds[self._last - 1]), mean)
        return np.append(mean, 1.0)[self._of_worker]  # the last one is of workers without any

    @property
    def last(self) -> float:
        """Seconds from which on every worker stands still, for ever; inf: some never do."""
        at = self._last[self._of_worker] - 1
        still = (self._of_worker >= 0) & (self._speeds[at] == 0)
        still &= np.isinf(self._period[self._of_worker])
        return float(self._times[at].max()) if still.all() else math.inf

    def _done(self, owner: Indices, until: Vector) -> Vector:
        """Return the integral of speeds ``owner`` (m,) from 0 to ``until`` (m,)."""
        period = self._period[owner]
        periods, rest = _split(until, period)
        k = self._search(self._times, owner, rest, "right") - 1
        result: Vector = self._work[k] + self._speeds[k] * (rest - self._times[k])
        again = np.isfinite(period)
        result[again] += periods[again] * self._per_period[owner[again]]
        return result

    def _when(self, owner: Indices, work: Vector) -> Vector:
        """Return the first time at which the integral reaches ``work`` (m,); inf: never."""
        whole, period = self._per_period[owner], self._period[owner]
        periods, rest = _split(work, whole)
        slack = _slack(work)
        # exactly a whole number of periods is reached in the last of them
        full = (rest <= slack) & (periods > 0)
        periods, rest = np.where(full, periods - 1, periods), np.where(full, whole, rest)
        near = self._search(self._work, owner, rest - slack, "left")
        near = np.minimum(near, self._last[owner] - 1)
        rest = np.where(abs(self._work[near] - rest) <= slack, self._work[near], rest)
        k = np.maximum(self._search(self._work, owner, rest, "left") - 1, self._first[owner])
        with np.errstate(divide="ignore", invalid="ignore"):
            within = (rest - self._work[k]) / self._speeds[k]
        result: Vector = self._times[k] + np.where(rest == self._work[k], 0.0, within)
        again = np.isfinite(period)
        result[again] += periods[again] * period[again]
        result[whole == 0] = math.inf
        return result

    def _search(
        self, values: Vector, owner: Indices, x: Vector, side: Literal["left", "right"]
    ) -> Indices:
        """Return for each x (m,) what ``np.searchsorted`` says within its owner's values."""
        if len(x) == 1:
            first = int(self._first[owner[0]])
            mine = values[first : int(self._last[owner[0]])]
            found: Indices = mine.searchsorted(x, side) + first
            return found
        low: Indices = self._first[owner]
        high = self._last[owner]
        for _ in range(self._halvings):
            middle = (low + high) // 2
            there = values[np.minimum(middle, len(values) - 1)]
            above = (there <= x if side == "right" else there < x) & (low < high)
            low, high = np.where(above, middle + 1, low), np.where(above, high, middle)
        return low


def _slack(work: Vector) -> Vector:
    """Return by how much rounding may miss work that ends exactly at a change of speed."""
    slack: Vector = 1e-12 * np.maximum(abs(work), 1.0)
    return slack


def _split(x: Vector, whole: Vector) -> tuple[Vector, Vector]:
    """Return how often ``whole`` (m,) goes into x (m,), and the rest; inf and 0 never do."""
    periods, rest = np.zeros_like(x), x.copy()
    some = np.isfinite(whole) & (whole > 0)
    rest[some] = np.fmod(x[some], whole[some])  # exact: a floor may be one too many
    periods[some] = np.rint((x[some] - rest[some]) / whole[some])
    return periods, rest
