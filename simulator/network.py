"""What it costs to bring the workers' vectors together."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from simulator.types import Indices, Vector

Collective: TypeAlias = Literal["gather", "allreduce"]

BYTES_PER_COORDINATE = 4


@dataclass(frozen=True)
class Network:
    """Independent uplinks: worker i needs kappa_i seconds for one vector (the paper, Section 1).

    Attributes:
        uplink: shape (n,), kappa_i >= 0 in seconds.
        collective: how a round's reduce is done. ``gather``: only those who have something
            send, each as soon as it is ready. ``allreduce``: all take part, from the moment
            that the last of them is ready.
    """

    uplink: Vector
    collective: Collective = "gather"

    def arrivals(self, senders: Indices, ready: Vector) -> Vector:
        """Return when each sender's vector has arrived; a reduce ends with the last.

        Args:
            senders: shape (m,), worker indices.
            ready: shape (m,), seconds at which each could begin to send.
        """
        return ready + self.uplink[senders]
