"""Does waiting for the first gradients favour short trajectories?"""

import math
from dataclasses import dataclass, field

import numpy as np

from simulator.accounting.columns import LENGTH_DISCARDED, LENGTH_USED, RETURN_DISCARDED
from simulator.types import Vector

SIGNIFICANT = 3.0
"""Standard errors from which a difference is worth a warning."""


QUANTILES = (10, 50, 90)
"""Per cent, of the distributions that are reported."""


@dataclass(frozen=True)
class Selection:
    """(length, return) of trajectories that were sampled ahead and whose tasks are over.

    Attributes:
        used: by the update.
        discarded: since the last update.
    """

    used: list[tuple[float, float]]
    discarded: list[tuple[float, float]]

    def columns(self) -> dict[str, float | int | None]:
        """Return the columns of an update's row that tell of it."""
        used, discarded = np.array(self.used), np.array(self.discarded)
        return {
            LENGTH_USED: float(used[:, 0].mean()) if len(used) else None,
            LENGTH_DISCARDED: float(discarded[:, 0].mean()) if len(discarded) else None,
            RETURN_DISCARDED: float(discarded[:, 1].mean()) if len(discarded) else None,
        }


@dataclass
class SelectionBias:
    """Lengths and returns of the trajectories that were used, and of those that were not.

    Kept where durations depend on the trajectory (``per = "step"``): then the first M
    completions are those of short episodes.
    """

    used: list[tuple[float, float]] = field(default_factory=list)
    discarded: list[tuple[float, float]] = field(default_factory=list)

    def add(self, selection: Selection) -> None:
        """Count one more update's trajectories."""
        self.used += selection.used
        self.discarded += selection.discarded

    def summary(self) -> dict[str, float | int | None]:
        """Return counts, means, quantiles, and by how many standard errors they differ (Welch).

        A positive ``length_z`` says that what was discarded was longer than what was used.
        """
        facts: dict[str, float | int | None] = {}
        tables = {name: np.array(getattr(self, name)) for name in ("used", "discarded")}
        for name, table in tables.items():
            facts[f"{name}_count"] = len(table)
            for k, column in enumerate(("length", "return")):
                facts[f"{name}_{column}"] = float(table[:, k].mean()) if len(table) else None
                for q in QUANTILES if len(table) else ():
                    facts[f"{name}_{column}_q{q}"] = float(np.percentile(table[:, k], q))
        for k, column in enumerate(("length", "return")):
            facts[f"{column}_z"] = _welch(*(t[:, k] for t in tables.values() if len(t) > 1))
        return facts


def _welch(*samples: Vector) -> float | None:
    if len(samples) < 2:  # noqa: PLR2004 - one of the two is missing
        return None
    used, discarded = samples
    error = math.sqrt(used.var(ddof=1) / len(used) + discarded.var(ddof=1) / len(discarded))
    return float((discarded.mean() - used.mean()) / error) if error else None
