"""Exercises of lesson 8."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from lessons.checking import Answer, exercise, function

Finals = Sequence[float]


@exercise("8.1")
def batch(answer: Answer) -> str:
    """A function of the noise and the length of a gradient: how many make noise equal signal."""

    def right(noise: float, signal: float) -> int:
        m = 1
        while noise / np.sqrt(m) > signal:
            m += 1
        return m

    mistakes = {
        "The noise of a mean of M goes down with the root of M, not with M.": (
            lambda noise, signal: max(1, int(np.ceil(noise / signal)))
        ),
        "Whole gradients: round up, and take at least one.": lambda noise, s: (noise / s) ** 2,
    }
    function(answer, right, [(10.0, 1.0), (3.0, 2.0), (1.0, 5.0), (7.0, 0.5)], mistakes)
    return "The square of noise over signal."


@exercise("8.2")
def error(answer: Answer) -> str:
    """A function of results over seeds: the standard error of their mean."""

    def right(finals: Finals) -> float:
        return float(
            np.sqrt(
                np.sum((np.array(finals) - np.mean(finals)) ** 2) / (len(finals) - 1) / len(finals)
            )
        )

    mistakes = {
        "That is the spread of single seeds; their mean varies less.": lambda f: np.std(f, ddof=1),
        "Divide by n - 1 in the variance: the mean is taken from the same numbers.": (
            lambda f: np.std(f) / np.sqrt(len(f))
        ),
        "Divide the spread by the root of n, not by n.": lambda f: np.std(f, ddof=1) / len(f),
    }
    function(answer, right, [([1.0, 3.0],), ([5.0, 5.0, 8.0, 2.0],), ([0.0, 1.0, 5.0],)], mistakes)
    return "Four times the seeds halve it."


@exercise("8.3")
def chance(answer: Answer) -> str:
    """A function of two lists and k: the share of choices of k seeds that put the second first."""

    def right(first: Finals, second: Finals, k: int) -> float:
        wins = [
            sum(second[s] for s in chosen) > sum(first[s] for s in chosen)
            for chosen in combinations(range(len(first)), k)
        ]
        return float(np.mean(wins))

    def unpaired(first: Finals, second: Finals, k: int) -> float:
        return float(
            np.mean(
                [sum(b) > sum(a) for a in combinations(first, k) for b in combinations(second, k)]
            )
        )

    mistakes = {
        "You choose other seeds for each method. The same seeds make the same noise: use them.": (
            unpaired
        ),
        "That is with a single seed.": lambda first, second, _: right(first, second, 1),
    }
    cases = [
        ([1.0, 2.0, 3.0], [1.5, 2.5, 2.0], 1),
        ([1.0, 2.0, 3.0], [1.5, 2.5, 2.0], 2),
        ([10.0, 20.0, 30.0, 40.0], [11.0, 21.0, 31.0, 30.0], 2),
        ([0.0, 5.0, 1.0, 7.0, 2.0], [1.0, 4.0, 3.0, 8.0, 0.0], 3),
    ]
    function(answer, right, cases, mistakes)
    return "Over all choices of k seeds, the same for both."
