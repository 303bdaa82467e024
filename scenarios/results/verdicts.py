"""Verdicts as text: a table for a terminal, and the two of the reproduction page."""

from collections.abc import Iterator, Sequence

import numpy as np

from scenarios.results.judge import LEVEL, Interval, Verdict
from scenarios.results.sheet import Sheet
from scenarios.runs.store.stored import StoredRun
from simulator.accounting.columns import RETURN_MEAN

HEADER = (
    *("figure", "panel", "method", "fastest rival"),
    *("speed-up at 1/4", "at 1/2", "at 3/4", "P(sooner)", "seeds", "claim"),
)
TIMES = (
    *("figure", "panel", "the three returns", "method"),
    *("seconds to 1/4", "to 1/2", "to 3/4"),
)

WORDS = frozenset(range(len(HEADER)))


def times_sheet(verdict: Verdict) -> Sheet:
    """Return the times of all methods to the thresholds."""
    title = (
        f"{verdict.title}: seconds to a {verdict.metric}, medians over seeds "
        f"[{LEVEL}% bootstrap interval]"
    )
    header = ["method", *(f"{threshold:g}" for threshold in verdict.thresholds)]
    rows = [[method, *map(interval_text, times)] for method, times in verdict.times.items()]
    return Sheet(title, header, rows)


def sentence(verdict: Verdict) -> str:
    """Return the verdict in a line."""
    seeds = f"{verdict.seeds} seed{'s' * (verdict.seeds > 1)}"
    return (
        f"{verdict.hero} against {_against(verdict)}: speed-up {', '.join(_speedups(verdict))}; "
        f"P(sooner) {interval_text(verdict.improvement)}; {seeds}: {verdict.word}"
    )


def _speedups(verdict: Verdict) -> list[str]:
    return [interval_text(s, infinite="inf") for s in verdict.speedups]


def _against(verdict: Verdict) -> str:
    return " / ".join(dict.fromkeys(verdict.rivals))


def sentences(verdicts: Sequence[tuple[str, Verdict]]) -> Iterator[str]:
    """Yield a line for each verdict; arguments as for :func:`markdown`."""
    for name, verdict in verdicts:
        yield f"{name}, {verdict.title}: {sentence(verdict)}"


def origin(runs: Sequence[StoredRun]) -> Iterator[str]:
    """Yield where runs come from: how many, how long they took, with what."""
    done = [run for run in runs if run.is_done]
    hours = sum(run.info["real_seconds"] for run in done) / 3600
    steps = sum(run.totals["environment_steps"] for run in done)
    made = f"{steps / 1e6:,.0f} million environment steps, {hours:.1f} process hours"
    failed = f" ({len(runs) - len(done)} failed)" if len(done) < len(runs) else ""
    yield f"{len(runs)} runs{failed}, {made}."
    for key in ("versions", "platform"):
        for about in sorted({", ".join(map(" ".join, run.info[key].items())) for run in runs}):
            yield f"{key.capitalize()}: {about}."


def markdown(verdicts: Sequence[tuple[str, Verdict]]) -> Iterator[str]:
    """Yield the lines of both tables.

    Args:
        verdicts: each with the name of its figure.
    """
    rows = [_row(name, verdict) for name, verdict in verdicts]
    yield from Sheet("", HEADER, rows, WORDS).markdown()
    yield ""
    times = {
        (name, verdict.title, _returns(verdict), method, *map(interval_text, found)): None
        for name, verdict in verdicts
        for method, found in verdict.times.items()
    }
    yield from Sheet("", TIMES, list(times), WORDS).markdown()


def _row(name: str, verdict: Verdict) -> tuple[str, ...]:
    said = (interval_text(verdict.improvement), str(verdict.seeds), verdict.word)
    return (name, verdict.title, verdict.hero, _against(verdict), *_speedups(verdict), *said)


def _returns(verdict: Verdict) -> str:
    numbers = ", ".join(f"{threshold:g}" for threshold in verdict.thresholds)
    return numbers if verdict.metric == RETURN_MEAN else f"{verdict.metric} {numbers}"


def interval_text(interval: Interval, infinite: str = "never") -> str:
    """Return ``1.3 [1.1, 1.6]``; one number where all are the same, ``-`` for a NaN."""
    numbers = (interval.value, interval.low, interval.high)
    value, low, high = (_number(number, infinite) for number in numbers)
    return value if low == high == value else f"{value} [{low}, {high}]"


def _number(value: float, infinite: str) -> str:
    if np.isnan(value):
        return "-"
    if np.isinf(value):
        return infinite
    return f"{value:,.0f}" if value >= 99.5 else f"{value:.3g}"  # noqa: PLR2004
