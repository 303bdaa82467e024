"""The live view of a command's own runs, and of those that go on elsewhere."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live

from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.live.view import View, plain
from scenarios.live.watched import Watched, runs_below
from scenarios.runs.progress import Progress

PATIENCE = 10.0
"""Real seconds without a run under way, after which none is waited for."""


class LiveProgress(Progress):
    """Shows curves and workers above the bars of runs; without a terminal only what they do.

    Args:
        console: where to write.
    """

    refreshes = 2

    def __init__(self, console: Console) -> None:
        self._watched: list[Watched] = []
        self._end: float | None = None
        super().__init__(console)

    def begin(self, runs: dict[str, tuple[Path, Scenario]]) -> None:
        """See :class:`scenarios.runs.progress.Progress`."""
        super().begin(runs)
        self._watched = [Watched(path) for path, _ in runs.values()]
        for run in self._watched:
            run.wait_for_another()
        self._end = max((s.time_limit or 0.0 for _, s in runs.values()), default=0.0) or None

    def poll(self) -> None:
        """See :class:`scenarios.runs.progress.Progress`."""
        for run in self._watched:
            with suppress(OSError):  # it is looked at again soon, and runs go on meanwhile
                run.look()
        super().poll()

    def above(self) -> RenderableType | None:
        """Return the curves."""
        return View(self._watched, self._end) if self._watched else None


def follow(out: Path, console: Console, *, wait: Callable[[float], None] = time.sleep) -> None:
    """Show the runs at or below a folder until none is under way; without a terminal, once.

    Between two runs none is: it waits a while for another, unless all were over from the start.

    Args:
        out: the folder.
        console: where to write.
        wait: called with the real seconds between two looks.

    Raises:
        BadInputError: there are no runs.
    """
    runs: dict[Path, Watched] = {}
    _look(out, runs)
    if not runs:
        raise BadInputError(f"{out}: no runs below it; accepted: a folder where `run` is at work")
    if not console.is_terminal:
        for line in plain(list(runs.values())):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        return
    waited, over = 0.0, all(run.is_over for run in runs.values())
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(View(list(runs.values())), refresh=True)
            waited = 0.0 if any(run.status == "going" for run in runs.values()) else waited + 1.0
            if over or waited > PATIENCE:
                return
            wait(1.0)
            _look(out, runs)


def _look(out: Path, runs: dict[Path, Watched]) -> None:
    for path in runs_below(out):
        runs.setdefault(path, Watched(path)).look()
