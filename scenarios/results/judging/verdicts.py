"""Verdicts as text: a table for a terminal, and the two of the reproduction page."""

from collections.abc import Iterator, Sequence

import numpy as np

from scenarios.results.curves import WINDOW
from scenarios.results.judging.aggregate import Aggregate, aggregates
from scenarios.results.judging.intervals import LEVEL, Interval
from scenarios.results.judging.judge import Duel, Verdict
from scenarios.results.sheet import Sheet
from scenarios.runs.store.stored import StoredRun
from simulator.accounting.columns import EVALUATION, OBJECTIVE

HEADER = (
    *("figure", "panel", "method", "rival", "area", "final"),
    *("speed-up at 1/4", "at 1/2", "at 3/4", "P(sooner)", "seeds", "against it", "claim"),
)
TIMES = (
    *("figure", "panel", "the three returns", "method", "area", "final"),
    *("seconds to 1/4", "to 1/2", "to 3/4", "held at the end"),
)


def times_sheet(verdict: Verdict) -> Sheet:
    """Return the times of all methods to the thresholds, and who holds them to the end."""
    title = (
        f"{verdict.title}: seconds to each {verdict.metric}, medians over seeds "
        f"[{LEVEL}% bootstrap interval]; {_curve(verdict)}; {_origin_of_thresholds(verdict)}"
    )
    header = ["method", *(f"{threshold:g}" for threshold in verdict.thresholds), "held at the end"]
    rows = [
        [method, *map(interval_text, times), _held(verdict, method)]
        for method, times in verdict.times.items()
    ]
    return Sheet(title, header, rows)


def _curve(verdict: Verdict) -> str:
    """Say what is judged, and with which lag."""
    if verdict.metric == OBJECTIVE:
        return "the exact objective"
    if verdict.metric == EVALUATION:
        return "theta itself, without a lag"
    return f"means over the latest {WINDOW * verdict.until:.4g} simulated s, for all methods"


def _origin_of_thresholds(verdict: Verdict) -> str:
    return (
        "thresholds fixed beforehand" if verdict.fixed else "thresholds taken from the judged runs"
    )


def _held(verdict: Verdict, method: str) -> str:
    return ", ".join(f"{share:.0%}" for share in verdict.held[method])


def summary_sheet(figures: Sequence[tuple[str, str, str, str]]) -> Sheet:
    """Return a row per figure.

    Args:
        figures: of each its name, claim, verdict (:func:`in_short`) and why.
    """
    header = ("figure", "claim", "verdict: area apart", "why")
    return Sheet("", header, figures, frozenset(range(len(header))))


def in_short(verdict: Verdict) -> str:
    """Return the word, and the area apart from the rival that is closest or ahead."""
    return f"{verdict.word} {min(duel.area.value for duel in verdict.duels):+.2f}"


def sentences(verdict: Verdict) -> Iterator[str]:
    """Yield a line for each rival, and the claim's word where there are several."""
    seeds = f"{verdict.seeds} seed{'s' * (verdict.seeds > 1)}"
    for duel in verdict.duels:
        yield (
            f"{verdict.hero} against {duel.rival}: area {_difference(duel.area)}, "
            f"final {_difference(duel.final)} of the rise; speed-up {', '.join(_speedups(duel))}; "
            f"P(sooner) {interval_text(duel.sooner)}; {seeds}: {verdict.word_against(duel)}"
        )
    if len(verdict.duels) > 1:
        yield f"{verdict.hero}, the claim: {verdict.word}"


def _speedups(duel: Duel) -> list[str]:
    return [interval_text(s, infinite="inf") for s in duel.speedups]


def _difference(interval: Interval) -> str:
    value, low, high = (
        "-" if np.isnan(number) else f"{number:+.2f}"
        for number in (interval.value, interval.low, interval.high)
    )
    return f"{value} [{low}, {high}]"


def aggregate_sheets(verdicts: Sequence[Verdict]) -> Iterator[Sheet]:
    """Yield what panels with the same methods say together."""
    for one in aggregates(verdicts):
        title = (
            f"{one.panels} panels together: interquartile means of the areas, in shares of "
            "the rise [95% stratified bootstrap interval]"
        )
        rows = [[method, interval_text(mean)] for method, mean in _best_first(one)]
        yield Sheet(title, ["method", "area"], rows)


def _best_first(aggregate: Aggregate) -> list[tuple[str, Interval]]:
    return sorted(aggregate.means.items(), key=lambda item: -item[1].value)


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
    """Yield the lines of the tables.

    Args:
        verdicts: each with the name of its figure.
    """
    rows = [_row(name, verdict, duel) for name, verdict in verdicts for duel in verdict.duels]
    yield from Sheet("", HEADER, rows, frozenset(range(len(HEADER)))).markdown()
    yield ""
    times = {
        (name, verdict.title, _returns(verdict), method, *_outcome(verdict, method)): None
        for name, verdict in verdicts
        for method in verdict.times
    }
    yield from Sheet("", TIMES, list(times), frozenset(range(len(TIMES)))).markdown()
    for sheet in aggregate_sheets([verdict for _, verdict in verdicts]):
        yield from ("", f"{sheet.title}:", "", *sheet.markdown())


def _row(name: str, verdict: Verdict, duel: Duel) -> tuple[str, ...]:
    said = (str(verdict.seeds), verdict.word_against(duel), verdict.word)
    apart = (_difference(duel.area), _difference(duel.final))
    sooner = interval_text(duel.sooner)
    return (name, verdict.title, verdict.hero, duel.rival, *apart, *_speedups(duel), sooner, *said)


def _outcome(verdict: Verdict, method: str) -> tuple[str, ...]:
    means = (float(part[method].mean()) for part in (verdict.areas, verdict.finals))
    times = map(interval_text, verdict.times[method])
    return (*(f"{mean:.2f}" for mean in means), *times, _held(verdict, method))


def _returns(verdict: Verdict) -> str:
    numbers = ", ".join(f"{threshold:g}" for threshold in verdict.thresholds)
    taken = "" if verdict.fixed else ", from these runs"
    return f"{verdict.metric} {numbers}{taken}"


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
