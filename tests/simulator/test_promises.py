"""What is not computed: trajectories a second time, and gradients that will hardly be needed."""

from collections import Counter

import numpy as np
import pytest
from clusters import RULE, Recorder, hardware, run

from algorithms import PG, AFedPG, Algorithm, Local, Rennala, Ringmaster
from simulator import ComputeModel, Hardware, Network, Request, Run
from simulator.problems.control import control
from simulator.problems.control.control import Control
from simulator.problems.control.rollouts.batch import Batch
from simulator.problems.control.rollouts.rollouts import Announced, Rollouts


def test_after_one_that_was_discarded_the_next_is_evaluated_only_when_it_is_needed() -> None:
    """Worker 1 is stopped at 2, 4 and 6 s, two updates late: only its first one is in a batch."""
    problem = Recorder()
    result = run(Ringmaster(RULE, 2), hardware([1.0, 2.5]), updates=6, problem=problem)
    assert result.gradients_discarded.tolist() == [0, 3]
    assert problem.batches == [[(0, 0), (1, 0)], *([(0, k)] for k in range(1, 6))]


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(worker, task) of each trajectory that is sampled."""
    keys: list[tuple[int, int]] = []
    announce = Rollouts.announce

    def watched(self: Rollouts, batch: Batch) -> list[Announced]:
        keys.extend(zip(batch.workers.tolist(), batch.tasks.tolist(), strict=True))
        return announce(self, batch)

    monkeypatch.setattr(Rollouts, "announce", watched)
    return keys


def hopped(method: Algorithm) -> tuple[Run, Control]:
    h = np.array([1.0, 1.1, 1.7, 2.0, 4.0])
    problem = Control("Hopper-v4", 60, 0.9, (4,), seed=0)
    cluster = Hardware(ComputeModel(h, per_step=True), Network(0.1 * h))
    result = run(method, cluster, updates=5, problem=problem)
    problem.close()
    return result, problem


@pytest.mark.parametrize(
    "method",
    [AFedPG(RULE), Rennala(RULE, 6), Local(PG(0.01), 3, 0.001)],
    ids=["afedpg", "rennala", "local"],
)
def test_a_trajectory_that_decides_its_duration_is_sampled_once(
    method: Algorithm, sampled: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    once, problem = hopped(method)
    assert max(Counter(sampled).values()) == 1
    assert len(problem._kept) <= 10  # of tasks that are not over
    assert problem._kept_bytes == sum(kept.size for _, kept in problem._kept.values())
    sampled.clear()
    monkeypatch.setattr(control, "KEPT_BYTES", 3_000)  # room for one or two
    twice, problem = hopped(method)
    assert Counter(Counter(sampled).values())[2] >= 3
    assert problem._kept_bytes <= 3_000
    assert once.history == twice.history


def test_a_trajectory_at_another_point_is_not_used() -> None:
    problem = Control("Hopper-v4", 60, 0.9, (4,), seed=0)
    keys = np.arange(3), np.zeros(3, dtype=np.int64)
    point = problem.initial_point()
    here, there = (Request(p, *keys, np.ones(3)) for p in (point, point + 0.5))
    expected = problem.estimate([here, there])
    problem.preview(point, *keys)
    for got, want in zip(problem.estimate([here, there]), expected, strict=True):
        np.testing.assert_array_equal(got.gradient, want.gradient)
    problem.forget([(k, 0) for k in range(3)])
    assert (len(problem._kept), problem._kept_bytes) == (0, 0)
    problem.close()
