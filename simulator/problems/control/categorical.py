"""The softmax policy for environments with finitely many actions, in NumPy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.problems.control.policy import Floats, Policy


@dataclass(frozen=True)
class CategoricalPolicy(Policy):
    """A linear head for the logits of a softmax over n actions (Sutton et al., NeurIPS 1999).

    u is the action's index, 0 to n - 1, as a float. It is drawn as argmax_j(logit_j + G_j) with
    independent standard Gumbel G_j, whose distribution is the softmax (Yellott, 1977). Unlike the
    inverse of a cumulative sum this needs no exponentials and no sums: no rounding and no logit,
    however large or NaN, leads outside 0 to n - 1.

    Attributes:
        observation_size: numbers in an observation.
        actions: n, how many there are.
        hidden: width of each tanh layer.
    """

    observation_size: int
    actions: int
    hidden: Sequence[int] = (64, 64)

    kind = "categorical"
    noise_dtype = np.float64  # so that rare actions come as often as they should

    @property
    def head_sizes(self) -> list[int]:
        """The logits."""
        return [self.actions]

    @property
    def u_size(self) -> int:
        """The action's index."""
        return 1

    @property
    def noise_size(self) -> int:
        """One number per action."""
        return self.actions

    def draw(self, rng: np.random.Generator, noise: Floats) -> None:
        """Fill ``noise``, shape (steps, n), with standard Gumbel numbers."""
        noise[:] = rng.gumbel(size=noise.shape)

    def heads(self, linear: Floats) -> tuple[Floats]:
        """Return the logits, shape (k, n)."""
        return (linear,)

    def sample(self, heads: tuple[Floats, ...], noise: Floats) -> Floats:
        """Return the index of each row's action, shape (k, 1)."""
        (logits,) = heads
        index: Floats = np.argmax(logits + noise, axis=1)[:, None].astype(logits.dtype)
        return index
