"""Useful environment steps per second with the policy in the loop, beside other tools."""

import importlib.util
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv

from scenarios.bench.measure import Case, Measurement, interleaved
from scenarios.bench.rivals import EnvPool, GymnasiumVector, OneAtATime, OpenLoop, Rival
from scenarios.runs.executors.cores import CORES
from simulator.problems.control.policy import Policy
from simulator.problems.control.rollouts.batch import Batch, Setting
from simulator.problems.control.rollouts.rollouts import Rollouts
from simulator.problems.control.variant import Variant
from simulator.randomness import Stream, generator
from simulator.types import Indices

ENVIRONMENTS = ("Humanoid-v4", "Hopper-v4", "Walker2d-v4", "Reacher-v4")

EPISODES = {1: 20, 10: 10}
"""By how many points there are: a Rennala round of M = 20, and ten workers of AFedPG."""

LIMIT = "limit: mujoco.rollout, open loop, 2 threads"
LIMIT_ALONE = "limit, 1 thread"

SECONDS = 2.5
"""That a round takes, about: all cases sample the same batches, as many as there is time for."""


def bench_rollouts(
    env: str, points: int, rounds: int, on_round: Callable[[], None]
) -> list[Measurement]:
    """Measure straggler's rollouts and the rivals that are installed.

    The last line is computed: one process, times what the second core gives the physics alone, or
    the longest episodes allow.

    Args:
        env: a Gymnasium MuJoCo environment.
        points: how many parameter vectors the batches have.
        rounds: how many.
        on_round: called after each.
    """
    torch.set_num_threads(1)
    setting = Setting(env, (Variant(),), 1000, (64, 64), 0, "float32")
    engine = Rollouts(setting, processes=min(CORES, 2))
    single = Rollouts(setting)
    policy = engine.sampler.policy
    rivals, limit = _rivals(setting, policy, EPISODES[points])
    samplers: dict[str, Callable[[Batch], int]] = {
        "straggler, 2 processes": lambda one: len(engine.sample(one).rewards),
        "straggler, 1 process": lambda one: len(single.sample(one).rewards),
    }
    samplers |= {name: rival.sample for name, rival in rivals.items()}
    batches: list[Batch] = []

    def add() -> None:
        batches.append(_batch(policy, points, len(batches)))
        limit.record(batches[-1], single.sample(batches[-1]))

    def all_batches(sample: Callable[[Batch], int]) -> Case:
        return "useful steps", lambda: sum(sample(one) for one in batches)

    cases = {name: all_batches(sample) for name, sample in samplers.items()}
    try:
        add()
        interleaved(cases, 1, warm_up=False)  # everything is made now
        start = time.perf_counter()
        interleaved(cases, 1, warm_up=False)
        for _ in range(1, int(SECONDS / (time.perf_counter() - start))):
            add()
        found = interleaved(cases, rounds, warm_up=False, on_round=on_round)
        return [*found, _at_most(found, [single.sample(one).lengths for one in batches])]
    finally:
        engine.close()
        single.close()
        for rival in rivals.values():
            rival.close()


def _batch(policy: Policy, points: int, k: int) -> Batch:
    """Return the batch number k, at points of its own."""
    keys = [generator(k, 0, point, Stream.INITIAL_POINT) for point in range(points)]
    episodes = EPISODES[points]
    return Batch(
        points=np.array([policy.initial(key) for key in keys], dtype=np.float32),
        point=np.arange(episodes) % points,
        variants=np.zeros(episodes, dtype=np.int64),
        workers=np.arange(episodes),
        tasks=np.full(episodes, k),
    )


def _rivals(setting: Setting, policy: Policy, episodes: int) -> tuple[dict[str, Rival], OpenLoop]:
    """Return other tools by name, as far as they are installed; and the limit among them."""
    arguments = (setting, policy, episodes)
    rivals: dict[str, Rival] = {
        "Gymnasium, SyncVectorEnv": GymnasiumVector(*arguments, kind=SyncVectorEnv),
        "Gymnasium, AsyncVectorEnv": GymnasiumVector(*arguments, kind=AsyncVectorEnv),
        "one Gymnasium environment and torch": OneAtATime(*arguments),
    }
    if importlib.util.find_spec("envpool"):
        rivals["EnvPool, 2 threads"] = EnvPool(*arguments)
        rivals["EnvPool, 2 threads, all step on"] = EnvPool(*arguments, all_step=True)
    rivals[LIMIT] = limit = OpenLoop(*arguments, threads=2)
    rivals[LIMIT_ALONE] = OpenLoop(*arguments, threads=1, recorded=limit.recorded)
    return rivals, limit


def allowed(lengths: Sequence[Indices], gain: float) -> float:
    """Return how many times as fast as one process several can be: an episode is one's alone.

    Args:
        lengths: for each batch, the steps of its episodes, shape (m,).
        gain: how many times as much they can do together as one, if all are busy.
    """
    needed = sum(max(one.sum() / gain, one.max()) for one in lengths)
    return float(sum(one.sum() for one in lengths) / needed)


def _at_most(found: Sequence[Measurement], lengths: Sequence[Indices]) -> Measurement:
    ratios = {one.name: one.ratio for one in found}  # each within a round
    gain = float(np.clip(ratios[LIMIT] / ratios[LIMIT_ALONE], 1, 2))
    times, single = allowed(lengths, gain), found[1]
    name = "computed: 1 process, times what two cores and the longest episodes allow"
    return Measurement(name, single.unit, times * single.rate, times * single.ratio)
