"""Where the workers of all-reduces meet: again and again, until one of them dies."""

from simulator.race.messages import Meeting
from simulator.race.workers import OverError, RealWorkers
from simulator.types import Indices


class Meetings:
    """Lets workers meet; the same ones meet again where they are.

    Args:
        workers: who meets.

    Attributes:
        sizes: how many took part in each all-reduce so far.
    """

    def __init__(self, workers: RealWorkers) -> None:
        self.sizes: list[int] = []
        self._workers = workers
        self._met: list[int] = []
        self._newest: list[Meeting] = []

    def of(self, group: Indices) -> list[Meeting]:
        """Return where each of ``group``, shape (m,), meets the others.

        Raises:
            OverError: the time limit comes before the first of them says where.
        """
        if self._met != group.tolist():
            number = self._workers.crew.meeting()
            self._met = group.tolist()
            address = self._workers.crew.address(self._met[0], self._workers.left())
            if address is None:
                raise OverError
            self._newest = [
                Meeting(number, rank, len(group), address) for rank in range(len(group))
            ]
        return self._newest

    def end(self) -> None:
        """Let the next all-reduce meet anew: somebody died, or was replaced."""
        self._met = []
