"""Times of which some are only known to be longer: those of gradients that were cancelled."""

import math
from dataclasses import dataclass

import numpy as np

from simulator import Vector
from simulator.types import Truths


@dataclass(frozen=True)
class Survival:
    """Which share of a time's distribution is longer than t, estimated by Kaplan and Meier (1958).

    Beyond the longest time, if that was cancelled, it goes on as the exponential function through
    its last value (Brown, Hollander and Korwar 1974). What ends a round may depend on what ended
    before, but not on what a running gradient has yet to take: so the estimate is not biased by it.

    Attributes:
        times: shape (m,), seconds, ascending.
        share: shape (m,), of the distribution that is longer.
    """

    times: Vector
    share: Vector

    @property
    def mean(self) -> float:
        """Seconds."""
        known = np.diff(self.times, prepend=0.0) @ np.r_[1.0, self.share[:-1]]
        return float(known + self.share[-1] * self._tail)

    def quantiles(self, number: int) -> Vector:
        """Return as many seconds, shape (number,), each with the same probability."""
        below = (np.arange(number) + 0.5) / number
        known = np.searchsorted(1 - self.share, below)
        found = self.times[np.minimum(known, len(self.times) - 1)]
        beyond = known == len(self.times)
        found[beyond] = self._tail * -np.log1p(-below[beyond])
        return found

    @property
    def _tail(self) -> float:
        """Mean seconds of the exponential function beyond the last time."""
        left = float(self.share[-1])
        return -float(self.times[-1]) / math.log(left) if left > 0 else 0.0


def survival(seconds: Vector, cancelled: Truths) -> Survival:
    """Return the distribution of times.

    Args:
        seconds: shape (m,), that a gradient took, or ran until it was cancelled.
        cancelled: shape (m,), which were; not all.
    """
    from scipy import stats  # noqa: PLC0415 - takes a second

    seen = stats.CensoredData(uncensored=seconds[~cancelled], right=seconds[cancelled])
    found = stats.ecdf(seen).sf
    return Survival(found.quantiles, found.probabilities)
