"""Where and how runs are made, as users say it: in Python and on the command line alike."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Literal, TypedDict, Unpack

import annotated_types
from pydantic import Field
from rich.console import Console

from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import Options
from scenarios.runs.executors.cores import CORES
from scenarios.runs.executors.local import LocalExecutor
from scenarios.runs.jobs import Executor, Job, Summary, run_jobs
from scenarios.runs.progress import Progress
from simulator import Count

SMALLEST_MEMORY = 0.05
"""GiB; with less no process starts."""

LARGEST_MEMORY = 2**20
"""GiB; more than any machine has would be no limit."""

Memory = Annotated[
    float,
    annotated_types.Ge(SMALLEST_MEMORY),
    annotated_types.Le(LARGEST_MEMORY),
    Field(description=f"{SMALLEST_MEMORY} to {LARGEST_MEMORY:,} GiB"),
]


class Making(TypedDict, total=False):
    """How runs are made; none of it changes their results.

    Keys:
        jobs: runs at a time, each in its own process; the cores of this machine by default.
        processes_per_run: processes that sample trajectories for one run; by default the cores that
            ``jobs`` leaves, or 1 with Ray.
        retry_failed: try failed runs again.
        recompute: make results of another version of the code again.
        memory_limit: GiB of data that each process of a run may allocate.
        max_events: that may pass without an update before a run fails; 10 million, or 1,000 a
            worker, by default.
        executor: ``local`` processes, or a ``ray`` cluster.
        address: HOST:PORT of a Ray head.
    """

    jobs: Count | None
    processes_per_run: Count | None
    retry_failed: bool
    recompute: bool
    memory_limit: Memory | None
    max_events: Count | None
    executor: Literal["local", "ray"]
    address: str | None


class Maker:
    """Makes what is missing, showing how far it is.

    Raises:
        BadInputError: a value is impossible, or there is no such Ray cluster.
    """

    def __init__(self, **making: Unpack[Making]) -> None:
        memory = making.get("memory_limit")
        self._options = Options(
            retry_failed=making.get("retry_failed", False),
            recompute=making.get("recompute", False),
            processes=making.get("processes_per_run"),
            memory=None if memory is None else int(memory * 2**30),
            max_events=making.get("max_events"),
        )
        self._executor = _executor(**making)

    def make(
        self,
        jobs: Sequence[Job],
        *,
        continued: bool = False,
        shown: Callable[[Console], Progress] = Progress,
    ) -> Summary:
        """Make the runs that are missing.

        Args:
            jobs: what should be there in the end.
            continued: continue shorter runs, and let longer ones continue these.
            shown: shows how far they are.

        Raises:
            OSError: the disk is full; what is finished is safe.
        """
        options = replace(self._options, continued=continued)
        return run_jobs(jobs, self._executor, shown(Console(stderr=True)), options)


def check_address(executor: str | None, address: str | None) -> None:
    """Look whether an address is wanted.

    Raises:
        BadInputError: runs on this machine have none.
    """
    if address is not None and executor != "ray":
        raise BadInputError("--address: is for --executor ray")


def slots(jobs: int | None, address: str | None) -> int:
    """Return how many runs at a time an estimate is for: here at most one a core."""
    wanted = jobs or CORES
    return wanted if address else min(wanted, CORES)


def _executor(**making: Unpack[Making]) -> Executor:
    address, jobs = making.get("address"), making.get("jobs")
    check_address(making.get("executor"), address)
    if making.get("executor") == "ray":
        from scenarios.runs.executors.ray import RayExecutor  # noqa: PLC0415 - the extra `cluster`

        return RayExecutor(address, jobs, making.get("processes_per_run") or 1)
    return LocalExecutor(jobs or CORES)
