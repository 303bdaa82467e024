"""What a method is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from algorithms.rules.updates import Rule
from algorithms.theory.clocks import Clock
from algorithms.theory.forecast import Forecast, Pace
from simulator import Cluster, Process, Vector

Durations: TypeAlias = Literal["fixed", "varying", "per step"]
"""Of a worker's gradients: always the same, not always, or as many seconds as their steps take."""


@dataclass(frozen=True)
class Algorithm(ABC):
    """A method: an aggregation, described by its subclass, and an update rule.

    Attributes:
        waits_for: what an update waits for, in words; said once for each class.
        discards: what is not used, in words.
        paper: that it comes from, in short.
        rule: what is done with an aggregated gradient.
    """

    waits_for: ClassVar[str] = ""
    discards: ClassVar[str] = ""
    paper: ClassVar[str] = ""

    rule: Rule

    @abstractmethod
    def run(self, cluster: Cluster) -> Process[None]:
        """Optimise on ``cluster`` for ever; the cluster decides when it is over.

        A generator that waits with ``yield from`` and never sees a clock.
        """

    def clock(self, h: Vector, kappa: Vector, *, allreduce: bool = False) -> Clock | None:  # noqa: ARG002
        """Return when updates come with fixed times and ``cancel``; None (here): no formula.

        Args:
            h: shape (n,), seconds per gradient.
            kappa: shape (n,), seconds per vector.
            allreduce: the vectors of a round meet in an all-reduce instead of at the server.
        """
        return None

    def forecast(self, pace: Pace) -> Forecast | None:  # noqa: ARG002
        """Return what an update takes at a pace, on average; None (here): not known.

        Runs that would never make one are refused beforehand. Where the rounds of a run differ,
        the longest is meant.
        """
        return None

    def misfit(self, workers: int, durations: Durations) -> str | None:  # noqa: ARG002
        """Return what does not fit a cluster, ``KEY: ...; accepted: ...``; None (here): nothing.

        Args:
            workers: n.
            durations: of gradients.
        """
        return None
