"""Workers that take steps of their own: lookaheads that are promises."""

import numpy as np
import pytest
from clusters import Recorder, hardware, run, times

from algorithms import PG, Local, Synchronous
from simulator import (
    Cluster,
    ComputeModel,
    Hardware,
    Network,
    Process,
    Request,
    SimulatedCluster,
    Vector,
    simulate,
)
from simulator.problems.mdp import grid_world
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.problems.tabular import Tabular

RULE = PG(step_size=0.1)


def quadratic(noise: float = 0.5) -> Quadratic:
    return Quadratic(dimension=3, bowls=[Bowl()], noise=noise, seed=0)


def one_by_one(tau: int, beta: float, workers: int, updates: int) -> list[Vector]:
    """Return theta after each update, with every gradient asked for alone and in order."""
    problem = quadratic()
    theta, found = problem.initial_point(), list[Vector]()
    for t in range(updates):
        differences = []
        for i in range(workers):
            x = theta
            for task in range(t * tau, (t + 1) * tau):
                ask = Request(x, np.array([i]), np.array([task]), np.ones(1))
                x = x + beta * problem.estimate([ask])[0].gradient
            differences.append(x - theta)
        theta = theta + 0.1 / beta * np.mean(differences, axis=0)
        found.append(theta)
    return found


def thetas(method: Local, cluster: Hardware, updates: int) -> list[Vector]:
    found: list[Vector] = []

    def note(_: SimulatedCluster, theta: Vector) -> None:
        found.append(theta)

    simulate(method.run, quadratic(), cluster, updates=updates, on_update=note)
    return found


@pytest.mark.parametrize("beta", [0.1, 0.3])
def test_each_worker_goes_its_own_way(beta: float) -> None:
    # the clock mixes the workers' steps, and differs from round to round
    cluster = hardware([1, 0.4, 2.5], [0.5, 3, 0])
    found = thetas(Local(RULE, 3, beta), cluster, updates=4)
    np.testing.assert_allclose(found, one_by_one(3, beta, 3, 4), rtol=1e-12)


def test_one_local_step_is_the_synchronous_method_to_the_last_bit() -> None:
    cluster = hardware([1, 2, 4], [2, 0, 1])
    local = run(Local(RULE, 1, local_step_size=0.7), cluster, updates=20)
    assert local.history.rows == run(Synchronous(RULE), cluster, updates=20).history.rows


def test_local_steps_come_to_the_maximum() -> None:
    method = Local(RULE, 5, 0.1)
    rows = run(method, hardware([1, 2]), updates=60, problem=quadratic(noise=0.0)).history.rows
    assert rows[-1].gradient_norm is not None
    assert rows[-1].gradient_norm < 1e-2


def test_steps_that_are_discarded_are_never_computed() -> None:
    def method(cluster: Cluster) -> Process[None]:
        round = cluster.broadcast(
            cluster.initial_point, keep_going=False, steps=2, move=lambda x, g: x + g
        )
        tasks = yield from round.arrivals(1)
        assert [task.worker for task in tasks] == [0, 0]
        now = RULE.start(cluster.initial_point)
        gradient = yield from round.reduce(tasks, [1, 1])
        yield from cluster.update(RULE.step, now, gradient)

    problem = Recorder()
    # worker 0 completes at 1 and 2, and its vector is there at 3.5; worker 1 at 1.5 and 3, then 4
    result = simulate(method, problem, hardware([1, 1.5], [1.5, 1]), updates=1)
    assert times(result) == [3.5]
    assert problem.batches == [[(0, 0)], [(0, 1)]]
    assert result.gradients_discarded.tolist() == [0, 2]


def test_the_same_steps_of_all_workers_are_evaluated_together() -> None:
    problem = Recorder()
    run(Local(RULE, 3, 0.1), hardware([1, 2]), updates=1, problem=problem)
    assert [sorted(batch) for batch in problem.batches] == [[(0, k), (1, k)] for k in range(3)]


def test_a_step_lasts_as_long_as_the_trajectory_where_the_worker_has_moved() -> None:
    world = grid_world(3, 3, (2, 2), slip=0.1)
    problem = Tabular([world], horizon=40, discount=0.9, seed=0)
    cluster = Hardware(ComputeModel(np.ones(1), per_step=True), Network(np.zeros(1)))
    result = run(Local(PG(5.0), 3, 5.0), cluster, updates=10, problem=problem)
    # one worker that never rests: simulated seconds are the steps of the trajectories used
    assert times(result) == np.cumsum([row.steps for row in result.history.rows]).tolist()
