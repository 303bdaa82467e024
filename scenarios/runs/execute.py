"""One run in a process of its own."""

import errno
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import filelock

from algorithms import Algorithm
from scenarios.format.foresee import foresee
from scenarios.format.own.where import in_one_line
from scenarios.runs.keep import Kept, keep, kept_before
from scenarios.runs.resume import Resumption, checkpoint_seconds
from scenarios.runs.spec import RunSpec, object_table
from scenarios.runs.store.arrow import spare_pandas
from scenarios.runs.store.billing import billed
from scenarios.runs.store.fingerprint import code_fingerprint
from scenarios.runs.store.folder import RunFolder
from scenarios.runs.store.record import Facts, run_info
from scenarios.runs.store.records import (
    history_table,
    iterates_table,
    timeline_table,
    totals,
    workers_table,
)
from scenarios.runs.store.stored import StoredRun
from scenarios.runs.underway import Reporter
from scenarios.runs.waiting import MethodError, run_method
from simulator import (
    Checkpoint,
    Evaluation,
    Problem,
    Run,
    SimulatedCluster,
    StalledError,
    Vector,
)
from simulator.watch import LostProcessError

code_fingerprint()  # now: the sources may change while a sweep goes on with those imported here


def prepare_process() -> None:
    """Set up the process of a run: one thread for torch; the parent takes care of Ctrl-C."""
    if "torch" in sys.modules:  # preloaded when a run needs it
        sys.modules["torch"].set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@dataclass(frozen=True)
class Options:
    """How runs are made; none of it changes their results.

    Attributes:
        retry_failed: try failed runs again.
        recompute: make results of another version of the code again.
        processes: how many sample trajectories for one run; None: as the executor decides.
        memory: bytes of data that a process of a run may have, None for no limit.
        max_events: that may pass without an update, None for the default; a run that failed for
            it is made again with more.
        continued: continue shorter runs of the same course, and let longer ones continue these.
        checkpoint: real seconds between checkpoints; as the environment of the command says, which
            is not that of processes on other machines.

    Raises:
        BadInputError: the environment says nonsense.
    """

    retry_failed: bool = False
    recompute: bool = False
    processes: int | None = None
    memory: int | None = None
    max_events: int | None = None
    continued: bool = False
    checkpoint: float = field(default_factory=checkpoint_seconds)

    def settled(self, spec: RunSpec, folder: RunFolder) -> bool:
        """Return whether there is nothing to do for a run."""
        return folder.settled(spec, retry_failed=self.retry_failed, recompute=self.recompute)


def execute_json(text: str, folder: RunFolder, options: Options) -> str:
    """Make the run that :meth:`RunSpec.to_json` wrote; see :func:`execute`."""
    return execute(RunSpec.from_json(text), folder, options)


def execute(spec: RunSpec, folder: RunFolder, options: Options) -> str:
    """Make or resume one run unless it is there already; return its status.

    That is ``done``, ``failed`` or ``busy`` (another process makes it). A run that raises has
    failed. Its reason is the traceback and a last line, with the line of the user's source if the
    error was there.

    Raises:
        OSError: the disk is full; the run is not to blame.
    """
    try:
        with folder.lock().acquire(timeout=0), _memory_limit(options.memory):
            if not options.settled(spec, folder):
                _make(spec, folder, options)
            return folder.status(spec)
    except filelock.Timeout:
        return "busy"


def record_death(spec: RunSpec, folder: RunFolder, options: Options, reason: str) -> None:
    """Note that the process of a run died, unless the run is settled or another process has it."""
    with suppress(filelock.Timeout), folder.lock().acquire(timeout=0):
        if not options.settled(spec, folder):
            make_room(spec, folder)
            folder.write_info(spec, "failed", reason=reason, totals=None)


def make_room(spec: RunSpec, folder: RunFolder) -> None:
    """Move what is in a folder out of the way of a run; the caller holds the lock.

    A finished run in which something is missing that is wanted now stays too, whatever becomes of
    the new one. Why a run failed is forgotten when it is tried again: others wait for it meanwhile.
    """
    folder.clear_leftovers()
    status, file = folder.status(spec), folder.path / "run.json"
    incomplete = status == "missing" and file.exists()
    if status in {"other", "damaged"} or incomplete or folder.is_outdated():
        folder.set_aside()
    elif status == "failed":
        file.unlink()
    for table in folder.path.glob("*.parquet"):  # the new run may not have all of them
        table.unlink()


def _make(spec: RunSpec, folder: RunFolder, options: Options) -> None:
    make_room(spec, folder)
    started = time.perf_counter()
    try:
        _refuse(spec, options.max_events)
        _simulate(spec, folder, started, options)
    except StalledError as error:  # its checkpoint stays, for whoever has more patience
        seconds = time.perf_counter() - started
        folder.write_info(spec, "failed", reason=str(error), totals=None, real_seconds=seconds)
        return
    except Exception as error:  # any other failure of a run is a result
        if is_disk_full(error):
            raise
        seconds = time.perf_counter() - started
        reason = f"{traceback.format_exc().rstrip()}\n{failure(error)}"
        folder.write_info(spec, "failed", reason=reason, totals=None, real_seconds=seconds)
        kept = isinstance(error, LostProcessError | OSError)  # as when it is killed
        if kept or _is_of_memory(error):
            return
    folder.checkpoint.unlink(missing_ok=True)


def failure(error: Exception) -> str:
    """Return in one line why a run failed."""
    return str(error) if isinstance(error, MethodError) else in_one_line(error)


def _refuse(spec: RunSpec, max_events: int | None) -> None:
    """Raise a StalledError if it is known before it begins that a run would not end."""
    foreseen = foresee(spec.scenario, spec.method, max_events)
    if foreseen is not None and foreseen.hopeless:
        raise StalledError(foreseen.text)


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error says that nothing more can be written."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def _is_of_memory(error: Exception) -> bool:
    """Return whether an error says that there is no more memory; torch's is of no own kind."""
    return isinstance(error, MemoryError) or "CPUAllocator: can't allocate memory" in str(error)


@contextmanager
def _memory_limit(limit: int | None) -> Iterator[None]:
    """Let allocations beyond ``limit`` bytes of data fail with a MemoryError."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    if limit is not None:
        most = limit if before[1] == resource.RLIM_INFINITY else min(limit, before[1])
        resource.setrlimit(resource.RLIMIT_DATA, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _simulate(spec: RunSpec, folder: RunFolder, started: float, options: Options) -> None:
    method = spec.method.build()
    resumption = Resumption(spec, folder, options.checkpoint, continued=options.continued)
    report = Reporter(folder.path / "progress.json")

    def on_update(cluster: SimulatedCluster, _: Vector) -> None:
        report(cluster)
        resumption(cluster)

    run, facts = _run(
        spec,
        method,
        resumption.past,
        resumption.kept,
        on_update=on_update,
        on_wait=report,
        options=options,
    )
    facts["real_seconds"] = time.perf_counter() - started
    facts["resumed_at"] = resumption.resumed_at
    spare_pandas()
    folder.write_run(spec, run, facts, resumption.kept)
    resumption.end()


def simulated(
    spec: RunSpec, method: Algorithm | None = None, max_events: int | None = None
) -> StoredRun:
    """Make a run in this process, without files, and return it.

    Args:
        spec: the run.
        method: instead of the spec's own.
        max_events: that may pass without an update.

    Raises:
        StalledError: it would not end.
    """
    started = time.perf_counter()
    if method is None:
        _refuse(spec, max_events)
    made_by = method or spec.method.build()
    kept = kept_before(spec.scenario, Checkpoint())
    run, facts = _run(spec, made_by, Checkpoint(), kept, options=Options(max_events=max_events))
    facts["real_seconds"] = time.perf_counter() - started
    facts["reason"], facts["totals"] = run.failure, totals(run)
    facts |= billed(spec.scenario.cluster.prices(), workers_table(run), totals(run))
    info = run_info(spec, "failed" if run.failure else "done", **facts)
    if method is not None:
        info["method"] = info["label"] = type(method).__name__
        info["content"]["methods"] = [object_table(method)]
    intervals = None if run.intervals is None else timeline_table(run.intervals)
    iterates = None if kept is None else iterates_table(run, kept)
    history = history_table(run)
    return StoredRun(Path("in memory"), info, history, intervals, run.staleness, iterates)


def _run(
    spec: RunSpec,
    method: Algorithm,
    past: Checkpoint,
    kept: Kept,
    *,
    on_update: Callable[[SimulatedCluster, Vector], None] = lambda *_: None,
    on_wait: Callable[[SimulatedCluster, int], None] = lambda *_: None,
    options: Options,
) -> tuple[Run, Facts]:
    """Return a run and facts about its problem; add iterates to ``kept``."""
    scenario, evaluated = spec.scenario, spec.scenario.evaluation
    problem = scenario.problem.build(spec.seed, scenario.cluster.workers, options.processes or 1)
    evaluate = evaluated and Evaluation(problem, evaluated.episodes, evaluated.every)

    def watch(cluster: SimulatedCluster, theta: Vector) -> None:
        if evaluate:
            evaluate(cluster, theta)
            keep(kept, evaluate, cluster.history.rows, theta)
        on_update(cluster, theta)

    try:
        run = run_method(
            method,
            problem,
            scenario.cluster.hardware(problem.dimension, spec.seed),
            time_limit=scenario.time_limit or float("inf"),
            updates=scenario.updates,
            record_timeline=scenario.timeline,
            max_events=options.max_events,
            past=past,
            on_update=watch,
            on_wait=on_wait,
        )
        return run, facts_of(problem)
    finally:
        problem.close()


def facts_of(problem: Problem) -> Facts:
    """Return what ``run.json`` says of a problem."""
    variants = problem.variants
    shares = zip(variants.names, variants.shares.tolist(), strict=True) if variants else ()
    return {
        "problem": problem.describe(),
        "dimension": problem.dimension,
        "variants": dict(shares),
    }
