"""Many runs: what is missing is made, each in its own process, and what fails is counted."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import filelock

from scenarios.format.foresee import foresee
from scenarios.format.method import Method
from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import Options, record_death
from scenarios.runs.progress import Progress
from scenarios.runs.spec import RunSpec, expand
from scenarios.runs.store.folder import RunFolder
from scenarios.runs.store.record import RACED, Raced, RunInfo

BUSY_SECONDS = 1.0
"""Real seconds after which a run that another process was making is looked at again."""


@dataclass(frozen=True)
class Job:
    """A run and the folder that it goes to."""

    spec: RunSpec
    folder: RunFolder
    point: str = ""
    """Where in a sweep or a tuning it is, for the user."""

    @property
    def name(self) -> str:
        """What the user sees: scenario folder, method, seed."""
        if self.point:
            return f"{self.point} {self.spec.method.folder} seed {self.spec.seed}"
        return "/".join(self.folder.path.parts[-3:])


@dataclass
class Summary:
    """How a batch of runs went."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    outdated: int = 0


def chosen_methods(scenario: Scenario, names: Sequence[str] = ()) -> list[Method]:
    """Return those of a scenario's methods that have these names or labels; all if there are none.

    Raises:
        BadInputError: the scenario has no such method.
    """
    for name in names:
        if all(name not in {m.name, m.folder} for m in scenario.methods):
            accepted = ", ".join(m.folder for m in scenario.methods)
            raise BadInputError(f"--method {name}: not in the scenario; accepted: {accepted}")
    return [m for m in scenario.methods if not names or {m.name, m.folder} & set(names)]


def plan(
    scenario: Scenario,
    out: Path,
    methods: Sequence[str] = (),
    seeds: Sequence[int] = (),
    race: Raced | None = None,
) -> list[Job]:
    """Return the runs of a scenario and their folders.

    Args:
        scenario: what to run.
        out: the folder of all its results.
        methods: names or labels; all methods if empty.
        seeds: instead of the scenario's own, if not empty.
        race: how they are raced; None: they are simulated.

    Raises:
        BadInputError: the scenario has no such method.
    """
    update = {
        "methods": chosen_methods(scenario, methods),
        "seeds": list(dict.fromkeys(seeds)) or scenario.seeds,
    }
    ending = "" if race is None else RACED
    return [
        Job(spec, RunFolder(out / f"{spec.method.folder}{ending}" / f"seed-{spec.seed}", race))
        for spec in expand(scenario.model_copy(update=update))
    ]


class Executor(Protocol):
    """Where runs are made."""

    def per_run(self, runs: int) -> int:
        """Return how many processes each of so many runs may have without crowding the cores."""
        ...

    def run(
        self, jobs: Sequence[Job], options: Options, poll: Callable[[], None]
    ) -> Iterator[tuple[Job, str | None]]:
        """Make runs; yield each as it ends, with the reason if its process died.

        Args:
            jobs: to make, in this order.
            options: for all.
            poll: to be called about twice a second.

        Raises:
            OSError: the disk is full.
        """
        ...


def run_jobs(
    jobs: Sequence[Job], executor: Executor, progress: Progress, options: Options
) -> Summary:
    """Make the runs that are missing; if a process dies, one run fails.

    The bytes of the results do not depend on the executor. If another process is
    making a run, this waits for it.

    Args:
        jobs: what should be there in the end.
        executor: where they are made.
        progress: shows how far they are.
        options: for all.

    Raises:
        OSError: the disk is full; what is finished is safe.
    """
    summary = Summary()
    missing = [job for job in jobs if not is_there(job, options, summary, progress)]
    progress.skipped_in_all(summary.skipped, len(jobs), summary.outdated)
    if not missing:
        return summary
    if options.processes is None:
        options = replace(options, processes=executor.per_run(len(missing)))
    progress.foreseen(_foreseen(missing, options))
    progress.begin({job.name: (job.folder.path, job.spec.scenario) for job in missing})
    left = {id(job): job for job in missing}
    with progress:
        while left:
            for job, failure in executor.run(list(left.values()), options, progress.poll):
                if failure is not None:
                    record_death(job.spec, job.folder, options, failure)
                _note_if_over(job, left, summary, progress)
            for job in list(left.values()):  # another process was at them, and may have ended since
                _note_if_over(job, left, summary, progress)
            if left:  # it still is, or they could not be begun
                options = replace(options, retry_failed=False, recompute=False)
                time.sleep(BUSY_SECONDS)
    return summary


def _note_if_over(job: Job, left: dict[int, Job], summary: Summary, progress: Progress) -> None:
    try:
        with job.folder.lock().acquire(timeout=0):
            over = job.folder.settled(job.spec, retry_failed=False)
    except filelock.Timeout:  # another process is at it, perhaps to make it again
        return
    if not over:
        return
    del left[id(job)]
    info = job.folder.info() or RunInfo()
    summary.done += info.get("status") == "done"
    summary.failed += info.get("status") != "done"
    progress.finished(job.name, info)


def _foreseen(jobs: Sequence[Job], options: Options) -> list[str]:
    """Return warnings about runs before they begin, but for those that will fail at once."""
    different = {(id(job.spec.scenario.cluster), id(job.spec.method)): job.spec for job in jobs}
    lines = (
        foreseen.text
        for spec in different.values()
        if (foreseen := foresee(spec.scenario, spec.method, options.max_events))
        and not foreseen.hopeless
    )
    return list(dict.fromkeys(lines))


def is_there(job: Job, options: Options, summary: Summary, progress: Progress) -> bool:
    """Return whether there is nothing to do for a run; count it, and say what is in its place."""
    status = job.folder.status(job.spec)
    if status in {"damaged", "other"} or (status == "missing" and job.folder.info()):
        why = {
            "damaged": "its files are damaged",
            "missing": "it was made without what is to be recorded now",
        }.get(status, "it is of another scenario")
        if status == "other" and (changed := job.folder.changed(job.spec)):
            why = f"the source of {', '.join(changed)} has changed"
        elif status == "other" and (job.folder.info() or {}).get("race") != job.folder.race:
            why = "it was raced otherwise" if job.folder.race else "it is a race"
        progress.set_aside(job.name, why, job.folder.path)
    if not options.settled(job.spec, job.folder):
        return False
    summary.skipped += status == "done"
    summary.failed += status == "failed"
    job.folder.bill_again(job.spec)
    info = job.folder.info() or RunInfo()
    if job.folder.is_outdated():
        summary.outdated += 1
    progress.skipped(job.name, info)
    return True
