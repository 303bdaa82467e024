"""How many events an update needs, on average: cheap, and without simulating anything.

Each method says in its ``forecast`` which of these is its own.
"""

import math
from dataclasses import dataclass

import numpy as np

from simulator import Vector

MOST_HEARD = 4
"""Times that each worker is heard in a lap; longer ones are cut to one time, about."""


@dataclass(frozen=True)
class Forecast:
    """What one update takes, on average.

    Attributes:
        seconds: simulated; inf if it is never made.
        events: inf if it is never made.
        updates: that these make: more than one where the others come in turns after it.
        lap: updates in which all workers are heard about equally often: one in rounds, n of
            single gradients. The updates of equal workers repeat with it.
    """

    seconds: float
    events: float
    updates: int = 1
    lap: int = 1


@dataclass(frozen=True)
class Pace:
    """What workers do on average, each of shape (n,), and when the run ends.

    Attributes:
        seconds: simulated seconds per completed gradient; inf: it never completes one.
        events: per simulated second: completions, failures, windows.
        upload: kappa, seconds per vector.
        end: simulated seconds at which the run ends; nobody is busy for longer.
        finish: preemption is ``finish``: workers compute while vectors travel.
    """

    seconds: Vector
    events: Vector
    upload: Vector
    end: float = math.inf
    finish: bool = False

    def one_each(self, seconds: float) -> Forecast:
        """Return what a round takes in which each worker computes once, or until ``seconds``."""
        return self.round(seconds, np.minimum(self.seconds, seconds))

    def keep_going(self, seconds: float) -> Forecast:
        """Return what a round takes in which all compute for ``seconds``, task after task."""
        busy = seconds + float(self.upload.max()) * self.finish
        return self.round(seconds, np.full(len(self.events), busy))

    def round(self, seconds: float, busy: Vector) -> Forecast:
        """Return what a round takes: ``seconds`` of computing, then a vector of who computed.

        Args:
            seconds: simulated.
            busy: shape (n,), the simulated seconds that each worker computes.
        """
        upload = float(self.upload.max(where=busy > 0, initial=0.0))
        return Forecast(seconds + upload, self._events(busy))

    def arrivals(self, number: int = 1) -> Forecast:
        """Return what so many arrivals take, of workers that compute and send on their own."""
        loops = self.seconds + self.upload
        rates = 1 / loops
        interval = math.inf if not rates.any() else float(number / rates.sum())
        share = np.divide(self.seconds, loops, out=np.ones_like(loops), where=rates > 0)
        events = number + self._events(share * min(interval, self.end))
        n = len(loops)
        lap = n // math.gcd(n, number)
        if lap * number > MOST_HEARD * n:
            lap = max(1, round(n / number))
        return Forecast(interval, events, lap=lap)

    def _events(self, busy: Vector) -> float:
        busy = np.minimum(busy, self.end)
        if np.isinf(busy).any():
            return math.inf
        with np.errstate(over="ignore"):
            return float((busy * self.events).sum())
