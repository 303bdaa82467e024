"""Many runs: what is missing is made, each in its own process, and what fails is counted."""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from scenarios.build import RunSpec, expand
from scenarios.cores import CORES
from scenarios.errors import BadInputError
from scenarios.execute import execute, prepare_process
from scenarios.progress import Progress
from scenarios.schema import Scenario
from scenarios.store import RunFolder
from simulator.threads import one_thread_per_process


@dataclass(frozen=True)
class Job:
    """A run and the folder that it goes to."""

    spec: RunSpec
    folder: RunFolder

    @property
    def name(self) -> str:
        """What the user sees: scenario folder, method, seed."""
        path = self.folder.path
        return "/".join(path.parts[-3:])


@dataclass
class Summary:
    """How a batch of runs went."""

    done: int = 0
    skipped: int = 0
    failed: int = 0


def plan(
    scenario: Scenario,
    out: Path,
    methods: Sequence[str] = (),
    seeds: Sequence[int] = (),
) -> list[Job]:
    """Return the runs of a scenario and their folders.

    Args:
        scenario: what to run.
        out: the folder of all its results.
        methods: names or labels; all methods if empty.
        seeds: instead of the scenario's own, if not empty.

    Raises:
        BadInputError: the scenario has no such method.
    """
    chosen = scenario.methods
    for name in methods:
        if all(name not in {m.name, m.folder} for m in scenario.methods):
            accepted = ", ".join(m.folder for m in scenario.methods)
            raise BadInputError(f"--method {name}: not in the scenario; accepted: {accepted}")
    if methods:
        chosen = [m for m in chosen if {m.name, m.folder} & set(methods)]
    update = {"methods": chosen, "seeds": list(dict.fromkeys(seeds)) or scenario.seeds}
    return [
        Job(spec, RunFolder(out / spec.method.folder / f"seed-{spec.seed}"))
        for spec in expand(scenario.model_copy(update=update))
    ]


def run_jobs(
    jobs: Sequence[Job],
    processes: int,
    progress: Progress,
    *,
    retry_failed: bool = False,
    per_run: int | None = None,
) -> Summary:
    """Make the runs that are missing; a dead process loses one run.

    The bytes of the results do not depend on ``processes`` and ``per_run``.

    Args:
        jobs: what should be there in the end.
        processes: how many runs at a time.
        progress: shows how far they are.
        retry_failed: whether to try failed runs again.
        per_run: processes that sample trajectories for one run; None for what the cores allow.
    """
    summary = Summary()
    missing = []
    for job in jobs:
        if job.folder.settled(job.spec, retry_failed=retry_failed):
            status = job.folder.status(job.spec)
            summary.skipped += status == "done"
            summary.failed += status == "failed"
            progress.skipped(job.name, job.folder.info() or {})
        else:
            missing.append(job)
    if not missing:
        return summary
    progress.begin({job.name: (job.folder.path, job.spec.scenario) for job in missing})
    with one_thread_per_process(), progress:
        options = {
            "retry_failed": retry_failed,
            "processes": per_run or max(1, CORES // min(processes, len(missing))),
        }
        for job, failure in _in_processes(missing, processes, progress, options):
            if failure is not None and job.folder.status(job.spec) != "done":
                if job.folder.status(job.spec) == "other":
                    job.folder.set_aside()
                job.folder.write_info(job.spec, "failed", reason=failure, totals=None)
            info = job.folder.info() or {}
            summary.done += info.get("status") == "done"
            summary.failed += info.get("status") != "done"
            progress.finished(job.name, info)
    return summary


def _in_processes(
    jobs: Sequence[Job], processes: int, progress: Progress, options: dict[str, Any]
) -> Iterator[tuple[Job, str | None]]:
    """Yield each job as it ends, with the reason if its process died."""
    context = multiprocessing.get_context("forkserver")
    kinds = {job.spec.scenario.problem.kind for job in jobs}
    heavy = ["simulator.problems.control"] if "control" in kinds else []
    context.set_forkserver_preload(["scenarios.execute", *heavy])
    pool = ProcessPool(
        max_workers=min(processes, len(jobs)),
        max_tasks=1,
        context=context,
        initializer=prepare_process,
    )
    try:
        running: dict[Future[str], Job] = {
            pool.schedule(execute, args=(j.spec, j.folder), kwargs=options): j for j in jobs
        }
        while running:
            ended, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
            progress.poll(time.monotonic())
            for future in ended:
                job, error = running.pop(future), future.exception()
                if isinstance(error, ProcessExpired):
                    yield job, f"the process of this run died (exit code {error.exitcode})"
                else:
                    yield job, repr(error) if error else None
        pool.close()
    finally:
        pool.stop()
        pool.join()
