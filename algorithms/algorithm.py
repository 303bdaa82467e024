"""What a method is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from algorithms.updates import Rule
from simulator import Cluster, Process


@dataclass(frozen=True)
class Algorithm(ABC):
    """A method: an aggregation, described by its subclass, and an update rule.

    Attributes:
        rule: what is done with an aggregated gradient.
    """

    rule: Rule

    @abstractmethod
    def run(self, cluster: Cluster) -> Process[None]:
        """Optimise on ``cluster`` for ever; the cluster decides when it is over.

        A generator that waits with ``yield from`` and never sees a clock.
        """
