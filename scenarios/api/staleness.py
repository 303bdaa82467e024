"""Who is stale and who is heard: a table, a picture, and numbers for pandas."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv

from scenarios.api.shown import Shown
from scenarios.format.words.accepted import Pair
from scenarios.format.words.arguments import checked_call
from scenarios.results import staleness
from scenarios.results.sheet import Sheet
from scenarios.runs.store.stored import StoredRun

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.pictures.style import Picture


class Delays(Shown):
    """Used and discarded gradients by worker and delay. ``print`` it.

    Args:
        methods: the finished runs of each.
        title: of the scenario.

    Raises:
        BadInputError: a run has no ``staleness.parquet``.
    """

    def __init__(self, methods: dict[str, list[StoredRun]], title: str) -> None:
        self.title = title
        self._runs = [run for runs in methods.values() for run in runs]
        self._lanes = {label: staleness.lanes(runs) for label, runs in methods.items()}

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return [staleness.sheet(self._lanes, self.title)]

    def table(self) -> "pd.DataFrame":
        """Return a row for each method, seed, worker and delay that occurred together."""
        return staleness.tidy(self._runs).to_pandas()

    def csv(self) -> str:
        """Return the rows of :meth:`table` as CSV."""
        sink = pa.BufferOutputStream()
        pyarrow.csv.write_csv(staleness.tidy(self._runs), sink)
        return str(sink.getvalue().to_pybytes().decode())

    @checked_call
    def plot(self, size: Pair | None = None) -> "Picture":
        """Return a picture: a panel for each method, a bar for each worker.

        Args:
            size: width and height in inches.

        Raises:
            BadInputError: the picture would be too small or too large.
        """
        from scenarios.pictures.staleness import (  # noqa: PLC0415 - matplotlib takes a second
            draw_staleness,
        )
        from scenarios.pictures.style import check_size  # noqa: PLC0415

        check_size(size)
        seeds = len({run.info["seed"] for run in self._runs})
        title = f"{self.title}\nmeans over {seeds} seed{'s' * (seeds > 1)}"
        return draw_staleness(self._lanes, title, size)
