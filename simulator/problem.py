"""What is optimised: the interface between the clock and the gradients."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.loop.tasks import Key
from simulator.types import Indices, Vector


@dataclass(frozen=True)
class Variants:
    """Which worker has which variant of the problem.

    Attributes:
        names: of the variants.
        of_worker: shape (n,), index of each worker's variant.
    """

    names: tuple[str, ...]
    of_worker: Indices

    @property
    def shares(self) -> Vector:
        """The share of workers that have each variant: the variants' weights in J."""
        return np.bincount(self.of_worker, minlength=len(self.names)) / len(self.of_worker)


@dataclass(frozen=True)
class Request:
    """A weighted sum of stochastic gradients, all at one point.

    Attributes:
        point: shape (d,), where the gradients are taken.
        workers: shape (m,), whose gradients.
        tasks: shape (m,), the worker's own count; (seed, worker, task) keys all randomness.
        weights: shape (m,), the weight of each gradient in the sum.
        baseline: what :meth:`Problem.baseline` made for this point; None without one.
    """

    point: Vector
    workers: Indices
    tasks: Indices
    weights: Vector
    baseline: Vector | None = None


@dataclass(frozen=True)
class Estimate:
    """The answer to a :class:`Request`.

    Attributes:
        gradient: shape (d,), sum_k weights_k g(point; worker_k, task_k).
        returns: shape (m,), undiscounted return of each trajectory; empty without trajectories.
        lengths: shape (m,), environment steps of each trajectory; empty without trajectories.
        workers: shape (m,), whose trajectory each is; empty without trajectories.
        sums: over the trajectories, for :meth:`Problem.remember`; all estimates have one shape.
    """

    gradient: Vector
    returns: Vector = field(default_factory=lambda: np.empty(0))
    lengths: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    workers: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    sums: Vector = field(default_factory=lambda: np.empty(0))


class Problem(ABC):
    """A function J(theta) that is maximised through stochastic gradients.

    An instance belongs to one seed. The same (point, worker, task) gives the same gradient, in
    whatever order and with whatever others it is asked for. The weighted sum of a request may be
    rounded differently if the request is larger.
    """

    dimension: int
    """The number d of parameters."""

    interrupt: Callable[[], None] | None = None
    """Called between environment steps where trajectories are sampled; may raise to give up."""

    variants: Variants | None = None
    """The variants of the problem, if workers differ; J is the equal average over workers."""

    @abstractmethod
    def initial_point(self) -> Vector:
        """Return theta_0, shape (d,); it depends on the seed alone."""

    def variant_of(self, workers: Indices) -> Indices:
        """Return the index of each worker's variant, 0 if there is only one; shape as given."""
        return self.variants.of_worker[workers] if self.variants else np.zeros_like(workers)

    @abstractmethod
    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        """Answer all requests, in their order; together may be cheaper than one by one."""

    def sample(
        self,
        point: Vector,  # noqa: ARG002
        workers: Indices,  # noqa: ARG002
        tasks: Indices,  # noqa: ARG002
    ) -> tuple[Indices, Vector]:
        """Return the steps and the returns of trajectories at ``point``, each of shape (m,).

        They are those that :meth:`estimate` uses for the same (worker, task).

        Raises:
            ValueError: the problem has no trajectories.
        """
        raise ValueError(
            f"{type(self).__name__} has no trajectories: durations cannot depend on it"
        )

    def remember(self, memory: Vector | None, answer: Estimate) -> Vector | None:  # noqa: ARG002
        """Return ``memory`` of the gradients that updates used, with one more; None: none is kept.

        What it returns depends on its arguments alone.
        """
        return None

    def baseline(self, memory: Vector) -> Vector:
        """Return what gradients at the next points are told of earlier ones; an array of any shape.

        It must not move their mean.
        """
        raise NotImplementedError

    def preview(self, point: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:
        """Do as :meth:`sample`; requests at the same ``point`` may follow, until :meth:`forget`."""
        return self.sample(point, workers, tasks)

    def begin(self, request: Request) -> bool:  # noqa: ARG002
        """Begin to answer a request that will be asked for, if that is possible; return whether.

        Its answer is then best asked for alone, when it is needed, or given up by :meth:`forget`.
        What it returns may depend on how fast the machine is: answers must not.
        """
        return False

    def forget(self, keys: Iterable[Key]) -> None:  # noqa: B027 - most have nothing
        """Free what is held for tasks whose gradients will not be needed any more."""

    def exact(self, point: Vector) -> tuple[float, float] | None:  # noqa: ARG002
        """Return (J, |grad J|) at ``point``, shape (d,), or None if that cannot be known."""
        return None

    def exact_by_variant(self, point: Vector) -> Vector | None:  # noqa: ARG002
        """Return each variant's J at ``point``, None if it has none or they cannot be known."""
        return None

    def describe(self) -> dict[str, object]:
        """Return facts for ``run.json``: what the answers were computed with."""
        return {}

    def close(self) -> None:
        """Free what the problem holds."""
        return
