"""Exercises of lesson 3."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

import straggler
from lessons.checking import Answer, exercise, function, sequence
from lessons.small import small

Seconds = Sequence[float]

CLUSTERS: list[tuple[Seconds, int]] = [
    ([1.0, 4.0], 10),
    ([1.0, 3.0], 7),
    ([2.0, 2.0], 6),
    ([5.0, 1.0], 12),
]
"""Compute times of two workers, and a batch."""


def one_round(h: Seconds, method: str, batch: int) -> straggler.Results:
    """Return a run of one update."""
    table = {"name": method, "batch": batch}
    return straggler.simulate(small(h, table, updates=1))


@exercise("3.1")
def counts(answer: Answer) -> str:
    """How many gradients each worker has in a Rennala round with h = (1, 2, 4) and M = 9."""
    rows = one_round([1.0, 2.0, 4.0], "rennala-pg", 9).staleness().table()
    used = rows.groupby("worker")["gradients_used"].sum().tolist()
    sequence(answer, used, "The count of worker", first=0)
    return "At second 6 the ninth one is worker 0's: worker 1 is next, and too late."


@exercise("3.2")
def enough(answer: Answer) -> str:
    """A function of the counts and M: Malenia's condition."""

    def right(counts: Sequence[int], batch: int) -> bool:
        if not all(counts):
            return False
        return batch * sum(Fraction(1, m) for m in counts) <= len(counts) ** 2

    cases = [
        ([5, 5], 10),
        ([8, 2], 10),
        ([15, 3], 10),
        ([14, 3], 10),
        ([40, 0], 10),
        ([1, 1, 1, 30], 4),
        ([4, 3, 2, 6], 12),
        ([3, 3, 3], 9),
        ([2, 4, 4], 9),
    ]
    mistakes = {
        "That is Rennala: M gradients in all.": lambda m, batch: sum(m) >= batch,
        "One gradient from each is not enough.": lambda m, _: min(m) >= 1,
        "You ask for M/n gradients from each; one worker may have fewer if others have more.": (
            lambda m, batch: min(m) >= batch / len(m)
        ),
        "That is the arithmetic mean of the counts; the harmonic one is wanted.": (
            lambda m, batch: min(m) >= 1 and np.mean(m) >= batch / len(m)
        ),
        "The condition holds at equality.": lambda m, batch: (
            all(m) and batch * sum(Fraction(1, k) for k in m) < len(m) ** 2
        ),
    }
    function(answer, right, cases, mistakes)
    return "Everyone has M/n, or fast workers make up a little for slow ones."


@exercise("3.3")
def where(answer: Answer) -> str:
    """A function of h and M: where Rennala ends between bowls with their tops at -1 and 1."""

    def right(h: Seconds, batch: int) -> float:
        bowls = [{"name": n, "workers": [k], "optimum": 2.0 * k - 1} for k, n in enumerate("ab")]
        problem = {"kind": "quadratic", "dimension": 1, "condition": 1.0, "noise": 0.0}
        scenario = small(
            h,
            {"name": "rennala-pg", "batch": batch},
            problem={**problem, "variants": bowls},
            updates=400,
        )
        last = straggler.simulate(scenario).history().iloc[-1]
        return float(last["objective_b"] - last["objective_a"]) / 2  # J_o(x) = o x - x^2 / 2

    mistakes = {
        "That is where Malenia ends: Rennala listens more to the faster worker.": lambda *_: 0.0,
        "You weigh by speed. Counts are whole: a gradient that is half done is none.": (
            lambda h, _: (1 / h[1] - 1 / h[0]) / (1 / h[1] + 1 / h[0])
        ),
        "The top of worker 0 is at -1.": lambda h, batch: -right(h, batch),
    }
    function(answer, right, CLUSTERS, mistakes)
    return "The mean of the tops, weighed by the counts: (M_1 - M_0) / M."


@exercise("3.4")
def malenia_round(answer: Answer) -> str:
    """A function of h and M: seconds of a Malenia round, sending free."""

    def right(h: Seconds, batch: int) -> float:
        return float(one_round(h, "malenia-pg", batch).history()["time"][0])

    mistakes = {
        "That is Rennala's round.": lambda h, batch: float(
            one_round(h, "rennala-pg", batch).history()["time"][0]
        ),
        "Your round ends with the first gradient of the slowest worker.": lambda h, _: max(h),
        "You wait for M/n gradients of each worker; fast ones may make up for it.": (
            lambda h, batch: max(h) * int(np.ceil(batch / len(h)))
        ),
    }
    more: list[tuple[Seconds, int]] = [([1.0, 10.0], 20), ([1.0, 2.0, 3.0], 9)]
    function(answer, right, CLUSTERS + more, mistakes)
    return "Completions one by one, until the condition holds."
