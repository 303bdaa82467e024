"""Promises of gradients: evaluated late, and many at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import heappop, heappush

import numpy as np

from simulator.contract import estimates, unavailable
from simulator.loop.tasks import Key, Lookahead, Task
from simulator.problem import Estimate, Problem, Request
from simulator.promises.baselines import Baselines
from simulator.promises.replay import Replay
from simulator.types import Vector

LARGEST = 32
"""The most gradients evaluated together because one of them is needed: the others are computed
ahead, and perhaps in vain. More gains little. Results do not depend on it, since each gradient is
the same in whatever company."""


class LazyGradients:
    """Evaluates promises when a value is first needed, in the largest batch that is possible.

    Gradients that are needed one at a time (asynchronous methods) are announced with
    :meth:`promise`. A problem that can work ahead begins with them at once; of others, all
    announced ones are evaluated when the first value is needed. But delays repeat themselves: if a
    worker's latest one was discarded, its next one will be, more often than not, and is evaluated
    only when it is asked for.

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
        self._likely: dict[Key, float] = {}  # those to work ahead on, and when they are due
        self._queue: list[tuple[float, Key]] = []  # of them, the first one due in front; and others
        self._begun: set[Key] = set()  # by the problem: to be asked for alone
        self._discarded: set[int] = set()  # workers whose latest one was
        self._values = dict(replay.ahead)
        self._steps: dict[Key, tuple[Vector, Estimate]] = {}  # of workers that move: point, answer
        self._moved: dict[Key, Vector] = {}  # where these tasks moved their workers

    def promise(self, key: Key, lookahead: Lookahead, due: float, *, needed: bool) -> None:
        """Announce that this gradient will be asked for alone.

        Args:
            key: of its task.
            lookahead: where it is taken.
            due: when the task ends, in simulated seconds.
            needed: no failure will take the task, and the run does not end before it.
        """
        if key not in self._values:
            self._promised[key] = lookahead
            if needed and key[0] not in self._discarded:
                self._likely[key] = due
                heappush(self._queue, (due, key))
                self._begin()

    def lose(self, task: Task) -> None:
        """Take back the promise of a task that a failure took."""
        self._promised.pop(task.key, None)
        self._free(task.key)

    def forget(self, key: Key, lookahead: Lookahead) -> None:
        """Take back the promise of a task at ``lookahead`` that is discarded, if there is one.

        A task that never began leaves its key to the worker's next one.
        """
        self._free(key)
        promised = self._promised.pop(key, None) is not None
        self._likely.pop(key, None)
        if key in self._begun:
            self._begun.remove(key)
            self._problem.forget([key])
        computed = key in self._values and self._values[key][0].update == lookahead.update
        if computed:
            del self._values[key]
        if promised or computed:
            self._discarded.add(key[0])

    def one(self, task: Task, *, keep: bool = False) -> Estimate:
        """Return the gradient of one announced task; ``keep``: it will be asked for again.

        Raises:
            RuntimeError: it was announced no longer.
        """
        key = task.key
        self._discarded.discard(task.worker)
        if not self._replay.over:
            if not keep:
                for container in (self._promised, self._likely, self._values):
                    container.pop(key, None)
            return self._placeholder
        if key not in self._values:
            if key not in self._promised:
                raise unavailable(task)
            self._likely.pop(key, None)
            keys = self._together_with(key)
            lookaheads = [self._promised.pop(k) for k in keys]
            answers = estimates(
                self._problem,
                [
                    _request(at.vector, [k], [1.0], at.baseline)
                    for at, k in zip(lookaheads, keys, strict=True)
                ],
            )
            self._values.update(zip(keys, zip(lookaheads, answers, strict=True), strict=True))
            self._begin()
        if not keep:
            answer = self._values.pop(key)[1]
            kept = not answer.gradient.flags.writeable  # it is the user's now
            return replace(answer, gradient=answer.gradient.copy()) if kept else answer
        self._values[key][1].gradient.setflags(write=False)  # it is handed out again
        return self._values[key][1]

    def weighted_sum(self, tasks: Sequence[Task], weights: Sequence[float]) -> Estimate:
        """Return sum_k weights_k times the gradient of task k, all of one round."""
        if not self._replay.over:
            return self._placeholder
        if any(task.lookahead.after is not None for task in tasks):
            self._evaluate(tasks)
            answers = [self._steps[task.key][1] for task in tasks]
            for task in tasks:
                self._free(task.key)
            return _sum(answers, weights)
        keys, place = [task.key for task in tasks], tasks[0].lookahead
        request = _request(place.vector, keys, weights, place.baseline)
        return estimates(self._problem, [request])[0]

    def point(self, lookahead: Lookahead) -> Vector:
        """Return where a lookahead is, shape (d,): a promise is evaluated now."""
        if lookahead.after is None or lookahead.move is None:
            return lookahead.vector
        self._evaluate([lookahead.after])
        key = lookahead.after.key
        if key not in self._moved:  # the same array each time: trajectories are kept for it
            point, answer = self._steps[key]
            self._moved[key] = lookahead.move(point, answer.gradient)
        return self._moved[key]

    def _free(self, key: Key) -> None:
        """Forget a step of a worker that moves."""
        if self._steps:
            self._steps.pop(key, None)
            self._moved.pop(key, None)

    def close(self) -> None:
        """Say that no more gradients will be needed."""
        self._problem.forget(self._begun)
        self._begun.clear()

    def _together_with(self, key: Key) -> list[Key]:
        """Return what is evaluated because ``key`` is needed: that alone if it is begun."""
        keys = [key]
        if key in self._begun:
            self._begun.remove(key)
            return keys
        while len(keys) < LARGEST and (soonest := self._soonest()) is not None:
            del self._likely[soonest]
            keys.append(soonest)
        return keys

    def _soonest(self) -> Key | None:
        """Return the one to work ahead on that is due first."""
        while self._queue and self._likely.get(self._queue[0][1]) != self._queue[0][0]:
            heappop(self._queue)
        return self._queue[0][1] if self._queue else None

    def _begin(self) -> None:
        """Let the problem begin with promises, as far as it does."""
        while self._replay.over and (key := self._soonest()) is not None:
            at = self._promised[key]
            if not self._problem.begin(_request(at.vector, [key], [1.0], at.baseline)):
                return
            del self._likely[key]
            self._begun.add(key)

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
            answers = estimates(
                self._problem,
                [
                    _request(point, [t.key], [1.0], t.lookahead.baseline)
                    for point, t in zip(points, step, strict=True)
                ],
            )
            keys = [task.key for task in step]
            self._steps.update(zip(keys, zip(points, answers, strict=True), strict=True))
            for key in keys:
                del missing[key]

    def unused(
        self, others: Sequence[Lookahead], made: int
    ) -> tuple[dict[int, Vector], Mapping[Key, tuple[int, Estimate]], dict[int, Vector]]:
        """Return what a checkpoint needs of gradients that are announced and not used yet.

        Args:
            others: where gradients may be taken too, though none is announced.
            made: updates so far.

        Returns:
            Their lookaheads, shape (d,) each, by update; those that are computed already, by
            (worker, index), each with the update of its lookahead; and the lookaheads' baselines,
            by update, and the newest one.
        """
        places = [*others, *self._promised.values(), *(place for place, _ in self._values.values())]
        ahead = {key: (place.update, estimate) for key, (place, estimate) in self._values.items()}
        points = {place.update: place.vector for place in places}
        told = {place.update: place.baseline for place in places if place.baseline is not None}
        if (newest := self.baselines.newest) is not None:
            told[made] = newest
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
