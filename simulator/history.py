"""One row per update."""

from dataclasses import dataclass, field, fields


class DivergedError(ArithmeticError):
    """The parameters are no longer finite."""


@dataclass(frozen=True)
class Update:
    """What an update was made of.

    Attributes are the columns of :data:`simulator.columns.HISTORY`, which says what they mean; None
    where there is nothing to tell. ``extra`` has the further columns of this run: some of
    :data:`simulator.columns.SOMETIMES`, and those of each variant.
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
