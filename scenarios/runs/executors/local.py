"""Runs on this machine: a process each."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from pebble import ProcessExpired, ProcessPool

from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import Options, execute_json, is_disk_full, prepare_process
from scenarios.runs.executors.cores import CORES
from scenarios.runs.executors.processes import CONTEXT
from scenarios.runs.jobs import Job
from simulator.threads import one_thread_per_process

RUNS_PER_PROCESS = 200
"""After which a process is replaced, so that nothing can pile up in it."""


class LocalExecutor:
    """Makes runs, each in a process that is forked from a server with the imports.

    Args:
        slots: how many at a time.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots

    def per_run(self, runs: int) -> int:
        """See :class:`scenarios.runs.jobs.Executor`."""
        return max(1, CORES // min(self._slots, runs))

    def run(
        self, jobs: Sequence[Job], options: Options, poll: Callable[[], None]
    ) -> Iterator[tuple[Job, str | None]]:
        """See :class:`scenarios.runs.jobs.Executor`."""
        kinds = {job.spec.scenario.problem.kind for job in jobs}
        heavy = ("simulator.problems.control.control",) if "control" in kinds else ()
        CONTEXT.preload(("scenarios.runs.execute", *heavy))
        with one_thread_per_process():
            pool = ProcessPool(
                max_workers=min(self._slots, len(jobs)),
                max_tasks=1 if options.memory else RUNS_PER_PROCESS,
                context=CONTEXT,
                initializer=prepare_process,
            )
            try:
                running: dict[Future[str], Job] = {
                    pool.schedule(execute_json, args=(j.spec.to_json(), j.folder, options)): j
                    for j in jobs
                }
                while running:
                    ended, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                    poll()
                    for future in ended:
                        yield running.pop(future), _reason(future.exception())
                pool.close()
            finally:
                pool.stop()
                pool.join()


def _reason(error: BaseException | None) -> str | None:
    """Return why a process died, None if it did not; a full disk is nobody's failure."""
    if error is None:
        return None
    if is_disk_full(error):
        raise error
    if isinstance(error, ProcessExpired):
        return f"the process of this run died (exit code {error.exitcode})"
    return "; ".join(error.lines) if isinstance(error, BadInputError) else repr(error)
