"""Promises of gradients: evaluated late, and many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.problem import Estimate, Problem, Request
from simulator.types import Indices, Vector


@dataclass(frozen=True, eq=False, slots=True)
class Point:
    """Parameters that workers compute at.

    Attributes:
        vector: shape (d,).
        version: how many updates had been made when it was sent.
    """

    vector: Vector
    version: int


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """A finished stochastic gradient that nobody may have computed yet.

    Attributes:
        worker: index of the worker.
        index: how many tasks this worker had before.
        point: where the gradient is taken.
        start: simulated seconds.
        end: simulated seconds.
        rows: its rows in the timeline, (first, after the last).
        seconds: that it was computed for; less than end - start if its worker was down.
    """

    worker: int
    index: int
    point: Point
    start: float
    end: float
    rows: tuple[int, int]
    seconds: float


@dataclass
class LazyGradients:
    """Evaluates promises when a value is first needed, in the largest batch that is possible.

    Gradients that are needed one at a time (asynchronous methods) are announced with
    :meth:`promise`; when the first value is needed, all announced ones are evaluated with it.

    Attributes:
        problem: what answers.
        largest: the most gradients evaluated ahead of their need.
    """

    problem: Problem
    largest: int = 32
    sampled: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)
    """(length, return) of tasks, by (worker, index), whose length was asked for."""
    _promised: dict[tuple[int, int], Point] = field(default_factory=dict)
    _values: dict[tuple[int, int], Estimate] = field(default_factory=dict)

    def promise(self, worker: int, index: int, point: Point) -> None:
        """Announce that this gradient will be needed alone."""
        self._promised[worker, index] = point

    def forget(self, task: Task) -> bool:
        """Take back the promise of a task that is dropped; return whether there was one."""
        key = task.worker, task.index
        promised = self._promised.pop(key, None) is not None
        return self._values.pop(key, None) is not None or promised

    def lengths(self, workers: Indices, tasks: Indices, point: Point) -> Indices:
        """Return how many environment steps tasks at ``point`` take, shape (m,)."""
        lengths, returns = self.problem.sample(point.vector, workers, tasks)
        facts = zip(lengths.tolist(), returns.tolist(), strict=True)
        self.sampled.update(
            zip(zip(workers.tolist(), tasks.tolist(), strict=True), facts, strict=True)
        )
        return lengths

    def one(self, task: Task) -> Estimate:
        """Return the gradient of one announced task."""
        key = task.worker, task.index
        if key not in self._values:
            others = (other for other in self._promised if other != key)
            keys = [key, *(k for k, _ in zip(others, range(self.largest - 1), strict=False))]
            points = [self._promised.pop(k) for k in keys]
            answers = self.problem.estimate(
                [_request(p, [k], [1.0]) for p, k in zip(points, keys, strict=True)]
            )
            self._values.update(zip(keys, answers, strict=True))
        return self._values.pop(key)

    def weighted_sum(self, tasks: Sequence[Task], weights: Sequence[float]) -> Estimate:
        """Return sum_k weights_k times the gradient of task k, all at one point."""
        keys = [(task.worker, task.index) for task in tasks]
        return self.problem.estimate([_request(tasks[0].point, keys, weights)])[0]


def _request(point: Point, keys: Sequence[tuple[int, int]], weights: Sequence[float]) -> Request:
    workers, tasks = np.array(keys, dtype=np.int64).T
    return Request(point.vector, workers, tasks, np.asarray(weights, dtype=np.float64))
