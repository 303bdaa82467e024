"""Promises of gradients: evaluated late, and many at a time."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from simulator.loop.tasks import Key, Lookahead, Task
from simulator.problem import Estimate, Problem, Request
from simulator.promises.baselines import Baselines
from simulator.promises.replay import Replay
from simulator.types import Vector

LARGEST = 32
"""The most gradients evaluated together because one of them is needed: the others are computed
ahead, and perhaps in vain. Twice what a control problem samples at a time; more gains little.
Results do not depend on it, since each gradient is the same in whatever company."""


class LazyGradients:
    """Evaluates promises when a value is first needed, in the largest batch that is possible.

    Gradients that are needed one at a time (asynchronous methods) are announced with
    :meth:`promise`; when the first value is needed, all announced ones are evaluated with it. But
    delays repeat themselves: if a worker's latest one was discarded, its next one will be, more
    often than not, and is evaluated only when it is asked for.

    Args:
        problem: what answers.
        replay: what the problem need not be asked again: while a run replays, gradients are
            zeros.
    """

    def __init__(self, problem: Problem, replay: Replay) -> None:
        self._problem = problem
        self._replay = replay
        self._placeholder = Estimate(np.zeros_like(problem.initial_point()))
        self.baselines = Baselines(problem, replay)
        self._promised: dict[Key, Lookahead] = {}
        self._likely: dict[Key, None] = {}  # those to be evaluated together
        self._discarded: set[int] = set()  # workers whose latest one was
        self._values = dict(replay.ahead)
        self._steps: dict[Key, tuple[Vector, Estimate]] = {}  # of workers that move: point, answer

    def promise(self, key: Key, lookahead: Lookahead, *, lost: bool) -> None:
        """Announce that this gradient will be needed alone.

        Args:
            key: of its task.
            lookahead: where it is taken.
            lost: a failure will take the task, so that it will not be needed.
        """
        if key not in self._values:
            self._promised[key] = lookahead
            if not lost and key[0] not in self._discarded:
                self._likely[key] = None

    def lose(self, task: Task) -> None:
        """Take back the promise of a task that a failure took."""
        self._promised.pop(task.key, None)
        self._steps.pop(task.key, None)

    def forget(self, key: Key, lookahead: Lookahead) -> None:
        """Take back the promise of a task at ``lookahead`` that is discarded, if there is one.

        A task that never began leaves its key to the worker's next one.
        """
        self._steps.pop(key, None)
        promised = self._promised.pop(key, None) is not None
        self._likely.pop(key, None)
        computed = key in self._values and self._values[key][0].update == lookahead.update
        if computed:
            del self._values[key]
        if promised or computed:
            self._discarded.add(key[0])

    def one(self, task: Task, *, keep: bool = False) -> Estimate:
        """Return the gradient of one announced task; ``keep``: it will be asked for again."""
        key = task.key
        self._discarded.discard(task.worker)
        if not self._replay.over:
            if not keep:
                for container in (self._promised, self._likely, self._values):
                    container.pop(key, None)
            return self._placeholder
        if key not in self._values:
            self._likely.pop(key, None)
            keys = [key, *itertools.islice(self._likely, LARGEST - 1)]
            lookaheads = [self._promised.pop(k) for k in keys]
            answers = self._problem.estimate(
                [
                    _request(at.vector, [k], [1.0], at.baseline)
                    for at, k in zip(lookaheads, keys, strict=True)
                ]
            )
            self._values.update(zip(keys, zip(lookaheads, answers, strict=True), strict=True))
            for k in keys[1:]:
                del self._likely[k]
        return (self._values[key] if keep else self._values.pop(key))[1]

    def weighted_sum(self, tasks: Sequence[Task], weights: Sequence[float]) -> Estimate:
        """Return sum_k weights_k times the gradient of task k, all of one round."""
        if not self._replay.over:
            return self._placeholder
        if any(task.lookahead.after is not None for task in tasks):
            self._evaluate(tasks)
            return _sum([self._steps.pop(task.key)[1] for task in tasks], weights)
        keys, place = [task.key for task in tasks], tasks[0].lookahead
        return self._problem.estimate([_request(place.vector, keys, weights, place.baseline)])[0]

    def point(self, lookahead: Lookahead) -> Vector:
        """Return where a lookahead is, shape (d,): a promise is evaluated now."""
        if lookahead.after is None or lookahead.move is None:
            return lookahead.vector
        self._evaluate([lookahead.after])
        point, answer = self._steps[lookahead.after.key]
        return lookahead.move(point, answer.gradient)

    def _evaluate(self, tasks: Sequence[Task]) -> None:
        """Evaluate tasks of workers that move: first steps together, then second ones, ..."""
        missing: dict[Key, Task] = {}
        for task in tasks:
            last: Task | None = task
            while last is not None and last.key not in self._steps and last.key not in missing:
                missing[last.key] = last
                last = last.lookahead.after
        while missing:
            step = [
                task
                for task in missing.values()
                if task.lookahead.after is None or task.lookahead.after.key not in missing
            ]
            points = [self.point(task.lookahead) for task in step]
            answers = self._problem.estimate(
                [
                    _request(point, [t.key], [1.0], t.lookahead.baseline)
                    for point, t in zip(points, step, strict=True)
                ]
            )
            keys = [task.key for task in step]
            self._steps.update(zip(keys, zip(points, answers, strict=True), strict=True))
            for key in keys:
                del missing[key]

    def unused(
        self,
    ) -> tuple[dict[int, Vector], Mapping[Key, tuple[int, Estimate]], dict[int, Vector]]:
        """Return what a checkpoint needs of gradients that are announced and not used yet.

        Returns:
            Their lookaheads, shape (d,) each, by update; those that are computed already, by
            (worker, index), each with the update of its lookahead; and the lookaheads' baselines,
            by update.
        """
        places = [*self._promised.values(), *(place for place, _ in self._values.values())]
        ahead = {key: (place.update, estimate) for key, (place, estimate) in self._values.items()}
        points = {place.update: place.vector for place in places}
        told = {place.update: place.baseline for place in places if place.baseline is not None}
        return points, ahead, told


def _sum(answers: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    return Estimate(
        np.sum([w * answer.gradient for w, answer in zip(weights, answers, strict=True)], axis=0),
        returns=np.concatenate([answer.returns for answer in answers]),
        lengths=np.concatenate([answer.lengths for answer in answers]),
        workers=np.concatenate([answer.workers for answer in answers]),
        sums=np.sum([answer.sums for answer in answers], axis=0),
    )


def _request(
    point: Vector, keys: Sequence[Key], weights: Sequence[float], baseline: Vector | None
) -> Request:
    workers, tasks = np.array(keys, dtype=np.int64).T
    factors = np.asarray(weights, dtype=np.float64)
    return Request(point, workers, tasks, factors, baseline)
