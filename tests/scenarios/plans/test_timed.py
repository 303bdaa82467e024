"""Clocks by simulation: what they say of updates beyond those that were simulated."""

from typing import Any

import numpy as np
import pytest

import straggler as front
from scenarios.plans.timed import Learned, Timed, timed, timing


def scenario(seconds: list[float], **cluster: Any) -> dict[str, Any]:
    compute = {"model": "explicit", "seconds": seconds}
    return {
        "title": "clocks",
        "seeds": [0],
        "updates": 200,
        "cluster": {"workers": len(seconds), "compute": compute, **cluster},
        "problem": {"kind": "quadratic", "dimension": 2},
        "methods": [{"name": "synchronous-nigt", "momentum": 0.5, "step_size": 0.1}],
    }


def clock_of(content: dict[str, Any], method: dict[str, Any], events: int) -> Timed:
    table = method | {"label": "it", "momentum": 0.5, "step_size": 0.1}
    whole = front.load(content)
    learned = Learned(whole.problem.model_dump(exclude_none=True), 2, None)
    return timed(timing(whole.cluster, [table], learned, "test"), "it", 10**9, 0, events=events)


def test_an_update_of_more_workers_than_events_is_simulated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scenarios.plans.timed.EVENTS", 1)
    clock = clock_of(scenario([3.0] * 100), {"name": "synchronous-nigt"}, events=1)
    assert clock.times[0] == 3.0


VARIED = {
    "kind": "quadratic",
    "dimension": 2,
    "variants": [{"name": "far", "workers": [3], "optimum": 2.0}],
}


@pytest.mark.parametrize(
    ("method", "seconds", "problem", "updates", "when"),
    [
        # Update 4 k + 1 is the slow worker's, who arrives for the (k + 1)-th time.
        ({"name": "ringleader-nigt"}, [1.0, 1.0, 1.0, 20.0], VARIED, 4001, 20 * 1001.0),
        # A lap of n updates at each second, however many of the last one were simulated.
        ({"name": "afedpg"}, [1.0] * 150, None, 15_001, 101.0),
        ({"name": "fedbuff-nigt", "buffer": 60}, [1.0] * 150, None, 2_500, 1_000.0),
        ({"name": "synchronous-nigt"}, [1.0, 3.0], None, 1_000, 3_000.0),
    ],
)
def test_a_clock_goes_on_by_whole_laps(
    method: dict[str, Any],
    seconds: list[float],
    problem: dict[str, Any] | None,
    updates: int,
    when: float,
) -> None:
    content = scenario(seconds) | ({"problem": problem} if problem else {})
    clock = clock_of(content, method, events=450)
    assert len(clock.times) < 1_000 < updates + 1
    assert clock.seconds(updates) == pytest.approx(when)


def test_more_updates_are_never_sooner_where_workers_fail() -> None:
    failures = {"model": "random", "between": 200.0, "repair": 100.0}
    content = scenario([10.0] * 10, failures=failures)
    clock = clock_of(content, {"name": "afedpg"}, events=450)
    assert not clock.fixed
    k = len(clock.times)
    seconds = np.array([clock.seconds(updates) for updates in range(1, 3 * k)])
    assert (np.diff(seconds) >= 0).all()
    beyond = np.diff(seconds[k:])
    assert beyond == pytest.approx(beyond[0])  # at one pace
