"""How long runs will take here: each method is tried for a second, and the rest is extrapolated."""

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.runs.jobs import Job
from scenarios.runs.progress import duration
from scenarios.runs.spec import RunSpec
from simulator import Problem, SimulatedCluster, Vector, simulate
from simulator.threads import one_thread

SAMPLE_SECONDS = 1.0
"""Of a core, which a sample run is given."""

SAMPLES = 3
"""Runs that are sampled for each method."""

EPISODES = 32
"""That are timed, of those at which theta is evaluated."""

LEAST = 1e-9
"""Of a run: less of it is taken for so much."""

GROWTH = 3.0
"""How many times as long as the first episodes the later ones get, about, where falling ends them.

Humanoid-v4 begins with 22 steps and has 60 to 70 at a return of 350; Hopper-v4 and Walker2d-v4 get
two to four times as long (`steps` / `return_count` of the runs in results/).
"""


@dataclass(frozen=True)
class Estimate:
    """The real seconds that runs will take on free cores.

    Attributes:
        seconds: if episodes stay as they are at the start.
        most: if those that can get longer become :data:`GROWTH` times as long.
        samples: how many runs were tried.
    """

    seconds: float
    most: float
    samples: int

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(
            self.seconds + other.seconds, self.most + other.most, self.samples + other.samples
        )

    def __str__(self) -> str:
        text = f"{duration(self.seconds)} on free cores, by {self.samples} samples"
        if self.most > self.seconds:
            text += (
                f", if episodes stay as short as at the start; {duration(self.most)} where they "
                f"get {GROWTH:g} times as long, as a Humanoid's do when it learns"
            )
        return text


@dataclass
class _Sample:
    """What a run that was tried got done.

    Attributes:
        seconds: real ones.
        share: of the whole run, 0 to 1.
        updates: that it made.
        now: the simulated second that it reached.
        growth: how many times as long episodes may get.
    """

    seconds: float = 0.0
    share: float = 0.0
    updates: int = 0
    now: float = 0.0
    growth: float = 1.0

    def evaluations(self, every: float) -> float:
        """Return how often the whole run evaluates theta, at most, every so many seconds."""
        share = max(self.share, LEAST)
        by_time = 1 + self.now / share // every
        known = self.updates or share == 1.0
        return min(by_time, self.updates / share) if known else by_time


class _EnoughError(Exception):
    """The sample has run long enough."""


def estimate(jobs: Sequence[Job], slots: int, runs: Mapping[str, float] | None = None) -> Estimate:
    """Return the real time that runs may take.

    For each method, the first, the middle and the last job run for :data:`SAMPLE_SECONDS`; what
    they got done by then is extrapolated to the end. What evaluations take is added: as many as
    there will be, each as long as at the initial point.

    Args:
        jobs: the runs.
        slots: how many runs are made at a time.
        runs: how many whole runs there are of each method, by its folder; as many as it has jobs
            if None.
    """
    seconds, most, samples = 0.0, 0.0, 0
    for method in dict.fromkeys(job.spec.method.folder for job in jobs):
        mine = [job for job in jobs if job.spec.method.folder == method]
        chosen = {0, len(mine) // 2, len(mine) - 1}
        tried = [_tried(mine[k].spec) for k in sorted(chosen)[:SAMPLES]]
        share = (len(mine) if runs is None else runs[method]) / slots
        seconds += statistics.mean(one for one, _ in tried) * share
        most += statistics.mean(one * growth for one, growth in tried) * share
        samples += len(tried)
    return Estimate(seconds, most, samples)


def _tried(spec: RunSpec) -> tuple[float, float]:
    """Return the real seconds that a run may take, and by how much they may grow."""
    evaluation = spec.scenario.evaluation
    problem = spec.scenario.problem.build(spec.seed, spec.scenario.cluster.workers)
    try:
        sample = _sample(spec, problem)
        seconds = sample.seconds / max(sample.share, LEAST)
        if evaluation:
            with one_thread():  # as in the process of a run
                each = _evaluation_seconds(problem, evaluation.episodes)
            seconds += sample.evaluations(evaluation.every) * each
    finally:
        problem.close()
    return seconds, sample.growth


def _sample(spec: RunSpec, problem: Problem) -> _Sample:
    """Run for :data:`SAMPLE_SECONDS`, without evaluations: the first would count too often."""
    scenario, started, got = spec.scenario, time.process_time(), _Sample()
    horizon = scenario.problem.most_steps or 0

    def watch(cluster: SimulatedCluster, _: Vector) -> None:
        got.updates, got.now = cluster.updates_made, cluster.now
        got.share = scenario.share_done(got.now, got.updates)
        for row in cluster.history.rows[-1:]:
            got.growth = GROWTH if row.steps < row.return_count * horizon else 1.0
        if time.process_time() - started > SAMPLE_SECONDS:
            raise _EnoughError

    try:
        simulate(
            spec.method.build().run,
            problem,
            scenario.cluster.hardware(problem.dimension, spec.seed),
            time_limit=scenario.time_limit or float("inf"),
            updates=scenario.updates,
            record_timeline=False,
            on_update=watch,
            on_wait=lambda cluster, _: watch(cluster, cluster.initial_point),
        )
        got.share = 1.0
    except _EnoughError:
        pass
    except Exception:  # noqa: BLE001 - such a run will fail as quickly
        got.share = 1.0
    got.seconds = time.process_time() - started
    return got


def _evaluation_seconds(problem: Problem, episodes: int) -> float:
    """Return the real seconds that so many episodes of each variant take, by some of them."""
    kinds = np.zeros(1, int) if problem.variants is None else problem.variants.of_worker
    workers = np.repeat(np.unique(kinds, return_index=True)[1], episodes)
    some = workers[:: math.ceil(len(workers) / EPISODES)]
    started = time.process_time()
    try:
        problem.sample(problem.initial_point(), some, np.arange(len(some)))
    except Exception:  # noqa: BLE001 - a run will fail as it does
        return 0.0
    return (time.process_time() - started) * len(workers) / len(some)
