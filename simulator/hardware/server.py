"""What the server's own work takes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """Seconds of the server, which does one thing at a time.

    Attributes:
        update: for each update.
        receive: for each vector that arrives, in the order of arrival; an all-reduce brings none.
    """

    update: float = 0.0
    receive: float = 0.0


FREE = Server()
"""Its work takes no time."""


class Serving:
    """The server at work: what arrives meanwhile waits, first come first served.

    Args:
        server: what its work takes.

    Attributes:
        seconds: of work that has been done.
    """

    def __init__(self, server: Server) -> None:
        self.seconds = 0.0
        self._server = server
        self._free = 0.0  # when it has done all that it was given
        self._begun = 0.0

    @property
    def queues(self) -> bool:
        """Whether vectors wait for each other."""
        return self._server.receive > 0

    def when_received(self, arrival: float) -> float:
        """Return when the next vector is received, if it arrives at ``arrival``."""
        return max(arrival, self._free) + self._server.receive

    def receive(self, arrival: float) -> float:
        """Receive the next vector, which arrives at ``arrival``; return when that is done."""
        self._free = self.when_received(arrival)
        self._begun += self._server.receive
        return self._free

    def update(self, now: float) -> float:
        """Begin an update; return when it is made."""
        self._free = now + self._server.update
        self._begun += self._server.update
        return self._free

    def receive_done(self) -> None:
        """Count one vector as received, though not all that was begun is done."""
        self.seconds += self._server.receive
        self._begun -= self._server.receive

    def done(self) -> None:
        """Count what was begun as done."""
        self.seconds += self._begun
        self._begun = 0.0
