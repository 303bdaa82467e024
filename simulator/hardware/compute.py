"""Compute-time models: when does a task that starts now end?"""

from dataclasses import dataclass

import numpy as np

from simulator.hardware.jitter import Jitter
from simulator.hardware.speed import Speeds
from simulator.types import Indices, Vector


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
    jitter: Jitter | None = None
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


def power_law(workers: int, scale: float, exponent: float) -> Vector:
    """Return scale * i**exponent for i = 1..n, shape (n,)."""
    return scale * np.arange(1, workers + 1, dtype=np.float64) ** exponent
