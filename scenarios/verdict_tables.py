"""Verdicts as text: a table for a terminal, and the two of the reproduction page."""

from collections.abc import Iterator, Sequence

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from scenarios.judge import LEVEL, Interval, Verdict
from scenarios.store import StoredRun

HEADER = (
    *("figure", "panel", "method", "fastest rival"),
    *("speed-up at 1/4", "at 1/2", "at 3/4", "P(sooner)", "claim"),
)
TIMES = ("figure", "panel", "method", "seconds to 1/4", "to 1/2", "to 3/4")


def terminal_table(verdict: Verdict) -> Table:
    """Return the times of all methods to the thresholds."""
    table = Table(
        title=f"{verdict.title}: seconds to a {verdict.metric}, medians over seeds "
        f"[{LEVEL}% bootstrap interval]",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    table.add_column("method", no_wrap=True)
    for threshold in verdict.thresholds:
        table.add_column(f"{threshold:g}", justify="right")
    for method, times in verdict.times.items():
        table.add_row(method, *(interval_text(time) for time in times))
    return table


def sentence(verdict: Verdict) -> str:
    """Return the verdict in a line."""
    speedups = ", ".join(interval_text(s) for s in verdict.speedups)
    against = " / ".join(dict.fromkeys(verdict.rivals))
    return (
        f"{verdict.hero} against {against}: speed-up {speedups}; "
        f"P(sooner) {interval_text(verdict.improvement)}: {verdict.word}"
    )


def sentences(verdicts: Sequence[tuple[str, Verdict]]) -> Iterator[str]:
    """Yield a line for each verdict; arguments as for :func:`markdown`."""
    for name, verdict in verdicts:
        yield f"{name}, {verdict.title}: {sentence(verdict)}"


def origin(runs: Sequence[StoredRun]) -> Iterator[str]:
    """Yield where runs come from: how many, how long they took, with what."""
    hours = sum(run.info["real_seconds"] for run in runs) / 3600
    steps = sum(run.totals["environment_steps"] for run in runs)
    made = f"{steps / 1e6:,.0f} million environment steps, {hours:.1f} process hours"
    yield f"{len(runs)} runs, {made}."
    for key in ("versions", "platform"):
        for about in sorted({", ".join(map(" ".join, run.info[key].items())) for run in runs}):
            yield f"{key.capitalize()}: {about}."


def markdown(verdicts: Sequence[tuple[str, Verdict]]) -> Iterator[str]:
    """Yield the lines of both tables.

    Args:
        verdicts: each with the name of its figure.
    """
    yield from _markdown(HEADER, [_row(name, verdict) for name, verdict in verdicts])
    yield ""
    rows = {
        (name, verdict.title, method, *(interval_text(time) for time in times)): None
        for name, verdict in verdicts
        for method, times in verdict.times.items()
    }
    yield from _markdown(TIMES, list(rows))


def _row(name: str, verdict: Verdict) -> tuple[str, ...]:
    speedups = (interval_text(s) for s in verdict.speedups)
    against = " / ".join(dict.fromkeys(verdict.rivals))
    said = (*speedups, interval_text(verdict.improvement), verdict.word)
    return (name, verdict.title, verdict.hero, against, *said)


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def interval_text(interval: Interval) -> str:
    """Return ``1.3 [1.1, 1.6]``; one number where all are the same."""
    value, low, high = map(_number, (interval.value, interval.low, interval.high))
    return value if low == high == value else f"{value} [{low}, {high}]"


def _number(value: float) -> str:
    if np.isinf(value):
        return "never"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"  # noqa: PLR2004
