"""A resumed run goes through its past again: the one place that knows how far it is."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from simulator.accounting.columns import Update
from simulator.accounting.history import History
from simulator.interface import State
from simulator.loop.tasks import Key, Lookahead
from simulator.problem import Estimate
from simulator.promises.checkpoint import START, Checkpoint
from simulator.types import Vector


class Replay:
    """The saved updates that a run has yet to make again, and what is known of them.

    The cursor is the number of updates in the history: what happens before the last saved update
    is past, what happens after it is new. While a run replays, no gradient is computed and no
    trajectory is sampled.

    Args:
        past: where the run is resumed.
        history: of the run, as it grows.
    """

    def __init__(self, past: Checkpoint = START, history: History | None = None) -> None:
        self._past = past
        self._history = history or History()
        self._trajectories = iter(past.trajectories)

    @property
    def over(self) -> bool:
        """Whether all saved updates have been made again: the next one is new."""
        return len(self._history.rows) >= len(self._past.rows)

    @property
    def ahead(self) -> Mapping[Key, tuple[Lookahead, Estimate]]:
        """Gradients that were computed before they were needed, each with where it was taken."""
        points, told = self._past.points, self._past.baselines
        return {
            key: (Lookahead(points[update], update, True, told.get(update)), estimate)  # noqa: FBT003
            for key, (update, estimate) in self._past.ahead.items()
        }

    @property
    def baselines(self) -> Mapping[int, Vector]:
        """Those of lookaheads after saved updates, as far as they may still be needed."""
        return self._past.baselines

    @property
    def memory(self) -> Vector | None:
        """What the problem remembered at the last saved update."""
        return self._past.memory

    def trajectories(self, number: int) -> list[tuple[float, float]]:
        """Return (length, return) of the next tasks whose length is asked for."""
        return list(islice(self._trajectories, number))

    def iterate(self, now: State) -> State:
        """Return where the method stands after the next saved update, given where it stood.

        Only the last iterate was saved. Before it, the vector that workers were sent is right where
        a gradient that was taken there is still to be used; the rest is a placeholder.
        """
        update = len(self._history.rows) + 1
        if update == len(self._past.rows):
            return replace(now, **self._past.iterate)
        sent = self._past.points.get(update, now.point)
        return replace(now, point=sent, lookahead=sent)

    def row(self, time: float) -> Update:
        """Return the row of the next saved update, which is made at ``time`` again.

        Raises:
            ValueError: it was made at another time: the checkpoint is another run's, or what the
                method waits for depends on a gradient's value.
        """
        row = self._past.rows[len(self._history.rows)]
        if row.time != time:
            raise ValueError(
                f"update {row.update} is made at {time}, but was saved at {row.time}; accepted: a "
                "method that waits for the same whatever its gradients are"
            )
        return row
