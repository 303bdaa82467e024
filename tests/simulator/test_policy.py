"""The policy's density and derivative."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from simulator.problems.control import reinforce
from simulator.problems.control.policy import Actor, GaussianPolicy
from simulator.problems.control.reinforce import heads, log_density
from simulator.randomness import generator
from simulator.types import Vector

POLICY = GaussianPolicy(observation_size=3, action_size=2, hidden=(5, 4))


def _point() -> torch.Tensor:
    return torch.tensor(POLICY.initial(generator(0, 0, 0)), dtype=torch.float64)


def test_dimension_counts_weights_and_biases() -> None:
    assert POLICY.dimension == (3 * 5 + 5) + (5 * 4 + 4) + 2 * (4 * 2 + 2)
    # Humanoid-v4 with the paper's policy
    assert GaussianPolicy(376, 17).dimension == 376 * 64 + 64 + 64 * 64 + 64 + 2 * (64 * 17 + 17)


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


def test_gradient_of_the_density_sum_equals_finite_differences() -> None:
    rng = np.random.default_rng(0)
    observations, u = torch.tensor(rng.normal(size=(6, 3))), torch.tensor(rng.normal(size=(6, 2)))
    weights = torch.tensor(rng.normal(size=6))

    def total(theta: torch.Tensor) -> torch.Tensor:
        return log_density(POLICY, theta, observations, u) @ weights

    theta = _point().requires_grad_()
    (gradient,) = torch.autograd.grad(total(theta), theta)
    step = 1e-6
    with torch.no_grad():
        differences = [
            float(total(theta + step * e) - total(theta - step * e)) / (2 * step)
            for e in torch.eye(POLICY.dimension, dtype=torch.float64)
        ]
    np.testing.assert_allclose(gradient.numpy(), differences, rtol=1e-6, atol=1e-7)


def test_heads_equal_a_forward_pass_in_numpy() -> None:
    theta, x = _point().numpy(), np.array([0.3, -1.0, 2.0])
    at = 0

    def layer(inputs: int, outputs: int, values: Vector) -> Vector:
        nonlocal at
        weight = theta[at : at + inputs * outputs].reshape(inputs, outputs)
        bias = theta[at + inputs * outputs : at + (inputs + 1) * outputs]
        at += (inputs + 1) * outputs
        result: Vector = values @ weight + bias
        return result

    x = np.tanh(layer(5, 4, np.tanh(layer(3, 5, x))))
    mean, raw = layer(4, 2, x), layer(4, 2, x)
    both = heads(POLICY, _point(), torch.tensor([[0.3, -1.0, 2.0]], dtype=torch.float64))
    np.testing.assert_allclose(both[0][0], mean, rtol=1e-12)
    np.testing.assert_allclose(both[1][0], np.log1p(np.exp(raw)), rtol=1e-12)  # softplus


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_what_acts_is_what_is_differentiated(dtype: str, tolerance: float) -> None:
    rng = np.random.default_rng(1)
    thetas = rng.normal(size=(4, POLICY.dimension)).astype(dtype)
    observations = rng.normal(size=(4, 3)).astype(dtype)
    actor = Actor(POLICY, 4, dtype)
    for slot, theta in enumerate(thetas):
        actor.place(slot, theta)
    together = actor.heads(observations)
    for k in range(4):
        alone = heads(POLICY, torch.from_numpy(thetas[k]), torch.from_numpy(observations[[k]]))
        for mine, torchs in zip(together, alone, strict=True):
            assert mine.dtype == dtype
            np.testing.assert_allclose(mine[[k]], torchs, rtol=tolerance, atol=tolerance)


@given(st.data())
def test_a_row_does_not_depend_on_its_batch(data: st.DataObject) -> None:
    """Bit for bit: in any company, in any slot, at any address in memory."""
    sizes = st.integers(1, 80)
    shape = GaussianPolicy(data.draw(sizes), data.draw(st.integers(1, 20)), (data.draw(sizes),))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    rows = data.draw(st.integers(1, 16))
    thetas = rng.normal(size=(rows, shape.dimension)).astype(dtype)
    observations = rng.normal(size=(rows, shape.observation_size)).astype(dtype)
    batch, single = Actor(shape, rows, dtype), Actor(shape, 1, dtype)
    for slot, theta in enumerate(thetas):
        batch.place(slot, theta)
    together = batch.heads(observations)
    for k in range(rows):
        single.place(0, thetas[k])
        for mine, alone in zip(together, single.heads(observations[[k]]), strict=True):
            np.testing.assert_array_equal(mine[k], alone[0])


def test_chunks_of_a_backward_pass_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    arrays = rng.normal(size=(11, 3)), rng.normal(size=(11, 2)), rng.normal(size=11)
    whole = reinforce.weighted_gradient(POLICY, _point().numpy(), *arrays)
    monkeypatch.setattr(reinforce, "CHUNK", 4)
    cut = reinforce.weighted_gradient(POLICY, _point().numpy(), *arrays)
    assert np.linalg.norm(whole) > 1
    np.testing.assert_allclose(cut, whole, rtol=1e-12)


def test_initial_parameters_depend_on_the_seed_alone() -> None:
    first, again = (POLICY.initial(generator(7, 0, 0)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, POLICY.initial(generator(8, 0, 0)))
    wide = GaussianPolicy(100, 2, (50,)).initial(generator(7, 0, 0))[: 101 * 50]
    assert np.abs(wide).max() <= 0.1  # uniform in +-1/sqrt(inputs)
    assert np.std(wide) == pytest.approx(0.1 / math.sqrt(3), rel=0.05)
