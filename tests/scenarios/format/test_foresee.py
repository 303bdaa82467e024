"""What is told of runs before they begin: events by hand, keys and remedies."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clusters import RULE

import straggler
from algorithms import (
    AFedPG,
    Algorithm,
    Fastest,
    Local,
    Malenia,
    MindFlayer,
    Rennala,
    Ringmaster,
    Synchronous,
)
from algorithms.theory.forecast import Pace
from scenarios.format.foresee import Foreseen, foresee, one_update
from scenarios.format.load import library, load
from simulator.hardware.speed import Profile, Speeds

QUADRATIC = {"kind": "quadratic", "dimension": 2, "noise": 0.5}


def pace(*seconds: float, upload: float = 0.0, **more: Any) -> Pace:
    h = np.array(seconds)
    return Pace(h, 1 / h, np.full(len(h), upload), **more)


UPDATES: list[tuple[Algorithm, Pace, float, float]] = [
    (Synchronous(RULE), pace(1, 2, 4), 4, 3),
    (Synchronous(RULE, timeout=2.0), pace(1, 2, 4), 2, 2.5),  # half of worker 2's task
    (Fastest(RULE, 2), pace(1, 2, 4), 2, 2),
    (Rennala(RULE, 3), pace(1, 2, upload=5.0), 2 + 5, 3),
    (Rennala(RULE, 1, batch_init=3), pace(1, 2), 2, 3),
    # M = 4 wants 1/M_0 + 1/M_1 <= 1: the second of worker 1, after 2,000 of worker 0
    (Malenia(RULE, 4), pace(1, 1_000), 2_000, 2_002),
    (Malenia(RULE, 4), pace(1, math.inf), math.inf, math.inf),
    (Rennala(RULE, 3), pace(1, math.inf), 3, 3),
    # an arrival each second, of completions that take half of the two seconds of a loop
    (AFedPG(RULE), pace(1, 1, upload=1.0), 1, 2),
    (Ringmaster(RULE, 1), pace(1, 1, upload=1.0), 1, 2),
    (Local(RULE, 3, 0.5), pace(1, 2, upload=1.0), 3 * 2 + 1, 6),
    # worker 2 is not waited for, and has half of its task by then
    (Synchronous(RULE, backup=1), pace(1, 2, 4), 2, 2.5),
    # by h + kappa workers 1 and 2, of whom the latter computes for 3 s; the slower link takes 4
    (Fastest(RULE, 1), replace(pace(1, 2), upload=np.array([1.0, 5.0])), 1 + 1, 1),
    (Fastest(RULE, 2), replace(pace(1, 0.5, 3), upload=np.array([4.0, 4.0, 0.0])), 3 + 4, 2),
    # trials may take longer than h_i, and do not; or half of it, and all are given up
    (MindFlayer(RULE, 3, patience=2.0), pace(1, 2), 2, 3),
    (MindFlayer(RULE, 3, patience=0.5), pace(1, 2), 1, 1.5),
    # both compute for seven seconds: three and a half of worker 1's gradients
    (Rennala(RULE, 3), pace(1, 2, upload=5.0, finish=True), 2 + 5, 7 + 3.5),
]


@pytest.mark.parametrize("case", range(len(UPDATES)))
def test_what_an_update_takes(case: int) -> None:
    method, workers, seconds, events = UPDATES[case]
    found = method.forecast(workers)
    assert found is not None
    assert (found.seconds, found.events) == pytest.approx((seconds, events))


def failing(running: str) -> dict[str, Any]:
    model = {"model": "random", "between": 1.0, "repair": 3.0, "running": running}
    return {"failures": model}


HALF = {"workers": [0], "times": [0.0], "speeds": [0.5]}
SLOWER: dict[str, tuple[float, dict[str, Any], dict[str, Any], float, float]] = {
    # (between + repair) (e^(h / between) - 1) = 4 (2 - 1); a failure and a window every 4 s
    "tasks that are lost": (math.log(2), {}, failing("lost"), 4, 1 + 2),
    # up for a quarter of the time; a window every 4 s
    "tasks that are paused": (0.5, {}, failing("paused"), 2, 1 + 0.5),
    "half of the speed": (1.0, {"schedule": [HALF]}, {}, 2, 1),
}


@pytest.mark.parametrize("name", SLOWER)
def test_what_an_update_takes_of_a_worker_that_fails_or_is_slow(name: str) -> None:
    h, compute, more, seconds, events = SLOWER[name]
    compute = {"model": "explicit", "seconds": [h], **compute}
    methods = [{"name": "synchronous-pg", "step_size": 0.1}]
    content = {"title": "t", "seeds": [0], "problem": QUADRATIC, "updates": 9, "methods": methods}
    scenario = straggler.load({**content, "cluster": {"workers": 1, "compute": compute, **more}})
    one = one_update(scenario, scenario.methods[0])
    assert one is not None
    assert (one.seconds, one.events) == pytest.approx((seconds, events))


def test_a_run_that_ends_before_its_first_update_takes_no_more() -> None:
    found = Malenia(RULE, 4).forecast(pace(1, 1e12, end=100.0))
    assert found.events == pytest.approx(100)


def foreseen(method: dict[str, Any], compute: list[float], **more: Any) -> Foreseen | None:
    limit = more.pop("limit", None)
    cluster = {
        "workers": len(compute),
        "compute": {"model": "explicit", "seconds": compute},
        **more.pop("cluster", {}),
    }
    values = {"step_size": 0.1, "momentum": 0.1, **method}
    content = {"title": "t", "seeds": [0], "problem": QUADRATIC, "methods": [values]}
    scenario = straggler.load({**content, "updates": 10, "cluster": cluster, **more})
    return foresee(scenario, scenario.methods[0], limit)


LARGE = {"name": "rennala-nigt", "batch": 10**9}
UNEQUAL = {"name": "malenia-nigt", "batch": 4}
RENNALA = {"name": "rennala-nigt", "batch": 4}


def down(**more: Any) -> dict[str, Any]:
    return {"failures": {"model": "random", "between": 0.01, "repair": 0.01, **more}}


HOPELESS: dict[str, tuple[dict[str, Any], list[float], dict[str, Any], str]] = {
    "a batch": (
        LARGE,
        [1.0, 2.0],
        {},
        "methods.rennala-nigt.batch: an update of rennala-nigt takes about 1e+09 events, ",
    ),
    "a buffer": (
        {"name": "fedbuff-nigt", "buffer": 10**8},
        [1.0, 2.0],
        {},
        # as many arrivals as completions
        "methods.fedbuff-nigt.buffer: an update of fedbuff-nigt takes about 2e+08 events, ",
    ),
    "unequal times": (
        UNEQUAL,
        [1e-12, 1e12],
        {},
        "cluster.compute: an update of malenia-nigt takes about 2e+24 events",
    ),
    "failures": (
        RENNALA,
        [1.0],
        {"cluster": down()},
        "cluster.failures: an update of rennala-nigt takes about ",
    ),
    "failures without an end": (
        RENNALA,
        [1.0],
        {"cluster": down(between=1e-3)},
        "cluster.failures: rennala-nigt never makes an update (a gradient takes 1 s without them,",
    ),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_hopeless_runs_are_told_with_their_key_and_a_remedy(name: str) -> None:
    method, compute, more, text = HOPELESS[name]
    found = foreseen(method, compute, **more)
    assert found is not None
    assert found.hopeless
    assert found.text.startswith(text)
    assert "; accepted: " in found.text


def test_the_remedy_works() -> None:
    (_, _, remedy) = foreseen(LARGE, [1.0, 2.0]).text.partition("--max-events ")  # type: ignore[union-attr]
    assert remedy == "2000000000"
    longer = foreseen(LARGE, [1.0, 2.0], limit=int(remedy))
    assert longer is None or not longer.hopeless


def test_long_runs_are_told_and_made() -> None:
    # a hundred seconds of 1e12 completions and 1e12 arrivals each
    found = foreseen({"name": "afedpg"}, [1e-12], updates=None, time_limit=100.0)
    assert found == Foreseen(
        "time_limit: afedpg takes up to 2e+14 events, about 4.63e+04 days of real time; accepted: "
        "less, or patience",
        hopeless=False,
    )
    still = {"failures": {"model": "windows", "windows": [[0, 0.0, 1e300]]}}
    found = foreseen(RENNALA, [1.0], cluster=still)
    assert found is not None
    assert found.text.startswith("cluster.failures.windows: at 1e+300 s simulated time stands")
    assert not found.hopeless


@pytest.mark.parametrize(
    "problem",
    [
        {"kind": "clock", "steps": 1000},
        {
            "kind": "tabular",
            "horizon": 1000,
            "world": {"model": "random", "states": 2, "actions": 2},
        },
    ],
)
def test_times_per_step_are_those_of_the_problems_steps(problem: dict[str, Any]) -> None:
    # 1,000 steps of 1e-12 s: a hundred seconds of 1e9 completions and 1e9 arrivals each
    compute = {"model": "power", "scale": 1e-12, "per": "step"}
    found = foreseen(
        {"name": "afedpg"},
        [1.0],
        cluster={"compute": compute},
        problem=problem,
        updates=None,
        time_limit=100.0,
    )
    assert found is not None
    assert found.text.startswith("time_limit: afedpg takes up to 2e+11 events, about 46.3 days")


def test_ringleaders_turns_are_of_many_updates() -> None:
    # a turn of two updates takes two events; a day has 4.32e9
    variants = [{"name": "far", "workers": [1], "optimum": 2.0}]
    problem = {**QUADRATIC, "variants": variants}
    ringleader = {"name": "ringleader-nigt"}
    long = 3 * 10**9
    assert foreseen(ringleader, [1.0, 1.0], problem=problem, updates=long) is None
    found = foreseen(ringleader, [1.0, 1.0], problem=problem, updates=2 * long)
    assert found is not None
    assert "ringleader-nigt takes up to 6e+09 events" in found.text
    content = {"title": "t", "seeds": [0], "problem": problem, "updates": 10}
    methods = [{**ringleader, "step_size": 0.1, "momentum": 0.1}]
    cluster = {
        "workers": 2,
        "compute": {"model": "explicit", "seconds": [1.0, 3.0]},
        "server": {"update": 2.0},
    }
    served = straggler.load({**content, "methods": methods, "cluster": cluster})
    turn = one_update(served, served.methods[0])
    assert turn is not None
    assert turn.seconds == 4  # two updates of 2 s each


def test_means_are_not_taken_for_certain() -> None:
    """Rare failures are lost on average 17 times: about 1e9 events, which may not be so many."""
    found = foreseen({**RENNALA, "batch": 1}, [1.0], cluster=down(between=0.05, repair=0.05))
    assert found is not None
    assert not found.hopeless


def test_what_ends_is_not_told() -> None:
    for method in (UNEQUAL, RENNALA, {"name": "afedpg"}, {"name": "synchronous-nigt"}):
        assert foreseen(method, [1.0, 1_000.0]) is None
    assert foreseen(UNEQUAL, [1e-12, 1e12], time_limit=1e-9) is None  # it ends before
    for file in library().values():
        scenario = load(file, environment=False)
        assert [foresee(scenario, method) for method in scenario.methods] == [None] * len(
            scenario.methods
        )


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"time_limit": 3.0, "updates": None}, 0),
        ({"time_limit": 3.5, "updates": None}, 1),
        ({"time_limit": 3.0, "updates": 500}, 0),
        ({"time_limit": 1000.0, "updates": 2}, 0),
        ({"updates": 3}, 0),  # about 3 s
        ({"updates": 30}, 1),
    ],
)
def test_that_a_trace_ends_before_the_run_is_told(
    limits: dict[str, Any],
    told: int,
    tmp_path: Path,
) -> None:
    (tmp_path / "log.csv").write_text("worker,start,end\n" + "0,0,1\n0,1,2\n0,2,3\n")
    straggler.trace(tmp_path / "log.csv", tmp_path / "t.csv")
    trace = {"model": "trace", "file": str(tmp_path / "t.csv")}
    found = foreseen({"name": "synchronous-nigt"}, [1.0], cluster={"compute": trace}, **limits)
    assert (found is not None) == bool(told)
    if found is not None:
        assert not found.hopeless
        assert found.text.startswith("cluster.compute.file: from 3 s on all workers stand still")


def test_speeds_that_last_or_repeat_have_no_end() -> None:
    still = Profile(np.array([0.0, 2.0]), np.array([1.0, 0.0]))
    again = Profile(np.array([0.0, 2.0]), np.array([1.0, 0.0]), 3.0)
    later = Profile(np.array([0.0, 5.0]), np.array([1.0, 0.0]))
    both = np.array([0, 1])
    assert Speeds([still, later], both).last == 5.0
    assert Speeds([still, again], both).last == math.inf
    assert Speeds([still], np.array([0, -1])).last == math.inf  # one of constant speed
