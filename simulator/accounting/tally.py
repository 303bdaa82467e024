"""What an update is made of, counted until its row is written."""

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.accounting.columns import (
    OBJECTIVE,
    RETURN_AVERAGE,
    RETURN_COUNT,
    RETURN_MEAN,
    Update,
    of_variant,
)
from simulator.accounting.selection_bias import Selection, SelectionBias
from simulator.contract import exact
from simulator.problem import Estimate, Problem
from simulator.promises.replay import Replay
from simulator.types import Vector


class Tally:
    """What has happened since the last update.

    Args:
        problem: whose objective is written down.
        replay: which rows are known already.
        exact: write J and its gradient's norm down where they are known; else somebody will later.

    Attributes:
        bias: what was used against what was not; None where durations do not depend on it.
        delays: the staleness of each gradient used, in updates.
    """

    def __init__(self, problem: Problem, replay: Replay, *, exact: bool = True) -> None:
        self.bias: SelectionBias | None = None
        self._problem = problem
        self._replay = replay
        self._exact = exact
        self._latest = np.full(len(problem.variants.names) if problem.variants else 0, np.nan)
        self._begin()

    def _begin(self) -> None:
        self._discarded = 0
        self.delays: list[int] = []
        self._answers: list[Estimate] = []

    def discard(self, number: int) -> None:
        """Count tasks as discarded."""
        self._discarded += number

    def use(self, delays: list[int], answer: Estimate) -> None:
        """Count gradients as used; ``delays`` has the staleness of each, in updates."""
        self.delays += delays
        self._answers.append(answer)

    def row(self, update: int, time: float, point: Vector, selection: Selection | None) -> Update:
        """Return the row of an update made of all this, and begin the next.

        Args:
            update: its number 1, 2, ...
            time: simulated seconds.
            point: theta after it, shape (d,).
            selection: what became of the trajectories that were sampled ahead; None where
                durations do not depend on them.

        Raises:
            ValueError: the row is known already, but from another run.
        """
        if selection is not None:
            self.bias = self.bias or SelectionBias()
            self.bias.add(selection)
        if self._replay.over:
            row = self._new(update, time, point, selection)
        else:
            row = self._known(self._replay.row(time))
        self._begin()
        return row

    def _known(self, row: Update) -> Update:
        for k, name in enumerate(self._problem.variants.names if self._problem.variants else ()):
            mean = row.extra[of_variant(RETURN_MEAN, name)]
            self._latest[k] = self._latest[k] if mean is None else mean
        return row

    def _new(self, update: int, time: float, point: Vector, selection: Selection | None) -> Update:
        returns = _joined([answer.returns for answer in self._answers])
        known = exact(self._problem, point) if self._exact else None
        return Update(
            update=update,
            time=time,
            gradients=len(self.delays),
            discarded=self._discarded,
            delay=sum(self.delays) / max(len(self.delays), 1),
            return_mean=float(returns.mean()) if len(returns) else None,
            return_count=len(returns),
            steps=sum(int(a.lengths.sum()) for a in self._answers) if len(returns) else 0,
            objective=known[0] if known else None,
            gradient_norm=known[1] if known else None,
            extra=self._by_variant(returns, point)
            | ({} if selection is None else selection.columns()),
        )

    def _by_variant(self, returns: Vector, point: Vector) -> dict[str, float | int | None]:
        variants = self._problem.variants
        if variants is None:
            return {}
        workers = _joined([answer.workers for answer in self._answers])
        owner = variants.of_worker[workers.astype(np.int64)]
        columns: dict[str, float | int | None] = {}
        for k, name in enumerate(variants.names):
            mine = returns[owner == k]
            if len(mine):
                self._latest[k] = mine.mean()
            columns[of_variant(RETURN_MEAN, name)] = float(mine.mean()) if len(mine) else None
            columns[of_variant(RETURN_COUNT, name)] = len(mine)
        average = float(self._latest @ variants.shares)
        columns[RETURN_AVERAGE] = average if np.isfinite(average) else None
        return columns | (exact_by_variant(self._problem, point) if self._exact else {})


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Return arrays as one: most updates have one answer, and some use no new gradient."""
    return parts[0] if len(parts) == 1 else np.concatenate([*parts, np.empty(0)])


def exact_by_variant(problem: Problem, point: Vector) -> dict[str, float | int | None]:
    """Return the columns of each variant's J at ``point``, shape (d,), if they can be known."""
    exact = problem.exact_by_variant(point)
    if exact is None or problem.variants is None:
        return {}
    return {
        of_variant(OBJECTIVE, name): float(value)
        for name, value in zip(problem.variants.names, exact, strict=True)
    }
