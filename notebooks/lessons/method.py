"""Exercises of lesson 6."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import straggler
from lessons.checking import Answer, Wrong, as_list, called, exercise, function, said
from lessons.half import Half
from lessons.small import small
from straggler import PG, Algorithm, Results

Seconds = Sequence[float]

RULE = PG(step_size=0.1)
"""What methods of students are combined with: plain steps, which hide no wrong length."""

CLUSTERS: list[tuple[list[float], list[float]]] = [
    ([1.0, 2.0, 4.0], [0.0, 0.0, 0.0]),
    ([1.0, 1.0, 3.0, 8.0], [0.5, 2.0, 0.5, 5.0]),
    ([5.0, 1.0, 2.0, 2.0, 3.0], [0.25, 4.0, 0.25, 0.25, 0.25]),
]


def made(kind: Answer, fields: Mapping[str, Any]) -> Algorithm:
    """Return a method of a student's class."""
    if not (isinstance(kind, type) and issubclass(kind, Algorithm)):
        raise Wrong(f"A class derived from straggler.Algorithm is wanted, not {kind!r}.")
    try:
        return kind(rule=RULE, **fields)
    except TypeError as error:
        raise Wrong(f"It cannot be made with {dict(fields)}: {error}") from None


def passes(method: Algorithm) -> None:
    """Put a method through the battery."""
    for line in straggler.check_method(method):
        if not line.passed:
            raise Wrong(f"The battery says: {line.text}")


def agrees(method: Algorithm, name: str, **values: Any) -> None:  # noqa: ANN401 - of a scenario
    """Compare a method's histories with those of one of ours."""
    for h, kappa in CLUSTERS:
        cluster = f"with h = {said(h)} and kappa = {said(kappa)}"
        scenario = small(h, {"name": name, **values}, kappa=kappa, problem__noise=1.0, updates=8)
        differ(straggler.simulate(scenario, method), straggler.simulate(scenario), cluster)


def differ(yours: Results, right: Results, cluster: str) -> None:
    """Say where two runs first differ, if they do."""
    mine, other = yours.history(), right.history()
    for column in ("time", "gradients", "delay", "discarded", "objective"):
        unlike = np.flatnonzero(mine[column].to_numpy() != other[column].to_numpy())
        if column == "objective":
            unlike = np.flatnonzero(~np.isclose(mine[column], other[column], rtol=1e-9))
        if len(unlike):
            k = int(unlike[0])
            a, b = mine[column][k], other[column][k]
            raise Wrong(f"Update {k + 1} has {column} {said(a)}, not {said(b)}, {cluster}.")


@exercise("6.1")
def clock(answer: Answer) -> str:
    """A function of h and kappa: seconds per update of the lesson's method Half."""

    def right(h: Seconds, kappa: Seconds) -> float:
        scenario = small(h, "synchronous-nigt", kappa=kappa, updates=1)
        return float(straggler.simulate(scenario, Half(rule=RULE)).history()["time"][0])

    def half(h: Seconds) -> int:
        return (len(h) + 1) // 2

    mistakes = {
        "Who has not contributed does not send: the largest kappa_i of all is too much.": (
            lambda h, k: np.sort(h)[half(h) - 1] + np.max(k)
        ),
        "The vectors have to be sent.": lambda h, _: np.sort(h)[half(h) - 1],
        "Half of n workers is rounded up.": (
            lambda h, k: (
                np.sort(h)[max(len(h) // 2, 1) - 1]
                + max(np.asarray(k)[np.argsort(h)[: len(h) // 2]])
            )
        ),
        "Nobody sends before the computing ends: the round ends h plus kappa, each the largest, "
        "not the largest of h_i + kappa_i.": lambda h, k: np.sort(np.add(h, k))[half(h) - 1],
    }
    function(answer, right, CLUSTERS, mistakes)
    return "The computing ends with the ceil(n/2)-th smallest h_i; then the contributors send."


@exercise("6.2")
def mended(answer: Answer) -> str:
    """The class Impatient, mended so that it passes the battery."""
    method = made(answer, {"batch": 4})
    passes(method)
    agrees(method, "rennala-pg", batch=4)
    return "It passes the battery, and is Rennala."


@exercise("6.3")
def backup(answer: Answer) -> str:
    """A class with the field `backup`: synchronous, without the last ones of each round."""
    for number in (0, 1):
        method = made(answer, {"backup": number})
        passes(method)
        agrees(method, "synchronous-pg", backup=number)
    return "The same histories as `synchronous` with `backup = 0` and `backup = 1`."


@exercise("6.4")
def weights(answer: Answer) -> str:
    """A function of the workers of a round's gradients: the weights of Half."""

    def right(workers: list[int]) -> list[float]:
        counts = {w: workers.count(w) for w in workers}
        return [1 / (len(counts) * counts[w]) for w in workers]

    cases = [([0, 1, 0],), ([2, 2, 2, 0],), ([3],), ([0, 1, 2, 0, 1, 0],)]
    for (workers,) in cases:
        try:
            total = float(sum(as_list(called(answer, workers))))
        except (TypeError, ValueError):
            raise Wrong(
                f"Numbers are wanted for the gradients of workers {said(workers)}."
            ) from None
        if not np.isclose(total, 1):
            raise Wrong(f"The weights of gradients of workers {said(workers)} add up to {total:g}.")
    mistakes = {
        "Each gradient weighs the same with you, so a fast worker weighs more.": (
            lambda workers: [1 / len(workers)] * len(workers)
        ),
    }
    function(answer, right, cases, mistakes)
    return "Each worker weighs the same, whatever the number of its gradients."
