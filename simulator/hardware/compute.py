"""Compute-time models: when does a task that starts now end?"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simulator.hardware.speed import Speeds
from simulator.types import Indices, Vector


class Factors(Protocol):
    """Random factors on the work of tasks, such as :class:`simulator.hardware.jitter.Jitter`."""

    def factors(self, workers: Indices, tasks: Indices) -> Vector:
        """Return a factor for each of m (worker, task) pairs, shape (m,)."""
        ...


class ComputeTimes(ABC):
    """Base of a compute-time model of one's own: a dataclass whose fields are a scenario's keys.

    ``per``, ``random`` and ``schedule`` of a scenario modify it as they do ours.
    """

    @abstractmethod
    def seconds(self, workers: int) -> Vector:
        """Return h, shape (n,), in seconds, each finite and above 0."""

    def factors(self, workers: Indices, tasks: Indices, seed: int) -> Vector | None:  # noqa: ARG002
        """Return a factor for the work of each task, shape (m,); None (here) for no factors.

        The same (seed, worker, task) has to give the same factor in whatever company.

        Args:
            workers: shape (m,), worker indices.
            tasks: shape (m,), how many tasks each of them began before.
            seed: the run's seed.
        """
        return None


@dataclass(frozen=True)
class OwnFactors:
    """The factors of a user's model for one seed.

    Attributes:
        times: the model.
        seed: the run's seed.
    """

    times: ComputeTimes
    seed: int

    def factors(self, workers: Indices, tasks: Indices) -> Vector:
        """Return the factors, shape (m,).

        Raises:
            ValueError: they have another shape, or one is not above 0.
        """
        given = self.times.factors(workers, tasks, self.seed)
        if given is None:
            return np.ones(len(workers))
        found = np.asarray(given, dtype=np.float64)
        who = f"{type(self.times).__name__}.factors gives"
        if found.shape != workers.shape:
            raise ValueError(f"{who} the shape {found.shape}; accepted: {workers.shape}")
        if len(wrong := np.flatnonzero(~(found > 0))):
            k = wrong[0]
            raise ValueError(
                f"{who} {found[k]:g} for worker {workers[k]}, task {tasks[k]}; accepted: above 0"
            )
        return found


@dataclass(frozen=True)
class ComputeModel:
    """A task takes h_i, times a random factor, times its steps if counted so, at varying speed.

    Attributes:
        seconds: shape (n,), h_i > 0 (the paper's model, Section 1, if nothing else is given);
            with a recorded trace, ones: the speed is then in gradients per second.
        jitter: random factors on the work of each task.
        speeds: how fast each worker works off its seconds, over time.
        per_step: h_i is for one environment step; a task takes as many as its trajectory has.
    """

    seconds: Vector
    jitter: Factors | None = None
    speeds: Speeds | None = None
    per_step: bool = False

    @property
    def workers(self) -> int:
        """The number n of workers."""
        return len(self.seconds)

    def work(self, workers: Indices, tasks: Indices, lengths: Indices | None) -> Vector:
        """Return the seconds that tasks take at speed one, shape (m,).

        Args:
            workers: shape (m,), worker indices.
            tasks: shape (m,), how many tasks each of them began before.
            lengths: shape (m,), environment steps of each; needed with ``per_step``.
        """
        work: Vector = self.seconds[workers]
        if self.jitter is not None:
            work = work * self.jitter.factors(workers, tasks)
        if self.per_step:
            if lengths is None:
                raise ValueError("the problem does not tell how many steps a task takes")
            work = work * lengths
        return work

    def ends(self, workers: Indices, starts: Vector, work: Vector) -> Vector:
        """Return when ``work`` that starts at ``starts`` is done, in simulated seconds; (m,)."""
        if self.speeds is None:
            return starts + work
        return self.speeds.ends(workers, starts, work)

    def work_between(self, workers: Indices, starts: Vector, ends: Vector) -> Vector:
        """Return the work that ``workers`` do from ``starts`` to ``ends``; all of shape (m,)."""
        return ends - starts if self.speeds is None else self.speeds.work(workers, starts, ends)


def power_law(workers: int, scale: float, exponent: float) -> Vector:
    """Return scale * i**exponent for i = 1..n, shape (n,)."""
    return scale * np.arange(1, workers + 1, dtype=np.float64) ** exponent
