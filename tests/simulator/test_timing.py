"""Clocks without learning: they are those of a problem of the same size."""

from typing import Any

import pytest

import straggler as front

CLUSTER = {
    "workers": 4,
    "compute": {
        "model": "power",
        "scale": 1.0,
        "exponent": 0.5,
        "random": {"distribution": "gamma", "cv": 0.5},
    },
    "uplink": {"model": "link", "bandwidth": 100.0},  # 4 d bytes: a second for d = 25
}
METHODS = [
    {"name": "rennala-nigt", "batch": 5, "momentum": 0.1, "step_size": 0.1},
    {"name": "afedpg", "momentum": 0.1, "step_size": 0.1},
]


def table(problem: dict[str, Any], method: str, **cluster: Any) -> tuple[Any, dict[str, Any]]:
    scenario = {
        "title": "clocks",
        "seeds": [3],
        "updates": 30,
        "cluster": CLUSTER | cluster,
        "problem": problem,
        "methods": METHODS,
    }
    run = front.simulate(scenario, method)
    times = run.history()[["time", "gradients", "discarded", "delay", "steps"]]
    return times, run.rows().rows[0]


@pytest.mark.parametrize("method", ["rennala-nigt", "afedpg"])
def test_the_clock_is_that_of_a_problem_of_the_same_size(method: str) -> None:
    learned, cost = table({"kind": "quadratic", "dimension": 25}, method)
    timed, same = table({"kind": "clock", "dimension": 25}, method)
    assert timed.equals(learned)
    assert same["bytes_sent"] == cost["bytes_sent"]
    smaller, _ = table({"kind": "clock", "dimension": 5}, method)
    assert smaller["time"].iloc[-1] < timed["time"].iloc[-1]


def test_a_shared_ingress_has_bytes_per_second() -> None:
    # 100 bytes a second are one vector of 25 coordinates: two that are ready at 1 s take until 3
    scenario = {
        "title": "an ingress",
        "seeds": [0],
        "updates": 2,
        "cluster": {
            "workers": 2,
            "compute": {"model": "explicit", "seconds": [1.0, 1.0]},
            "ingress": {"bandwidth": 100.0},
        },
        "problem": {"kind": "clock", "dimension": 25},
        "methods": [{"name": "synchronous-pg", "step_size": 0.1}],
    }
    assert front.simulate(scenario).history()["time"].tolist() == [3, 6]


def test_windows_of_failures_may_touch() -> None:
    # down until 4: the update comes at 5; the windows stand in any order
    windows = {"model": "windows", "windows": [[0, 2.0, 4.0], [0, 0.0, 2.0]]}
    compute = {"model": "explicit", "seconds": [1.0] * 4}
    times, _ = table({"kind": "clock"}, "afedpg", compute=compute, uplink=None, failures=windows)
    assert times["time"].tolist()[:4] == [1, 1, 1, 2]
    assert (times["time"] == 5).sum() == 4


def test_steps_make_gradients_longer() -> None:
    # per step a task takes 7 times its h_i, as if h_i were 7 times as long
    compute = CLUSTER["compute"]
    assert isinstance(compute, dict)
    per_step, _ = table(
        {"kind": "clock", "steps": 7}, "rennala-nigt", compute=compute | {"per": "step"}
    )
    longer, _ = table({"kind": "clock"}, "rennala-nigt", compute=compute | {"scale": 7.0})
    assert per_step["time"].to_numpy() == pytest.approx(longer["time"].to_numpy())
    assert (per_step["steps"] == 35).all()
    assert (longer["steps"] == 0).all()


def test_without_steps_nothing_is_timed_per_step() -> None:
    compute = {"model": "power", "scale": 1.0, "per": "step"}
    with pytest.raises(front.BadInputError, match="a clock has no steps; accepted: 'gradient'"):
        table({"kind": "clock"}, "afedpg", compute=compute)
