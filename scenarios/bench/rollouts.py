"""Useful environment steps per second with the policy in the loop, beside other tools."""

import importlib.util
from collections.abc import Callable

import numpy as np
import torch
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv

from scenarios.bench.measure import Case, Measurement, interleaved
from scenarios.bench.rivals import EnvPool, GymnasiumVector, OneAtATime, OpenLoop, Rival
from scenarios.runs.cores import CORES
from simulator.problems.control.helpers import Rollouts
from simulator.problems.control.rollout import Batch, Setting
from simulator.problems.control.variant import Variant
from simulator.randomness import Stream, generator

ENVIRONMENTS = ("Humanoid-v4", "Hopper-v4", "Walker2d-v4", "Reacher-v4")

EPISODES = {1: 20, 10: 10}
"""By how many points there are: a Rennala round of M = 20, and ten workers of AFedPG."""

STEPS = 12_000
"""How many steps a measured case makes, about."""


def bench_rollouts(env: str, points: int, rounds: int) -> list[Measurement]:
    """Measure straggler's rollouts and the rivals that are installed.

    Args:
        env: a Gymnasium MuJoCo environment.
        points: how many parameter vectors the batches have.
        rounds: how many.
    """
    torch.set_num_threads(1)
    setting = Setting(env, (Variant(),), 1000, (64, 64), 0, "float32")
    engine = Rollouts(setting, processes=min(CORES, 2))
    single = Rollouts(setting)
    policy, episodes = engine.sampler.policy, EPISODES[points]

    def batch(k: int) -> Batch:
        keys = [generator(k, 0, point, Stream.INITIAL_POINT) for point in range(points)]
        return Batch(
            points=np.array([policy.initial(key) for key in keys], dtype=np.float32),
            point=np.arange(episodes) % points,
            variants=np.zeros(episodes, dtype=np.int64),
            workers=np.arange(episodes),
            tasks=np.full(episodes, k),
        )

    first = len(engine.sample(batch(0)).rewards)
    batches = [batch(k) for k in range(max(1, STEPS // first))]
    arguments = (setting, policy, episodes)
    rivals: dict[str, Rival] = {
        "Gymnasium, SyncVectorEnv": GymnasiumVector(*arguments, kind=SyncVectorEnv),
        "Gymnasium, AsyncVectorEnv": GymnasiumVector(*arguments, kind=AsyncVectorEnv),
        "one Gymnasium environment and torch": OneAtATime(*arguments),
    }
    if importlib.util.find_spec("envpool"):
        rivals["EnvPool, 2 threads"] = EnvPool(*arguments)
        rivals["EnvPool, 2 threads, all step on"] = EnvPool(*arguments, all_step=True)
    limit = OpenLoop(*arguments)
    for one in batches:
        limit.record(one, engine.sampler)
    rivals["limit: mujoco.rollout, open loop, 2 threads"] = limit

    def all_batches(sample: Callable[[Batch], int]) -> Callable[[], int]:
        return lambda: sum(sample(one) for one in batches)

    unit = "useful steps"
    cases: dict[str, Case] = {
        "straggler, 2 processes": (unit, all_batches(lambda b: len(engine.sample(b).rewards))),
        "straggler, 1 process": (unit, all_batches(lambda b: len(single.sample(b).rewards))),
    }
    cases |= {name: (unit, all_batches(rival.sample)) for name, rival in rivals.items()}
    try:
        return interleaved(cases, rounds, warm_up=True)
    finally:
        engine.close()
        single.close()
        for rival in rivals.values():
            rival.close()
