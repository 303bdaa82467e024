"""Exercises of lesson 4."""

from dataclasses import replace

import numpy as np

import straggler
from lessons.checking import Answer, Wrong, as_list, exercise, function
from lessons.hasty import Fresh
from lessons.method import differ, made, passes
from lessons.small import small
from simulator import Moment, When
from straggler import NIGT, PG, Iterate, Scenario, Vector

H = [1.0, 1.1, 1.3, 9.0]
"""The cluster on which the mistake is looked for."""

OLDEST = 4


def cluster(name: str = "synchronous-pg", **more: int) -> Scenario:
    """Return the cluster on which the mistake is looked for."""
    table = {"name": name, "step_size": 0.5, **more}
    return small(H, table, updates=60, cluster__preemption="finish")


@exercise("4.1")
def longest_step(answer: Answer) -> str:
    """A function of n and L: the longest stable step with n equal workers on a bowl."""

    def stable(step: float, delay: int) -> bool:
        companion = np.eye(delay + 1, k=-1)
        companion[0, 0] = 1.0
        companion[0, delay] -= step
        return bool(np.abs(np.linalg.eigvals(companion)).max() < 1)

    def right(n: int, curvature: float) -> float:
        low, high = 0.0, 3.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if stable(middle, n - 1) else (low, middle)
        return low / curvature

    def formula(delay: float, curvature: float) -> float:
        return float(2 * np.sin(np.pi / (2 * (2 * delay + 1))) / curvature)

    mistakes = {
        "With n workers each gradient has missed the updates of the n - 1 others, not n.": formula,
        "The bowl's curvature L makes gradients L times as long.": lambda n, _: formula(n - 1, 1),
        "A longer gradient needs a shorter step: divide by L.": (
            lambda n, curvature: formula(n - 1, 1 / curvature)
        ),
        "That is the limit without delay.": lambda _, curvature: 2 / curvature,
    }
    cases = [(1, 1.0), (2, 1.0), (5, 4.0), (16, 0.5)]
    function(answer, right, cases, mistakes)
    return "As the roots of the recursion say, with a delay of n - 1."


@exercise("4.2")
def lookahead(answer: Answer) -> str:
    """A function of theta_t, theta_{t+1} and eta: NIGT's lookahead."""

    def right(before: Vector, after: Vector, eta: float) -> Vector:
        moved = np.subtract(after, before)
        length = float(np.linalg.norm(moved))
        moment = When(Moment(0, 0.0), Moment(0, 0.0))
        rule = NIGT(step_size=length, momentum=eta)
        start = Iterate(np.asarray(before, float), np.asarray(before, float))
        return rule.step(start, moved, moment).lookahead

    def beyond(factor: float, before: Vector, after: Vector) -> Vector:
        return np.asarray(after) + factor * np.subtract(after, before)

    mistakes = {
        "You go back instead of ahead.": lambda b, a, e: beyond(-(1 - e) / e, b, a),
        "The factor is (1 - eta)/eta; yours is the other way round.": (
            lambda b, a, e: beyond(e / (1 - e) if e < 1 else 0.0, b, a)
        ),
        "You start at theta_t; the lookahead is as far beyond theta_{t+1}.": (
            lambda b, a, e: beyond((1 - e) / e - 1, b, a)
        ),
        "That is theta_{t+1} itself: nothing is transported.": lambda _, a, __: np.asarray(a),
    }
    cases = [([0.0, 0.0], [1.0, 2.0], 0.1), ([1.0, -1.0], [1.5, 0.0], 0.5), ([2.0], [1.0], 1.0)]
    function(answer, right, cases, mistakes)
    return "With eta = 0.1 it is nine steps ahead."


@exercise("4.3")
def culprit(answer: Answer) -> str:
    """The worker, the update and the delay of the first gradient that should have been dropped."""
    run = straggler.simulate(cluster(), Fresh(rule=PG(step_size=0.5), oldest=OLDEST))
    history, rows = run.history(), run.runs[0].timeline().to_pandas()
    first = history[history["delay"] >= OLDEST].iloc[0]
    worker = rows[rows["update"] == first["update"]]["worker"].iloc[0]
    right = {"worker": worker, "update": first["update"], "delay": first["delay"]}
    if not np.iterable(answer) or len(numbers := as_list(answer)) != len(right):
        raise Wrong("Three numbers are wanted: worker, update, delay.")
    for (name, value), yours in zip(right.items(), numbers, strict=True):
        if yours != value:
            where = {
                "worker": "Look for a bar that is used although many updates were made meanwhile.",
                "update": "It is the number in that bar, and the column `update` of its row.",
                "delay": "Count the updates from where the bar begins to where it is used, without "
                "its own; those at its very beginning were made before.",
            }
            raise Wrong(f"The {name} is not {yours}. {where[name]}")
    return "It was computed at the very first lookahead."


@exercise("4.4")
def mended(answer: Answer) -> str:
    """The class Fresh, mended."""
    for oldest in (1, OLDEST):
        method = made(answer, {"oldest": oldest})
        passes(method)
        theirs = straggler.simulate(cluster("ringmaster-pg", threshold=oldest))
        mine = straggler.simulate(cluster(), replace(method, rule=PG(step_size=0.5)))
        late = mine.history()
        late = late[late["delay"] >= oldest]
        if len(late):
            update, delay = (int(late[name].iloc[0]) for name in ("update", "delay"))
            raise Wrong(f"With oldest = {oldest}, update {update} uses a delay of {delay}.")
        differ(mine, theirs, f"with oldest = {oldest}, unlike Ringmaster's")
    return "It is Ringmaster now, update by update."
