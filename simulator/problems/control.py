"""Reinforcement learning in Gymnasium environments: rollouts and the REINFORCE estimator."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import torch

from simulator.problem import Estimate, Problem, Request, Variants
from simulator.problems.environment import flat_size
from simulator.problems.policy import GaussianPolicy
from simulator.problems.rollout import Float32s, Rollouts, Trajectories
from simulator.problems.worlds import World, make_world
from simulator.randomness import Stream, generator
from simulator.types import Indices, Vector


class Control(Problem):
    """J(theta) = E sum_{h<H} gamma^h r_h under the Gaussian policy in a Gymnasium environment.

    The estimator is the truncated REINFORCE of Tyurin, Spiridonov, Rudenko (ICLR 2026), Section 2:

        g = sum_t ( sum_{h>=t} gamma^h r_h ) grad log pi(a_t | s_t),

    h counted from the start of the episode. Termination, the environment's own time limit and
    the horizon all end a trajectory, and the sums stop there.

    Args:
        env: the name of a Gymnasium environment.
        horizon: H, the most steps of a trajectory.
        discount: gamma in (0, 1].
        hidden: width of each tanh layer.
        seed: keys theta_0, the resets and the action noise.
        worlds: the versions of the environment; one, unchanged, by default.
        variants: which worker lives in which world; None if there is only one.
        dtype: of the policy; the observations are float32 in any case.

    Raises:
        UnsuitableEnvironmentError: see :func:`simulator.problems.worlds.make_world`.
    """

    def __init__(
        self,
        env: str,
        horizon: int,
        discount: float,
        hidden: Sequence[int],
        seed: int,
        *,
        worlds: Sequence[World] = (World(),),
        variants: Variants | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        def make(version: int) -> gymnasium.Env[Any, Any]:
            return make_world(env, worlds[version], flags=any(world.flip for world in worlds))

        probe = make(0)
        self.variants = variants
        self.policy = GaussianPolicy(
            flat_size(probe.observation_space),
            flat_size(probe.action_space),
            tuple(hidden),
        )
        low, high = probe.action_space.low.ravel(), probe.action_space.high.ravel()  # type: ignore[attr-defined]
        probe.close()
        self.dimension = self.policy.dimension
        self._middle, self._range = (high + low) / 2, (high - low) / 2  # a_max for symmetric bounds
        self._rollouts = Rollouts(make, horizon)
        self._discount = discount
        self._seed = seed
        self._dtype = dtype

    def initial_point(self) -> Vector:
        """Return theta_0, drawn as PyTorch initialises linear layers."""
        return self.policy.initial(generator(self._seed, 0, 0, Stream.INITIAL_POINT))

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        """Sample all trajectories together; then one backward pass per request."""
        sizes = [len(request.tasks) for request in requests]
        sampled = self._sample(requests, np.repeat(np.arange(len(requests)), sizes))
        step_weights = reward_to_go(sampled.rewards, sampled.lengths, self._discount)
        step_weights *= np.repeat(np.concatenate([r.weights for r in requests]), sampled.lengths)
        answers = []
        returns, first, first_step = sampled.returns, 0, 0
        for request, size in zip(requests, sizes, strict=True):
            mine = slice(first, first + size)
            lengths = sampled.lengths[mine]
            steps = slice(first_step, first_step + int(lengths.sum()))
            gradient = self._backward(
                request.point, sampled.observations[steps], sampled.u[steps], step_weights[steps]
            )
            answers.append(Estimate(gradient, returns[mine], lengths, request.workers))
            first, first_step = mine.stop, steps.stop
        return answers

    def sample(self, point: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:
        """Return the steps and the returns of trajectories at ``point``."""
        request = Request(point, workers, tasks, np.ones(len(tasks)))
        sampled = self._sample([request], np.zeros(len(tasks), dtype=np.int64))
        return sampled.lengths, sampled.returns

    def describe(self) -> dict[str, object]:
        """Return which rollouts were used."""
        return {"rollouts": "gymnasium", "dtype": str(self._dtype).removeprefix("torch.")}

    def close(self) -> None:
        """Close the environments."""
        self._rollouts.close()

    def _sample(self, requests: Sequence[Request], owner: Indices) -> Trajectories:
        workers = np.concatenate([r.workers for r in requests])
        tasks = np.concatenate([r.tasks for r in requests])
        rngs = [generator(self._seed, int(w), int(t)) for w, t in zip(workers, tasks, strict=True)]
        points = torch.tensor(np.stack([r.point for r in requests]), dtype=self._dtype)

        def sampler(
            trajectories: Indices, observations: Float32s, noise: Float32s
        ) -> tuple[Float32s, Float32s]:
            theta = points[0] if len(points) == 1 else points[owner[trajectories]]
            mean, deviation = self.policy.heads(
                theta, torch.from_numpy(observations).to(self._dtype)
            )
            u = (mean + deviation * torch.from_numpy(noise)).numpy().astype(np.float32)
            return u, self._middle + self._range * np.tanh(u)

        with torch.no_grad():
            return self._rollouts.sample(rngs, self.version_of(workers), sampler)

    def _backward(
        self, point: Vector, observations: Float32s, u: Float32s, weights: Vector
    ) -> Vector:
        """Return sum_k weights_k grad log pi(u_k | s_k) at ``point``: one backward pass."""
        theta = torch.tensor(point, dtype=self._dtype, requires_grad=True)
        densities = self.policy.log_density(
            theta, torch.from_numpy(observations).to(self._dtype), torch.from_numpy(u)
        )
        (gradient,) = torch.autograd.grad(
            densities @ torch.from_numpy(weights).to(self._dtype), theta
        )
        return gradient.numpy().astype(np.float64)


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
