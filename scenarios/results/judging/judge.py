"""Whether a claim holds: areas under curves in simulated time, and how sure the seeds make us."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.results import curves
from scenarios.results.compare import default_thresholds
from scenarios.results.judging.intervals import (
    RESAMPLES,
    WRONG,
    Interval,
    Times,
    draws,
    intervals,
    p_above,
    paired,
    sooner,
    speedups,
)
from scenarios.runs.store.stored import StoredRun
from simulator import Indices, Vector

FEWEST_SEEDS = 5
"""With fewer, a true factor of 2 is hardly ever told."""


@dataclass(frozen=True)
class Duel:
    """One method against one rival.

    Only :attr:`area` decides; the rest describes. Speed-ups and probability have percentile
    bootstrap intervals of 90%: with five seeds they are too narrow for a verdict.

    Attributes:
        rival: its label.
        area: the mean return over the time, in shares of the rise (see :attr:`Verdict.areas`):
            that of the hero minus that of the rival, with the interval of the paired t-test.
        ahead: its one-sided p-value: how likely equal methods give so large an area.
        behind: how likely they give so small a one.
        speedups: the rival's median time over the hero's, for each threshold.
        sooner: the probability that a run of the hero is sooner at the middle threshold than one
            of the rival (Agarwal et al., NeurIPS 2021); ties count half.
        final: the difference of the final values, in shares of the rise.
    """

    rival: str
    area: Interval
    ahead: float
    behind: float
    speedups: list[Interval]
    sooner: Interval
    final: Interval


@dataclass(frozen=True)
class Verdict:
    """One method against each of its rivals, on the runs of one panel.

    Attributes:
        title: of the panel.
        metric: the column that is judged.
        hero: the method that the claim is about.
        seeds: how many all methods have.
        until: the simulated seconds that all runs have.
        thresholds: three values of the metric, 1/4, 1/2 and 3/4 of the rise.
        fixed: whether they were fixed before these runs; else they are taken from them.
        areas: by method and seed, shape (seeds,): the mean of the curve from 0 to ``until``, where
            0 is the start and 1 the best, as the thresholds have them.
        finals: the same of the final values.
        times: by method, an interval of the median time for each threshold; infinite if not
            within ``until``.
        held: by method, the share of seeds whose final value is at or above each threshold.
        duels: with each rival.
    """

    title: str
    metric: str
    hero: str
    seeds: int
    until: float
    thresholds: list[float]
    fixed: bool
    areas: dict[str, Vector]
    finals: dict[str, Vector]
    times: dict[str, list[Interval]]
    held: dict[str, list[float]]
    duels: list[Duel]

    def word_against(self, duel: Duel) -> str:
        """Return ``holds``, ``fails``, ``unclear``, or ``too few seeds`` (below 5)."""
        if self.seeds < FEWEST_SEEDS:
            return "too few seeds"
        if duel.ahead <= WRONG:
            return "holds"
        return "fails" if duel.behind <= WRONG / len(self.duels) else "unclear"

    @property
    def word(self) -> str:
        """The claim's word: it holds against each rival, or fails against one."""
        words = [self.word_against(duel) for duel in self.duels]
        if "fails" in words:
            return "fails"
        return words[0] if len(set(words)) == 1 else "unclear"

    @property
    def ahead(self) -> float:
        """The p-value of ``holds``: the largest of all duels (an intersection-union test)."""
        return max(duel.ahead for duel in self.duels)

    @property
    def behind(self) -> float:
        """The p-value of ``fails``: the smallest times the number of rivals (Bonferroni)."""
        return min(1.0, len(self.duels) * min(duel.behind for duel in self.duels))


@dataclass(frozen=True)
class _Scale:
    """What the runs of a panel are measured by."""

    metric: str
    until: float
    thresholds: list[float]

    def shares(self, values: Times) -> Times:
        """Return values in shares of the rise; a quarter of it lies below the first threshold."""
        rise = 2 * (self.thresholds[2] - self.thresholds[0])
        result: Times = (values - self.thresholds[1]) / rise + 0.5
        return result


def judge(
    runs: list[StoredRun],
    hero: str,
    rivals: Sequence[str],
    title: str,
    thresholds: Sequence[float] = (),
    *,
    resamples: int = RESAMPLES,
) -> Verdict | None:
    """Judge a claim: the curve of ``hero`` has more area under it than that of each rival.

    What comes after the shortest run is not looked at, neither in areas nor in times.

    Seeds are paired: with one seed all methods begin at the same theta_0. A run that failed, or
    made no update by then, has the lowest value of the panel throughout, and its times are never.
    None if nothing can be said: no run rises or makes an update, there is no rival, or no seed
    that all have.

    Args:
        runs: of all methods of a panel, failed ones too; the hero among them.
        hero: a label.
        rivals: labels; those that the panel has not are left out.
        title: of the panel.
        thresholds: three, fixed before these runs; else they are taken from them.
        resamples: of the bootstrap.
    """
    done = [run for run in runs if run.is_done]
    present = [name for name in (hero, *rivals) if any(run.label == name for run in runs)]
    if not done or len(present) < 2:  # noqa: PLR2004
        return None
    metric, until = curves.metric(done), curves.horizon(done)
    chosen = list(thresholds) or default_thresholds(done, metric)
    if not chosen or not any(len(curves.raw(run, metric).times) for run in done):
        return None
    every = [{int(run.info["seed"]) for run in runs if run.label == name} for name in present]
    seeds = sorted(set.intersection(*every))
    if not seeds:
        return None
    scale = _Scale(metric, until, chosen)
    bars = scale.shares(np.array(chosen))
    tables = {
        name: _table([run for run in done if run.label == name], seeds, scale) for name in present
    }
    for table in tables.values():
        if (failed := np.isnan(table[:, 0])).any():
            table[failed, :2] = scale.shares(np.full(2, _lowest(done, scale)))
    drawn = draws(len(seeds), resamples)
    medians = {name: np.median(table[drawn, 2:], axis=1) for name, table in tables.items()}
    return Verdict(
        title,
        metric,
        hero,
        len(seeds),
        until,
        chosen,
        bool(thresholds),
        {name: table[:, 0] for name, table in tables.items()},
        {name: table[:, 1] for name, table in tables.items()},
        {name: intervals(table) for name, table in medians.items()},
        {name: list((table[:, [1]] >= bars).mean(axis=0)) for name, table in tables.items()},
        [_duel(name, tables, medians, hero, drawn) for name in present[1:]],
    )


def _table(runs: list[StoredRun], seeds: list[int], scale: _Scale) -> Times:
    """Return for each seed area and final value, in shares of the rise, and seconds: (seeds, 5).

    A run that failed, or made no update by then, has NaN for them, and never gets there.
    """
    table = np.tile([np.nan] * 2 + [np.inf] * 3, (len(seeds), 1))
    metric, until = scale.metric, scale.until
    for run in runs:
        if run.info["seed"] in seeds and len(curves.raw(run, metric).times):
            row = table[seeds.index(int(run.info["seed"]))]
            row[:2] = curves.area(run, metric, until), curves.final(run, metric, until)
            row[2:] = curves.times_to(run, metric, scale.thresholds, until)
    table[:, :2] = scale.shares(table[:, :2])
    return table


def _lowest(done: list[StoredRun], scale: _Scale) -> float:
    """Return the lowest value of a panel's judged curves; runs without an update have none."""
    values = np.concatenate([curves.known(run, scale.metric, scale.until) for run in done])
    return float(np.nanmin(values))


def _duel(
    rival: str, tables: dict[str, Times], medians: dict[str, Times], hero: str, drawn: Indices
) -> Duel:
    apart = tables[hero][:, :2] - tables[rival][:, :2]
    mine, theirs = (tables[name][:, 3][drawn] for name in (hero, rival))
    return Duel(
        rival,
        paired(apart[:, 0], len(tables) - 1),
        float(p_above(apart[:, 0])),
        float(p_above(-apart[:, 0])),
        speedups(medians[rival], medians[hero]),
        intervals(sooner(mine, theirs)[:, None])[0],
        paired(apart[:, 1], len(tables) - 1),
    )
