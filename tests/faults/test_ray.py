"""The Ray executor: the same bytes, a lost node, and an address where nothing listens."""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from commands import COMMAND, files_below, straggler, straggler_process, write_scenario

from scenarios.format.load import load
from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import Options
from scenarios.runs.executors.ray import RayExecutor, connect
from scenarios.runs.jobs import plan
from scenarios.runs.make import Maker

pytest.importorskip("ray")

RAY = Path(sys.executable).parent / "ray"

QUICK = {"period_ms": "300", "timeout_ms": "1000", "failure_threshold": "3"}
"""When Ray takes a node for lost: after two seconds instead of twenty."""


@pytest.fixture(autouse=True)
def quiet_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    for name, value in QUICK.items():
        monkeypatch.setenv(f"RAY_health_check_{name}", value)


SWEEP = """
title = "four runs"
base = "two.toml"
methods = ["afedpg"]

[[axes]]
name = "number"
key = "problem.number"
values = [0, 1, 2, 3]
"""


def write_sweep(folder: Path) -> None:
    """Write a sweep of runs with a problem that is found in the working directory."""
    gated = ('kind = "quadratic"\ndimension = 10\nnoise = 0.5', 'kind = "gated:Gated"')
    write_scenario(folder, gated, ("[0, 1]", "[0]"))
    shutil.copy(Path(__file__).parents[1] / "gated.py", folder)
    (folder / "sweep.toml").write_text(SWEEP)


def test_an_address_where_nothing_listens_is_one_line(tmp_path: Path) -> None:
    write_sweep(tmp_path)
    with socket.socket() as taken:  # bound, but it does not listen
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        begun = time.monotonic()
        options = ("--executor", "ray", "--address", address)
        result = straggler("sweep", "sweep.toml", *options, cwd=tmp_path)
    assert result.returncode == 2
    assert time.monotonic() - begun < 10
    assert f"--address {address}: nothing listens there" in result.stderr
    assert result.stderr.count("\n") == 1


def test_ray_that_is_connected_already_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """By any name of the address; another address is refused in a line."""
    monkeypatch.setattr("ray.is_initialized", lambda: True)
    monkeypatch.setattr("ray.init", None)  # it is not called again
    monkeypatch.setattr("ray.util.get_node_ip_address", lambda: "192.0.2.1")
    with socket.create_server(("127.0.0.1", 0)) as head, socket.create_server(("", 0)) as other:
        port = head.getsockname()[1]
        context = SimpleNamespace(gcs_address=f"192.0.2.1:{port}")
        monkeypatch.setattr("ray.get_runtime_context", lambda: context)
        for host in ("127.0.0.1", "localhost"):
            assert connect("race", f"{host}:{port}", None).get_runtime_context() is context
        elsewhere = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(BadInputError) as caught:
            connect("race", elsewhere, None)
        context.gcs_address = f"192.0.2.7:{port}"
        with pytest.raises(BadInputError, match="connected to 192"):
            connect("race", f"127.0.0.1:{port}", None)
    assert str(caught.value) == (
        f"--address {elsewhere}: this process is connected to 192.0.2.1:{port}; accepted: that "
        "address, or ray.shutdown() before"
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Exception("The current node timed out during startup.\nThis may"), "The current node"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_ray_that_does_not_begin_is_one_line_and_ended(
    error: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[None] = []

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("ray.init", fail)
    monkeypatch.setattr("ray.shutdown", lambda: ended.append(None))
    with pytest.raises(BadInputError, match=f"^race: cannot be begun: {reason}") as caught:
        connect("race", None, None)
    assert "\n" not in str(caught.value)
    assert len(ended) == 1


def test_ray_leaves_what_a_command_does_when_it_is_told_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ours(*_: object) -> None: ...

    monkeypatch.setattr("ray.init", lambda **_: signal.signal(signal.SIGTERM, lambda *_: None))
    before = signal.signal(signal.SIGTERM, ours)
    try:
        connect("race", None, None)
        assert signal.getsignal(signal.SIGTERM) is ours
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def node(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a node of a cluster, all its processes in a session of their own, from when it is up."""
    process = subprocess.Popen(
        [RAY, "start", "--num-cpus=1", "--block", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert any("Ray runtime started" in line for line in process.stdout)
        yield process
    finally:
        lose(process)
        process.communicate()


def lose(node: subprocess.Popen[str]) -> None:
    """Kill a node as a power cut does: workers too, which would go on for a while without it."""
    for process in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(process) == node.pid:
                os.kill(process, signal.SIGKILL)


WAIT = """
import ray, time
ray.init("{address}", log_to_driver=False)
while sum(node["Alive"] for node in ray.nodes()) < 2:
    time.sleep(0.1)
"""


@contextlib.contextmanager
def two_nodes() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run two nodes on this machine; their address, and the second one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    port = address.rpartition(":")[2]
    with (
        node("--head", f"--port={port}", "--include-dashboard=false"),
        node(f"--address={address}") as second,
    ):
        both = WAIT.format(address=address)
        subprocess.run([sys.executable, "-c", both], check=True, timeout=60)
        yield address, second


@pytest.fixture
def local(tmp_path: Path) -> dict[str, bytes]:
    """Write the sweep, and return the files that processes of this machine make of it."""
    write_sweep(tmp_path)
    assert straggler("sweep", "sweep.toml", "--out", "local", cwd=tmp_path).returncode == 0
    files = files_below(tmp_path / "local", "*/*/*.parquet")
    assert len(files) == 3 * 4
    return files


def begun(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """Begin a command, whose output is kept."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], *files: Path) -> None:
    """Wait until a process, or what it began, has written all these files."""
    end = time.monotonic() + 90
    while not all(file.exists() for file in files):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_sweep_and_a_race_survive_the_loss_of_a_node(
    tmp_path: Path, local: dict[str, bytes]
) -> None:
    """Two nodes with a run each, and a worker of a race each; one is killed.

    The results of the sweep are those of local; the worker that dies is replaced.
    """
    (tmp_path / "race").mkdir()
    write_scenario(tmp_path / "race", ("updates = 40", "updates = 15"))
    method = ("--method", "synchronous-nigt", "--seed", "0")
    raced = tmp_path / "race/races/two/synchronous-nigt (race)/seed-0"
    gates = [tmp_path / f"shut-{number}" for number in (0, 1)]
    for gate in gates:
        gate.touch()
    with two_nodes() as (address, second):
        at = ("--address", address)
        sweep = begun("sweep", "sweep.toml", "--executor", "ray", *at, "--out", "ray", cwd=tmp_path)
        wait_for(sweep, *(tmp_path / f"waiting-{number}" for number in (0, 1)))
        race = begun(
            "race", "two.toml", "--emulate", "--scale", "0.1", *method, *at, cwd=tmp_path / "race"
        )
        wait_for(race, raced / "progress.json")  # an update has been made
        lose(second)
        for gate in gates:
            gate.unlink()
        swept, said = (process.communicate(timeout=120)[0] for process in (sweep, race))
    assert sweep.returncode == 0, swept
    assert "4 made, 0 were there already, 0 failed" in swept
    assert files_below(tmp_path / "ray", "*/*/*.parquet") == local
    assert race.returncode == 0, said
    totals = json.loads((raced / "run.json").read_text())["totals"]
    assert totals["updates"] == 15
    assert totals["worker_seconds"]["down"] > 0


def test_a_ray_of_its_own_gives_the_same_bytes(tmp_path: Path, local: dict[str, bytes]) -> None:
    options = ("--executor", "ray", "--out", "ray", "--jobs", "2")
    result = straggler_process("sweep", "sweep.toml", *options, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert files_below(tmp_path / "ray", "*/*/*.parquet") == local


def test_more_processes_than_any_node_has_cores_are_refused() -> None:
    nodes = [{"Alive": True, "Resources": {"CPU": cores}} for cores in (2.0, 1.0)]
    nodes.append({"Alive": False, "Resources": {"CPU": 64.0}})
    executor = RayExecutor.__new__(RayExecutor)  # connected to nothing
    executor._ray = SimpleNamespace(nodes=lambda: nodes)
    with pytest.raises(BadInputError, match="has so many cores; accepted: at most 2"):
        next(executor.run([], Options(processes=64), lambda: None))


@pytest.mark.parametrize(("jobs", "processes", "cores"), [(1, 2, 2), (3, None, 3), (2, 4, 8)])
def test_the_own_ray_has_a_core_for_each_process(
    jobs: int, processes: int | None, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr("scenarios.runs.executors.ray.connect", lambda *words: asked.append(words))
    Maker(executor="ray", jobs=jobs, processes_per_run=processes)
    assert asked == [("--executor ray", None, cores)]
    assert RayExecutor(None, jobs)._jobs == jobs  # Ray may be there with more cores


@pytest.mark.parametrize(("jobs", "most"), [(1, 1), (3, 3), (None, 4)])
def test_jobs_limit_the_runs_at_an_address(jobs: int | None, most: int, tmp_path: Path) -> None:
    numbers, at_once = itertools.count(), list[int]()

    def wait(running: list[int], **_: Any) -> tuple[list[int], list[int]]:
        at_once.append(len(running))
        return running[:1], running[1:]

    executor = alone(jobs, remote=lambda *_: next(numbers), wait=wait)
    scenario = load(str(write_scenario(tmp_path)))
    made = list(executor.run(plan(scenario, tmp_path / "out"), Options(), lambda: None))
    assert len(made) == 6
    assert max(at_once) == most


def alone(jobs: int | None, **ray: Any) -> RayExecutor:
    """Return an executor that is connected to nothing, and whose tasks say that they are done."""
    executor = RayExecutor.__new__(RayExecutor)
    executor._jobs, executor._unseen = jobs, {}
    executor._ray = SimpleNamespace(
        nodes=lambda: [{"Alive": True, "Resources": {"CPU": 2.0}}],
        cluster_resources=lambda: {"CPU": 2.0},
        get=lambda _: "done",
        exceptions=SimpleNamespace(RayTaskError=KeyError, RayError=OSError),
        **ray | {"remote": lambda **_: lambda _: SimpleNamespace(remote=ray["remote"])},
    )
    return executor


def test_an_interruption_ends_the_tasks_of_a_cluster(tmp_path: Path) -> None:
    """A command's end is theirs too; a notebook goes on."""
    ended: list[tuple[int, bool]] = []

    def wait(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    def cancel(task: int, *, force: bool) -> None:
        ended.append((task, force))

    numbers = itertools.count()
    executor = alone(3, remote=lambda *_: next(numbers), wait=wait, cancel=cancel)
    jobs = plan(load(str(write_scenario(tmp_path))), tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        list(executor.run(jobs, Options(), lambda: None))
    assert ended == [(0, True), (1, True), (2, True)]


def test_a_store_that_nodes_do_not_share_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not made again for ever; what a node wrote may be seen late."""
    (job,) = plan(load(str(write_scenario(tmp_path))), tmp_path / "out")[:1]
    executor = alone(1, remote=lambda *_: 0, wait=lambda running, **_: (running, []))
    clock = iter([0.0, 120.0, 121.0])
    monkeypatch.setattr("scenarios.runs.executors.ray.time.monotonic", lambda: next(clock))
    for _ in range(2):
        assert list(executor.run([job], Options(), lambda: None)) == [(job, None)]
    with pytest.raises(BadInputError, match="is not here; accepted: a folder that all nodes share"):
        list(executor.run([job], Options(), lambda: None))
    job.folder.path.mkdir(parents=True)
    (job.folder.path / "run.json").touch()
    assert list(executor.run([job], Options(), lambda: None)) == [(job, None)]
