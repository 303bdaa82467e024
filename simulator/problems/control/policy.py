"""Tanh policies over a flat parameter vector, the paper's Gaussian one among them, in NumPy."""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.types import Vector

Floats = npt.NDArray[Any]


class Policy(ABC):
    """A distribution of u given the observation: tanh layers, then linear heads.

    u is what the log-density is of; how the environment's action follows from it is the
    environment's business (:mod:`simulator.problems.control.actions`).
    """

    kind: str
    """What ``run.json`` calls it."""

    observation_size: int
    """Numbers in an observation, o."""

    hidden: Sequence[int]
    """Width of each tanh layer."""

    noise_dtype: npt.DTypeLike
    """Of a step's noise."""

    @property
    @abstractmethod
    def head_sizes(self) -> list[int]:
        """Outputs of each linear head."""

    @property
    @abstractmethod
    def u_size(self) -> int:
        """Numbers in a step's u."""

    @property
    @abstractmethod
    def noise_size(self) -> int:
        """Random numbers for a step's u."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, noise: Floats) -> None:
        """Fill ``noise``, shape (steps, noise_size), contiguous, from a trajectory's generator."""

    @abstractmethod
    def heads(self, linear: Floats) -> tuple[Floats, ...]:
        """Return the distribution's parameters in k rows.

        Args:
            linear: shape (k, sum of ``head_sizes``), all heads side by side.
        """

    @abstractmethod
    def sample(self, heads: tuple[Floats, ...], noise: Floats) -> Floats:
        """Return u, shape (k, u_size), in the precision of the heads; each row from its own alone.

        Args:
            heads: what :meth:`heads` returns, k rows.
            noise: shape (k, noise_size), one step of :meth:`draw` in each row.
        """

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer; the heads come last."""
        sizes = [self.observation_size, *self.hidden]
        return [*itertools.pairwise(sizes), *((sizes[-1], head) for head in self.head_sizes)]

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


@dataclass(frozen=True)
class GaussianPolicy(Policy):
    """Linear heads for the mean and the softplus standard deviation of a normal u.

    u ~ N(mean(s), std(s)^2), and the action is a_max tanh(u) (Tyurin, Spiridonov, Rudenko, ICLR
    2026, Section 6). The log-density is u's: the squashing is part of the environment.

    Attributes:
        observation_size: numbers in an observation.
        action_size: numbers in an action, a.
        hidden: width of each tanh layer.
    """

    observation_size: int
    action_size: int
    hidden: Sequence[int] = (64, 64)

    kind = "gaussian"
    noise_dtype = np.float32

    @property
    def head_sizes(self) -> list[int]:
        """The mean head and the deviation head."""
        return [self.action_size] * 2

    @property
    def u_size(self) -> int:
        """One number per coordinate of the action."""
        return self.action_size

    @property
    def noise_size(self) -> int:
        """One number per coordinate of the action."""
        return self.action_size

    def draw(self, rng: np.random.Generator, noise: Floats) -> None:
        """Fill ``noise``, shape (steps, a), with standard normal numbers."""
        rng.standard_normal(dtype=np.float32, out=noise)

    def heads(self, linear: Floats) -> tuple[Floats, Floats]:
        """Return the mean and standard deviation of u, each (k, a)."""
        zero = linear.dtype.type(0)
        return linear[:, : self.action_size], np.logaddexp(zero, linear[:, self.action_size :])

    def sample(self, heads: tuple[Floats, ...], noise: Floats) -> Floats:
        """Return u = mean + std * noise, shape (k, a)."""
        mean, deviation = heads
        u: Floats = deviation * noise
        u += mean
        return u


class Actor:
    """The policy in a batch of slots, each with parameters of its own.

    A row of the batch is multiplied by its own weights alone, so that what it gives does not
    depend on the rows beside it, to the last bit: batches may be cut in any way.

    Args:
        policy: the shape of the network.
        slots: the most rows of a batch.
        dtype: of the computation.
    """

    def __init__(self, policy: Policy, slots: int, dtype: npt.DTypeLike) -> None:
        self._policy = policy
        self._inner = len(policy.hidden)
        together = (policy.shapes[-1][0], sum(policy.head_sizes))  # all heads in one product
        self._layers = [
            (np.empty((slots, i, o), dtype), np.empty((slots, o), dtype))
            for i, o in [*policy.shapes[: self._inner], together]
        ]
        self._of_first = [
            [(weight[:k], bias[:k]) for weight, bias in self._layers] for k in range(slots + 1)
        ]

    def place(self, slot: int, theta: Floats) -> None:
        """Let a slot act with the parameters ``theta``, shape (d,)."""
        layers = list(self._policy.layers(theta))
        heads = zip(*layers[self._inner :], strict=True)
        together = [np.concatenate(parts, axis=-1) for parts in heads]
        for mine, given in zip(self._layers, [*layers[: self._inner], together], strict=True):
            mine[0][slot], mine[1][slot] = given

    def move(self, source: int, target: int) -> None:
        """Give slot ``target`` the parameters of slot ``source``."""
        for weight, bias in self._layers:
            weight[target], bias[target] = weight[source], bias[source]

    def heads(self, observations: Floats) -> tuple[Floats, ...]:
        """Return the parameters of u's distribution, k rows each, in the first k slots.

        Args:
            observations: shape (k, o).
        """
        *layers, heads = self._of_first[len(observations)]
        x = observations
        for layer in layers:
            x = _affine(x, layer)
            np.tanh(x, out=x)
        return self._policy.heads(_affine(x, heads))


def _affine(x: Floats, layer: tuple[Floats, Floats]) -> Floats:
    weight, bias = layer
    result: Floats = np.matmul(x[:, None, :], weight)[:, 0]
    result += bias
    return result
