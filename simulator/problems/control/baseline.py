"""The linear feature baseline: what a trajectory has still to come, as far as one can tell."""

import numpy as np
import numpy.typing as npt

from simulator.problems.control.reinforce import CHUNK
from simulator.types import Indices, Vector

RIDGE = 1.0
"""Added to the diagonal of the normal equations.

The 1e-5 of rllab makes gradients noisier where steps are fewer than features: on Humanoid-v4 with
its 756, seven times as noisy after 20 trajectories; with 1.0, a quarter (`docs/scenarios.md`).
"""

KEPT = 0.5 ** (1 / 100)
"""The weight of earlier trajectories, for each later one: half after a hundred."""

OBSERVED = 10.0
"""Observations are clipped to plus and minus this, as in rllab."""


class LinearBaseline:
    """b(s, t): linear in the observation, its squares, t/100, its square and cube, and one.

    Duan, Chen, Houthooft, Schulman, Abbeel (ICML 2016), with rllab's features. Here it is fitted to
    the very weights that it is taken from: c minimises the sum of (R_t - gamma^t b(s_t, t))^2, for
    R_t = sum_{h>=t} gamma^h r_h, plus :data:`RIDGE` times |c|^2.

    Args:
        observation_size: o.
        discount: gamma.
    """

    def __init__(self, observation_size: int, discount: float) -> None:
        self.size = 2 * observation_size + 4
        self._discount = discount

    def features(self, observations: npt.NDArray[np.floating], lengths: Indices) -> Vector:
        """Return gamma^t times the features of each step, shape (steps, k).

        Args:
            observations: shape (steps, o), trajectory after trajectory.
            lengths: shape (m,), steps of each.
        """
        seen = np.clip(observations.astype(np.float64), -OBSERVED, OBSERVED)
        first = np.repeat(np.cumsum(lengths) - lengths, lengths)
        step = (np.arange(len(seen)) - first)[:, None]
        age = step / 100
        columns = seen, seen**2, age, age**2, age**3, np.ones_like(age)
        weights = (self._discount**step).astype(np.float64)
        return weights * np.concatenate(columns, axis=1, dtype=np.float64)

    def sums(self, features: Vector, to_go: Vector) -> Vector:
        """Return what it is fitted on, shape (k, k + 1): X^T X and X^T R over all steps."""
        total = np.zeros((self.size, self.size + 1))
        for first in range(0, len(features), CHUNK):
            x, r = features[first : first + CHUNK], to_go[first : first + CHUNK]
            total[:, :-1] += x.T @ x
            total[:, -1] += x.T @ r
        return total

    def fit(self, sums: Vector) -> Vector:
        """Return its coefficients c, shape (k,)."""
        normal = sums[:, :-1] + RIDGE * np.eye(self.size)
        return np.linalg.solve(normal, sums[:, -1]).astype(np.float64)
