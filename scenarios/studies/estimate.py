"""How long runs will take here: each method is tried for a second, and the rest is extrapolated."""

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scenarios.runs.jobs import Job
from scenarios.runs.progress import duration
from scenarios.runs.spec import RunSpec
from simulator import SimulatedCluster, Vector, simulate

SAMPLE_SECONDS = 1.0
"""Of a core, which a sample run is given."""

SAMPLES = 3
"""Runs that are sampled for each method."""

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


@dataclass(frozen=True)
class _Sample:
    seconds: float
    growth: float


class _EnoughError(Exception):
    """The sample has run long enough."""


def estimate(jobs: Sequence[Job], slots: int, runs: Mapping[str, float] | None = None) -> Estimate:
    """Return the real time that runs may take.

    For each method, the first, the middle and the last job run for :data:`SAMPLE_SECONDS`; what
    they got done by then is extrapolated to the end.

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
        tried = [_sample(mine[k].spec) for k in sorted(chosen)[:SAMPLES]]
        share = (len(mine) if runs is None else runs[method]) / slots
        seconds += statistics.mean(one.seconds for one in tried) * share
        most += statistics.mean(one.seconds * one.growth for one in tried) * share
        samples += len(tried)
    return Estimate(seconds, most, samples)


def _sample(spec: RunSpec) -> _Sample:
    """Return the real seconds that a run may take."""
    scenario = spec.scenario
    problem = scenario.problem.build(spec.seed, scenario.cluster.workers)
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    if torch:  # as in the process of a run
        torch.set_num_threads(1)
    started, share, growth = time.process_time(), [0.0], [1.0]
    horizon = scenario.problem.most_steps or 0

    def watch(cluster: SimulatedCluster, _: Vector) -> None:
        share[0] = scenario.share_done(cluster.now, cluster.updates_made)
        for row in cluster.history.rows[-1:]:
            growth[0] = GROWTH if row.steps < row.return_count * horizon else 1.0
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
        share[0] = 1.0
    except _EnoughError:
        pass
    except Exception:  # noqa: BLE001 - such a run will fail as quickly
        share[0] = 1.0
    finally:
        problem.close()
        if torch:
            torch.set_num_threads(threads)
    return _Sample((time.process_time() - started) / max(share[0], 1e-9), growth[0])
