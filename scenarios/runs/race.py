"""Races: the methods of a scenario, unchanged, on real workers and by the wall clock."""

import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import filelock

from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import (
    Options,
    facts_of,
    failure,
    is_disk_full,
    make_room,
)
from scenarios.runs.executors.ray import connect
from scenarios.runs.jobs import Job, Summary, is_there
from scenarios.runs.keep import Kept, keep
from scenarios.runs.progress import Progress
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.arrow import spare_pandas
from scenarios.runs.store.files import write_atomically
from scenarios.runs.store.record import Facts, Raced, RunInfo
from scenarios.runs.underway import REPORT_SECONDS, state_of
from simulator import Evaluation, Problem, Vector
from simulator.race.cluster import RaceCluster
from simulator.race.crew import Crew
from simulator.race.emulation import Emulation
from simulator.race.links import Links, measure_links
from simulator.race.messages import UnsupportedError
from simulator.race.race import Race, race


@dataclass(frozen=True)
class Track:
    """Where and how races are made.

    Attributes:
        race: stretched or not, and how fast.
        address: HOST:PORT of a Ray head; a Ray of its own on this machine if None.
    """

    race: Raced
    address: str | None = None

    def check(self, spec: RunSpec) -> None:
        """Look for what cannot be emulated.

        Raises:
            BadInputError: there is something.
        """
        try:
            if self.race["emulate"]:
                hardware = spec.scenario.cluster.hardware(dimension=1, seed=spec.seed)
                Emulation(hardware, self.race["scale"])
        except UnsupportedError as error:
            raise BadInputError(f"{error}; accepted: a scenario without") from error


def race_jobs(jobs: Sequence[Job], track: Track, progress: Progress, options: Options) -> None:
    """Make the races that are missing, one after the other.

    Args:
        jobs: of one scenario, planned as races.
        track: where and how.
        progress: shows how far they are.
        options: which of those that are there are made again.

    Raises:
        BadInputError: there is no such Ray, something cannot be emulated, or another process is
            making one of these.
    """
    there = Summary()
    missing = [job for job in jobs if not is_there(job, options, there, progress)]
    progress.skipped_in_all(there.skipped, len(jobs), there.outdated)
    if not missing:
        return
    track.check(missing[0].spec)
    progress.begin({job.name: (job.folder.path, job.spec.scenario) for job in missing})
    with progress, crew_at(track.address, missing[0].spec.scenario.cluster.workers) as crew:
        for job in missing:
            try:
                with job.folder.lock().acquire(timeout=0):
                    if not options.settled(job.spec, job.folder):  # another process may have ended
                        make_room(job.spec, job.folder)
                        _make(job, crew, track, progress)
            except filelock.Timeout as error:
                raise BadInputError(f"{job.folder.path}: another process races here") from error
            progress.finished(job.name, job.folder.info() or RunInfo())


@contextmanager
def crew_at(address: str | None, workers: int) -> Iterator[Crew]:
    """Begin workers on a Ray cluster, or on a Ray of their own; end them afterwards.

    Raises:
        BadInputError: Ray is not installed, or nothing listens at the address.
    """
    there: Any = sys.modules.get("ray")
    mine = there is None or not there.is_initialized()
    ray = connect("race", address, None)
    try:
        crew = Crew(workers)
        try:
            yield crew
        finally:
            crew.close()
    finally:
        if mine:
            ray.shutdown()


def _make(job: Job, crew: Crew, track: Track, progress: Progress) -> None:
    started = time.perf_counter()
    try:
        _race(job, crew, track, progress, started)
    except Exception as error:  # a failure of a run is a result
        if is_disk_full(error):
            raise
        reason = f"{traceback.format_exc().rstrip()}\n{failure(error)}"
        if isinstance(error, UnsupportedError):
            reason = str(error)
        seconds = time.perf_counter() - started
        job.folder.write_info(job.spec, "failed", reason=reason, totals=None, real_seconds=seconds)


def _race(job: Job, crew: Crew, track: Track, progress: Progress, started: float) -> None:
    watcher = _Watcher(job, progress)
    kept: Kept = {} if job.spec.scenario.keeps else None
    done, facts = _raced(job.spec, crew, track.race, watcher, kept)
    facts["real_seconds"] = time.perf_counter() - started
    facts["deaths"] = done.deaths
    spare_pandas()
    job.folder.write_run(job.spec, done.run, facts, kept)


def measured(spec: RunSpec, address: str | None) -> tuple[Race, Links | None]:
    """Race a run on the hardware as it is, without files; then measure the links to its workers.

    In an all-reduce no link is measured by itself: None.

    Raises:
        BadInputError: there is no such Ray, or the method cannot be raced.
    """
    with crew_at(address, spec.scenario.cluster.workers) as crew:
        try:
            done, facts = _raced(spec, crew, Raced(emulate=False, scale=1.0))
        except UnsupportedError as error:
            raise BadInputError(f"{error}; accepted: another method") from error
        if spec.scenario.cluster.collective == "allreduce":
            return done, None
        return done, measure_links(crew, facts["dimension"])


def _raced(
    spec: RunSpec,
    crew: Crew,
    how: Raced,
    watcher: "_Watcher | None" = None,
    kept: Kept = None,
) -> tuple[Race, Facts]:
    scenario, evaluated = spec.scenario, spec.scenario.evaluation
    crew.begin(
        partial(_build, spec.to_json(), [*sys.path]),
        meet=scenario.cluster.collective == "allreduce",
    )
    problem = _problem(spec)
    evaluation = Evaluation(problem, evaluated.episodes, evaluated.every) if evaluated else None

    def on_update(cluster: RaceCluster, theta: Vector) -> None:
        keep(kept, evaluation, cluster.history.rows, theta)
        if watcher is not None:
            watcher(cluster)

    try:
        with watcher or nullcontext():
            done = race(
                spec.method.build().run,
                problem,
                scenario.cluster.hardware(problem.dimension, spec.seed),
                crew,
                scale=how["scale"],
                emulate=how["emulate"],
                time_limit=scenario.time_limit or float("inf"),
                updates=scenario.updates,
                record_timeline=scenario.timeline,
                evaluation=evaluation,
                on_update=on_update,
            )
        return done, facts_of(problem)
    finally:
        problem.close()


def _problem(spec: RunSpec) -> Problem:
    return spec.scenario.problem.build(spec.seed, spec.scenario.cluster.workers, 1)


def _build(text: str, path: list[str]) -> Problem:
    """Return a worker's problem; users' modules are looked for in ``path`` too."""
    sys.path += [folder for folder in path if folder not in sys.path]
    return _problem(RunSpec.from_json(text))


class _Watcher:
    """Says how far a race is, from a thread of its own: files take time that is the server's."""

    def __init__(self, job: Job, progress: Progress) -> None:
        self._file = job.folder.path / "progress.json"
        self._progress = progress
        self._cluster: RaceCluster | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self, cluster: RaceCluster) -> None:
        self._cluster = cluster

    def _watch(self) -> None:
        while not self._over.wait(REPORT_SECONDS):
            if self._cluster is not None:
                rows = self._cluster.history.rows
                with suppress(OSError):  # as of a full disk, which the race's end will tell
                    write_atomically(self._file, state_of(self._cluster.now, rows))
            self._progress.poll()
