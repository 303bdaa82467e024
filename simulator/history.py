"""One row per update."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from simulator.problem import Estimate, Problem
from simulator.selection_bias import SelectionBias
from simulator.types import Vector


class DivergedError(ArithmeticError):
    """The parameters are no longer finite."""


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
        extra: further columns. Where workers have different problems: for each version its
            ``return_mean_*``, ``return_count_*`` and, if exact, ``objective_*``; and
            ``return_average``, the workers' equal average of each version's newest mean return.
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


class Tally:
    """What has happened since the last update.

    Args:
        problem: whose objective is written down.
        past: rows that are known already: the run is replayed.

    Attributes:
        discarded: gradients or started tasks thrown away.
        bias: what was used against what was not; None where durations do not depend on it.
    """

    def __init__(self, problem: Problem, past: Sequence[Update] = ()) -> None:
        self.bias: SelectionBias | None = None
        self._problem = problem
        self._past = past
        self._latest = np.full(len(problem.variants.names) if problem.variants else 0, np.nan)
        self._begin()

    def _begin(self) -> None:
        self.discarded = 0
        self._delays: list[int] = []
        self._answers: list[Estimate] = []

    def discard(self, number: int) -> None:
        """Count tasks as thrown away."""
        self.discarded += number

    def use(self, delays: list[int], answer: Estimate) -> None:
        """Count gradients as used; ``delays`` has the staleness of each, in updates."""
        self._delays += delays
        self._answers.append(answer)

    def row(self, update: int, time: float, point: Vector) -> Update:
        """Return the row of an update made of all this, and begin the next.

        Raises:
            ValueError: the row is known already, but from another run.
        """
        known = update <= len(self._past)
        row = self._known(update, time) if known else self._new(update, time, point)
        self._begin()
        return row

    def _known(self, update: int, time: float) -> Update:
        row = self._past[update - 1]
        if row.time != time:
            raise ValueError(f"update {update} is made at {time}, but was saved at {row.time}")
        for k, name in enumerate(self._problem.variants.names if self._problem.variants else ()):
            mean = row.extra[f"return_mean_{name}"]
            self._latest[k] = self._latest[k] if mean is None else mean
        return row

    def _new(self, update: int, time: float, point: Vector) -> Update:
        returns = np.concatenate([answer.returns for answer in self._answers])
        exact = self._problem.exact(point)
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
            extra=self._by_variant(returns, point) | self._selection(),
        )

    def select(
        self, *, used: list[tuple[float, float]], discarded: list[tuple[float, float]]
    ) -> None:
        """Note the (length, return) of sampled trajectories, and what became of them."""
        self.bias = self.bias or SelectionBias()
        self.bias.used += used
        self.bias.discarded += discarded
        self._selected = used, discarded

    def _selection(self) -> dict[str, float | int | None]:
        if self.bias is None:
            return {}
        used, discarded = (np.array(part) for part in self._selected)
        return {
            "length_used": float(used[:, 0].mean()) if len(used) else None,
            "length_discarded": float(discarded[:, 0].mean()) if len(discarded) else None,
            "return_discarded": float(discarded[:, 1].mean()) if len(discarded) else None,
        }

    def _by_variant(self, returns: Vector, point: Vector) -> dict[str, float | int | None]:
        variants = self._problem.variants
        if variants is None:
            return {}
        workers = np.concatenate([answer.workers for answer in self._answers])
        owner = variants.of_worker[workers]
        columns: dict[str, float | int | None] = {}
        for k, name in enumerate(variants.names):
            mine = returns[owner == k]
            if len(mine):
                self._latest[k] = mine.mean()
            columns[f"return_mean_{name}"] = float(mine.mean()) if len(mine) else None
            columns[f"return_count_{name}"] = len(mine)
        average = float(self._latest @ variants.shares)
        columns["return_average"] = average if np.isfinite(average) else None
        exact = self._problem.exact_by_variant(point)
        if exact is not None:
            columns |= {
                f"objective_{n}": float(v) for n, v in zip(variants.names, exact, strict=True)
            }
        return columns
