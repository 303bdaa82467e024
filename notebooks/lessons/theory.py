"""Exercises of lesson 7."""

from collections.abc import Sequence

import numpy as np

import straggler
from algorithms.theory.clocks import afedpg_interval, rennala_round
from lessons.checking import Answer, exercise, function
from lessons.small import small

Seconds = Sequence[float]


@exercise("7.1")
def rennala_clock(answer: Answer) -> str:
    """A function of h, kappa and M: seconds per Rennala update."""

    def right(h: Seconds, kappa: Seconds, batch: int) -> float:
        scenario = small(h, {"name": "rennala-pg", "batch": batch}, kappa=kappa, updates=1)
        return float(straggler.simulate(scenario).history()["time"][0])

    def ends(h: Seconds, batch: int) -> float:
        return float(rennala_round(np.array(h), np.zeros(len(h)), batch))

    mistakes = {
        "Your workers send for nothing.": lambda h, _, batch: ends(h, batch),
        "Who has contributed nothing sends nothing: the largest kappa_i of all is too much.": (
            lambda h, k, batch: ends(h, batch) + max(k)
        ),
        "Gradients come one by one: M over the sum of speeds counts parts of them.": (
            lambda h, k, batch: batch / sum(1 / x for x in h) + max(k)
        ),
    }
    cases = [
        ([1.0, 2.0, 4.0], [0.5, 0.5, 0.5], 7),
        ([1.0, 2.0, 40.0], [0.5, 1.0, 5.0], 7),
        ([3.0, 1.0], [0.0, 2.0], 1),
        ([2.0, 5.0, 5.0, 7.0], [1.0, 0.5, 3.0, 9.0], 3),
    ]
    function(answer, right, cases, mistakes)
    return "The M-th completion, and the slowest link of those that have contributed."


@exercise("7.2")
def worth(answer: Answer) -> str:
    """A function of h, rounds and samples: how many workers the bound of Rennala uses."""

    def cost(h: Seconds, m: int, rounds: float, samples: float) -> float:
        fastest = np.sort(h)[:m]
        return float(m / np.sum(1 / fastest) * (rounds + samples / m))

    def right(h: Seconds, rounds: float, samples: float) -> int:
        return min(range(1, len(h) + 1), key=lambda m: cost(h, m, rounds, samples))

    mistakes = {
        "All of them is not always best: with few samples the slow ones only cost.": (
            lambda h, *_: len(h)
        ),
        "The fastest alone has the shortest round, and all the samples to itself.": lambda *_: 1,
        "It is the fastest m that compute: sort h.": lambda h, rounds, samples: min(
            range(1, len(h) + 1),
            key=lambda m: m / sum(1 / x for x in h[:m]) * (rounds + samples / m),
        ),
    }
    cases = [
        ([1.0, 2.0, 4.0, 8.0], 100.0, 1.0),
        ([1.0, 2.0, 4.0, 8.0], 100.0, 300.0),
        ([8.0, 1.0, 2.0, 4.0], 100.0, 300.0),
        ([1.0, 1.0, 1.0, 50.0], 10.0, 1000.0),
    ]
    function(answer, right, cases, mistakes)
    return "More noise, more workers: samples are shared, rounds are not."


@exercise("7.3")
def crossover(answer: Answer) -> str:
    """A function of h and M: the kappa at which both methods bring gradients at the same rate."""

    def longer(h: Seconds, batch: int, kappa: float) -> float:
        times, links = np.array(h), np.full(len(h), kappa)
        return rennala_round(times, links, batch) / batch - afedpg_interval(times, links)

    def right(h: Seconds, batch: int) -> float:
        low, high = 0.0, 1e6
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if longer(h, batch, middle) > 0 else (low, middle)
        return low

    mistakes = {
        "Seconds per gradient are to be compared: a Rennala update has M of them.": (
            lambda h, batch: next(
                (
                    k
                    for k in np.linspace(0, 100, 2001)
                    if rennala_round(np.array(h), np.full(len(h), k), batch)
                    <= afedpg_interval(np.array(h), np.full(len(h), k))
                ),
                100.0,
            )
        ),
        "That is where they are farthest apart, or no crossing at all.": lambda *_: 0.0,
    }
    cases = [([1.0, 2.0, 4.0], 10), ([1.0, 1.0, 3.0, 9.0], 20), (np.sqrt(np.arange(1, 11)), 50)]
    function(answer, right, cases, mistakes)
    return "From there on it pays to collect M gradients before one vector is sent."
