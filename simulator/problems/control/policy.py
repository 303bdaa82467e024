"""The paper's Gaussian tanh policy over a flat parameter vector; it acts in NumPy."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.types import Vector

Floats = npt.NDArray[Any]


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

    def layers(self, theta: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - arrays or tensors
        """Yield each layer's weight (inputs, outputs) and bias (outputs,) as views of ``theta``."""
        at = 0
        for inputs, outputs in self.shapes:
            weight = theta[at : at + inputs * outputs].reshape(inputs, outputs)
            at += inputs * outputs
            yield weight, theta[at : at + outputs]
            at += outputs


class Actor:
    """The policy in a batch of slots, each with parameters of its own.

    A row of the batch is multiplied by its own weights alone, so that what it gives does not
    depend on the rows beside it, to the last bit: batches may be cut in any way.

    Args:
        policy: the shape of the network.
        slots: the most rows of a batch.
        dtype: of the computation.
    """

    def __init__(self, policy: GaussianPolicy, slots: int, dtype: npt.DTypeLike) -> None:
        self._policy = policy
        inner, (inputs, outputs) = policy.shapes[:-2], policy.shapes[-1]
        self._layers = [
            (np.empty((slots, i, o), dtype), np.empty((slots, o), dtype))
            for i, o in [*inner, (inputs, 2 * outputs)]  # both heads in one product
        ]
        self._of_first = [
            [(weight[:k], bias[:k]) for weight, bias in self._layers] for k in range(slots + 1)
        ]
        self._zero = np.zeros((), dtype)

    def place(self, slot: int, theta: Floats) -> None:
        """Let a slot act with the parameters ``theta``, shape (d,)."""
        *layers, mean, deviation = self._policy.layers(theta)
        heads = [np.concatenate(both, axis=-1) for both in zip(mean, deviation, strict=True)]
        for mine, given in zip(self._layers, [*layers, heads], strict=True):
            mine[0][slot], mine[1][slot] = given

    def move(self, source: int, target: int) -> None:
        """Give slot ``target`` the parameters of slot ``source``."""
        for weight, bias in self._layers:
            weight[target], bias[target] = weight[source], bias[source]

    def heads(self, observations: Floats) -> tuple[Floats, Floats]:
        """Return the mean and standard deviation of u, each (k, a), in the first k slots.

        Args:
            observations: shape (k, o).
        """
        *layers, heads = self._of_first[len(observations)]
        x = observations
        for layer in layers:
            x = _affine(x, layer)
            np.tanh(x, out=x)
        x = _affine(x, heads)
        actions = self._policy.action_size
        return x[:, :actions], np.logaddexp(self._zero, x[:, actions:])  # softplus


def _affine(x: Floats, layer: tuple[Floats, Floats]) -> Floats:
    weight, bias = layer
    result: Floats = np.matmul(x[:, None, :], weight)[:, 0]
    result += bias
    return result
