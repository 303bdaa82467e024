"""Tuning: the same tries, seeds and limits for every method; hopeless tries stop early.

Successive halving (Jamieson and Talwalkar, AISTATS 2016): each rung runs longer, with the best of
the rung before.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scenarios.format.method import Method
from scenarios.format.scenario import Scenario, Tune
from scenarios.format.words.errors import BadInputError
from scenarios.results import curves
from scenarios.runs.jobs import Job
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.stored import StoredRun
from scenarios.studies.sweep import folder_of
from simulator import Vector
from simulator.accounting.columns import RETURN_MEAN

TUNED = ("step_size", "momentum", "batch")
"""The keys that are tuned, of those that a method has."""

SEEDS = 2
"""How many seeds a try has by default."""

FIRST_SEED = 1000
"""Where the default seeds begin, far from those that scenarios report."""

LARGEST = 1e150
"""Scores beyond this are those of diverged runs: their squares could overflow."""

Values = dict[str, float]


@dataclass(frozen=True)
class Rung:
    """A step of the halving, whose runs have one length.

    Attributes:
        tries: how many each method has in it, at most.
        time_limit: simulated seconds, None for no limit.
        updates: None for no limit.
    """

    tries: int
    time_limit: float | None
    updates: int | None


@dataclass(frozen=True)
class Plan:
    """What a tuning will do.

    Attributes:
        scenario: whose methods are tuned.
        seeds: of every try; none of them is reported.
        lists: the values of each key.
        grids: how many combinations each method has, by its folder.
        tries: those that are tried, by the method's folder, in the order of the grid.
        rungs: shortest first.
    """

    scenario: Scenario
    seeds: list[int]
    lists: dict[str, Sequence[float]]
    grids: dict[str, int]
    tries: dict[str, list[Values]]
    rungs: list[Rung]

    @property
    def runs(self) -> int:
        """How many runs it has, at most: failed tries do not go on."""
        return sum(rung.tries for rung in self.rungs) * len(self.seeds) * len(self.tries)


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
    """

    metric: str
    tries: dict[str, list[Try]]


def plan(path: Path, scenario: Scenario, *, quick: bool = False, tries: int | None = None) -> Plan:
    """Return the tuning of a scenario.

    Where a grid is larger than the number of tries, the first so many of a permutation with a
    fixed seed are taken: methods with equal grids try the same values.

    Args:
        path: of the scenario, for messages.
        scenario: what it says.
        quick: take the ``[quick]`` limits.
        tries: per method, instead of ``tune.tries``.

    Raises:
        BadInputError: the smallest grid has fewer combinations than tries are wanted.
    """
    table = scenario.tune or Tune()
    lists: dict[str, Sequence[float]] = {key: getattr(table, key) for key in TUNED}
    grids = {method.folder: _grid(method, lists) for method in scenario.methods}
    smallest = min(grids, key=lambda folder: len(grids[folder]))
    most = len(grids[smallest])
    wanted = tries or table.tries or most
    if wanted > most:
        where = f"--tries {tries}" if tries else f"{path}: tune.tries: {wanted}"
        raise BadInputError(f"{where}: accepted: at most {most}, the size of {smallest}'s grid")
    others = (k for k in itertools.count(FIRST_SEED) if k not in scenario.reported_seeds())
    return Plan(
        scenario,
        table.seeds or list(itertools.islice(others, SEEDS)),
        lists,
        {folder: len(grid) for folder, grid in grids.items()},
        {folder: _draw(grid, wanted) for folder, grid in grids.items()},
        _rungs(scenario, table, wanted, quick=quick),
    )


def _grid(method: Method, lists: dict[str, Sequence[float]]) -> list[Values]:
    keys = [key for key in TUNED if key in type(method).model_fields]
    combinations = itertools.product(*(lists[key] for key in keys))
    return [dict(zip(keys, values, strict=True)) for values in combinations]


def _draw(grid: list[Values], number: int) -> list[Values]:
    chosen = np.random.default_rng(0).permutation(len(grid))[:number]
    return [grid[k] for k in sorted(chosen)]


def _rungs(scenario: Scenario, table: Tune, tries: int, *, quick: bool) -> list[Rung]:
    own = scenario.shortened() if quick else scenario
    limits = table if not quick and (table.time_limit or table.updates) else own
    rungs = []
    for number in range(table.rungs):
        share = table.halving ** -(table.rungs - 1 - number)
        time_limit = limits.time_limit and limits.time_limit * share
        updates = limits.updates and max(1, round(limits.updates * share))
        rungs.append(Rung(tries, time_limit, updates))
        tries = -(-tries // table.halving)  # rounded up
    return rungs


def tune(plan: Plan, store: Path, make: Callable[[Sequence[Job]], object]) -> Tuning:
    """Make the runs, rung by rung, and rank the tries.

    A failed or diverged run scores -inf, and its try does not go on.

    Args:
        plan: what to try.
        store: where the runs are kept; those that are there are not made again.
        make: makes the runs of a rung that are missing.
    """
    tries = {
        folder: [Try(folder, values, index) for index, values in enumerate(grid)]
        for folder, grid in plan.tries.items()
    }
    metric = RETURN_MEAN
    for number, rung in enumerate(plan.rungs):
        going = [
            one
            for mine in tries.values()
            for one in ranked(mine)[: rung.tries]
            if one.rung == number and not one.failed
        ]
        jobs = [[_job(plan, one, rung, seed, store) for seed in plan.seeds] for one in going]
        make(list({job.folder.path: job for row in jobs for job in row}.values()))
        runs = [[_finished(job) for job in row] for row in jobs]
        done = [run for row in runs for run in row if run is not None]
        metric = curves.metric(done) if done else metric
        for one, row in zip(going, runs, strict=True):
            one.scores.append(np.array([_final(run, metric) for run in row]))
    return Tuning(metric, {folder: ranked(mine) for folder, mine in tries.items()})


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
        "evaluation": None,
        "methods": [type(method).model_validate({**method.model_dump(), **one.values})],
    }
    spec = RunSpec(plan.scenario.model_copy(update=changes))
    point = " ".join(f"{key}={value}" for key, value in one.values.items())
    return Job(spec, folder_of(spec, store), point)


def _finished(job: Job) -> StoredRun | None:
    info = job.folder.info()
    return StoredRun(job.folder.path, info) if info and info["status"] == "done" else None


def _final(run: StoredRun | None, metric: str) -> float:
    """Return the last smoothed value of a run, -inf if it failed, diverged, or has none."""
    if run is None:
        return -np.inf
    last = float(curves.known(run, metric)[-1])
    return last if abs(last) < LARGEST else -np.inf
