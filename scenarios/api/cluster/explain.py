"""Where the time goes, and what would help."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from scenarios.api.results import Results
from scenarios.api.run import load
from scenarios.api.shown import Shown
from scenarios.api.studies import open as open_results
from scenarios.explain.explain import Clock, Explained, explained
from scenarios.format.method import Method
from scenarios.format.scenario import Scenario, Seed
from scenarios.format.words.accepted import Names
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.plans.timed import steps_of
from scenarios.results.sheet import Sheet, csv_text
from scenarios.results.theory import known_scenario
from scenarios.runs.store.stored import StoredRun
from simulator import Count

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.pictures.style import Picture

Runs = Annotated[
    str | Path | dict[str, Any] | Scenario | Results,
    Field(description="a folder of results or of a run, a compact file, results, or a scenario"),
]


UPDATES = 6
"""Of a computation tree."""

FILE = ".parquet"
"""How compact results end."""

PER_STEP = (
    "Gradients take time per step: all trajectories are taken to have their mean length here; of a "
    "scenario that has not been run, its horizon."
)


@dataclass(frozen=True, repr=False)
class Explanation(Shown):
    """Where the time of each method goes, and what would help.

    Attributes:
        methods: an entry each.
        title: what is explained.
        note: what is to be known of it; may be empty.
    """

    methods: Sequence[Explained]
    title: str
    note: str

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        found: list[Sheet | str] = [self.title]
        for one in self.methods:
            found += ["", *one.lines(), "", *one.sheets(), *one.indifferent()]
        return found + [self.note] * bool(self.note)

    @checked_call
    def plot(self) -> "Picture":
        """Return stacked bars of worker time: of each method, or of each worker of a single one."""
        from scenarios.pictures.shares import draw_shares  # noqa: PLC0415

        title = self.title if len(self.methods) > 1 else f"{self.title}\n{self.methods[0].label}"
        return draw_shares(self.methods, title)

    @checked_call
    def tree(self, updates: Count = UPDATES) -> "Picture":
        """Return the computation tree of the first updates of a single method.

        Args:
            updates: so many, or as many as there are.

        Raises:
            BadInputError: there are several methods, or too many gradients to draw.
        """
        from scenarios.pictures.tree import draw_tree  # noqa: PLC0415

        if len(self.methods) > 1:
            accepted = ", ".join(one.label for one in self.methods)
            raise BadInputError(f"tree: {len(self.methods)} methods; accepted: one of {accepted}")
        return draw_tree(self.methods[0], self.title, updates)

    def path(self) -> "pd.DataFrame":
        """Return the critical path of each update: a row for each of its pieces.

        Columns: method, update, start and end in simulated seconds, what is done, and by which
        worker (-1: the server).
        """
        import pandas as pd  # noqa: PLC0415 - takes a second

        return pd.DataFrame(self._rows())

    def csv(self) -> str:
        """Return :meth:`path` as CSV."""
        rows = self._rows()
        return csv_text(rows[0], (row.values() for row in rows))

    def _rows(self) -> list[dict[str, Any]]:
        return [{"method": one.label, **vars(piece)} for one in self.methods for piece in one.path]


@checked_call
def explain(source: Runs, *, methods: Names = (), seed: Seed | None = None) -> Explanation:
    """Return where the time of runs goes, the bottleneck in words, and what would help.

    The clock is simulated anew, without learning; the same for each change that might help.

    Args:
        source: finished runs of one scenario; or a scenario, which need not have been run.
        methods: labels; all by default.
        seed: of the runs that are explained; the first one if None.

    Raises:
        BadInputError: there are no such runs or methods, none makes updates, results name
            classes of a user's own, or times are per step and no key of the problem says of how
            many.
    """
    if isinstance(source, str | Path) and (Path(source).is_dir() or str(source).endswith(FILE)):
        source = open_results(source)
    clocks: dict[str, Callable[[], Clock]]
    if isinstance(source, Results):
        runs = source.select(seed=seed).comparable()
        first = {run.label: run for run in reversed(runs)}
        clocks = {label: partial(_of_run, first[label]) for label in (run.label for run in runs)}
        title = source.title
    else:
        scenario = load(source)
        clocks = {m.folder: partial(_of_scenario, scenario, m, seed) for m in scenario.methods}
        title = scenario.title
    for name in methods:
        if name not in clocks:
            raise BadInputError(f"{name}: no such method here; accepted: {', '.join(clocks)}")
    # others may be races, or of classes that are not here
    chosen = [clocks[name]() for name in methods or clocks]
    found, without = list[Explained](), list[str]()
    for clock in chosen:
        try:
            found.append(explained(clock))
        except BadInputError as error:
            without += error.lines
    if not found:
        raise BadInputError(*without)
    notes = [PER_STEP] * any(clock.per_step for clock in chosen) + without
    return Explanation(found, title, "\n".join(notes))


def _of_run(run: StoredRun) -> Clock:
    if run.is_race:
        raise BadInputError(
            f"{run.path}: a race took real seconds; accepted: runs of a simulation, or a scenario"
        )
    scenario = known_scenario(run)
    history, totals = run.history, run.totals
    steps, count = float(np.nansum(history["steps"])), float(np.nansum(history["return_count"]))
    return Clock(
        scenario,
        run.label,
        scenario.methods[0],
        int(run.info["seed"]),
        int(run.info["dimension"]),
        round(steps / count) if count else None,
        totals["updates"],
    )


def _of_scenario(scenario: Scenario, method: Method, seed: int | None) -> Clock:
    return Clock(
        scenario,
        method.folder,
        method,
        scenario.seeds[0] if seed is None else seed,
        scenario.problem.size(scenario.cluster.workers).dimension,
        steps_of(scenario),
        scenario.updates,
        scenario.time_limit or math.inf,
    )
