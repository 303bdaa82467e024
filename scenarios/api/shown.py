"""Tables and lines for whoever reads them: a terminal, a notebook, a paper, a page."""

import html
import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console

from scenarios.results.compare import Comparison as Numbers
from scenarios.results.sheet import Sheet, csv_text
from scenarios.results.tables import comparison_sheets

if TYPE_CHECKING:
    import pandas as pd


class Shown(ABC):
    """Something to read. ``print`` it, or let a notebook show it."""

    @property
    @abstractmethod
    def parts(self) -> Sequence[Sheet | str]:
        """Its tables and lines, in order."""

    @property
    def sheets(self) -> list[Sheet]:
        """Its tables."""
        return [part for part in self.parts if isinstance(part, Sheet)]

    def markdown(self) -> str:
        """Return the tables in Markdown."""
        return "\n\n".join("\n".join(sheet.markdown()) for sheet in self.sheets) + "\n"

    def latex(self) -> str:
        """Return the tables in LaTeX, for the package booktabs."""
        return "\n".join(sheet.latex() for sheet in self.sheets)

    def __str__(self) -> str:
        """Return it as a wide terminal shows it."""
        sink = io.StringIO()
        console = Console(
            file=sink,
            width=200,
            markup=False,
            emoji=False,
            highlight=False,
            force_jupyter=False,
            force_terminal=False,
            color_system=None,
        )
        for part in self.parts:
            console.print(part)
        return "\n".join(line.rstrip() for line in sink.getvalue().splitlines())

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        shown = (
            p.html() if isinstance(p, Sheet) else f"<p>{html.escape(p)}</p>" for p in self.parts
        )
        return "".join(shown)


@dataclass(frozen=True, repr=False)
class Report(Shown):
    """Tables and lines that are given as they are."""

    given: Sequence[Sheet | str]

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return self.given


@dataclass(frozen=True, repr=False)
class Comparison(Shown):
    """One row per method.

    Attributes:
        numbers: the table by column: means over seeds, medians of times to thresholds (infinite:
            never).
        title: where the runs are.
        warnings: what is suspicious about them, a line each.
        caption: of LaTeX tables: what they are about; the title if there is none.
    """

    numbers: Numbers
    title: str
    warnings: list[str] = field(default_factory=list)
    caption: str = ""

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return [*comparison_sheets(self.numbers, self.title, self.caption), *self.warnings]

    def table(self) -> "pd.DataFrame":
        """Return the numbers as a DataFrame."""
        import pandas as pd  # noqa: PLC0415 - takes a second

        return pd.DataFrame(self.numbers.columns)

    def csv(self) -> str:
        """Return the numbers as CSV."""
        columns = self.numbers.columns
        return csv_text(columns, zip(*columns.values(), strict=True))
