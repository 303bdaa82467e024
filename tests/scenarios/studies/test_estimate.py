"""How long runs will take: what is extrapolated, by a clock that only evaluations move."""

import time
from pathlib import Path

import numpy as np
import pytest

import straggler
from scenarios.runs.executors.cores import CORES
from scenarios.runs.jobs import Job
from scenarios.runs.make import slots
from scenarios.runs.spec import expand
from scenarios.studies import estimate
from scenarios.studies.sweep import folder_of
from simulator import Indices, Vector
from simulator.problems.tabular import Tabular


@pytest.mark.parametrize(
    ("limits", "evaluation", "seconds"),
    [
        # updates come each second: evaluated are those of second 1, 2, 4, 6, 8 and 10
        ({"time_limit": 10.0}, {"every": 2.0, "episodes": 3}, 6 * 3.0),
        ({"time_limit": 10.0}, {"every": 2.0, "episodes": 100}, 6 * 100.0),
        # at most once an update
        ({"updates": 4}, {"every": 0.5, "episodes": 3}, 4 * 3.0),
        # the first only
        ({"updates": 4}, {"every": 100.0, "episodes": 3}, 3.0),
        ({"updates": 4}, None, 0.0),
    ],
)
def test_evaluations_are_part_of_what_a_run_takes(
    limits: dict[str, float],
    evaluation: dict[str, float] | None,
    seconds: float,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]

    def sample(_: Tabular, __: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:
        assert set(workers) == {0, 1}  # one of each variant
        now[0] += 0.5 * len(tasks)
        return np.ones(len(tasks), int), np.zeros(len(tasks))

    monkeypatch.setattr(Tabular, "sample", sample)
    monkeypatch.setattr(time, "process_time", lambda: now[0])
    world = {"model": "random", "states": 2, "actions": 2}
    other = {"name": "other", "workers": [1, 2], "reward_scale": 2.0}
    content = {
        "title": "t",
        "seeds": [0],
        **limits,
        "cluster": {"workers": 3, "compute": {"model": "power", "scale": 1.0}},
        "problem": {"kind": "tabular", "world": world, "variants": [other]},
        "methods": [{"name": "synchronous-pg", "step_size": 0.1}],
    }
    (spec,) = expand(straggler.load(content | ({"evaluation": evaluation} if evaluation else {})))
    found = estimate.estimate([Job(spec, folder_of(spec, tmp_path), "")], slots=2)
    assert found.seconds == pytest.approx(seconds / 2)
    assert found.samples == 1


def test_runs_at_a_time_are_those_of_the_cluster_at_an_address() -> None:
    assert slots(10**6, None) == slots(None, None) == CORES
    assert slots(1, None) == 1
    assert slots(10**6, "head:6379") == 10**6
