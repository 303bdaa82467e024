"""The paper's Gaussian tanh policy, as functions of a flat parameter vector."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from simulator.types import Vector

_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class GaussianPolicy:
    """Tanh layers with linear heads for the mean and the softplus standard deviation.

    u ~ N(mean(s), std(s)^2), and the action is a_max tanh(u) (Tyurin, Spiridonov, Rudenko, ICLR
    2026, Section 6). The log-density is u's: the squashing is part of the environment.

    Attributes:
        observation_size: numbers in an observation.
        action_size: numbers in an action.
        hidden: width of each tanh layer.
    """

    observation_size: int
    action_size: int
    hidden: Sequence[int] = (64, 64)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer; the mean head and the deviation head come last."""
        sizes = [self.observation_size, *self.hidden]
        heads = [(sizes[-1], self.action_size)] * 2
        return [*itertools.pairwise(sizes), *heads]

    @property
    def dimension(self) -> int:
        """The number d of parameters."""
        return sum((inputs + 1) * outputs for inputs, outputs in self.shapes)

    def initial(self, rng: np.random.Generator) -> Vector:
        """Return parameters, shape (d,), uniform in +-1/sqrt(inputs) as in ``torch.nn.Linear``."""
        layers = [
            rng.uniform(-1, 1, (inputs + 1) * outputs) / math.sqrt(inputs)
            for inputs, outputs in self.shapes
        ]
        return np.concatenate(layers)

    def heads(self, theta: Tensor, observations: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and standard deviation of u.

        Args:
            theta: shape (d,), or (m, d) for one parameter vector per observation.
            observations: shape (m, observation_size).

        Returns:
            Two tensors of shape (m, action_size).
        """
        stacked = theta.dim() > 1
        *layers, mean, deviation = self._layers(theta)
        x = observations.unsqueeze(1) if stacked else observations
        for weight, bias in layers:
            x = torch.tanh(x @ weight + bias)
        outputs = x @ mean[0] + mean[1], softplus(x @ deviation[0] + deviation[1])
        return (outputs[0].squeeze(1), outputs[1].squeeze(1)) if stacked else outputs

    def log_density(self, theta: Tensor, observations: Tensor, u: Tensor) -> Tensor:
        """Return log N(u; mean, std^2), summed over the action's coordinates, shape (m,).

        Args:
            theta: shape (d,).
            observations: shape (m, observation_size).
            u: shape (m, action_size), the actions before they were squashed.
        """
        mean, deviation = self.heads(theta, observations)
        z = (u - mean) / deviation
        return (-0.5 * z.square() - deviation.log() - _LOG_SQRT_2PI).sum(-1)

    def _layers(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield each layer's weight (..., inputs, outputs) and bias (..., 1, outputs)."""
        at = 0
        for inputs, outputs in self.shapes:
            weight = theta[..., at : at + inputs * outputs]
            weight = weight.reshape(*theta.shape[:-1], inputs, outputs)
            at += inputs * outputs
            bias = theta[..., at : at + outputs].unsqueeze(-2)
            at += outputs
            yield weight, bias
