"""Measurements as a table for a terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from scenarios.bench.measure import Measurement


def measurement_table(title: str, measurements: Sequence[Measurement]) -> Table:
    """Return rates, their ratios to the first, and how many times as fast the first is."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("measured", min_width=45)
    table.add_column("per second", justify="right")
    table.add_column("unit")
    table.add_column("ratio", justify="right")
    table.add_column("first line", justify="right")
    for line in measurements:
        rate = f"{line.rate:,.0f}" if line.rate >= 100 else f"{line.rate:.3g}"  # noqa: PLR2004
        table.add_row(
            line.name, rate, line.unit, f"{line.ratio:.3g}", f"{1 / line.ratio:.3g} times"
        )
    return table
