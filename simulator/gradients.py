"""Promises of gradients: evaluated late, and many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.checkpoint import START, Checkpoint
from simulator.history import Update
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


class LazyGradients:
    """Evaluates promises when a value is first needed, in the largest batch that is possible.

    Gradients that are needed one at a time (asynchronous methods) are announced with
    :meth:`promise`; when the first value is needed, all announced ones are evaluated with it.

    Args:
        problem: what answers.
        past: what the problem need not be asked again: while a run is replayed, gradients are
            zeros.
        largest: the most gradients evaluated ahead of their need.

    Attributes:
        sampled: (length, return) of tasks, by (worker, index), whose length was asked for.
    """

    def __init__(self, problem: Problem, past: Checkpoint = START, largest: int = 32) -> None:
        self.sampled: dict[tuple[int, int], tuple[float, float]] = {}
        self._problem = problem
        self._largest = largest
        self._replayed = past.answers
        self._placeholder = Estimate(np.zeros(problem.dimension))
        self._answers = 0  # so far
        self._trajectories = list(past.trajectories)
        self._asked = 0  # of them
        self._promised: dict[tuple[int, int], Point] = {}
        self._values = {
            key: (Point(past.points[version], version), estimate)
            for key, (version, estimate) in past.ahead.items()
        }

    def promise(self, worker: int, index: int, point: Point) -> None:
        """Announce that this gradient will be needed alone."""
        if (worker, index) not in self._values:
            self._promised[worker, index] = point

    def forget(self, task: Task) -> bool:
        """Take back the promise of a task that is dropped; return whether there was one."""
        key = task.worker, task.index
        promised = self._promised.pop(key, None) is not None
        return self._values.pop(key, None) is not None or promised

    def lengths(self, workers: Indices, tasks: Indices, point: Point) -> Indices:
        """Return how many environment steps tasks at ``point`` take, shape (m,)."""
        if self._asked == len(self._trajectories):
            lengths, returns = self._problem.sample(point.vector, workers, tasks)
            self._trajectories += zip(lengths.tolist(), returns.tolist(), strict=True)
        facts = self._trajectories[self._asked : self._asked + len(workers)]
        self._asked += len(workers)
        self.sampled.update(
            zip(zip(workers.tolist(), tasks.tolist(), strict=True), facts, strict=True)
        )
        return np.array([length for length, _ in facts], dtype=np.int64)

    def one(self, task: Task) -> Estimate:
        """Return the gradient of one announced task."""
        key = task.worker, task.index
        if self._replays():
            self.forget(task)
            return self._placeholder
        if key not in self._values:
            others = (other for other in self._promised if other != key)
            keys = [key, *(k for k, _ in zip(others, range(self._largest - 1), strict=False))]
            points = [self._promised.pop(k) for k in keys]
            answers = self._problem.estimate(
                [_request(p, [k], [1.0]) for p, k in zip(points, keys, strict=True)]
            )
            self._values.update(zip(keys, zip(points, answers, strict=True), strict=True))
        return self._values.pop(key)[1]

    def weighted_sum(self, tasks: Sequence[Task], weights: Sequence[float]) -> Estimate:
        """Return sum_k weights_k times the gradient of task k, all at one point."""
        if self._replays():
            return self._placeholder
        keys = [(task.worker, task.index) for task in tasks]
        return self._problem.estimate([_request(tasks[0].point, keys, weights)])[0]

    def checkpoint(self, rows: Sequence[Update]) -> Checkpoint:
        """Return the run after these updates, but for what the method knows."""
        points = [*self._promised.values(), *(point for point, _ in self._values.values())]
        return Checkpoint(
            rows=list(rows),
            answers=self._answers,
            trajectories=list(self._trajectories),
            points={point.version: point.vector for point in points},
            ahead={key: (p.version, estimate) for key, (p, estimate) in self._values.items()},
        )

    def _replays(self) -> bool:
        self._answers += 1
        return self._answers <= self._replayed


def _request(point: Point, keys: Sequence[tuple[int, int]], weights: Sequence[float]) -> Request:
    workers, tasks = np.array(keys, dtype=np.int64).T
    return Request(point.vector, workers, tasks, np.asarray(weights, dtype=np.float64))
