"""What of a vector's time is its length: the latency and the bandwidth of real links."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulator.race.crew import Crew
from simulator.types import Vector

LENGTHS = (0, 1, 2, 3)
"""Lengths of the vectors that are sent, in lengths of the problem's own."""


@dataclass(frozen=True)
class Links:
    """Shares of the seconds of a vector with d coordinates; the rest is latency.

    Attributes:
        dimension: d.
        uplink: shape (n,), the share that grows with d, from a worker to the server.
        downlink: shape (n,), the same from the server to a worker.
    """

    dimension: int
    uplink: Vector
    downlink: Vector


def measure_links(crew: Crew, dimension: int, repeats: int = 15) -> Links:
    """Send vectors of several lengths to and fro, one at a time, between idle workers.

    A line is laid through the medians over ``repeats`` for each length.

    Args:
        crew: the workers, which have begun and do nothing.
        dimension: d.
        repeats: vectors of each length, after one that is not measured.
    """
    workers = range(len(crew.pids))

    def shares(seconds: Callable[[int, int], float]) -> Vector:
        return np.array(
            [
                _share([_median(seconds, k, m * dimension, repeats) for m in LENGTHS])
                for k in workers
            ]
        )

    return Links(
        dimension,
        shares(lambda worker, length: crew.echo(worker, up=length)),
        shares(lambda worker, length: crew.echo(worker, down=length)),
    )


def _median(seconds: Callable[[int, int], float], worker: int, length: int, repeats: int) -> float:
    times = [seconds(worker, length) for _ in range(1 + repeats)]
    return float(np.median(times[1:]))


def _share(medians: list[float]) -> float:
    """Return the share of the seconds at length d that is due to it, given those at each length."""
    slope, latency = np.polyfit(LENGTHS, medians, 1)
    return float(np.clip(slope / max(latency + slope, 1e-12), 0.0, 1.0))
