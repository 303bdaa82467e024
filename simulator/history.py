"""One row per update."""

from dataclasses import dataclass, field, fields


class DivergedError(ArithmeticError):
    """The parameters are no longer finite."""


@dataclass(frozen=True)
class Update:
    """What an update was made of; the fields are the columns of ``history.parquet``.

    Attributes:
        update: 1, 2, ...
        time: simulated seconds at which theta_update is available.
        gradients: gradients used in this update.
        discarded: gradients or started tasks discarded since the last update.
        delay: mean staleness of the gradients used, in updates.
        return_mean: mean undiscounted return of the trajectories used, None without any.
        return_count: how many trajectories that is.
        steps: environment steps in them.
        objective: exact J(theta_update), where the problem can tell.
        gradient_norm: exact |grad J(theta_update)|, where the problem can tell.
        extra: further columns. Where workers have different problems: for each variant its
            ``return_mean_*``, ``return_count_*`` and, if exact, ``objective_*``; and
            ``return_average``, the workers' equal average of each variant's newest mean return.
            Where durations depend on trajectories: mean ``length_used``, ``length_discarded`` and
            ``return_discarded`` since the last update.
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
    extra: dict[str, float | int | None] = field(default_factory=dict)


@dataclass
class History:
    """The updates of a run, in order."""

    rows: list[Update] = field(default_factory=list)

    def columns(self) -> dict[str, list[float | int | None]]:
        """Return the history by column, in the order of :class:`Update`."""
        names = [f.name for f in fields(Update) if f.name != "extra"]
        columns = {name: [getattr(row, name) for row in self.rows] for name in names}
        extra = self.rows[0].extra if self.rows else {}
        return columns | {name: [row.extra[name] for row in self.rows] for name in extra}
