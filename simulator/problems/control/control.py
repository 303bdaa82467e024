"""Reinforcement learning in Gymnasium environments: rollouts and the REINFORCE estimator."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from simulator.loop.tasks import Key
from simulator.problem import Estimate, Problem, Request, Variants
from simulator.problems.control.baseline import KEPT, LinearBaseline
from simulator.problems.control.reinforce import reward_to_go, weighted_gradient
from simulator.problems.control.rollouts.batch import Batch, Setting, Trajectories, joined
from simulator.problems.control.rollouts.rollouts import Announced, Rollouts
from simulator.problems.control.rollouts.sampler import AHEAD, reset_seed
from simulator.problems.control.screen import Episode, Screen
from simulator.problems.control.variant import Variant
from simulator.randomness import Stream, generator
from simulator.types import Indices, Vector

KEPT_BYTES = 2**28
"""The most memory of trajectories that were sampled for their lengths, until their gradients are
needed; beyond it they are sampled a second time. As much again for those whose gradients are known
to be needed; beyond it they are sampled when they are. Results do not depend on it."""


class Control(Problem):
    """J(theta) = E sum_{h<H} gamma^h r_h under a tanh policy in a Gymnasium environment.

    The policy is the paper's Gaussian one for bounded Box actions, a softmax for Discrete ones.
    The estimator is the truncated REINFORCE (Williams, 1992) of Tyurin, Spiridonov, Rudenko (ICLR
    2026), Section 2:

        g = sum_t ( sum_{h>=t} gamma^h r_h ) grad log pi(a_t | s_t),

    h counted from the start of the episode. Termination, the environment's own time limit and
    the horizon all end a trajectory, and the sums stop there.

    Args:
        env: the name of a Gymnasium environment.
        horizon: H, the most steps of a trajectory.
        discount: gamma in (0, 1].
        hidden: width of each tanh layer.
        seed: keys theta_0, the resets and the action noise.
        environments: the variants of the environment; one, unchanged, by default.
        variants: which worker has which; None if there is only one.
        dtype: ``float32`` or ``float64``, of the policy and its gradient.
        linear_baseline: take gamma^t b(s_t, t) from the sum over h, for the
            :class:`~simulator.problems.control.baseline.LinearBaseline` that was fitted on
            trajectories of earlier updates, if there are any; the mean of g stays.
        processes: how many sample trajectories; the results are the same.

    Raises:
        UnsuitableEnvironmentError: see :func:`simulator.problems.control.variant.make_variant`.
    """

    def __init__(
        self,
        env: str,
        horizon: int,
        discount: float,
        hidden: Sequence[int],
        seed: int,
        *,
        environments: Sequence[Variant] = (Variant(),),
        variants: Variants | None = None,
        dtype: str = "float32",
        linear_baseline: bool = False,
        processes: int = 1,
    ) -> None:
        setting = Setting(env, tuple(environments), horizon, tuple(hidden), seed, dtype)
        self.variants = variants
        self._rollouts = Rollouts(setting, processes)
        self._kept: dict[Key, tuple[Vector, Trajectories]] = {}
        self._kept_bytes = 0
        self._begun: dict[Key, tuple[Vector, Announced]] = {}
        self._most_pending = AHEAD * processes
        self.policy = self._rollouts.sampler.policy
        self.dimension = self.policy.dimension
        self._discount = discount
        self._seed = seed
        self._dtype = dtype
        self._baseline: LinearBaseline | None = None
        if linear_baseline:
            self._baseline = LinearBaseline(self.policy.observation_size, discount)

    def initial_point(self) -> Vector:
        """Return theta_0, drawn as PyTorch initialises linear layers."""
        return self.policy.initial(generator(self._seed, 0, 0, Stream.INITIAL_POINT))

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        """Sample all trajectories together; then one backward pass per request."""
        sampled = self._sample(requests)
        to_go = reward_to_go(sampled.rewards, sampled.lengths, self._discount)
        answers = []
        returns, first, first_step = sampled.returns, 0, 0
        for request in requests:
            mine = slice(first, first + len(request.tasks))
            lengths = sampled.lengths[mine]
            steps = slice(first_step, first_step + int(lengths.sum()))
            answer = Estimate(np.empty(0), returns[mine], lengths, request.workers)
            seen, left = sampled.observations[steps], to_go[steps]
            if self._baseline is not None:
                features = self._baseline.features(seen, lengths)
                answer = replace(answer, sums=self._baseline.sums(features, left))
                if request.baseline is not None:
                    left = left - features @ request.baseline
            gradient = weighted_gradient(
                self.policy,
                request.point,
                seen,
                sampled.u[steps],
                left * np.repeat(request.weights, lengths),
            )
            answers.append(replace(answer, gradient=gradient))
            first, first_step = mine.stop, steps.stop
        return answers

    def remember(self, memory: Vector | None, answer: Estimate) -> Vector | None:
        """Add up what the baseline is fitted on; earlier trajectories count less and less."""
        if self._baseline is None:
            return None
        return answer.sums + (0 if memory is None else KEPT ** len(answer.lengths) * memory)

    def baseline(self, memory: Vector) -> Vector:
        """Return the coefficients of the linear baseline."""
        if self._baseline is None:
            return super().baseline(memory)
        return self._baseline.fit(memory)

    def sample(self, point: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:
        """Return the steps and the returns of trajectories at ``point``."""
        sampled = self._sample([Request(point, workers, tasks, np.ones(len(tasks)))])
        return sampled.lengths, sampled.returns

    def episode(self, point: Vector, worker: int, task: int) -> Episode:
        """Return a trajectory as it can be made once more in :meth:`screen`.

        Args:
            point: shape (d,).
            worker: with ``task`` the key of its randomness.
            task: see ``worker``.
        """
        request = Request(point, np.array([worker]), np.array([task]), np.ones(1))
        u = self._sample([request]).u
        start = reset_seed(generator(self._seed, worker, task))
        return Episode(start, self._rollouts.sampler.hand(u))

    def screen(self, worker: int, width: int, height: int) -> Screen:
        """Return where episodes of a worker's environment are drawn, so many pixels large.

        Raises:
            UnsuitableEnvironmentError: it cannot be made to be drawn.
        """
        variant = int(self.variant_of(np.array([worker]))[0])
        setting = self._rollouts.sampler.setting
        return Screen(setting.make(variant, render_mode="rgb_array"), width, height)

    def preview(self, point: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:
        """Do as :meth:`sample`, and keep the trajectories for their gradients."""
        request = Request(point, workers, tasks, np.ones(len(tasks)))
        sampled = self._each([request])
        for key, trajectory in zip(_keys(request), sampled, strict=True):
            self.forget([key])
            if self._kept_bytes + trajectory.size <= KEPT_BYTES:
                self._kept[key] = point, trajectory
                self._kept_bytes += trajectory.size
        together = joined(sampled)
        return together.lengths, together.returns

    def begin(self, request: Request) -> bool:
        """Let the trajectories of a request be sampled from now on, unless too much waits."""
        missing = [self._there(key, request.point) is None for key in _keys(request)]
        if not any(missing):
            return True
        rollouts = self._rollouts
        if rollouts.pending >= self._most_pending or rollouts.held_bytes > KEPT_BYTES:
            return False
        new = _part(request, missing)
        keys = _keys(new)
        self.forget(keys)
        for key, one in zip(keys, rollouts.announce(self._batch([new])), strict=True):
            self._begun[key] = request.point, one
        return True

    def forget(self, keys: Iterable[Key]) -> None:
        """Free the trajectories of tasks, if they were kept or begun."""
        for key in list(keys):
            if key in self._kept:
                self._kept_bytes -= self._kept.pop(key)[1].size
            if key in self._begun:
                self._rollouts.drop([self._begun.pop(key)[1]])

    def describe(self) -> dict[str, object]:
        """Return which policy and which rollouts were used."""
        sampler = self._rollouts.sampler
        baseline = {"baseline": "linear"} if self._baseline else {}
        shapes = {"policy": self.policy.kind, "rollouts": sampler.kind}
        return {**shapes, "dtype": self._dtype, **baseline}

    def close(self) -> None:
        """Close the environments."""
        self._rollouts.close()

    def _sample(self, requests: Sequence[Request]) -> Trajectories:
        return joined(self._each(requests))

    def _each(self, requests: Sequence[Request]) -> list[Trajectories]:
        """Return the trajectories of all requests: those that are kept or begun, and new ones."""
        there = [[self._there(key, r.point) for key in _keys(r)] for r in requests]
        missing = [
            _part(r, [one is None for one in mine]) for r, mine in zip(requests, there, strict=True)
        ]
        new = iter(self._rollouts.announce(self._batch(missing)))
        wanted = [one or next(new) for mine in there for one in mine]
        announced = [one for one in wanted if isinstance(one, Announced)]
        for key in {key for r in requests for key in _keys(r)} & self._begun.keys():
            _, one = self._begun.pop(key)
            if one not in announced:  # at another point
                self._rollouts.drop([one])
        sampled = iter(self._rollouts.wait_for(announced, self.interrupt))
        return [next(sampled) if isinstance(one, Announced) else one for one in wanted]

    def _there(self, key: Key, point: Vector) -> Trajectories | Announced | None:
        for held in (self._kept, self._begun):
            where, one = held.get(key, (None, None))
            if where is point:
                return one
        return None

    def _batch(self, requests: Sequence[Request]) -> Batch:
        workers = np.concatenate([r.workers for r in requests])
        return Batch(
            points=np.array([r.point for r in requests], dtype=self._dtype),
            point=np.repeat(np.arange(len(requests)), [len(r.tasks) for r in requests]),
            variants=self.variant_of(workers),
            workers=workers,
            tasks=np.concatenate([r.tasks for r in requests]),
        )


def _part(request: Request, wanted: Sequence[bool]) -> Request:
    which = np.array(wanted, dtype=bool)
    columns = (request.workers, request.tasks, request.weights)
    return Request(request.point, *(column[which] for column in columns))


def _keys(request: Request) -> list[Key]:
    return list(zip(request.workers.tolist(), request.tasks.tolist(), strict=True))
