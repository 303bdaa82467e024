"""How much the linear baseline lowers the variance of one trajectory's gradient.

For each environment, Rennala NIGT makes updates of 20 trajectories with the baseline. After the
first and the last update, the gradients of fresh trajectories are taken at theta, with the baseline
that the run has then and without one: the same trajectories. Prints the sums over coordinates of
their variances, divided.

    python examples/variance.py [ENV HORIZON]...
"""

import sys

import numpy as np

from algorithms import NIGT, Rennala
from simulator import ComputeModel, Hardware, Network, Request, SimulatedCluster, Vector, simulate
from simulator.evaluation import FIRST_TASK
from simulator.problems.control.control import Control

ENVIRONMENTS = {"Reacher-v4": 50, "Hopper-v4": 1000, "Walker2d-v4": 1000, "Humanoid-v4": 1000}
UPDATES, TRAJECTORIES, AT_ONCE = 50, 200, 20


def variance(problem: Control, theta: Vector, baseline: Vector | None) -> float:
    """Return the variance of one trajectory's gradient at ``theta``, summed over coordinates."""
    gradients: list[Vector] = []
    for first in range(FIRST_TASK, FIRST_TASK + TRAJECTORIES, AT_ONCE):
        gradients += [
            answer.gradient
            for answer in problem.estimate(
                [
                    Request(theta, np.array([0]), np.array([task]), np.ones(1), baseline)
                    for task in range(first, first + AT_ONCE)
                ]
            )
        ]
    return float(np.var(gradients, axis=0, ddof=1).sum())


def ratios(env: str, horizon: int) -> list[float]:
    """Return the variance with the baseline over that without, after the first and last update."""
    problem = Control(env, horizon, 0.99, (64, 64), seed=0, linear_baseline=True)
    found: list[float] = []

    def measure(cluster: SimulatedCluster, theta: Vector) -> None:
        if cluster.updates_made in {1, UPDATES}:
            baseline = cluster.gradients.baselines.newest
            found.append(variance(problem, theta, baseline) / variance(problem, theta, None))

    method = Rennala(NIGT(step_size=2**-5, momentum=0.1), batch=20)
    hardware = Hardware(ComputeModel(np.ones(10)), Network(np.zeros(10)))
    simulate(method.run, problem, hardware, updates=UPDATES, on_update=measure)
    problem.close()
    return found


def main(given: list[str]) -> None:
    """Print a row per environment."""
    named = dict(zip(given[::2], map(int, given[1::2]), strict=True)) or ENVIRONMENTS
    print(f"| environment | after 1 update | after {UPDATES} |\n|---|---|---|")  # noqa: T201
    for env, horizon in named.items():
        first, last = ratios(env, horizon)
        print(f"| {env} | {first:.3f} | {last:.3f} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
