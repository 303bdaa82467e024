"""What a terminal shows of runs: curves by method, and a line for each that goes on."""

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from scenarios.live.curves import MARGIN, Points, draw
from scenarios.live.watched import LETTERS, Watched
from simulator import State

STYLES = (
    *("blue", "red", "green", "magenta", "yellow", "cyan", "bright_blue", "bright_red"),
    *("bright_green", "bright_magenta", "bright_cyan"),
    *("dark_orange", "purple", "orange4", "deep_pink3", "grey50"),
)
"""Of methods in their order; first a terminal's own colours, legible on its background."""

SHADES = {
    LETTERS[State.COMPUTE]: "blue",
    LETTERS[State.DISCARD]: "red",
    LETTERS[State.SEND]: "green",
    LETTERS[State.IDLE]: "dim",
    LETTERS[State.DOWN]: "reverse",
}
WORDS = "workers lately: C computing, d for nothing, s sending, . idle, x down"

HEIGHT = 12
"""Lines of the curves."""

MOST = 8
"""Runs that have a line each; what the others do is one line."""


class View:
    """Curves and lines of runs.

    Args:
        runs: to show.
        end: simulated seconds at the right; of the run that is furthest if None.
    """

    def __init__(self, runs: Sequence[Watched], end: float | None = None) -> None:
        self._runs = runs
        self._end = end

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines for a terminal as wide as ``options`` says."""
        labels = list(dict.fromkeys(run.label for run in self._runs))
        styles = {label: STYLES[k % len(STYLES)] for k, label in enumerate(labels)}
        end = self._end or max((run.time for run in self._runs), default=0.0) or 1.0
        curves = {label: self._curve(label, styles[label]) for label in labels}
        yield from draw(curves, end, options.max_width, HEIGHT)
        yield self._legend(curves)
        going = [run for run in self._runs if run.status in {"going", "silent"}]
        if going:
            yield self._lines(going[:MOST], styles)
        counts = {s: sum(run.status == s for run in self._runs) for s in ("done", "failed")}
        more = max(0, len(going) - MOST)
        words = [f"{more} more under way" if more else "", f"{counts['done']} done"]
        words += [f"{counts['failed']} FAILED"] if counts["failed"] else []
        if any(run.workers for run in going):
            words.append(WORDS)
        yield Text("; ".join(filter(None, words)), style="dim")

    def _curve(self, label: str, style: str) -> Points:
        """Return what is known of a method: the values of all its seeds together."""
        parts = [run.points() for run in self._runs if run.label == label]
        times, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(times, kind="stable")
        return Points(times[order], values[order], style)

    @staticmethod
    def _legend(curves: dict[str, Points]) -> Text:
        legend = Text(" " * MARGIN)
        for label, curve in curves.items():
            legend.append(f"━━ {label}   ", style=curve.style)
        return legend

    @staticmethod
    def _lines(runs: Sequence[Watched], styles: dict[str, str]) -> Table:
        table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
        for _ in range(3):
            table.add_column(overflow="fold")
        table.add_column(no_wrap=True, overflow="ellipsis")
        for run in runs:
            workers = Text()
            for letter in run.workers:
                workers.append(letter, style=SHADES[letter])
            if run.status == "silent":
                workers = Text("silent", style="dim")
            name = Text(run.name, style=styles[run.label])
            table.add_row(name, f"{run.time:,.4g} s", _value(run), workers)
        return table


def _value(run: Watched) -> str:
    return "" if run.value is None else f"{run.value:.4g}"


def plain(runs: Sequence[Watched]) -> Iterator[str]:
    """Yield a line for each run, for whoever has no terminal."""
    for run in runs:
        words = [f"{run.time:g} s", f"{run.update} update{'s' * (run.update != 1)}", _value(run)]
        yield f"{run.name}  {run.status}: {', '.join(filter(None, words))}"
