"""How often verdicts are wrong, and how often they see a true difference: by simulation.

Runs are made up: a return rises from 0 to 1 as 1 - exp(-t / tau), with t in shares of the time
limit. The logarithm of tau is normal over seeds; the methods of a seed are correlated, since they
begin at the same theta_0. The sizes are those of the runs in ``results`` (docs/judging.md).
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from scenarios.results.judging.intervals import RESAMPLES, WRONG, Times, draws, p_above
from scenarios.results.judging.judge import Verdict, judge
from scenarios.results.published import published
from scenarios.results.sheet import Sheet
from scenarios.runs.store.stored import StoredRun
from simulator import Vector
from simulator.accounting.columns import EVALUATION, OBJECTIVE, RETURN_COUNT, RETURN_MEAN

MEDIAN = 0.4
"""The median tau: after it 1 - 1/e of the rise is made."""

SPREAD = 0.5
"""Standard deviation of log tau over seeds."""

SPREADS = ((SPREAD, SPREAD), (0.25, 0.75), (0.75, 0.25))
"""Those of a method and its rivals, for methods that are equal on average."""

ALIKE = 0.3
"""Correlation of the log tau of two methods with the same seed."""

NOISE = {EVALUATION: 0.1, RETURN_MEAN: 0.3}
"""Standard deviation of an evaluation, and of a trajectory's return, in shares of the rise."""

NULL = ("figure8a", "figure1c")
"""Whose update times the null test takes."""

JUDGED = 1000
"""How often it judges by each column."""

REPEATS = 20_000

Row = dict[str, str | float]


class Shares(NamedTuple):
    """How often each word was said."""

    holds: float
    fails: float


class Null(NamedTuple):
    """The outcome of a null test.

    Attributes:
        words: how often each was said.
        apart: the difference of the areas from each rival, in shares of the rise, where all have
            the very same curve without noise.
        speedups: the speed-up at the middle threshold in that case.
    """

    words: Shares
    apart: list[float]
    speedups: list[float]


def tables(folder: Path) -> Iterator[tuple[str, list[Row]]]:
    """Yield the tables of the check, each with its title.

    Args:
        folder: of compact results, for the update times of figures 8 (a) and 1 (c).

    Raises:
        BadInputError: they are not there.
    """
    yield "null test: one curve in time for all, at the stored update times", list(_null(folder))
    yield f"equal methods: {REPEATS:,} panels", list(_equal())
    yield f"a method that is faster than all rivals: {REPEATS:,} panels", list(_power())
    yield "tests that could decide, one rival", list(_tests())


def sheet(title: str, rows: Sequence[Row]) -> Sheet:
    """Return a table of the check; shares are in percent."""
    cells = [[f"{v:.1%}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows]
    words = frozenset(k for k, v in enumerate(rows[0].values()) if isinstance(v, str))
    return Sheet(title, list(rows[0]), cells, words)


def null_test(runs: Sequence[StoredRun], column: str, repeats: int, random: Generator) -> Null:
    """Judge runs whose true curves do not depend on the method, made at stored update times.

    Args:
        runs: of a panel with ``rennala-nigt``, ``synchronous-nigt`` and ``afedpg``.
        column: ``evaluation``, or ``return_mean`` for runs without evaluations.
        repeats: how often.
        random: for seeds and noise.
    """
    labels, seeds = sorted({run.label for run in runs}), sorted({run.info["seed"] for run in runs})
    words = []
    for _ in range(repeats):
        taus = _taus(random, (len(labels), len(seeds)))
        made = [
            _made(run, column, taus[labels.index(run.label), seeds.index(run.info["seed"])], random)
            for run in runs
        ]
        words.append(_judged(made).word)
    duels = _judged([_made(run, column, MEDIAN) for run in runs]).duels
    return Null(
        Shares(words.count("holds") / repeats, words.count("fails") / repeats),
        [duel.area.value for duel in duels],
        [duel.speedups[1].value for duel in duels],
    )


def _judged(runs: list[StoredRun]) -> Verdict:
    hero, *rivals = ("rennala-nigt", "synchronous-nigt", "afedpg")
    found = judge(runs, hero, rivals, "null", [0.25, 0.5, 0.75], resamples=1)
    assert found is not None  # noqa: S101 - there are runs, rivals and thresholds
    return found


def _made(run: StoredRun, column: str, tau: float, random: Generator | None = None) -> StoredRun:
    """Return a run with the update times of another one; without noise if nothing is drawn."""
    time, count = run.history["time"], run.history[RETURN_COUNT]
    values = 1 - np.exp(-time / float(run.totals["elapsed"]) / tau)
    if random is not None:
        per = np.sqrt(np.maximum(count, 1)) if column == RETURN_MEAN else 1.0
        values += NOISE[column] / per * random.standard_normal(len(time))
    nothing = np.full(len(time), np.nan)
    other = StoredRun(run.path, run.info)
    other.__dict__["history"] = {
        "time": time,
        OBJECTIVE: nothing,
        RETURN_COUNT: count,
        column: np.where(np.isfinite(run.history[column]), values, np.nan),
    }
    return other


def _null(folder: Path) -> Iterator[Row]:
    random = np.random.default_rng(0)
    for name, column in itertools.product(NULL, NOISE):
        found = null_test(published(folder / f"{name}.parquet"), column, JUDGED, random)
        yield {
            "update times of": name,
            "column": column,
            "repeats": JUDGED,
            **found.words._asdict(),
            "areas apart without noise": ", ".join(f"{apart:+.4f}" for apart in found.apart),
            "speed-ups at 1/2": ", ".join(f"{speedup:.3f}" for speedup in found.speedups),
        }


def _taus(random: Generator, shape: tuple[int, ...], spread: float | Times = SPREAD) -> Times:
    """Return time constants of methods and seeds, the last two axes of ``shape``."""
    common = random.standard_normal((*shape[:-2], 1, shape[-1]))
    own = random.standard_normal(shape)
    taus: Times = MEDIAN * np.exp(spread * (ALIKE**0.5 * common + (1 - ALIKE) ** 0.5 * own))
    return taus


def areas(
    random: Generator,
    rivals: int,
    seeds: int,
    factor: float = 1.0,
    spreads: tuple[float, float] = (SPREAD, SPREAD),
) -> Times:
    """Return the areas of a method and its rivals, shape (panels, 1 + rivals, seeds).

    Args:
        random: for the seeds.
        rivals: how many.
        seeds: how many.
        factor: how many times as fast as each rival the method is.
        spreads: standard deviations of log tau, of the method and of its rivals.
    """
    spread = np.array([spreads[0], *[spreads[1]] * rivals])[:, None]
    taus = _taus(random, (REPEATS, 1 + rivals, seeds), spread)
    taus[:, 0] /= factor
    found: Times = 1 - taus * (1 - np.exp(-1 / taus))
    return found


def said(panels: Times) -> Shares:
    """Return how often a claim holds and fails, as :class:`Verdict` says it."""
    apart = panels[:, :1] - panels[:, 1:]
    holds = (p_above(apart) <= WRONG).all(axis=1)
    fails = (p_above(-apart) <= WRONG / apart.shape[1]).any(axis=1)
    return Shares(float(holds.mean()), float(fails.mean()))


def _equal() -> Iterator[Row]:
    """Yield rows for equal methods, and for some that are equal on average but not alike."""
    random = np.random.default_rng(1)
    for spreads, rivals, seeds in itertools.product(SPREADS, (1, 2), (3, 5, 10)):
        panels = areas(random, rivals, seeds, spreads=spreads)
        shares = said(panels - panels.mean(axis=(0, 2), keepdims=True))
        yield {
            "spreads": f"{spreads[0]}, {spreads[1]}",
            "rivals": rivals,
            "seeds": seeds,
            **shares._asdict(),
        }


def _power() -> Iterator[Row]:
    random = np.random.default_rng(2)
    for factor, rivals, seeds in itertools.product((1.3, 2.0), (1, 2), (5, 10)):
        ahead = said(areas(random, rivals, seeds, factor))
        behind = said(areas(random, rivals, seeds, 1 / factor))
        yield {
            "factor": str(factor),
            "rivals": rivals,
            "seeds": seeds,
            "holds": ahead.holds,
            "fails, if slower": behind.fails,
        }


def _tests() -> Iterator[Row]:
    for name, seeds in itertools.product(TESTS, (5, 10)):
        random = np.random.default_rng(3)
        row: Row = {"test": name, "seeds": seeds}
        for factor in (1.0, 1.3, 2.0):
            panels = areas(random, 1, seeds, factor)[: REPEATS // 10]
            p = TESTS[name](panels[:, 0], panels[:, 1])
            row["equal" if factor == 1 else f"factor {factor}"] = float((p <= WRONG).mean())
        yield row


def _welch(hero: Times, rival: Times) -> Vector:
    from scipy.stats import ttest_ind  # noqa: PLC0415 - takes a second

    p: Vector = ttest_ind(hero, rival, axis=1, equal_var=False, alternative="greater").pvalue
    return p


def _sign_flips(hero: Times, rival: Times) -> Vector:
    """Return the share of all signs of the differences whose sum is as large."""
    apart = hero - rival
    sums = apart @ np.array(list(itertools.product((1, -1), repeat=apart.shape[1]))).T
    p: Vector = (sums >= sums[:, :1] - 1e-12).mean(axis=1)
    return p


def _bootstrap(hero: Times, rival: Times) -> Vector:
    """Return the share of resamples whose mean difference is not above 0."""
    drawn = draws(hero.shape[1], RESAMPLES // 10)
    p: Vector = ((hero - rival)[:, drawn].mean(axis=2) <= 0).mean(axis=1)
    return p


TESTS: dict[str, Callable[[Times, Times], Vector]] = {
    "paired t (it decides)": lambda hero, rival: p_above(hero - rival),
    "Welch's t": _welch,
    "sign flips": _sign_flips,
    "percentile bootstrap": _bootstrap,
}
