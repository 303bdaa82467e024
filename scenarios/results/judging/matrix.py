"""Many methods on many panels: the time to a threshold, relative to the best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.results.judging.intervals import Interval
from scenarios.results.judging.judge import Verdict, judge
from scenarios.results.judging.verdicts import interval_text
from scenarios.results.sheet import Sheet
from scenarios.runs.store.stored import StoredRun

MIDDLE = 1
"""Of the three thresholds: half of the rise."""


MATRIX = (
    "simulated seconds until half of the rise, over those of the best method "
    "[90% interval];\n~: by the areas under the curves, the best is not surely ahead; "
    "first by area: nobody is half way up in the median"
)
"""What a cell says."""


@dataclass(frozen=True)
class Column:
    """A panel of the matrix: the method that is first half way up, against all others.

    Attributes:
        title: of the panel.
        verdict: of its best method; None if no run rises.
    """

    title: str
    verdict: Verdict | None

    @property
    def times(self) -> dict[str, list[Interval]]:
        """By method, its times to the three thresholds; empty if no run rises."""
        return self.verdict.times if self.verdict else {}

    def factor(self, method: str) -> Interval | None:
        """Return a method's time over the best one's; None: the panel has not the method.

        It is infinite for all if the best is not half way up, either.
        """
        if self.verdict is None or method not in self.times:
            return None
        hero = self.verdict.hero
        if not np.isfinite(self.times[hero][MIDDLE].value):
            return Interval(np.inf, np.inf, np.inf)
        if method == hero:
            return Interval(1.0, 1.0, 1.0)
        return next(d.speedups[MIDDLE] for d in self.verdict.duels if d.rival == method)

    def text(self, method: str) -> str:
        """Return a method's cell; ``~`` where the best's claim against it does not hold."""
        found = self.factor(method)
        if found is None or self.verdict is None:
            return "-"
        there = np.isfinite(self.times[self.verdict.hero][MIDDLE].value)
        said = interval_text(found) if there else "never"
        for duel in self.verdict.duels:
            if duel.rival == method:
                surely = self.verdict.word_against(duel) == "holds" or said == "1"
                return said if surely else f"~ {said}"
        return said if there else "first by area"


def column(runs: list[StoredRun], title: str) -> Column:
    """Return a panel, judged as claims are.

    Args:
        runs: of all its methods, failed ones too.
        title: of the panel.
    """
    labels = list(dict.fromkeys(run.label for run in runs))
    first = judge(runs, labels[0], labels[1:], title, resamples=1)
    if first is None:
        return Column(title, None)
    times = {label: found[MIDDLE].value for label, found in first.times.items()}
    best = min(labels, key=lambda label: (times[label], -float(first.areas[label].mean())))
    return Column(title, judge(runs, best, [name for name in labels if name != best], title))


def methods_of(columns: Sequence[Column]) -> list[str]:
    """Return all methods by their geometric means, after how often they never get there."""
    panels = [panel for panel in columns if panel.verdict]
    labels = dict.fromkeys(label for panel in panels for label in panel.times)

    def order(label: str) -> tuple[int, float]:
        found = [cell.value for panel in panels if (cell := panel.factor(label))]
        there = [factor for factor in found if np.isfinite(factor)]
        mean = float(np.log(there).mean()) if there else np.inf
        return len(found) - len(there), mean

    return sorted(labels, key=order)


def matrix_sheet(columns: Sequence[Column], title: str) -> Sheet:
    """Return a row for each method, a column for each panel."""
    rows = [(label, *(c.text(label) for c in columns)) for label in methods_of(columns)]
    return Sheet(title, ("method", *(c.title for c in columns)), rows)
