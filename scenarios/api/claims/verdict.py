"""What becomes of the claims, from compact results."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.api.claims.figure import FigureResults, figures
from scenarios.api.shown import Report, Shown
from scenarios.format.words.accepted import FileOrFolder
from scenarios.format.words.arguments import checked_call
from scenarios.results.judging import check, verdicts
from scenarios.results.judging.aggregate import at_once
from scenarios.results.sheet import Sheet
from scenarios.studies.findings import FINDINGS

if TYPE_CHECKING:
    from scenarios.results.judging.judge import Verdict


class Verdicts(Shown):
    """Whether the claim of each figure holds, a line per panel and method.

    Attributes:
        rows: each verdict with the name of its figure.
        summary: a row per figure: the claim, what becomes of it, and why.
    """

    def __init__(
        self, folder: Path, found: Sequence[FigureResults], missing: Sequence[str]
    ) -> None:
        self._folder = folder
        self.rows: list[tuple[str, Verdict]] = [
            (one.name, verdict) for one in found for verdict in one.verdicts()
        ]
        self.summary = Report([verdicts.summary_sheet(list(map(_figure, found)))])
        used = {name: runs for one in found for name, runs in one.sources()}
        crossings = [f"{one.name}: {c.sentence()}." for one in found for c in one.crossovers()]
        origin = verdicts.origin([run for runs in used.values() for run in runs])
        claims = at_once([one for _, one in self.rows])
        self._notes = ["", f"{claims}.", *crossings, *missing, "", *origin]

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        lines = [
            f"{name}, {one.title}: {line}"
            for name, one in self.rows
            for line in verdicts.sentences(one)
        ]
        together = verdicts.aggregate_sheets([one for _, one in self.rows])
        return [*lines, "", *together, *self._notes]

    def check(self) -> "Check":
        """Repeat, by simulation, how often verdicts are wrong and how often they see something.

        Raises:
            BadInputError: the folder has no results of figures 8 (a) and 1 (c).
        """
        return Check(dict(check.tables(self._folder)))

    def markdown(self) -> str:
        """Return the tables of docs/reproduction.md."""
        return "\n".join([*verdicts.markdown(self.rows), *self._notes]) + "\n"


class Check(Shown):
    """How often verdicts are wrong (null test, equal methods), and their power.

    Attributes:
        tables: rows by the title of their table; words are shares of panels.
    """

    def __init__(self, tables: dict[str, list[check.Row]]) -> None:
        self.tables = tables

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return [check.sheet(title, rows) for title, rows in self.tables.items()]

    def json(self) -> str:
        """Return the tables as JSON."""
        return json.dumps(self.tables, indent=1)


def _figure(one: FigureResults) -> tuple[str, str, str, str]:
    """Return a figure's name, claim, verdict and finding."""
    said = [verdicts.in_short(found) for found in one.verdicts()]
    said += [found.in_short() for found in one.crossovers()]
    return one.name, one.claim, "; ".join(said), FINDINGS.get(one.name, "")


@checked_call
def verdict(source: FileOrFolder) -> Verdicts:
    """Say of every figure in a folder of compact results whether its claim holds.

    See ``straggler verdict --help`` for how it is judged.

    Args:
        source: the folder, such as ``results``.

    Raises:
        BadInputError: it holds no compact results.
    """
    return Verdicts(Path(source), *figures(source))
