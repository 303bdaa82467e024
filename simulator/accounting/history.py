"""One row per update."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

from simulator.accounting.columns import HISTORY, Update
from simulator.interface import Moment, When


class DivergedError(ArithmeticError):
    """The parameters are no longer finite."""


@dataclass
class History:
    """The updates of a run, in order."""

    rows: list[Update] = field(default_factory=list)

    def columns(self) -> dict[str, list[float | int | None]]:
        """Return the history by column, in the order of :class:`Update`."""
        columns = {c.name: [getattr(row, c.name) for row in self.rows] for c in HISTORY}
        extra = self.rows[0].extra if self.rows else {}
        return columns | {name: [row.extra[name] for row in self.rows] for name in extra}

    def when(self, delays: Sequence[int], now: float) -> When:
        """Return when gradients are used by the next update.

        Args:
            delays: of each gradient, in updates; none where the update uses no new one.
            now: simulated seconds.
        """
        made, different = len(self.rows), set(delays or [0])
        times = {d: self.rows[made - d - 1].time if d < made else 0.0 for d in different}
        if len(different) == 1:  # as in every round
            (delay,) = different
            return When(Moment(made, now), Moment(made - delay, times[delay]))
        mean, since = fmean(delays), fmean(times[delay] for delay in delays)
        return When(Moment(made, now), Moment(made - mean, since))
