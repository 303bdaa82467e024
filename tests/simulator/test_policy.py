"""The policies' densities, derivatives and frequencies."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simulator.problems.control import reinforce
from simulator.problems.control.categorical import CategoricalPolicy
from simulator.problems.control.policy import Actor, GaussianPolicy, Policy
from simulator.problems.control.reinforce import heads, log_density
from simulator.randomness import generator
from simulator.types import Vector

POLICY = GaussianPolicy(observation_size=3, action_size=2, hidden=(5, 4))
CHOICE = CategoricalPolicy(observation_size=3, actions=3, hidden=(5, 4))
both_policies = pytest.mark.parametrize("policy", [POLICY, CHOICE], ids=lambda p: p.kind)


def _point(policy: Policy = POLICY) -> torch.Tensor:
    return torch.tensor(policy.initial(generator(0, 0, 0)), dtype=torch.float64)


def _some_u(policy: Policy, steps: int, rng: np.random.Generator) -> Vector:
    if isinstance(policy, CategoricalPolicy):
        return rng.integers(policy.actions, size=(steps, 1)).astype(np.float64)
    return rng.normal(size=(steps, policy.u_size))


def test_dimension_counts_weights_and_biases() -> None:
    assert POLICY.dimension == (3 * 5 + 5) + (5 * 4 + 4) + 2 * (4 * 2 + 2)
    # Humanoid-v4 with the paper's policy
    assert GaussianPolicy(376, 17).dimension == 376 * 64 + 64 + 64 * 64 + 64 + 2 * (64 * 17 + 17)
    assert CHOICE.dimension == (3 * 5 + 5) + (5 * 4 + 4) + (4 * 3 + 3)
    assert CategoricalPolicy(4, 2).dimension == 4 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2  # CartPole


def test_density_is_the_normal_density_of_u() -> None:
    theta, observation = _point(), torch.tensor([[0.3, -1.0, 2.0]], dtype=torch.float64)
    mean, deviation = heads(POLICY, theta, observation)
    assert mean.shape == deviation.shape == (1, 2)
    u = torch.tensor([[0.7, -0.2]], dtype=torch.float64)
    expected = sum(
        -0.5 * ((float(u[0, k]) - float(mean[0, k])) / float(deviation[0, k])) ** 2
        - math.log(float(deviation[0, k]))
        - 0.5 * math.log(2 * math.pi)
        for k in range(2)
    )
    assert float(log_density(POLICY, theta, observation, u)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("size", [1.0, 1e4])
def test_density_is_that_of_torchs_categorical_distribution(size: float) -> None:
    """Also of logits far apart, where exp would overflow."""
    theta = size * _point(CHOICE)
    observations = torch.tensor(np.random.default_rng(0).normal(size=(7, 3)))
    (logits,) = heads(CHOICE, theta, observations)
    assert logits.shape == (7, 3)
    assert float(logits.max() - logits.min()) > size / 10
    for index in range(3):
        distribution = torch.distributions.Categorical(logits=logits)
        expected = distribution.log_prob(torch.full((7,), index))  # type: ignore[no-untyped-call]
        u = torch.full((7, 1), float(index), dtype=torch.float64)
        mine = log_density(CHOICE, theta, observations, u)
        np.testing.assert_allclose(mine, expected, rtol=1e-12, atol=1e-12)


@both_policies
def test_gradient_of_the_density_sum_equals_finite_differences(policy: Policy) -> None:
    rng = np.random.default_rng(0)
    observations, u = rng.normal(size=(6, 3)), _some_u(policy, 6, rng)
    weights = rng.normal(size=6)

    def total(theta: Vector) -> float:
        arrays = (torch.from_numpy(x) for x in (theta, observations, u))
        return float(log_density(policy, *arrays) @ torch.from_numpy(weights))

    theta, step = _point(policy).numpy(), 1e-6
    gradient = reinforce.weighted_gradient(policy, theta, observations, u, weights)
    differences = [
        (total(theta + step * e) - total(theta - step * e)) / (2 * step)
        for e in np.eye(policy.dimension)
    ]
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-7)


@both_policies
def test_heads_equal_a_forward_pass_in_numpy(policy: Policy) -> None:
    theta, x = _point(policy).numpy(), np.array([0.3, -1.0, 2.0])
    at = 0

    def layer(inputs: int, outputs: int, values: Vector) -> Vector:
        nonlocal at
        weight = theta[at : at + inputs * outputs].reshape(inputs, outputs)
        bias = theta[at + inputs * outputs : at + (inputs + 1) * outputs]
        at += (inputs + 1) * outputs
        result: Vector = values @ weight + bias
        return result

    x = np.tanh(layer(5, 4, np.tanh(layer(3, 5, x))))
    if isinstance(policy, CategoricalPolicy):
        expected = [layer(4, 3, x)]
    else:
        expected = [layer(4, 2, x), np.log1p(np.exp(layer(4, 2, x)))]  # softplus
    torchs = heads(policy, _point(policy), torch.tensor([[0.3, -1.0, 2.0]], dtype=torch.float64))
    for mine, by_hand in zip(torchs, expected, strict=True):
        np.testing.assert_allclose(mine[0], by_hand, rtol=1e-12)


@both_policies
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_what_acts_is_what_is_differentiated(policy: Policy, dtype: str, tolerance: float) -> None:
    rng = np.random.default_rng(1)
    thetas = rng.normal(size=(4, policy.dimension)).astype(dtype)
    observations = rng.normal(size=(4, 3)).astype(dtype)
    actor = Actor(policy, 4, dtype)
    for slot, theta in enumerate(thetas):
        actor.place(slot, theta)
    together = actor.heads(observations)
    for k in range(4):
        alone = heads(policy, torch.from_numpy(thetas[k]), torch.from_numpy(observations[[k]]))
        for mine, torchs in zip(together, alone, strict=True):
            assert mine.dtype == dtype
            np.testing.assert_allclose(mine[[k]], torchs, rtol=tolerance, atol=tolerance)


@given(st.data())
def test_a_row_does_not_depend_on_its_batch(data: st.DataObject) -> None:
    """Bit for bit: in any company, in any slot, at any address in memory."""
    sizes = st.integers(1, 80)
    kind = data.draw(st.sampled_from([GaussianPolicy, CategoricalPolicy]))
    shape = kind(data.draw(sizes), data.draw(st.integers(1, 20)), (data.draw(sizes),))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    rows = data.draw(st.integers(1, 16))
    thetas = rng.normal(size=(rows, shape.dimension)).astype(dtype)
    observations = rng.normal(size=(rows, shape.observation_size)).astype(dtype)
    batch, single = Actor(shape, rows, dtype), Actor(shape, 1, dtype)
    for slot, theta in enumerate(thetas):
        batch.place(slot, theta)
    noise = np.empty((rows, shape.noise_size), shape.noise_dtype)
    shape.draw(rng, noise)
    together = batch.heads(observations)
    u = shape.sample(together, noise)
    assert u.shape == (rows, shape.u_size)
    assert u.dtype == dtype
    for k in range(rows):
        single.place(0, thetas[k])
        by_itself = single.heads(observations[[k]])
        for mine, alone in zip(together, by_itself, strict=True):
            np.testing.assert_array_equal(mine[k], alone[0])
        np.testing.assert_array_equal(u[k], shape.sample(by_itself, noise[[k]])[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_actions_come_as_often_as_the_softmax_says(dtype: str) -> None:
    """Pearson's test over 200,000 draws in blocks of 32; the rarest action comes once in 2,000."""
    policy, draws = CategoricalPolicy(1, 5, (1,)), 200_000
    logits = np.array([0.0, 1.0, -3.0, 2.5, -5.0])
    noise = np.empty((draws // 32, 32, 5), policy.noise_dtype)
    for k, block in enumerate(noise):
        policy.draw(generator(0, 0, k), block)
    table = np.tile(logits.astype(dtype), (draws, 1))
    chosen = policy.sample((table,), noise.reshape(draws, 5))[:, 0].astype(int)
    expected = np.exp(logits) / np.exp(logits).sum()
    assert expected.min() > 1 / 2500
    assert stats.chisquare(np.bincount(chosen, minlength=5), draws * expected).pvalue > 0.01
    pairs = 5 * chosen[0::2] + chosen[1::2]  # neighbours in a block know nothing of each other
    likely = np.outer(expected, expected).ravel()
    often = likely * draws / 2 > 5
    seen = np.bincount(pairs, minlength=25)
    counts = [*seen[often], seen[~often].sum()]
    shares = [*likely[often], likely[~often].sum()]
    assert stats.chisquare(counts, draws / 2 * np.array(shares)).pvalue > 0.01


@both_policies
def test_chunks_of_a_backward_pass_add_up(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    arrays = rng.normal(size=(11, 3)), _some_u(policy, 11, rng), rng.normal(size=11)
    whole = reinforce.weighted_gradient(policy, _point(policy).numpy(), *arrays)
    monkeypatch.setattr(reinforce, "CHUNK", 4)
    cut = reinforce.weighted_gradient(policy, _point(policy).numpy(), *arrays)
    assert np.linalg.norm(whole) > 1
    np.testing.assert_allclose(cut, whole, rtol=1e-12)


def test_initial_parameters_depend_on_the_seed_alone() -> None:
    first, again = (POLICY.initial(generator(7, 0, 0)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, POLICY.initial(generator(8, 0, 0)))
    wide = GaussianPolicy(100, 2, (50,)).initial(generator(7, 0, 0))[: 101 * 50]
    assert np.abs(wide).max() <= 0.1  # uniform in +-1/sqrt(inputs)
    assert np.std(wide) == pytest.approx(0.1 / math.sqrt(3), rel=0.05)
