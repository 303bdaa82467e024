"""One row per update."""

from dataclasses import dataclass, field, fields

import numpy as np

from simulator.problem import Estimate


@dataclass(frozen=True)
class Update:
    """What an update was made of; the fields are the columns of ``history.parquet``.

    Attributes:
        update: 1, 2, ...
        time: simulated seconds at which theta_update is available.
        gradients: gradients used in this update.
        discarded: gradients or started tasks thrown away since the last update.
        delay: mean staleness of the gradients used, in updates.
        return_mean: mean undiscounted return of the trajectories used, None without any.
        return_count: how many trajectories that is.
        steps: environment steps in them.
        objective: exact J(theta_update), where the problem can tell.
        gradient_norm: exact |grad J(theta_update)|, where the problem can tell.
    """

    update: int
    time: float
    gradients: int
    discarded: int
    delay: float
    return_mean: float | None
    return_count: int
    steps: int
    objective: float | None
    gradient_norm: float | None


@dataclass
class History:
    """The updates of a run, in order."""

    rows: list[Update] = field(default_factory=list)

    def columns(self) -> dict[str, list[float | int | None]]:
        """Return the history by column, in the order of :class:`Update`."""
        return {f.name: [getattr(row, f.name) for row in self.rows] for f in fields(Update)}


class Tally:
    """What has happened since the last update.

    Attributes:
        discarded: gradients or started tasks thrown away.
    """

    def __init__(self) -> None:
        self.discarded = 0
        self._delays: list[int] = []
        self._answers: list[Estimate] = []

    def use(self, delays: list[int], answer: Estimate) -> None:
        """Count gradients as used; ``delays`` has the staleness of each, in updates."""
        self._delays += delays
        self._answers.append(answer)

    def row(self, update: int, time: float, exact: tuple[float, float] | None) -> Update:
        """Return the row of an update made of all this."""
        returns = np.concatenate([answer.returns for answer in self._answers])
        return Update(
            update=update,
            time=time,
            gradients=len(self._delays),
            discarded=self.discarded,
            delay=float(np.mean(self._delays)),
            return_mean=float(returns.mean()) if len(returns) else None,
            return_count=len(returns),
            steps=sum(int(answer.lengths.sum()) for answer in self._answers),
            objective=exact[0] if exact else None,
            gradient_norm=exact[1] if exact else None,
        )
