"""Environment steps per second with the policy in the loop: ``make bench``."""

from typing import Any

import numpy as np
import pytest
import torch

from simulator import Request
from simulator.problems.control import Control
from simulator.problems.environment import make_environment


@pytest.mark.parametrize("env", ["Humanoid-v4", "Hopper-v4"])
def test_20_trajectories_and_their_gradient(benchmark: Any, env: str) -> None:
    torch.set_num_threads(1)
    problem = Control(env, 1000, 0.99, (64, 64), seed=0)
    workers = np.arange(20)
    request = Request(problem.initial_point(), workers, 0 * workers, np.full(20, 1 / 20))
    (answer,) = benchmark.pedantic(lambda: problem.estimate([request]), rounds=5, warmup_rounds=1)
    benchmark.extra_info["steps"] = int(answer.lengths.sum())


@pytest.mark.parametrize("env", ["Humanoid-v4", "Hopper-v4"])
def test_the_same_number_of_bare_steps(benchmark: Any, env: str) -> None:
    environment = make_environment(env)
    problem = Control(env, 1000, 0.99, (64, 64), seed=0)
    workers = np.arange(20)
    request = Request(problem.initial_point(), workers, 0 * workers, np.full(20, 1 / 20))
    steps = int(problem.estimate([request])[0].lengths.sum())
    action = environment.action_space.sample() * 0

    def run() -> None:
        environment.reset(seed=0)
        for _ in range(steps):
            ended = environment.step(action)[2]
            if ended:
                environment.reset()

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
