"""Finite MDPs: exact values against independent ones, sampled gradients against exact ones."""

import numpy as np
import pytest
from clusters import hardware

from algorithms import (
    NIGT,
    AFedPG,
    Algorithm,
    Asynchronous,
    Fastest,
    FedBuff,
    Malenia,
    MindFlayer,
    Rennala,
    Ringleader,
    Ringmaster,
    Synchronous,
)
from simulator import Request, Variants, simulate
from simulator.problems.mdp import MDP, grid_world, random_mdp
from simulator.problems.tabular import Tabular
from simulator.types import Vector

DISCOUNT = 0.9
MDPS = {"random": random_mdp(5, 3, seed=1), "grid": grid_world(3, 4, (2, 3), slip=0.2)}


def value_by_iteration(mdp: MDP, policy: Vector, discount: float) -> float:
    """Evaluate a policy by repeating Bellman's equation, state by state, without linear algebra."""
    states, actions = mdp.rewards.shape
    values = [0.0] * states
    for _ in range(400):  # 0.9^400 < 1e-18
        values = [
            sum(
                policy[s, a]
                * (
                    mdp.rewards[s, a]
                    + discount * sum(mdp.transitions[s, a, t] * values[t] for t in range(states))
                )
                for a in range(actions)
            )
            for s in range(states)
        ]
    return float(sum(mdp.start[s] * values[s] for s in range(states)))


def some_point(problem: Tabular) -> Vector:
    return np.random.default_rng(0).normal(size=problem.dimension)


@pytest.mark.parametrize("name", MDPS)
def test_the_objective_is_the_value_of_the_policy(name: str) -> None:
    problem = Tabular([MDPS[name]], 50, DISCOUNT, seed=0)
    theta = some_point(problem)
    expected = value_by_iteration(MDPS[name], problem.policy(theta), DISCOUNT)
    assert problem.exact(theta)[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", MDPS)
def test_the_gradient_norm_is_that_of_the_objective(name: str) -> None:
    problem = Tabular([MDPS[name]], 50, DISCOUNT, seed=0)
    theta, step = some_point(problem), 1e-5
    differences = [
        (problem.exact(theta + step * e)[0] - problem.exact(theta - step * e)[0]) / (2 * step)
        for e in np.eye(problem.dimension)
    ]
    assert problem.exact(theta)[1] == pytest.approx(np.linalg.norm(differences), rel=1e-6)
    _, gradient = MDPS[name].exact(problem.policy(theta), DISCOUNT)
    np.testing.assert_allclose(gradient.ravel(), differences, atol=1e-8)


@pytest.mark.parametrize("name", MDPS)
def test_sampled_gradients_have_the_exact_mean(name: str) -> None:
    """40,000 trajectories, within 4.5 standard errors; 0.9^120 makes the truncation invisible."""
    mdp = MDPS[name]
    problem = Tabular([mdp], 120, DISCOUNT, seed=3)
    theta = 0.5 * some_point(problem)
    zeros = np.zeros(200, dtype=np.int64)
    chunks = [
        Request(theta, zeros, np.arange(first, first + 200), np.full(200, 1 / 200))
        for first in range(0, 40_000, 200)
    ]
    means = np.array([problem.estimate([chunk])[0].gradient for chunk in chunks])
    error = means.std(axis=0, ddof=1) / np.sqrt(len(means))
    _, exact = mdp.exact(problem.policy(theta), DISCOUNT)
    moving = error > 1e-12  # logits of terminal states never matter
    assert np.abs((means.mean(axis=0) - exact.ravel())[moving] / error[moving]).max() < 4.5
    np.testing.assert_allclose(exact.ravel()[~moving], 0.0, atol=1e-12)


def test_trajectories_end_in_terminal_states_and_at_the_horizon() -> None:
    sure = grid_world(1, 3, (0, 2), slip=0.0)
    problem = Tabular([sure], 7, DISCOUNT, seed=0)
    theta = np.zeros((3, 4))
    theta[:, 1] = 50.0  # always to the right
    tasks = np.arange(30)
    right = Request(theta.ravel(), 0 * tasks, tasks, np.ones(30))
    left = Request(np.roll(theta, 2, axis=1).ravel(), 0 * tasks, tasks, np.ones(30))
    to_goal, away = problem.estimate([right, left])
    assert set(to_goal.lengths.tolist()) == {1, 2}  # from cell 1 or cell 0
    assert to_goal.returns.tolist() == [1.0] * 30
    assert set(away.lengths.tolist()) == {7}
    assert away.returns.tolist() == [0.0] * 30


def test_grid_moves_and_slips_by_hand() -> None:
    mdp = grid_world(2, 2, (1, 1), slip=0.4)
    # from (0, 0) to the right: 0.6 + 0.1 right; 0.1 down; 0.1 up and 0.1 left stay
    np.testing.assert_allclose(mdp.transitions[0, 1], [0.2, 0.7, 0.1, 0.0])
    np.testing.assert_allclose(mdp.rewards[1], [0.1, 0.1, 0.7, 0.1])
    np.testing.assert_allclose(mdp.start, [1 / 3, 1 / 3, 1 / 3, 0])


def test_workers_can_live_in_different_mdps() -> None:
    mdps = [random_mdp(4, 2, seed) for seed in (0, 1)]
    variants = Variants(("a", "b"), np.array([0, 1, 1, 1]))
    problem = Tabular(mdps, 30, DISCOUNT, 0, variants)
    theta = some_point(problem)
    values = [value_by_iteration(mdp, problem.policy(theta), DISCOUNT) for mdp in mdps]
    assert problem.exact(theta)[0] == pytest.approx(0.25 * values[0] + 0.75 * values[1])
    by_variant = problem.exact_by_variant(theta)
    assert by_variant is not None
    np.testing.assert_allclose(by_variant, values)
    keys = np.array([0, 1]), np.array([5, 5])
    both = problem.estimate([Request(theta, *keys, np.array([1.0, 2.0]))])[0]
    alone = [
        Tabular([mdps[w]], 30, DISCOUNT, 0).estimate(
            [Request(theta, np.array([w]), np.array([5]), np.array([1.0]))]
        )[0]
        for w in (0, 1)
    ]
    np.testing.assert_allclose(both.gradient, alone[0].gradient + 2 * alone[1].gradient)


@pytest.mark.parametrize(
    "make",
    [
        Synchronous,
        lambda rule: Synchronous(rule, backup=1),
        lambda rule: Rennala(rule, 10),
        lambda rule: Malenia(rule, 10),
        lambda rule: MindFlayer(rule, 10),
        AFedPG,
        lambda rule: Asynchronous(rule, delay_adaptive=True),
        lambda rule: FedBuff(rule, 5),
        Ringleader,
        lambda rule: Ringmaster(rule, 8),
        lambda rule: Fastest(rule, 3),
    ],
)
def test_every_nigt_method_reaches_stationarity_in_a_heterogeneous_cluster(make: object) -> None:
    method: Algorithm = make(NIGT(step_size=0.1, momentum=0.1))  # type: ignore[operator]
    mdp = grid_world(4, 4, (3, 3), slip=0.1)
    problem = Tabular([mdp], 50, DISCOUNT, seed=0)
    start, norm = problem.exact(problem.initial_point())
    rows = simulate(method.run, problem, hardware([1, 1.5, 2, 4, 8]), updates=1500).history.rows
    norms = [row.gradient_norm for row in rows[-100:]]
    assert np.mean([norm for norm in norms if norm is not None]) < 0.05 * norm
    assert len(norms) == 100
    values = np.zeros(16)
    for _ in range(400):  # value iteration: the best that any policy can have
        values = (mdp.rewards + DISCOUNT * mdp.transitions @ values).max(axis=1)
    # softmax policies settle short of it, and going down is stationary in the end as well
    assert rows[-1].objective is not None
    assert rows[-1].objective > start + 0.75 * (mdp.start @ values - start)
