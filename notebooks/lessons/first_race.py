"""Exercises of lesson 1."""

from typing import Any

import straggler
from lessons.checking import Answer, Wrong, exercise, number, said, sequence
from lessons.small import simulate_all

SCENARIO: dict[str, Any] = {
    "title": "Four fast workers and a straggler",
    "seeds": [0, 1, 2],
    "time_limit": 200.0,
    "cluster": {
        "workers": 5,
        "compute": {"model": "explicit", "seconds": [1.0, 1.0, 1.0, 1.0, 20.0]},
        "uplink": {"model": "explicit", "seconds": [0.5, 0.5, 0.5, 0.5, 0.5]},
    },
    "problem": {"kind": "quadratic", "dimension": 50, "condition": 20.0, "noise": 2.0},
    "methods": [
        {"name": "synchronous-nigt", "momentum": 0.1, "step_size": 0.1},
        {"name": "rennala-nigt", "batch": 5, "momentum": 0.1, "step_size": 0.1},
        {"name": "afedpg", "momentum": 0.1, "step_size": 0.1},
    ],
}
"""The cluster of the lesson."""


def with_seconds(*seconds: float) -> straggler.Scenario:
    """Return the lesson's scenario with other compute times."""
    return straggler.load(SCENARIO).with_values({"cluster.compute.seconds": list(seconds)})


@exercise("1.1")
def third_update(answer: Answer) -> str:
    """When the synchronous method makes its third update if worker 4 needs 10 seconds."""
    times = straggler.simulate(with_seconds(1, 1, 1, 1, 10), "synchronous-nigt").history()["time"]
    number(
        answer,
        times[2],
        {
            "A round does not end with the last gradient: its vector has to be sent.": 30,
            "This is the time of the first update.": times[0],
            "This is the time of the second update.": times[1],
            "This is so with the straggler of the lesson, which needs 20 s.": 3 * 20.5,
            "Sending does not happen once at the end, but in each round.": 30.5,
        },
        " s",
    )
    return "Three rounds of 10 + 0.5 seconds."


@exercise("1.2")
def seconds(answer: Answer) -> str:
    """Compute times, one of them changed, with which the synchronous method makes 100 updates."""
    before = SCENARIO["cluster"]["compute"]["seconds"]
    try:
        after = [float(value) for value in answer]
        history = straggler.simulate(with_seconds(*after), "synchronous-nigt").history()
    except (TypeError, ValueError) as error:
        raise Wrong(f"Five numbers are wanted: {error}") from None
    except straggler.BadInputError as error:
        raise Wrong(f"The scenario is refused: {error.lines[0]}") from None
    changed = [k for k in range(5) if after[k] != before[k]]
    if len(changed) != 1:
        raise Wrong(f"You have changed {len(changed)} workers ({said(changed)}); one is allowed.")
    if len(history) < 100:
        slow = max(range(5), key=after.__getitem__)
        raise Wrong(
            f"That makes {len(history)} updates: a round waits {after[slow]:g} s for worker {slow}."
        )
    return f"{len(history)} updates, by one worker that is no straggler any more."


@exercise("1.3")
def leads(answer: Answer) -> str:
    """How far AFedPG leads the synchronous method: after 9 updates of each, and after 184.5 s."""
    sequence(answer, [lead("update", 9), lead("time", 184.5)], "Lead", close=0.02)
    return "Per update nothing is gained by not waiting. Per second almost everything is."


def lead(axis: str, end: float) -> float:
    """Return AFedPG's mean objective over seeds at the end, minus the synchronous method's."""
    history = simulate_all(straggler.load(SCENARIO)).history()
    last = history[history[axis] <= end].groupby(["method", "seed"])["objective"].last()
    mean = last.groupby("method").mean()
    return float(mean["afedpg"] - mean["synchronous-nigt"])
