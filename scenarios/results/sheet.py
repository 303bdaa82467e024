"""A table of texts, for whom it is shown: a terminal, a notebook, a paper, a page."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Sheet:
    """Cells that are ready to be read.

    Attributes:
        title: over the table.
        header: a text per column; newlines break it in a terminal.
        rows: as many texts each.
        left: indices of columns of words; the others are numbers, to the right.
        caption: of a LaTeX table, instead of the title.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: frozenset[int] = field(default=frozenset({0}))
    caption: str = ""

    def rich(self) -> Table:
        """Return the table for a terminal; nothing in it is markup."""
        title = Text(self.title) if self.title else None
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for k, name in enumerate(self.header):
            words = k in self.left
            table.add_column(
                Text(name), justify="left" if words else "right", no_wrap=k == 0 or not words
            )
        for row in self.rows:
            table.add_row(*map(Text, row))
        return table

    def markdown(self) -> Iterator[str]:
        """Yield the lines of a Markdown table."""
        yield f"| {' | '.join(map(_flat, self.header))} |"
        yield f"|{''.join('---|' if k in self.left else '---:|' for k in range(len(self.header)))}"
        for row in self.rows:
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"

    def latex(self) -> str:
        """Return a LaTeX table, for the package booktabs, with its caption or its title."""
        sides = "".join("l" if k in self.left else "r" for k in range(len(self.header)))
        text: str = self._frame().to_latex(index=False, escape=True, column_format=sides)
        caption = _frame([[self.caption or self.title]], ["title"]).to_latex(
            index=False, escape=True
        )
        escaped = caption.split("\\midrule\n")[1].split(" \\\\\n")[0]
        rows = text.rstrip("\n")
        return f"\\begin{{table}}\n\\caption{{{escaped}}}\n{rows}\n\\end{{table}}\n"

    def html(self) -> str:
        """Return the table for a notebook."""
        title = f"<p><b>{html.escape(self.title)}</b></p>"
        return f"{title}{self._frame().to_html(index=False, border=0)}"

    def _frame(self) -> Any:  # noqa: ANN401 - a DataFrame
        return _frame([list(row) for row in self.rows], [_flat(name) for name in self.header])


def _flat(name: str) -> str:
    return " ".join(name.split())


def _frame(rows: list[list[str]], columns: list[str]) -> Any:  # noqa: ANN401 - a DataFrame
    import pandas as pd  # noqa: PLC0415 - takes a second

    return pd.DataFrame(rows, columns=columns)
