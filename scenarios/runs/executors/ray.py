"""Runs on a Ray cluster: a task each. The store has to be a folder that all its nodes see."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import Options, execute, is_disk_full, prepare_process
from scenarios.runs.executors.cores import CORES
from scenarios.runs.jobs import Job
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.folder import RunFolder

RETRIES = 4
"""How often a run is begun again when its node or process dies."""

CONNECT_SECONDS = 3.0

SHARED_SECONDS = 120.0
"""How late a file that one node wrote may be seen by others: NFS may keep a folder for a minute."""

LOOPBACK = {"127.0.0.1", "::1"}


class RayExecutor:
    """Makes runs as tasks of Ray, one core for each of their processes.

    Args:
        address: HOST:PORT of the head; a Ray of its own on this machine if None.
        jobs: runs at a time; as many as there are cores for if None.
        processes: of each run; the own Ray has a core for each.

    Raises:
        BadInputError: Ray is not installed, nothing listens at the address, or this process is
            connected to another one.
    """

    def __init__(self, address: str | None, jobs: int | None, processes: int = 1) -> None:
        cores = max(CORES, processes) if jobs is None else jobs * processes
        self._ray = connect("--executor ray", address, cores)
        self._jobs = jobs  # Ray may have been begun before, with more cores
        self._unseen = dict[Path, float]()  # runs that a node has made, and since when

    def per_run(self, runs: int) -> int:  # noqa: ARG002 - Ray counts the cores
        """See :class:`scenarios.runs.jobs.Executor`."""
        return 1

    def run(
        self, jobs: Sequence[Job], options: Options, poll: Callable[[], None]
    ) -> Iterator[tuple[Job, str | None]]:
        """See :class:`scenarios.runs.jobs.Executor`."""
        ray = self._ray
        alive = [node for node in ray.nodes() if node["Alive"]]
        largest = int(max(node["Resources"].get("CPU", 0) for node in alive))
        processes = options.processes or 1
        if processes > largest:
            raise BadInputError(
                f"--processes-per-run {processes}: no node of the cluster has so many cores; "
                f"accepted: at most {largest}"
            )
        task: Any = ray.remote(num_cpus=processes, max_retries=RETRIES)(_execute)
        waiting, running = list(reversed(jobs)), dict[Any, Job]()
        try:
            while waiting or running:
                cores = int(ray.cluster_resources().get("CPU", 1))  # nodes come and go
                while waiting and len(running) < (self._jobs or 2 * cores):
                    job = waiting.pop()
                    folder = str(job.folder.path.absolute())
                    reference = task.remote(job.spec.to_json(), folder, options, sys.path)
                    running[reference] = job
                ended, _ = ray.wait(list(running), num_returns=1, timeout=0.5)
                poll()
                for reference in ended:
                    job = running.pop(reference)
                    yield job, self._reason(reference, job.folder.path)
        finally:  # in a notebook they would go on, and keep the cores
            for reference in running:
                ray.cancel(reference, force=True)

    def _reason(self, reference: Any, folder: Path) -> str | None:  # noqa: ANN401
        """Return why a task failed, None if it did not; a full disk is nobody's failure."""
        try:
            if self._ray.get(reference) != "busy":
                self._look(folder)
        except self._ray.exceptions.RayTaskError as error:
            if is_disk_full(error.cause):
                raise error.cause from error
            return str(error)
        except self._ray.exceptions.RayError as error:
            return f"the run was lost {RETRIES + 1} times: {error}"
        return None

    def _look(self, folder: Path) -> None:
        """Look for what a node has written.

        Raises:
            BadInputError: it is nowhere here, and should be by now.
        """
        if (folder / "run.json").exists():
            self._unseen.pop(folder, None)
            return
        now = time.monotonic()
        if now - self._unseen.setdefault(folder, now) > SHARED_SECONDS:
            raise BadInputError(
                f"{folder}: a node of the cluster made this run, and it is not here; accepted: a "
                "folder that all nodes share"
            )


def _execute(text: str, folder: str, options: Options, path: list[str]) -> str:
    """Make a run in a process of Ray's, which may make others after it.

    Users' modules are looked for in ``path`` too, on nodes that see the same folders.
    """
    sys.path += [folder for folder in path if folder not in sys.path]
    spec = RunSpec.from_json(text)
    if spec.scenario.problem.kind == "control":
        import torch  # noqa: F401, PLC0415 - so that it is told to use one thread
    prepare_process()
    return execute(spec, RunFolder(Path(folder)), options)


def connect(what: str, address: str | None, cores: int | None) -> Any:  # noqa: ANN401
    """Return Ray's module, connected: as it is, if it is, and to no other address.

    Args:
        what: needs it, for messages.
        address: HOST:PORT of the head; a Ray of its own on this machine if None.
        cores: of the own Ray; this machine's if None.

    Raises:
        BadInputError: Ray is not installed, nothing listens at the address, or this process is
            connected to another one.
    """
    try:
        import ray  # noqa: PLC0415 - the extra `cluster`
    except ImportError as error:
        raise BadInputError(
            f"{what}: Ray is not installed; accepted: pip install 'straggler[cluster]'"
        ) from error
    if address is not None:
        _knock(address)
    if ray.is_initialized():
        if address is not None:
            _compare(ray, address)
        return ray
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    own: Any = {"num_cpus": cores or CORES, "include_dashboard": False} if address is None else {}
    begin: Any = ray.init
    try:
        with _told_to_end_as_before():
            begin(
                address=address or "local",
                runtime_env={"env_vars": threads},
                log_to_driver=False,
                logging_level="ERROR",
                configure_logging=False,
                **own,
            )
    except Exception as error:  # a bare one where it times out
        ray.shutdown()
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise BadInputError(f"{what}: cannot be begun: {reason}") from error
    return ray


@contextmanager
def _told_to_end_as_before() -> Iterator[None]:
    """Keep what a command does at SIGTERM: Ray puts its own in the place, with other exit codes."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if callable(before) and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)


def _knock(address: str) -> None:
    """Try the port: Ray itself would wait for a long time.

    Raises:
        BadInputError: nothing listens there.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS):
            pass
    except (OSError, ValueError) as error:
        raise BadInputError(
            f"--address {address}: nothing listens there ({error}); accepted: HOST:PORT of a Ray "
            "head, as `ray start --head` prints it"
        ) from error


def _compare(ray: Any, address: str) -> None:  # noqa: ANN401
    """Look whether Ray is connected to an address: it connects a process to one cluster only.

    Raises:
        BadInputError: it is connected to another one.
    """
    there: str = ray.get_runtime_context().gcs_address
    here: str = ray.util.get_node_ip_address()
    if not _places(address, here) & _places(there, here):
        raise BadInputError(
            f"--address {address}: this process is connected to {there}; accepted: that address, "
            "or ray.shutdown() before"
        )


def _places(address: str, here: str) -> set[tuple[str, str]]:
    """Return the addresses that HOST:PORT stands for; ``here``: what others call this machine."""
    host, _, port = address.rpartition(":")
    with suppress(OSError):  # a name that is not known here
        found = {str(info[4][0]) for info in socket.getaddrinfo(host.strip("[]"), None)}
        return {(one, port) for one in found | ({here} if found & LOOPBACK else set())}
    return {(host, port)}
