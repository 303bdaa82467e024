"""What a user sees while runs are made: bars on a terminal, plain lines elsewhere."""

import html
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, ProgressColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column

from scenarios.format.scenario import Scenario
from scenarios.runs.store.record import RunInfo, reason_of
from scenarios.runs.underway import read_state

LINE_SECONDS = 20.0

LARGE = 1e9

MANY = 20
"""More runs than this are not named one by one when they are there already."""

NARROW, NUMBERS = 60, 25
"""Letters: of a terminal that has no room for bars, and of the numbers beside names."""

UNITS = {
    "s": (1.0, 90.0),
    "min": (60.0, 5400.0),
    "h": (3600.0, 172800.0),
    "days": (86400.0, 31536000.0),
}
"""Of durations: seconds of each, and up to how many seconds it is used."""


FEW = 5
"""More warnings than this are not printed."""


class Progress:
    """Shows every unfinished run's simulated time, latest return, and the real time left.

    Args:
        console: where to write.
    """

    refreshes = 10
    """Of a terminal, a second."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._runs: dict[str, tuple[Path, Scenario]] = {}
        self._fractions: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}
        self._there: list[str] = []
        self._next_line = 0.0
        self._started = 0.0
        self._bars = _Bars(
            self.above,
            *_named_bars(console.width),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[state]}", markup=False),
            console=console,
            disable=console.is_jupyter or not console.is_terminal,
            transient=True,
            refresh_per_second=self.refreshes,
        )
        self._notebook: Any = None

    def above(self) -> RenderableType | None:
        """Return what stands above the bars; None for nothing."""
        return None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()
        if self._console.is_jupyter and error is None:
            self._show_in_notebook(1.0, f"{len(self._runs)} runs are over")

    def begin(self, runs: dict[str, tuple[Path, Scenario]]) -> None:
        """Announce the runs that will be made: by name, their folder and scenario."""
        self._runs = runs
        self._fractions = dict.fromkeys(runs, 0.0)
        self._started = time.monotonic()
        self._next_line = self._started + LINE_SECONDS
        self._total = self._bars.add_task("all runs", total=1.0, state="")

    def skipped(self, name: str, info: RunInfo) -> None:
        """Say that a run was there already; many that are done are said in one line."""
        if info.get("status") == "failed":
            self._print(f"{name}  failed before: {reason_of(info)}; --retry-failed tries again")
        else:
            self._there.append(name)

    def skipped_in_all(self, skipped: int, of: int, outdated: int) -> None:
        """Say how many runs were there already, or which, if they are few."""
        if outdated:
            self._print(
                f"{outdated} results are from another version of the code; --recompute makes them "
                "again"
            )
        if skipped > MANY:
            self._print(f"{skipped} of {of} runs are there already")
        else:
            for name in self._there:
                self._print(f"{name}  is there already")

    def foreseen(self, lines: Sequence[str]) -> None:
        """Say what is to be expected of runs before they are begun; of many, the first."""
        for line in lines[:FEW]:
            self._print(f"warning: {line}")
        if len(lines) > FEW:
            self._print(f"warning: and {len(lines) - FEW} more like these")

    def set_aside(self, name: str, why: str, folder: Path) -> None:
        """Say that what is in a run's folder will be moved out of the way."""
        self._print(f"{name}  {why}: set aside in {folder.parent}, and made again")

    def finished(self, name: str, info: RunInfo) -> None:
        """Say how a run ended."""
        self._fractions[name] = 1.0
        if name in self._tasks:
            self._bars.remove_task(self._tasks.pop(name))
        totals = info.get("totals")
        kind = info.get("kind", "simulated")
        if info.get("status") == "done" and totals and not self._console.is_jupyter:
            made = f"{totals['updates']} update{'s' * (totals['updates'] != 1)}"
            self._print(
                f"{name}  done: {made} in {totals['elapsed']:g} {kind} s, "
                f"{info['real_seconds']:.1f} real s"
            )
        elif info.get("status") != "done":
            self._print(f"{name}  FAILED: {reason_of(info)}")

    def poll(self) -> None:
        """Read how far the runs are, and show it."""
        now = time.monotonic()
        going = [n for n, fraction in self._fractions.items() if fraction < 1.0]
        states = {name: s for name in going if (s := read_state(self._runs[name][0]))}
        for name, state in states.items():
            if self._fractions[name] < 1.0:
                self._fractions[name] = self._runs[name][1].share_done(
                    state["time"], state["update"]
                )
                self._show(name, state)
        share = sum(self._fractions.values()) / len(self._fractions)
        left = self._left(now, share)
        self._bars.update(self._total, completed=share, state=left)
        live = [_words(n, s) for n, s in states.items() if self._fractions[n] < 1.0]
        if self._console.is_jupyter:
            self._show_in_notebook(share, f"{left} | {' | '.join(live)}")
        elif not self._console.is_terminal and now >= self._next_line:
            self._next_line = now + LINE_SECONDS
            self._print("  |  ".join([f"{share:4.0%}  {left}".rstrip(), *live]))

    def _show_in_notebook(self, share: float, words: str) -> None:
        """Draw a bar below the cell, always in the same output; it needs no widgets."""
        from IPython.display import display  # noqa: PLC0415

        bar = f"<progress value='{share:.3f}' max='1'></progress> {share:.0%} {html.escape(words)}"
        shown = {"text/plain": f"{share:.0%} {words}", "text/html": bar}
        if self._notebook is None:
            self._notebook = display(shown, raw=True, display_id=True)
        else:
            self._notebook.update(shown, raw=True)

    def _show(self, name: str, state: dict[str, Any]) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=1.0, state="")
        words = _words("", state)
        self._bars.update(self._tasks[name], completed=self._fractions[name], state=words)

    def _left(self, now: float, share: float) -> str:
        if share <= 0.0:
            return ""
        seconds = (now - self._started) * (1 - share) / share
        return f"{duration(seconds)} left"

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


class _Bars(Bars):
    """Bars that may have something above them."""

    def __init__(
        self,
        above: Callable[[], RenderableType | None],
        *columns: ProgressColumn,
        **options: Any,  # noqa: ANN401 - rich's
    ) -> None:
        self._above = above
        super().__init__(*columns, **options)

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield what the display is made of."""
        if (above := self._above()) is not None:
            yield above
        yield from super().get_renderables()


def _named_bars(width: int) -> Iterator[ProgressColumn]:
    """Yield the columns of names and bars, so that all numbers beside them fit."""
    bar = min(40, width // 5) if width >= NARROW else 0
    yield TextColumn(
        "{task.description}",
        markup=False,  # names are the user's
        table_column=Column(max_width=max(10, width - bar - NUMBERS), overflow="fold"),
    )
    if bar:
        yield BarColumn(bar)


def duration(seconds: float) -> str:
    """Return real seconds in words: ``about 40 s``, ``about 3 days``, ``over a year``."""
    for unit, (length, limit) in UNITS.items():
        if seconds < limit:
            return f"about {seconds / length:.{1 if unit == 'h' else 0}f} {unit}"
    return "over a year"


def _words(name: str, state: dict[str, Any]) -> str:
    time, events = state["time"], state["events"]
    words = f"{name} {time:{'.0f' if 100 <= time < LARGE else '.3g'}} s"  # noqa: PLR2004
    words += "" if state["value"] is None else f", {state['value']:.4g}"
    words += f", {events:,} events since update {state['update']}" if events else ""
    return words.strip()
