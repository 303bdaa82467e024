"""The truncated REINFORCE estimator: torch's gradient of the policy's log-density."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import log_softmax, softplus

from simulator.problems.control.policy import GaussianPolicy, Policy
from simulator.types import Indices, Vector

_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)

CHUNK = 8192
"""Steps that a backward pass takes at most; what it holds for each is about three kilobytes."""


def heads(policy: Policy, theta: Tensor, observations: Tensor) -> tuple[Tensor, ...]:
    """Return mean and standard deviation of u, each (m, a), or the logits (m, n) alone.

    Args:
        policy: the shape of the network.
        theta: shape (d,).
        observations: shape (m, o).
    """
    # One split, whose gradient is one cat; that of each slice would be as long as theta.
    parts = torch.split(theta, [size for i, o in policy.shapes for size in (i * o, o)])
    weights = [part.reshape(shape) for part, shape in zip(parts[::2], policy.shapes, strict=True)]
    layers, inner = list(zip(weights, parts[1::2], strict=True)), len(policy.hidden)
    x = observations
    for weight, bias in layers[:inner]:
        x = torch.tanh(x @ weight + bias)
    linear = tuple(x @ weight + bias for weight, bias in layers[inner:])
    if isinstance(policy, GaussianPolicy):
        return linear[0], softplus(linear[1])
    return linear


def log_density(policy: Policy, theta: Tensor, observations: Tensor, u: Tensor) -> Tensor:
    """Return log pi(u | s), shape (m,).

    It is log N(u; mean, std^2), summed over the action's coordinates, or the logarithm of the
    softmax of the logits at index u.

    Args:
        policy: the shape of the network.
        theta: shape (d,).
        observations: shape (m, o).
        u: shape (m, a), the actions before they were squashed; or (m, 1), their indices.
    """
    if not isinstance(policy, GaussianPolicy):
        (logits,) = heads(policy, theta, observations)
        return log_softmax(logits, dim=-1).gather(-1, u.long())[:, 0]
    mean, deviation = heads(policy, theta, observations)
    z = (u - mean) / deviation
    return (-0.5 * z.square() - deviation.log() - _LOG_SQRT_2PI).sum(-1)


def weighted_gradient(
    policy: Policy,
    point: Vector,
    observations: npt.NDArray[Any],
    u: npt.NDArray[Any],
    weights: Vector,
) -> Vector:
    """Return sum_k weights_k grad log pi(u_k | s_k) at ``point``, shape (d,).

    One backward pass over all steps, or one per :data:`CHUNK` of them, in the precision of the
    observations; chunks are added in float64.

    Args:
        policy: the shape of the network.
        point: shape (d,).
        observations: shape (steps, o).
        u: shape (steps, a), or (steps, 1) for indices.
        weights: shape (steps,).
    """
    seen, actions = torch.from_numpy(observations), torch.from_numpy(u)
    theta = torch.tensor(point, dtype=seen.dtype, requires_grad=True)
    factors = torch.from_numpy(weights).to(seen.dtype)
    total = np.zeros(len(point))
    for s, a, w in zip(*(torch.split(x, CHUNK) for x in (seen, actions, factors)), strict=True):
        (gradient,) = torch.autograd.grad(log_density(policy, theta, s, a) @ w, theta)
        total += gradient.numpy()
    return total


def reward_to_go(rewards: Vector, lengths: Indices, discount: float) -> Vector:
    """Return sum_{h>=t} gamma^h r_h for each step t of packed trajectories.

    Args:
        rewards: shape (steps,), trajectory after trajectory.
        lengths: shape (m,), steps of each.
        discount: gamma.

    Returns:
        Shape (steps,). No step of one trajectory enters another's sum.
    """
    longest = int(lengths.max())
    filled = np.arange(longest) < lengths[:, None]
    table = np.zeros(filled.shape)
    table[filled] = rewards
    table *= discount ** np.arange(longest)
    result: Vector = np.cumsum(table[:, ::-1], axis=1)[:, ::-1][filled]
    return result
