"""The linear baseline: fitted on earlier trajectories alone, and of no effect on the mean."""

from collections.abc import Sequence

import numpy as np
import pytest
from clusters import RULE, hardware, run, times

from algorithms import AFedPG, Algorithm, Local, Rennala
from simulator import Estimate, Request
from simulator.problems.control.baseline import KEPT, RIDGE, LinearBaseline
from simulator.problems.control.control import Control
from simulator.promises import gradients
from simulator.types import Vector

HORIZON = 10


class Told(Control):
    """Remembers the requests and their answers."""

    def __init__(self, horizon: int = HORIZON) -> None:
        super().__init__("Reacher-v4", horizon, 0.9, (4,), seed=0, linear_baseline=True)
        self.asked: list[tuple[Request, Estimate]] = []

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        answers = super().estimate(requests)
        self.asked += zip(requests, answers, strict=True)
        return answers


def one(point: Vector, task: int, baseline: Vector | None = None) -> Request:
    return Request(point, np.array([3]), np.array([task]), np.ones(1), baseline)


def test_features_by_hand() -> None:
    seen = np.array([[2.0, -30.0], [3.0, 4.0], [5.0, 6.0]], dtype=np.float32)  # clipped to -10
    rows = LinearBaseline(2, discount=0.5).features(seen, np.array([2, 1]))
    expected = np.array(
        [
            [2.0, -10, 4, 100, 0, 0, 0, 1],
            [3 / 2, 4 / 2, 9 / 2, 16 / 2, 0.01 / 2, 1e-4 / 2, 1e-6 / 2, 1 / 2],
            [5.0, 6, 25, 36, 0, 0, 0, 1],
        ]
    )
    np.testing.assert_allclose(rows, expected, rtol=1e-12)


def test_coefficients_are_those_of_least_squares() -> None:
    rng, baseline = np.random.default_rng(0), LinearBaseline(3, discount=0.9)
    lengths = np.array([7000, 2500, 1])  # more steps than a chunk has
    features = baseline.features(rng.standard_normal((9501, 3)), lengths)
    to_go = rng.standard_normal(9501)
    mine = baseline.fit(baseline.sums(features, to_go))
    table = np.vstack([features, np.sqrt(RIDGE) * np.eye(10)])
    expected, *_ = np.linalg.lstsq(table, np.concatenate([to_go, np.zeros(10)]))
    np.testing.assert_allclose(mine, expected, rtol=1e-8)


def test_the_mean_gradient_stays_and_its_variance_falls() -> None:
    problem = Told()
    point = problem.initial_point()
    earlier = problem.estimate([one(point, task) for task in range(20)])
    memory = None
    for answer in earlier:
        memory = problem.remember(memory, answer)
    assert memory is not None
    told = problem.baseline(memory)
    tasks = range(100, 600)
    plain = np.array([a.gradient for a in problem.estimate([one(point, k) for k in tasks])])
    less = np.array([a.gradient for a in problem.estimate([one(point, k, told) for k in tasks])])
    moved = less - plain
    error = moved.std(axis=0, ddof=1) / np.sqrt(len(moved))
    assert (abs(moved.mean(axis=0)) < 4 * error + 1e-12).all()
    assert less.var(axis=0).sum() < 0.1 * plain.var(axis=0).sum()


def test_a_round_is_told_of_the_rounds_before_it() -> None:
    problem = Told()
    run(Rennala(RULE, 3), hardware([1, 2]), updates=3, problem=problem)
    (first, one), (second, two), (third, _) = problem.asked
    assert first.baseline is None
    memory = [one.sums, two.sums + KEPT**3 * one.sums]
    assert second.baseline is not None
    assert third.baseline is not None
    np.testing.assert_array_equal(second.baseline, problem.baseline(memory[0]))
    np.testing.assert_array_equal(third.baseline, problem.baseline(memory[1]))


def test_what_is_dispatched_is_told_of_the_updates_before_it() -> None:
    # worker 0 arrives at 1, 2 (delay 0), and worker 1 at 2 from time 0: it was told of nothing
    problem = Told()
    assert times(run(AFedPG(RULE), hardware([1, 2]), updates=4, problem=problem)) == [1, 2, 2, 3]
    told = {(int(r.workers[0]), int(r.tasks[0])): (r.baseline, a.sums) for r, a in problem.asked}
    assert told[0, 0][0] is None
    assert told[1, 0][0] is None
    np.testing.assert_array_equal(told[0, 1][0], problem.baseline(told[0, 0][1]))
    memory = told[0, 1][1] + KEPT * told[0, 0][1]
    np.testing.assert_array_equal(told[0, 2][0], problem.baseline(memory))


def test_a_round_of_workers_that_move_is_told_of_all_their_steps() -> None:
    problem = Told()
    run(Local(RULE, 2, 0.1), hardware([1, 2]), updates=2, problem=problem)
    assert [request.baseline for request, _ in problem.asked[:4]] == [None] * 4
    told = problem.baseline(np.sum([answer.sums for _, answer in problem.asked[:4]], axis=0))
    for request, _ in problem.asked[4:]:
        assert request.baseline is not None
        np.testing.assert_allclose(request.baseline, told, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", [AFedPG(RULE), Rennala(RULE, 3), Local(RULE, 2, 0.1)])
def test_batches_and_processes_change_nothing(
    method: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(processes: int) -> list[float | None]:
        problem = Control(
            "Reacher-v4", HORIZON, 0.9, (4,), seed=0, linear_baseline=True, processes=processes
        )
        history = run(method, hardware([1, 1.5, 3]), updates=8, problem=problem).history
        problem.close()
        return [row.return_mean for row in history.rows]

    together = rows(1)
    assert rows(2) == together
    monkeypatch.setattr(gradients, "LARGEST", 1)
    assert rows(1) == together
