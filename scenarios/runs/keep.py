"""Iterates that are kept when they are evaluated: ``[evaluation] keep = true``."""

from collections.abc import Sequence

import numpy as np

from scenarios.format.scenario import Scenario
from simulator import Checkpoint, Evaluation, Update, Vector
from simulator.accounting.columns import EVALUATION

Kept = dict[int, Vector] | None
"""Iterates by update; None where they are not wanted."""


def kept_before(scenario: Scenario, past: Checkpoint) -> Kept:
    """Return what a run has kept when it is resumed, to be added to."""
    return dict(past.kept) if scenario.keeps else None


def keep(kept: Kept, evaluation: Evaluation | None, rows: Sequence[Update], theta: Vector) -> None:
    """Keep theta if it is evaluated after the last of ``rows``, as exact as the problem takes it.

    Args:
        kept: is added to.
        evaluation: decides when; its problem says how exactly it computes.
        rows: of the history.
        theta: shape (d,), of the last row.
    """
    if kept is None or evaluation is None or not evaluation.is_due(rows):
        return
    dtype = str(evaluation.problem.describe().get("dtype", "float64"))
    kept[rows[-1].update] = np.array(theta, dtype=dtype)


def has_kept_all(past: Checkpoint) -> bool:
    """Return whether a checkpoint holds every iterate that was evaluated before it."""
    evaluated = [row.update for row in past.rows if row.extra.get(EVALUATION) is not None]
    return set(evaluated) <= set(past.kept)
