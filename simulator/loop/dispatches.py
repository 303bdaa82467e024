"""Lookaheads that workers were sent one at a time."""

from collections import OrderedDict

from simulator.contract import check_lookahead
from simulator.loop.tasks import Lookahead


class Dispatches:
    """The newest lookahead of each worker that was sent one, the oldest first."""

    def __init__(self) -> None:
        self._sent: OrderedDict[int, Lookahead] = OrderedDict()
        self._newest: Lookahead | None = None

    @property
    def workers(self) -> list[int]:
        """Who was sent one that was not taken back."""
        return list(self._sent)

    @property
    def lookaheads(self) -> list[Lookahead]:
        """Where they were sent."""
        return list(self._sent.values())

    def add(self, worker: int, lookahead: Lookahead) -> Lookahead:
        """Note what a worker is sent, and return it.

        Raises:
            RuntimeError: it is not where others were sent since the newest update.
        """
        newest = self._newest
        if newest is not None and newest.update == lookahead.update:
            check_lookahead(lookahead.vector, newest.vector)
        self._newest = self._sent[worker] = lookahead
        self._sent.move_to_end(worker)
        return lookahead

    def add_again(self, worker: int, lookahead: Lookahead) -> None:
        """Note what a worker goes on with, unless it is noted."""
        if worker not in self._sent:  # taken back while its vector travelled
            later = [other for other, at in self._sent.items() if at.update > lookahead.update]
            self._sent[worker] = lookahead
            for other in later:
                self._sent.move_to_end(other)

    def take(self, worker: int) -> Lookahead:
        """Take back what a worker was sent."""
        return self._sent.pop(worker)

    def oldest(self, before: int) -> int | None:
        """Return who was sent the oldest one, if that was so many updates ago, or earlier."""
        for worker, lookahead in self._sent.items():
            return worker if lookahead.update <= before else None
        return None
