"""A plain simulator to compare with: every gradient is computed when it is started.

It is what one writes first: a heap of completions, one Gymnasium environment, torch. The methods
are the same files; times are fixed, preemption is ``cancel``, and the network only delays.
"""

import heapq
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus

from simulator import Iterate, Moment, When
from simulator.problems.control.environment import flat_size, make_environment
from simulator.problems.control.policy import GaussianPolicy
from simulator.randomness import generator
from simulator.types import Indices, Vector

Gradient = Callable[[Vector, int, int], Vector]
"""(point, worker, task) -> its stochastic gradient."""


class EndOfRunError(Exception):
    """Enough updates were made."""


@dataclass(frozen=True)
class PlainTask:
    """A gradient with its value."""

    worker: int
    update: int
    value: Vector


class PlainCluster:
    """What :class:`simulator.Cluster` offers to methods, without its laziness.

    Args:
        seconds: h_i, shape (n,).
        uplink: kappa_i, shape (n,).
        initial_point: theta_0.
        gradient: computes a gradient at once.
        updates: after which the run ends.
    """

    def __init__(
        self,
        seconds: Vector,
        uplink: Vector,
        initial_point: Vector,
        gradient: Gradient,
        updates: int,
    ) -> None:
        self.size, self.initial_point = len(seconds), initial_point
        self.now, self.times, self.points = 0.0, list[float](), list[Vector]()
        self.started = np.zeros(self.size, dtype=np.int64)
        self._h, self._kappa = seconds, uplink
        self._gradient, self._updates = gradient, updates
        self._running: list[tuple[float, int, PlainTask]] = []
        self._resting: int | None = None

    def fastest(self, number: int) -> Indices:
        """Return the fastest workers, in their order."""
        return np.sort(np.argsort(self._h + self._kappa, kind="stable")[:number])

    def broadcast(
        self, point: Vector, *, keep_going: bool, to: Indices | None = None
    ) -> "PlainCluster":
        """Start everyone at a point; the cluster is its own round."""
        self._point, self._keep_going, self._running, self._resting = point, keep_going, [], None
        for worker in range(self.size) if to is None else to.tolist():
            self._start(worker, point, self._h[worker])
        return self

    def completion(self) -> Generator[None, None, PlainTask]:
        """Return the next completed gradient."""
        if self._resting is not None and self._keep_going:
            self._start(self._resting, self._point, self._h[self._resting])
        self.now, self._resting, task = heapq.heappop(self._running)
        return task
        yield

    def completions(
        self,
        number: int,
        timeout: float | None = None,  # noqa: ARG002 - never with one
    ) -> Generator[None, None, list[PlainTask]]:
        """Return the next completed gradients."""
        tasks: list[PlainTask] = []
        while len(tasks) < number:
            tasks.append((yield from self.completion()))
        return tasks

    arrivals = completions  # of all, so that their order does not matter

    def reduce(
        self, tasks: Sequence[PlainTask], weights: Sequence[float]
    ) -> Generator[None, None, Vector]:
        """Return the weighted sum when its last vector has arrived."""
        if self._keep_going:
            self.now += max(self._kappa[task.worker] for task in tasks)
        else:
            begun = self.now - max(self._h[task.worker] for task in tasks)
            self.now = begun + max(self._h[t.worker] + self._kappa[t.worker] for t in tasks)
        total: Vector = sum(w * t.value for w, t in zip(weights, tasks, strict=True))  # type: ignore[assignment]
        return total
        yield

    def dispatch(self, worker: int, point: Vector) -> None:
        """Start one worker at a point; its gradient travels to the server."""
        self._start(worker, point, self._h[worker] + self._kappa[worker])

    def preempt(self, delay: int) -> list[int]:
        """Stop what is too old, unless it is on its way; return whose."""
        late = [
            worker
            for end, worker, task in self._running
            if self.delay(task) >= delay and end - self._kappa[worker] > self.now
        ]
        self._running = [entry for entry in self._running if entry[1] not in late]
        heapq.heapify(self._running)
        return late

    def arrival(self) -> Generator[None, None, PlainTask]:
        """Return the next gradient to arrive."""
        self.now, _, task = heapq.heappop(self._running)
        return task
        yield

    def gradient(self, task: PlainTask) -> Vector:
        """Return its value."""
        return task.value

    def drop(self, task: PlainTask) -> None:
        """Throw it away."""

    def delay(self, task: PlainTask) -> int:
        """Return its staleness in updates."""
        return len(self.times) - task.update

    def update(
        self, step: Callable[[Iterate, Vector, When], Iterate], now: Iterate, gradient: Vector
    ) -> Generator[None, None, Iterate]:
        """Make a step, and note the new point.

        Raises:
            EndOfRunError: it was the last.
        """
        moment = Moment(len(self.times), self.now)
        now = step(now, gradient, When(moment, moment))  # of rules whose values never change
        self.times.append(self.now)
        self.points.append(now.point)
        if len(self.times) == self._updates:
            raise EndOfRunError
        return now
        yield

    def _start(self, worker: int, point: Vector, seconds: float) -> None:
        index = int(self.started[worker])
        self.started[worker] += 1
        task = PlainTask(worker, len(self.times), self._gradient(point, worker, index))
        heapq.heappush(self._running, (self.now + seconds, worker, task))


def plain_run(method: Callable[[Any], Generator[Any, Any, None]], cluster: PlainCluster) -> None:
    """Run a method until the cluster has made its updates."""
    try:
        for _ in method(cluster):
            pass
    except EndOfRunError:
        pass


class PlainReinforce:
    """REINFORCE with one Gymnasium environment and a torch module, step by step.

    Args:
        env: the name of the environment.
        horizon: the most steps.
        discount: gamma.
        hidden: width of each tanh layer.
        seed: with worker and task, the key of a trajectory.
    """

    def __init__(
        self, env: str, horizon: int, discount: float, hidden: Sequence[int], seed: int
    ) -> None:
        self._env = make_environment(env)
        space: Any = self._env.action_space
        self._middle = torch.tensor((space.high + space.low) / 2)
        self._range = torch.tensor((space.high - space.low) / 2)
        self._horizon, self._discount, self._seed = horizon, discount, seed
        sizes = flat_size(self._env.observation_space), flat_size(space)
        self._policy = GaussianPolicy(*sizes, tuple(hidden))
        self._layers = nn.ModuleList(nn.Linear(i, o) for i, o in self._policy.shapes)

    def __call__(self, point: Vector, worker: int, task: int) -> Vector:
        """Return the gradient of one trajectory, shape (d,)."""
        self._load(point)
        rng = generator(self._seed, worker, task)
        observation, _ = self._env.reset(seed=int(rng.integers(2**31)))
        seen, actions, ended = [], [], False
        rewards: list[float] = []
        while not ended:
            s = torch.as_tensor(observation, dtype=torch.float32)
            with torch.no_grad():
                mean, deviation = self._heads(s)
                noise = torch.from_numpy(rng.standard_normal(len(mean), dtype=np.float32))
                u = mean + deviation * noise
                action = self._middle + self._range * torch.tanh(u)
            observation, reward, terminated, truncated, _ = self._env.step(action.numpy())
            seen.append(s)
            actions.append(u)
            rewards.append(float(reward) * self._discount ** len(rewards))
            ended = terminated or truncated or len(rewards) == self._horizon
        to_go = np.cumsum(rewards[::-1])[::-1].astype(np.float32)
        density: Any = torch.distributions.Normal(*self._heads(torch.stack(seen)))
        score = density.log_prob(torch.stack(actions)).sum(-1)
        gradients = torch.autograd.grad(
            score @ torch.from_numpy(to_go.copy()), [*self._layers.parameters()]
        )
        pairs = zip(gradients[::2], gradients[1::2], strict=True)
        flat = [part for weight, bias in pairs for part in (weight.T.reshape(-1), bias)]
        return torch.cat(flat).numpy().astype(np.float64)

    def close(self) -> None:
        """Close the environment."""
        self._env.close()

    def _load(self, point: Vector) -> None:
        theta = torch.tensor(point, dtype=torch.float32)
        with torch.no_grad():
            parts: Any = zip(self._layers, self._policy.layers(theta), strict=True)
            for layer, (weight, bias) in parts:
                layer.weight.copy_(weight.T)
                layer.bias.copy_(bias)

    def _heads(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:

        *layers, mean, deviation = self._layers
        x = observations
        for layer in layers:
            x = torch.tanh(layer(x))
        return mean(x), softplus(deviation(x))
