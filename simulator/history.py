"""One row per update."""

from dataclasses import dataclass, field, fields


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
