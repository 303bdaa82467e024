"""Exercises of lesson 2."""

from collections.abc import Sequence

import numpy as np

import straggler
from lessons.checking import Answer, exercise, function, number, sequence
from lessons.small import small
from straggler import Vector

Seconds = Sequence[float]

CASES = [
    ([1.0, 2.0, 4.0], [0.5, 0.5, 0.5]),
    ([1.0, 2.0, 4.0], [5.0, 1.0, 0.5]),
    ([3.0, 3.0], [0.0, 0.25]),
    ([2.0, 7.0, 5.0, 1.0], [0.0, 0.0, 3.0, 8.0]),
]
"""Compute times and sending times of some clusters."""


def simulated(h: Seconds, kappa: Seconds, method: str, updates: int) -> Vector:
    """Return the update times of a simulation, shape (updates,)."""
    scenario = small(h, method, kappa=kappa, updates=updates)
    times: Vector = straggler.simulate(scenario).history()["time"].to_numpy()
    return times


@exercise("2.1")
def arrivals(answer: Answer) -> str:
    """The first six updates of the asynchronous method on h = (1, 1.5, 3)."""
    sequence(answer, simulated([1.0, 1.5, 3.0], [0.0] * 3, "afedpg", 6).tolist(), "Update")
    return "At 3 seconds there are three arrivals, which are handled one by one."


@exercise("2.2")
def synchronous_round(answer: Answer) -> str:
    """A function of h and kappa: seconds per synchronous update."""

    def right(h: Seconds, kappa: Seconds) -> float:
        return float(simulated(h, kappa, "synchronous-nigt", 1)[0])

    mistakes = {
        "Your rounds end when everything is computed. Vectors have to be sent as well.": (
            lambda h, _: max(h)
        ),
        "Your rounds begin to send when everything is computed. A worker sends when it is done "
        "itself, so the slowest computer may not be the last one.": lambda h, k: max(h) + max(k),
        "The mean worker is not who is waited for.": lambda h, k: float(np.mean(np.add(h, k))),
        "All workers work at the same time: their seconds do not add up.": (
            lambda h, k: sum(h) + sum(k)
        ),
        "That is the first worker's vector. A synchronous round needs the last one.": (
            lambda h, k: min(np.add(h, k))
        ),
    }
    function(answer, right, CASES, mistakes)
    return "max over i of h_i + kappa_i, as on all clusters that were simulated."


@exercise("2.3")
def updates_per_second(answer: Answer) -> str:
    """A function of h and kappa: updates per second of the asynchronous method in the long run."""

    def right(h: Seconds, kappa: Seconds) -> float:
        # in a whole number of everyone's loops, each worker's arrivals are a whole number too
        loops = np.add(h, kappa)
        end = float(np.lcm.reduce((loops * 4).astype(int))) / 4
        times = simulated(h, kappa, "afedpg", int(2 * end * len(h) / min(loops)) + 1)
        return float((times <= end).sum() / end)

    mistakes = {
        "Your workers send for nothing: a loop of a worker is h_i + kappa_i seconds.": (
            lambda h, _: float(np.sum(1 / np.asarray(h)))
        ),
        "That is seconds per update; updates per second are wanted.": (
            lambda h, k: 1 / float(np.sum(1 / np.add(h, k)))
        ),
        "Speeds add up, seconds do not: n over the sum of seconds is too few.": (
            lambda h, k: len(h) / float(np.sum(np.add(h, k)))
        ),
    }
    function(answer, right, CASES, mistakes)
    return "The sum of 1 / (h_i + kappa_i): everyone adds what it can."


@exercise("2.4")
def oldest(answer: Answer) -> str:
    """The delay of the gradient of the slowest worker, h = (1, 2, 16), at its first arrival."""
    history = straggler.simulate(small([1.0, 2.0, 16.0], "afedpg", updates=40)).history()
    number(
        answer,
        history[history["time"] == 16.0]["delay"].iloc[-1],
        {
            "The updates of worker 0 alone are 16. Worker 1 makes updates as well.": 16,
            "The delay is in updates, not in seconds.": 15,
            "Updates at the same instant count if they are made before: worker 2 comes last.": 22,
            "Its own update does not count: the delay is what happened before.": 25,
        },
        " updates",
    )
    return "16 of worker 0 and 8 of worker 1."
