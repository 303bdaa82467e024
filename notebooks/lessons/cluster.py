"""Exercises of lesson 5."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

import straggler
from lessons.checking import Answer, Wrong, exercise, function, said
from lessons.small import small

Seconds = Sequence[float]
Log = Sequence[tuple[int, float, float]]

WANTED: dict[str, Any] = {
    "workers": 6,
    "compute": {
        "model": "groups",
        "groups": [{"count": 4, "seconds": 0.5}, {"count": 2, "seconds": 2.0}],
    },
    "uplink": {"model": "link", "latency": 0.01, "bandwidth": 1e6},
    "ingress": {"slots": 2},
    "preemption": "finish",
}
"""The cluster of the first exercise."""


def with_cluster(table: object) -> straggler.Scenario:
    """Return a scenario with this table ``cluster``."""
    plain: dict[str, Any] = small([1.0], "afedpg", problem__dimension=1000).model_dump(
        include={"title", "seeds", "updates"}
    )
    problem = {"kind": "quadratic", "dimension": 1000, "noise": 0.0}
    methods = [{"name": "afedpg", "step_size": 0.1, "momentum": 0.1}]
    return straggler.load({**plain, "problem": problem, "methods": methods, "cluster": table})


@exercise("5.1")
def described(answer: Answer) -> str:
    """The table `cluster` of a cluster that is given in words."""
    try:
        yours = with_cluster(answer).cluster.hardware(1000, 0)
    except straggler.BadInputError as error:
        raise Wrong(f"It is refused: {error.lines[0]}") from None
    right = with_cluster(WANTED).cluster.hardware(1000, 0)
    for what, mine, other in (
        ("h", yours.compute.seconds, right.compute.seconds),
        ("kappa", yours.network.transfer, right.network.transfer),
    ):
        if len(mine) != len(other):
            raise Wrong(f"It has {len(mine)} workers.")
        unlike = np.flatnonzero(~np.isclose(mine, other, rtol=1e-6))
        if len(unlike):
            raise Wrong(f"{what} of worker {unlike[0]} is {said(mine[unlike[0]])} s.")
    if yours.network.slots != right.network.slots:
        raise Wrong(
            f"The server receives {yours.network.slots or 'any number of'} vectors at a time."
        )
    if yours.preemption != right.preemption:
        raise Wrong("Your workers drop what they do at a broadcast.")
    return "The same times, the same network."


@exercise("5.2")
def queue(answer: Answer) -> str:
    """A function of h and kappa: a synchronous round where one vector is received at a time."""

    def right(h: Seconds, kappa: Seconds) -> float:
        scenario = small(h, "synchronous-pg", kappa=kappa, updates=1, cluster__ingress={"slots": 1})
        return float(straggler.simulate(scenario).history()["time"][0])

    cases = [
        ([1.0, 2.0, 4.0], [0.5, 0.5, 0.5]),
        ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0]),
        ([4.0, 1.0, 2.0], [1.0, 3.0, 1.0]),
        ([1.0, 6.0, 2.0, 6.5], [2.0, 1.0, 1.0, 3.0]),
    ]
    mistakes = {
        "Nobody waits for the server with you: vectors come one after the other.": (
            lambda h, k: max(np.add(h, k))
        ),
        "The first vectors are sent while others still compute.": lambda h, k: max(h) + sum(k),
        "The server may have to wait for a vector, as well as a vector for the server.": (
            lambda h, k: min(h) + sum(k)
        ),
    }
    function(answer, right, cases, mistakes)
    return "By the time of completion: each begins when it is ready and the server is free."


@exercise("5.3")
def how_many(answer: Answer) -> str:
    """A function of h and kappa: with which m of `fastest` gradients come at the highest rate."""

    def rate(h: Seconds, kappa: Seconds, m: int) -> float:
        scenario = small(h, {"name": "fastest-pg", "m": m}, kappa=kappa, updates=1)
        return m / float(straggler.simulate(scenario).history()["time"][0])

    def right(h: Seconds, kappa: Seconds) -> int:
        return max(range(1, len(h) + 1), key=lambda m: (rate(h, kappa, m), -m))

    cases = [
        ([1.0, 1.0, 1.0, 20.0], [0.0] * 4),
        ([1.0, 1.5, 8.0, 9.0, 9.5, 10.0], [0.0] * 6),
        ([1.0, 2.0, 3.0, 4.0, 5.5], [3.0, 0.5, 0.5, 0.5, 0.5]),
        ([5.0, 5.0, 5.0], [1.0, 1.0, 1.0]),
    ]
    mistakes = {
        "All of them is not always best: a round waits for the slowest.": lambda h, _: len(h),
        "One worker has the shortest rounds, and the fewest gradients.": lambda *_: 1,
    }
    function(answer, right, cases, mistakes)
    return "The largest m over the m-th smallest h_i + kappa_i."


@exercise("5.4")
def speed(answer: Answer) -> str:
    """A function of a log, a worker and a second: gradients per second at that time."""
    log = [(0, 0.0, 2.0), (0, 2.0, 6.0), (1, 0.0, 1.0), (1, 5.0, 5.5), (0, 6.0, 7.0)]

    def right(log: Log, worker: int, second: float) -> float:
        with TemporaryDirectory() as folder:
            source, target = Path(folder, "log.csv"), Path(folder, "trace.csv")
            pd.DataFrame(log, columns=["worker", "start", "end"]).to_csv(source, index=False)
            straggler.trace(source, target)
            rows = pd.read_csv(target)
        mine = rows[(rows["worker"] == worker) & (rows["time"] <= second)]
        return float(mine["speed"].iloc[-1])

    cases = [
        (log, 0, 1.0),
        (log, 0, 3.0),
        (log, 1, 0.5),
        (log, 1, 3.0),
        (log, 1, 5.25),
        (log, 0, 6.5),
    ]
    mistakes = {
        "Seconds per gradient are wanted the other way round.": lambda rows, worker, second: next(
            (e - s for w, s, e in rows if w == worker and s <= second < e), 0.0
        ),
    }
    function(answer, right, cases, mistakes)
    return "1 / (end - start) while a gradient is computed, and 0 between."
