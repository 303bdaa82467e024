"""Sweeps: every point of a grid becomes runs in a store that other sweeps may share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scenarios.runs.execute import Options
from scenarios.runs.jobs import Job
from scenarios.runs.spec import RunSpec, expand
from scenarios.runs.store.folder import RunFolder
from scenarios.studies.grid import GridPoint, Sweep


@dataclass(frozen=True)
class SweepRun:
    """A run of a sweep.

    Attributes:
        point: where in the grid it is.
        job: the run, and its folder STORE/METHOD/IDENTITY.
    """

    point: GridPoint
    job: Job


def runs_of(sweep: Sweep, store: Path) -> list[SweepRun]:
    """Return the runs of a sweep; a run's folder follows from its content alone.

    So an axis can be extended and sweeps can share a store, and nothing is computed twice. Seeds
    come first, then points, then methods: an interrupted sweep has whole pictures of few seeds.
    """
    runs = [
        SweepRun(point, Job(spec, folder_of(spec, store), _words(point)))
        for point in sweep.points
        for spec in expand(point.scenario)
    ]
    order = {seed: k for k, seed in enumerate(sweep.points[0].scenario.seeds)}
    return sorted(runs, key=lambda run: order.get(run.job.spec.seed, 0))


def unique_jobs(runs: Sequence[SweepRun]) -> list[Job]:
    """Return the jobs of runs, each folder once: points of a grid may be the same cluster."""
    return list({run.job.folder.path: run.job for run in runs}.values())


def folder_of(spec: RunSpec, store: Path) -> RunFolder:
    """Return where a store keeps a run; that follows from the run's content alone."""
    return RunFolder(store / spec.method.name / spec.identity())


def _words(point: GridPoint) -> str:
    words = [f"{name}={_short(value)}" for name, value in point.axes.items()]
    return " ".join(words) or point.scenario.title


def _short(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def describe(sweep: Sweep, runs: Sequence[SweepRun], options: Options) -> Iterator[str]:
    """Yield lines about the grid: axes, methods, seeds, counts of runs by what is made of them."""
    yield sweep.file.title
    for axis in sweep.file.axes:
        values = list(dict.fromkeys(str(point.axes[axis.label]) for point in sweep.points))
        keys = axis.key or ", ".join(axis.keys or [])
        yield f"axis      {axis.label}: {', '.join(values)}  ({keys})"
    first = sweep.points[0].scenario
    yield f"methods   {', '.join(method.folder for method in first.methods)}"
    yield f"seeds     {', '.join(map(str, first.seeds))}"
    jobs = unique_jobs(runs)
    settled = [job for job in jobs if options.settled(job.spec, job.folder)]
    there = sum(job.folder.status(job.spec) == "done" for job in settled)
    failed = f", {len(settled) - there:,} failed" if len(settled) > there else ""
    yield f"runs      {len(jobs):,}, {there:,} of them are there already{failed}"
