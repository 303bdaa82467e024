"""One row per update."""

from dataclasses import dataclass, field

from simulator.accounting.columns import HISTORY, Update


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
