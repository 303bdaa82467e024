"""Several processes for one run: the same bits, and failures with a reason."""

import os
import signal
from typing import Any

import environments
import numpy as np
import pytest

from simulator import Request
from simulator.problems.control import helpers
from simulator.problems.control.control import Control
from simulator.problems.control.helpers import HelperError

environments.register()


def control(processes: int, env: str = "Hopper-v4", **options: Any) -> Control:
    return Control(env, 60, 0.99, (8,), seed=3, processes=processes, **options)


def requests(problem: Control, shares: list[int]) -> list[Request]:
    """Cut the same 24 trajectories at four points into requests."""
    points = [problem.initial_point() + 0.01 * k for k in range(4)]
    return [
        Request(points[k % 4], np.full(share, k), np.arange(share), np.ones(share))
        for k, share in enumerate(shares)
    ]


def sampled(problem: Control, parts: list[Request]) -> list[Any]:
    trajectories = problem._sample(parts)
    return [trajectories.lengths, trajectories.rewards, trajectories.u, trajectories.observations]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("env", ["Hopper-v4", "CartPole-v1"])
def test_helpers_and_batches_change_no_bit(
    env: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, crew = control(1, env, dtype=dtype), control(3, env, dtype=dtype)
    parts = requests(alone, [7, 1, 11, 5])
    expected = sampled(alone, parts)
    assert expected[2].dtype == dtype
    assert len(set(expected[0])) > 1  # episodes of different lengths
    for got, want in zip(sampled(crew, parts), expected, strict=True):
        np.testing.assert_array_equal(got, want)
    monkeypatch.setattr(helpers, "LARGEST_BATCH", 5)  # put in five times
    for problem in (alone, crew):
        for got, want in zip(sampled(problem, parts), expected, strict=True):
            np.testing.assert_array_equal(got, want)
    one_by_one = [sampled(alone, [part]) for part in parts]
    for k, want in enumerate(expected):
        np.testing.assert_array_equal(np.concatenate([part[k] for part in one_by_one]), want)
    crew.close()
    alone.close()


@pytest.mark.parametrize("env", ["Hopper-v4", "CartPole-v1"])
def test_a_gradient_is_the_same_with_helpers(env: str) -> None:
    answers = []
    for processes in (1, 2):
        problem = control(processes, env)
        answers.append(problem.estimate(requests(problem, [9, 4])))
        problem.close()
    for one, two in zip(*answers, strict=True):
        np.testing.assert_array_equal(one.gradient, two.gradient)
        np.testing.assert_array_equal(one.returns, two.returns)


def test_a_helper_that_dies_is_named() -> None:
    problem = control(2)
    parts = requests(problem, [8])
    problem.estimate(parts)
    process = problem._rollouts._helpers[0]._process
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with pytest.raises(HelperError, match=r"a helper process ended \(exit code -9\)"):
        problem.estimate(parts)
    problem.close()


def test_an_error_in_a_helper_comes_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = control(2, env="environments:Fragile-v0")  # breaks wherever it is first stepped
    with pytest.raises((HelperError, RuntimeError), match="fragile"):
        problem.estimate(requests(problem, [8]))
    monkeypatch.setattr(problem._rollouts.sampler, "sample", lambda *_: None)  # a helper must
    with pytest.raises(HelperError, match=r"in a helper process:(.|\n)*fragile"):
        problem.estimate(requests(problem, [8]))
    problem.close()


def test_helpers_end_with_their_problem() -> None:
    problem = control(2)
    problem.estimate(requests(problem, [4]))
    process = problem._rollouts._helpers[0]._process
    problem.close()
    assert process.returncode == -signal.SIGKILL
