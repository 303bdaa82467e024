"""How many events a method needs, on average: cheap, and without simulating anything."""

import math
from dataclasses import dataclass

import numpy as np

from algorithms.afedpg import AFedPG
from algorithms.algorithm import Algorithm
from algorithms.clocks import first_time
from algorithms.fastest import Fastest
from algorithms.harmonic import suffice
from algorithms.malenia import Malenia
from algorithms.rennala import Rennala
from algorithms.ringmaster import Ringmaster
from algorithms.synchronous import Synchronous
from simulator import Vector


@dataclass(frozen=True)
class Pace:
    """What workers do on average, each of shape (n,).

    Attributes:
        seconds: simulated seconds per completed gradient; inf: it never completes one.
        events: per simulated second: completions, failures, windows.
        upload: kappa, seconds per vector.
    """

    seconds: Vector
    events: Vector
    upload: Vector


@dataclass(frozen=True)
class Forecast:
    """What one update takes, on average.

    Attributes:
        seconds: simulated; inf if it is never made.
        events: inf if it is never made.
    """

    seconds: float
    events: float


def forecast(
    method: Algorithm, pace: Pace, end: float = math.inf, *, finish: bool = False
) -> Forecast | None:
    """Return what an update of a method of ours takes, or a run without any; None for others.

    Args:
        method: of rounds with a ``batch_init``, the longer one is meant.
        pace: of the cluster.
        end: simulated seconds at which the run ends.
        finish: preemption is ``finish``: workers compute while vectors travel.
    """
    upload = float(pace.upload.max())
    match method:
        case Synchronous():
            late = math.inf if method.timeout is None else method.timeout
            time = min(float(pace.seconds.max()), max(late, float(pace.seconds.min())))
            return Forecast(time + upload, _events(pace, np.minimum(pace.seconds, min(time, end))))
        case Fastest():
            chosen = np.argsort(pace.seconds + pace.upload, kind="stable")[: method.m]
            times = np.zeros_like(pace.seconds)
            times[chosen] = pace.seconds[chosen]
            return Forecast(float(times.max()) + upload, _events(pace, np.minimum(times, end)))
        case Rennala() | Malenia():
            time = _round(method, pace.seconds)
            busy = np.full(len(pace.events), min(time + upload * finish, end))
            return Forecast(time + upload, _events(pace, busy))
        case AFedPG() | Ringmaster():
            loops = pace.seconds + pace.upload
            rates = 1 / loops
            interval = math.inf if not rates.any() else float(1 / rates.sum())
            share = np.divide(pace.seconds, loops, out=np.ones_like(loops), where=rates > 0)
            return Forecast(interval, 1 + _events(pace, share * min(interval, end)))
    return None


def _round(method: Rennala | Malenia, seconds: Vector) -> float:
    """Return when the computing of a method's longest round ends."""
    batch = max(method.batch, method.batch_init or 0)
    if isinstance(method, Rennala):
        return first_time(seconds, lambda counts: bool(counts.sum() >= batch))
    if np.isinf(seconds).any():
        return math.inf
    return first_time(seconds, lambda counts: suffice(counts, batch))


def _events(pace: Pace, busy: Vector) -> float:
    """Return the events of workers that are busy for so many seconds, shape (n,)."""
    if np.isinf(busy).any():
        return math.inf
    with np.errstate(over="ignore"):
        return float((busy * pace.events).sum())
