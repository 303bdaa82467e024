"""Tuning: every method's whole grid, with the same seeds and limits; hopeless tries stop early.

Successive halving (Jamieson and Talwalkar, AISTATS 2016): each rung continues the best of the rung
before. A try is scored by its whole curve, not by its end: the claims that are judged later are
about time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.results import curves
from scenarios.runs.execute import Options
from scenarios.runs.jobs import Job
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.stored import StoredRun
from scenarios.studies.estimate import Estimate, estimate
from scenarios.studies.sweep import folder_of
from scenarios.studies.tuning.budget import Plan, Rung, Values
from scenarios.studies.tuning.thresholds import thresholds
from simulator import Vector
from simulator.accounting.columns import EVALUATION, RETURN_MEAN

LARGEST = 1e150
"""Scores beyond this are those of diverged runs: their squares could overflow."""


@dataclass
class Try:
    """One combination of values for one method.

    Attributes:
        method: its folder.
        values: of the tuned keys.
        index: in the order of the grid, which decides ties.
        scores: one per seed, shape (seeds,), for each rung that it was in; -inf for a failed run.
    """

    method: str
    values: Values
    index: int
    scores: list[Vector] = field(default_factory=list)

    @property
    def rung(self) -> int:
        """The last rung that it was in, from 1; 0 before the first."""
        return len(self.scores)

    @property
    def score(self) -> float:
        """The mean over seeds in its last rung; 0 before the first."""
        return float(self.scores[-1].mean()) if self.scores else 0.0

    @property
    def failed(self) -> bool:
        """Whether a run of its last rung failed or diverged."""
        return bool(np.isneginf(self.score))

    def __str__(self) -> str:
        return ", ".join(f"{key} = {value}" for key, value in self.values.items())


@dataclass(frozen=True)
class Tuning:
    """The outcome of a tuning.

    Attributes:
        metric: the column of the history that scores are about.
        tries: by the method's folder, best first.
        thresholds: three values of the metric between the start and the best of the winners' mean
            curves, for judging other seeds; empty if they do not rise. Where some methods are not
            tuned, the scenario's if these are higher.
    """

    metric: str
    tries: dict[str, list[Try]]
    thresholds: list[float] = field(default_factory=list)


def tune(plan: Plan, store: Path, make: Callable[[Sequence[Job]], object]) -> Tuning:
    """Make the runs, rung by rung, and rank the tries.

    A score is the mean of the curve that verdicts are about, over the rung's time limit; where
    updates are limited, over the time of the method's shortest run in the rung: else large batches,
    whose updates take longer, would be scored over a longer time. A failed or diverged run scores
    -inf, and its try does not go on.

    Args:
        plan: what to try.
        store: where the runs are kept; those that are there are not made again.
        make: makes the runs of a rung that are missing.
    """
    tries = {
        folder: [Try(folder, values, index) for index, values in enumerate(grid)]
        for folder, grid in plan.tries.items()
    }
    metric = EVALUATION if plan.scenario.evaluation else RETURN_MEAN
    last: list[tuple[Try, list[StoredRun]]] = []
    for number, rung in enumerate(plan.rungs):
        going = [
            one
            for folder, mine in tries.items()
            for one in ranked(mine)[: rung.tries[folder]]
            if one.rung == number and not one.failed
        ]
        jobs = [[_job(plan, one, rung, seed, store) for seed in plan.seeds] for one in going]
        make(list({job.folder.path: job for row in jobs for job in row}.values()))
        runs = [[_finished(job) for job in row] for row in jobs]
        done = [run for row in runs for run in row if run is not None]
        if done:
            metric = curves.metric(done)  # as those are judged that the values are for
        until = _horizons(rung, going, runs)
        for one, row in zip(going, runs, strict=True):
            one.scores.append(np.array([_score(run, metric, until[one.method]) for run in row]))
        _score_the_late(going, runs, metric)
        last = [
            (one, [run for run in row if run])
            for one, row in zip(going, runs, strict=True)
            if not one.failed
        ]
    best = {folder: ranked(mine) for folder, mine in tries.items()}
    winners = [row for one, row in last if one is best[one.method][0]]
    found = thresholds(winners, metric)
    if plan.in_part:  # who rises highest sets them
        found = max(found, plan.scenario.thresholds or [], key=lambda three: three[-1:])
    return Tuning(metric, best, found)


def foreseen(plan: Plan, store: Path, slots: int, options: Options) -> Estimate:
    """Return the real time that is left of a tuning, at most: failed tries do not go on.

    Args:
        plan: what is to be tried.
        store: where runs are kept.
        slots: how many runs are made at a time.
        options: which of those that are there are made again.
    """
    jobs: list[Job] = []
    left, before = dict.fromkeys(plan.tries, 0.0), 0.0
    for rung in plan.rungs:
        share = rung.share_of(plan.rungs[-1])
        for folder, grid in plan.tries.items():
            tries = [Try(folder, values, index) for index, values in enumerate(grid)]
            mine = [_job(plan, one, rung, seed, store) for one in tries for seed in plan.seeds]
            there = sum(options.settled(job.spec, job.folder) for job in mine)
            missing = max(0, rung.tries[folder] * len(plan.seeds) - there)
            left[folder] += (share - before) * missing
            jobs += mine if rung is plan.rungs[-1] else ()
        before = share
    return estimate(jobs, slots, left)


def ranked(tries: Sequence[Try]) -> list[Try]:
    """Return tries of one method, best first: by rung, then score; those that failed come last."""
    return sorted(tries, key=lambda one: (one.failed, -one.rung, -one.score, one.index))


def _job(plan: Plan, one: Try, rung: Rung, seed: int, store: Path) -> Job:
    (method,) = (m for m in plan.scenario.methods if m.folder == one.method)
    changes = {
        "seeds": [seed],
        "time_limit": rung.time_limit,
        "updates": rung.updates,
        "timeline": False,
        "quick": None,
        "tune": None,
        "methods": [type(method).model_validate(with_tuned(method.model_dump(), one.values))],
    }
    spec = RunSpec(plan.scenario.model_copy(update=changes))
    point = " ".join(f"{key}={value}" for key, value in one.values.items())
    return Job(spec, folder_of(spec, store), point)


def with_tuned(table: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Return a method's table with tuned values; of one that decays, it is the start."""
    decaying = {key for key in values if isinstance(table.get(key), dict)}
    starts = {key: table[key] | {"start": values[key]} for key in decaying}
    return {**table, **values, **starts}


def _finished(job: Job) -> StoredRun | None:
    info = job.folder.info()
    return StoredRun(job.folder.path, info) if info and info["status"] == "done" else None


def _horizons(
    rung: Rung, going: Sequence[Try], runs: Sequence[Sequence[StoredRun | None]]
) -> dict[str, float]:
    """Return the simulated seconds over which each method's tries in a rung are scored.

    They may differ between methods, which are not ranked together: the time of a fast method can
    be over before a slow one makes its first update.
    """
    finished: dict[str, list[StoredRun]] = {one.method: [] for one in going}
    for one, row in zip(going, runs, strict=True):
        finished[one.method] += [run for run in row if run is not None]
    if rung.time_limit and not rung.updates:
        return dict.fromkeys(finished, rung.time_limit)
    return {folder: curves.horizon(curves.told(mine)) for folder, mine in finished.items()}


def _score(run: StoredRun | None, metric: str, until: float) -> float:
    """Return the mean of a run's curve until then; -inf if it failed, diverged, or has none.

    NaN: its first update comes later.
    """
    if run is None or not len(run.history["time"]):
        return -np.inf
    mean = curves.area(run, metric, until)
    if np.isnan(mean):
        return np.nan if abs(curves.start(run, metric)) < LARGEST else -np.inf
    return mean if abs(mean) < LARGEST else -np.inf


def _score_the_late(
    going: Sequence[Try], runs: Sequence[Sequence[StoredRun | None]], metric: str
) -> None:
    """Score runs whose first update came too late: as the lowest first value of the method's."""
    firsts: dict[str, list[float]] = {one.method: [] for one in going}
    for one, row in zip(going, runs, strict=True):
        made = [run for run in row if run is not None and len(run.history["time"])]
        found = [curves.start(run, metric) for run in made]
        firsts[one.method] += [value for value in found if abs(value) < LARGEST]
    for one in going:
        scores, lowest = one.scores[-1], min(firsts[one.method], default=-np.inf)
        scores[np.isnan(scores)] = lowest
