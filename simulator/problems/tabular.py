"""Softmax policies in finite MDPs, where stationarity is measured exactly, and fast."""

from collections.abc import Sequence

import numpy as np

from simulator.problem import Estimate, Problem, Request, Variants
from simulator.problems.mdp import MDP
from simulator.randomness import generator
from simulator.types import Indices, Truths, Vector


class Tabular(Problem):
    """J(theta) = E sum_h gamma^h r_h with pi(a | s) proportional to exp(theta[s, a]).

    Trajectories are sampled as in :class:`simulator.problems.control.control.Control`, and so are
    gradients estimated: both are truncated at the horizon. J, its gradient and the norm in the
    history are those of the infinite horizon, by linear solves. Workers may have different MDPs.

    Args:
        mdps: one per variant of the problem, all with S states and A actions.
        horizon: H, the most steps of a trajectory.
        discount: gamma in (0, 1).
        seed: keys all trajectories. theta_0 = 0, the uniform policy, for every seed.
        variants: which worker has which MDP; None if there is only one.
    """

    def __init__(
        self,
        mdps: Sequence[MDP],
        horizon: int,
        discount: float,
        seed: int,
        variants: Variants | None = None,
    ) -> None:
        self.variants = variants
        self._mdps = mdps
        self._shape = mdps[0].rewards.shape
        self.dimension = int(np.prod(self._shape))
        self._horizon = horizon
        self._discount = discount
        self._seed = seed
        self._shares = variants.shares if variants else np.ones(1)
        self._moves = np.cumsum([mdp.transitions for mdp in mdps], axis=-1)
        self._starts = np.cumsum([mdp.start for mdp in mdps], axis=-1)
        self._rewards = np.array([mdp.rewards for mdp in mdps])
        self._terminal = np.array([mdp.terminal for mdp in mdps], dtype=bool)

    def initial_point(self) -> Vector:
        """Return the uniform policy, theta_0 = 0."""
        return np.zeros(self.dimension)

    def policy(self, point: Vector) -> Vector:
        """Return pi(a | s), shape (S, A)."""
        logits = point.reshape(self._shape)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        result: Vector = weights / weights.sum(axis=1, keepdims=True)
        return result

    def exact(self, point: Vector) -> tuple[float, float]:
        """Return (J, |grad J|) at ``point``, of the workers' equal average."""
        policy = self.policy(point)
        answers = [mdp.exact(policy, self._discount) for mdp in self._mdps]
        gradient = sum(s * g for s, (_, g) in zip(self._shares, answers, strict=True))
        value = sum(s * j for s, (j, _) in zip(self._shares, answers, strict=True))
        return float(value), float(np.linalg.norm(gradient))

    def exact_by_variant(self, point: Vector) -> Vector | None:
        """Return J of each MDP at ``point``."""
        policy = self.policy(point)
        return np.array([mdp.exact(policy, self._discount)[0] for mdp in self._mdps])

    def sample(self, point: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:
        """Return the steps and the returns of trajectories at ``point``."""
        policies = np.repeat(self.policy(point)[None], len(workers), axis=0)
        _, _, rewards, alive = self._sample(policies, workers, tasks)
        return alive.sum(axis=1), rewards.sum(axis=1)

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        """Sample all trajectories in step; then one weighted sum per request."""
        policies = np.array([self.policy(r.point) for r in requests])
        owner = np.repeat(np.arange(len(requests)), [len(r.tasks) for r in requests])
        workers = np.concatenate([r.workers for r in requests])
        tasks = np.concatenate([r.tasks for r in requests])
        states, actions, rewards, alive = self._sample(policies[owner], workers, tasks)
        powers = self._discount ** np.arange(rewards.shape[1])
        to_go = np.cumsum((rewards * powers)[:, ::-1], axis=1)[:, ::-1]
        to_go *= np.concatenate([r.weights for r in requests])[:, None] * alive
        answers = []
        for k, request in enumerate(requests):
            mine = owner == k
            gradient = self._score_sum(policies[k], states[mine], actions[mine], to_go[mine])
            lengths = alive[mine].sum(axis=1)
            answers.append(Estimate(gradient, rewards[mine].sum(axis=1), lengths, request.workers))
        return answers

    def _sample(
        self, policies: Vector, workers: Indices, tasks: Indices
    ) -> tuple[Indices, Indices, Vector, Truths]:
        """Return states, actions, rewards, and which steps were made, each of shape (m, H)."""
        m, horizon = len(workers), self._horizon
        variant = self.variant_of(workers)
        draws = np.array(
            [
                generator(self._seed, int(w), int(t)).random(2 * horizon + 1)
                for w, t in zip(workers, tasks, strict=True)
            ]
        )
        choices = np.cumsum(policies, axis=-1)
        everyone = np.arange(m)
        states = np.zeros((m, horizon), dtype=np.int64)
        actions = np.zeros((m, horizon), dtype=np.int64)
        rewards, alive = np.zeros((m, horizon)), np.zeros((m, horizon), dtype=bool)
        state = _choose(self._starts[variant], draws[:, 0])
        for h in range(horizon):
            alive[:, h] = ~self._terminal[variant, state]
            if not alive[:, h].any():
                break
            action = _choose(choices[everyone, state], draws[:, 2 * h + 1])
            states[:, h], actions[:, h] = state, action
            rewards[:, h] = self._rewards[variant, state, action]
            state = _choose(self._moves[variant, state, action], draws[:, 2 * h + 2])
        return states, actions, rewards * alive, alive

    def _score_sum(
        self, policy: Vector, states: Indices, actions: Indices, weights: Vector
    ) -> Vector:
        """Return sum over steps of weight times grad log pi(a | s) = e_(s, a) - pi(. | s) at s."""
        size = self._shape[1]
        taken = np.bincount(
            (states * size + actions).ravel(), weights.ravel(), minlength=self.dimension
        )
        visited = np.bincount(states.ravel(), weights.ravel(), minlength=self._shape[0])
        result: Vector = taken - (visited[:, None] * policy).ravel()
        return result


def _choose(cumulative: Vector, uniform: Vector) -> Indices:
    """Return for each row of (m, k) cumulative probabilities where ``uniform`` falls."""
    chosen = (cumulative <= uniform[:, None]).sum(axis=1)
    last: Indices = np.minimum(chosen, cumulative.shape[1] - 1)  # the sum may round below 1
    return last
