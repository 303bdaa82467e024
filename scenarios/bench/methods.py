"""Whole short runs of methods, beside a plain simulator that computes every gradient.

It has no local, MindFlayer or Ringleader SGD.
"""

from collections.abc import Callable, Iterator

import torch

from algorithms import (
    NIGT,
    PG,
    AFedPG,
    Algorithm,
    Asynchronous,
    Fastest,
    FedBuff,
    Malenia,
    Rennala,
    Ringmaster,
    Synchronous,
)
from scenarios.bench.measure import Case, Measurement, interleaved
from scenarios.bench.plain import PlainCluster, PlainReinforce, plain_run
from scenarios.runs.executors.cores import CORES
from simulator import ComputeModel, Hardware, Network, power_law, simulate
from simulator.problems.control.control import Control

WORKERS = 10
RULE, PLAIN_RULE = NIGT(step_size=0.03125, momentum=0.1), PG(step_size=2**-19)

METHODS: dict[str, tuple[Algorithm, int]] = {
    "synchronous-pg": (Synchronous(PLAIN_RULE), 6),
    "synchronous-nigt": (Synchronous(RULE), 6),
    "rennala-pg": (Rennala(PLAIN_RULE, 20), 3),
    "rennala-nigt": (Rennala(RULE, 20), 3),
    "malenia-pg": (Malenia(PLAIN_RULE, 20), 3),
    "malenia-nigt": (Malenia(RULE, 20), 3),
    "afedpg": (AFedPG(RULE), 60),
    "asynchronous-pg": (Asynchronous(PLAIN_RULE), 60),
    "fedbuff-pg": (FedBuff(PLAIN_RULE, 10), 6),
    "fedbuff-nigt": (FedBuff(RULE, 10), 6),
    "ringmaster-nigt": (Ringmaster(RULE, 10), 60),
    "fastest-nigt": (Fastest(RULE, 5), 12),
}
"""Each with the updates of its short run: about 60 gradients that are used."""


def bench_methods(
    env: str, rounds: int, on_round: Callable[[], None]
) -> Iterator[tuple[str, list[Measurement]]]:
    """Measure each method: runs a second with h_i = kappa_i = sqrt(i), for ten workers.

    The environments are made and the helper process is started beforehand, for both.

    Args:
        env: a Gymnasium environment.
        rounds: how many.
        on_round: called after each.
    """
    torch.set_num_threads(1)
    options = (env, 1000, 0.99, (64, 64), 0)
    problem = Control(*options, processes=min(CORES, 2))
    plain = PlainReinforce(*options)
    times = power_law(WORKERS, 1.0, 0.5)
    hardware = Hardware(ComputeModel(times), Network(times))

    def ours(method: Algorithm, updates: int) -> Callable[[], int]:
        def run() -> int:
            if failure := simulate(method.run, problem, hardware, updates=updates).failure:
                raise RuntimeError(failure)
            return 1

        return run

    def theirs(method: Algorithm, updates: int) -> Callable[[], int]:
        def run() -> int:
            cluster = PlainCluster(times, times, problem.initial_point(), plain, updates)
            plain_run(method.run, cluster)
            return 1

        return run

    for name, (method, updates) in METHODS.items():
        cases: dict[str, Case] = {
            "straggler, 2 processes": ("runs", ours(method, updates)),
            "plain simulator": ("runs", theirs(method, updates)),
        }
        yield name, interleaved(cases, rounds, warm_up=True, on_round=on_round)
    problem.close()
    plain.close()
