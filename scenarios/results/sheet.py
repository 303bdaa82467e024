"""A table of texts, for whom it is shown: a terminal, a notebook, a paper, a page."""

import csv
import html
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

LONGEST_WORDS = 30
"""Letters of a column of words; longer ones are wrapped, between words."""

LARGE = 1e9
"""Whole numbers from here on have four digits and a power of ten."""

MARGIN, PADDING = 2, 2
"""Letters that a table takes beside its columns, and a column beside its cells."""


@dataclass(frozen=True)
class Sheet:
    """Cells that are ready to be read.

    Attributes:
        title: over the table.
        header: a text per column; newlines break it in a terminal.
        rows: as many texts each.
        left: indices of columns of words; the others are numbers, to the right.
        caption: of a LaTeX table, instead of the title.
        keys: how many columns at the left say what a row is about. A folded table repeats as many
            of them as fit half of the width.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: frozenset[int] = field(default=frozenset({0}))
    caption: str = ""
    keys: int = 1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table for a terminal; nothing in it is markup, and no number is cut.

        A table that is too wide is folded: columns that do not fit follow in tables below, each
        with the keys again.
        """
        if self.title:
            yield Text(self.title, style="italic")
        for columns in self._folded(options.max_width):
            table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
            for k in columns:
                if k in self.left:
                    table.add_column(Text(self.header[k]))
                else:
                    table.add_column(Text(self.header[k]), justify="right", no_wrap=True)
            for row in self.rows:
                table.add_row(*(Text(row[k]) for k in columns))
            yield table

    def _folded(self, width: int) -> list[list[int]]:
        """Return the columns of each table that fits ``width`` letters: the keys, and more."""
        widths = [
            min(self._letters(k), LONGEST_WORDS if k in self.left else width) + PADDING
            for k in range(len(self.header))
        ]
        share = np.cumsum(widths[: self.keys]) <= width / 2
        keys = list(range(max(1, int(share.sum()))))
        tables = [keys]
        for k in range(len(keys), len(self.header)):
            fits = MARGIN + sum(widths[j] for j in (*tables[-1], k)) <= width
            if fits or tables[-1] == keys:
                tables[-1] = [*tables[-1], k]
            else:
                tables.append([*keys, k])
        return tables

    def _letters(self, k: int) -> int:
        lines = [*self.header[k].split("\n"), *(row[k] for row in self.rows)]
        return max(map(len, lines))

    def markdown(self) -> Iterator[str]:
        """Yield the lines of a Markdown table."""
        yield f"| {' | '.join(map(_in_markdown, map(_flat, self.header)))} |"
        yield f"|{''.join('---|' if k in self.left else '---:|' for k in range(len(self.header)))}"
        for row in self.rows:
            yield f"| {' | '.join(map(_in_markdown, row))} |"

    def latex(self) -> str:
        """Return a LaTeX table, for the package booktabs, with its caption or its title."""
        sides = "".join("l" if k in self.left else "r" for k in range(len(self.header)))
        text: str = self._frame().to_latex(index=False, escape=True, column_format=sides)
        caption = _frame([[_flat(self.caption or self.title)]], ["title"]).to_latex(
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


def cell(value: object) -> str:
    """Return a value as text: ``never`` for infinity, ``-`` for what is not known."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "-"
    if not isinstance(value, float):
        return str(value)
    if value == np.inf:
        return "never"
    return f"{value:,.0f}" if value.is_integer() and abs(value) < LARGE else f"{value:,.4g}"


def _flat(name: str) -> str:
    return " ".join(name.split())


def _in_markdown(text: str) -> str:
    """Return a text as a cell: it keeps to its column, and to its line."""
    return text.replace("|", r"\|").replace("\n", " ")


def _frame(rows: list[list[str]], columns: list[str]) -> Any:  # noqa: ANN401 - a DataFrame
    import pandas as pd  # noqa: PLC0415 - takes a second

    return pd.DataFrame(rows, columns=columns)


def csv_text(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return values as CSV, as Python prints them; a text with a comma is quoted."""
    sink = io.StringIO()
    write = csv.writer(sink, lineterminator="\n").writerow
    for row in (header, *rows):
        write(map(str, row))
    return sink.getvalue()
