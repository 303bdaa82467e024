"""Predictions and plans: which method, for a cluster that need not exist yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from scenarios.api.results import Results
from scenarios.api.run import Source, load
from scenarios.api.shown import Report, Shown
from scenarios.api.studies import open as open_results
from scenarios.format.cluster import Cluster
from scenarios.format.load import find, read_toml
from scenarios.format.scenario import Scenario
from scenarios.format.words.accepted import FileOrFolder, Names
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError, finite
from scenarios.format.words.explain import checked
from scenarios.format.words.strict import Strict
from scenarios.plans.check import parts_of, trials
from scenarios.plans.check import sheet as error_sheet
from scenarios.plans.needs import needs
from scenarios.plans.predict import Predicted, assumptions, sheet
from scenarios.plans.predict import predict as predicted
from scenarios.results.sheet import Sheet, csv_text
from scenarios.runs.store.stored import comparable

if TYPE_CHECKING:
    import pandas as pd

Runs = Annotated[
    str | Path | Results, Field(description="a folder of results, a compact file, or results")
]


@dataclass(frozen=True, repr=False)
class Prediction(Shown):
    """When each method would be at a return on another cluster.

    Attributes:
        target: the return.
        rows: one per method, soonest first.
        notes: what is assumed, and where that is in doubt.
        title: what is predicted from what.
    """

    target: float
    rows: Sequence[Predicted]
    notes: Sequence[str]
    title: str

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return [sheet(self.rows, self.title), *self.notes]

    def table(self) -> "pd.DataFrame":
        """Return a DataFrame with a row per method; see ``docs/columns.md``."""
        import pandas as pd  # noqa: PLC0415 - takes a second

        return pd.DataFrame([row.row() for row in self.rows])

    def csv(self) -> str:
        """Return the numbers as CSV."""
        rows = [row.row() for row in self.rows]
        return csv_text(rows[0], (row.values() for row in rows))


@checked_call
def predict(
    results: Runs, cluster: Source, target: float | None = None, *, methods: Names = ()
) -> Prediction:
    """Return when each method of finished runs would be at a return on another cluster.

    The number of updates to the return is taken from the runs, seed by seed, and the other
    cluster's clock is simulated without learning.

    Args:
        results: of one scenario: a folder, a compact file, or results.
        cluster: a scenario, or a file that has ``[cluster]`` alone; nothing else of it is used.
        target: the return; the middle one of those that ``compare`` chooses if None.
        methods: labels; all by default.

    Raises:
        BadInputError: there are no such runs, none of them reached the target, or the problem or a
            method does not fit the other cluster.
    """
    finite("target", target)
    opened = results if isinstance(results, Results) else open_results(results)
    runs = comparable(opened.runs, opened.name)
    for name in methods:
        if name not in {run.label for run in runs}:
            raise BadInputError(
                f"{name}: no such method here; accepted: {', '.join(opened.methods)}"
            )
    chosen = [run for run in runs if not methods or run.label in methods]
    failed = [run for run in opened.runs if not run.is_done]
    found = needs(chosen, opened.name, target, failed=failed)
    other, where = cluster_of(cluster)
    rows = predicted(found, other, where)
    title = f"{opened.name} on the cluster of {where}: to {found.target:g}"
    return Prediction(found.target, rows, list(assumptions(found, other, rows)), title)


@checked_call
def check_predictions(folder: FileOrFolder = "results") -> Report:
    """Return how wrong predictions are: every compact result from every other of its problem.

    Methods have to have the same values on both clusters. That takes minutes.

    Raises:
        BadInputError: there are no compact results.
    """
    return Report([error_sheet(list(trials(parts_of(Path(folder)))))])


class _ClusterFile(Strict):
    """A file that says no more than a cluster."""

    title: str = ""
    cluster: Cluster


def cluster_of(source: Any) -> tuple[Cluster, str]:  # noqa: ANN401 - see Source
    """Return the cluster of a scenario, or of a file that has no more, and what to call it."""
    if isinstance(source, Scenario):
        return source.cluster, source.name or source.title
    if isinstance(source, str | Path):
        path = find(str(source))
        content = read_toml(path)
        if not content.keys() & {"base", "problem", "methods"}:
            return checked(_ClusterFile, content, str(path), path.parent).cluster, str(path)
    scenario = load(source)
    return scenario.cluster, scenario.name or scenario.title
