"""One run in a process of its own."""

import json
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from scenarios.build import RunSpec, build_method
from scenarios.store import RunFolder, write_atomically
from simulator import Problem, Update, simulate

REPORT_SECONDS = 0.5


def prepare_process() -> None:
    """Set up a worker process: one thread for torch, and Ctrl-C is the parent's business."""
    if "torch" in sys.modules:  # preloaded when a run needs it
        sys.modules["torch"].set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def execute(
    spec: RunSpec, folder: RunFolder, *, retry_failed: bool = False, processes: int = 1
) -> str:
    """Make one run unless it is there already; return its status, ``done`` or ``failed``.

    A run that raises is a failed run: its traceback is its reason. How many ``processes`` compute
    for it does not change the result.
    """
    with folder.lock():
        if folder.settled(spec, retry_failed=retry_failed):
            return folder.status(spec)
        folder.clear_leftovers()
        if folder.status(spec) == "other":
            folder.set_aside()
        started = time.perf_counter()
        try:
            _simulate(spec, folder, started, processes)
        except Exception:  # noqa: BLE001 - any failure of a run is a result
            seconds = time.perf_counter() - started
            reason = traceback.format_exc()
            folder.write_info(spec, "failed", reason=reason, totals=None, real_seconds=seconds)
        return folder.status(spec)


def _simulate(spec: RunSpec, folder: RunFolder, started: float, processes: int) -> None:
    scenario = spec.scenario
    problem = scenario.problem.build(spec.seed, scenario.cluster.workers, processes)
    try:
        run = simulate(
            build_method(spec.method).run,
            problem,
            scenario.cluster.hardware(problem.dimension, spec.seed),
            time_limit=scenario.time_limit or float("inf"),
            updates=scenario.updates,
            record_timeline=scenario.timeline,
            on_update=_Reporter(folder.path / "progress.json"),
        )
        facts = {"real_seconds": time.perf_counter() - started, "problem": problem.describe()}
        folder.write_run(
            spec, run, {**facts, "dimension": problem.dimension, "variants": _shares(problem)}
        )
    finally:
        problem.close()


def _shares(problem: Problem) -> dict[str, float]:
    variants = problem.variants
    return dict(zip(variants.names, variants.shares.tolist(), strict=True)) if variants else {}


@dataclass
class _Reporter:
    """Tells the parent, through a small file, how far the run is."""

    path: Path
    _next: float = field(default=0.0)

    def __call__(self, row: Update) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + REPORT_SECONDS
            last = row.return_mean if row.return_mean is not None else row.objective
            state = {"time": row.time, "update": row.update, "value": last}
            write_atomically(self.path, json.dumps(state).encode())
