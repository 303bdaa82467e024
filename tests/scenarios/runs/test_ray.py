"""The Ray executor: the same bytes, a lost node, and an address where nothing listens."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import files_below, straggler, write_scenario

pytest.importorskip("ray")

RAY = Path(sys.executable).parent / "ray"


@pytest.fixture(autouse=True)
def quiet_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")


def write_sweep(folder: Path, updates: int, seeds: int) -> None:
    limits = ("updates = 40", f"updates = {updates}"), ("[0, 1]", str(list(range(seeds))))
    own = ('name = "afedpg"', 'name = "mine:Mine"')  # found in the working directory
    write_scenario(folder, *limits, own)
    (folder / "mine.py").write_text(
        "from algorithms import AFedPG\nclass Mine(AFedPG):\n    pass\n"
    )
    (folder / "sweep.toml").write_text('title = "t"\nbase = "two.toml"\n')


def test_an_address_where_nothing_listens_is_one_line(tmp_path: Path) -> None:
    write_sweep(tmp_path, updates=5, seeds=1)
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


@contextlib.contextmanager
def node(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a node of a cluster, all its processes in a group of their own."""
    process = subprocess.Popen(
        [RAY, "start", "--num-cpus=1", "--block", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(condition: "Iterator[bool]", seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not next(condition):
        assert time.monotonic() < end
        time.sleep(0.2)


def nodes_alive(address: str) -> int:
    """Ask a cluster, from a process of its own, how many nodes it has."""
    code = (
        f"import ray; ray.init(address={address!r}, logging_level='ERROR', log_to_driver=False); "
        "print(sum(n['Alive'] for n in ray.nodes()))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    return int(answer.stdout.split()[-1]) if answer.returncode == 0 else 0


@pytest.mark.timeout(400)
def test_a_sweep_survives_the_loss_of_a_node(tmp_path: Path) -> None:
    """Two nodes on this machine; one is killed in mid-sweep; the results are those of local."""
    write_sweep(tmp_path, updates=12_000, seeds=6)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    port = address.rpartition(":")[2]
    store = tmp_path / "ray"
    with (
        node("--head", f"--port={port}", "--include-dashboard=false") as head,
        node(f"--address={address}") as second,
    ):
        del head
        wait_until(nodes_alive(address) == 2 for _ in iter(int, 1))
        command = ["sweep", "sweep.toml", "--executor", "ray", "--address", address, "--out", "ray"]
        sweep = subprocess.Popen(
            [sys.executable, "-m", "scenarios", *command],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        wait_until(len(list(store.glob("*/*/run.json"))) >= 3 for _ in iter(int, 1))
        os.killpg(second.pid, signal.SIGKILL)
        there = len(list(store.glob("*/*/run.json")))
        output, _ = sweep.communicate(timeout=200)
    assert there < 18
    assert sweep.returncode == 0, output
    assert "18 made, 0 were there already, 0 failed" in output
    local = straggler("sweep", "sweep.toml", "--out", "local", cwd=tmp_path)
    assert local.returncode == 0
    expected = files_below(tmp_path / "local", "*/*/*.parquet")
    assert len(expected) == 2 * 18
    assert files_below(store, "*/*/*.parquet") == expected


@pytest.mark.timeout(300)
def test_a_ray_of_its_own_gives_the_same_bytes(tmp_path: Path) -> None:
    write_sweep(tmp_path, updates=30, seeds=2)
    for executor in ("local", "ray"):
        options = ("--executor", executor, "--out", executor, "--jobs", "2")
        result = straggler("sweep", "sweep.toml", *options, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
    crowded = ("--executor", "ray", "--out", "crowded", "--jobs", "2", "--workers-per-run", "64")
    refused = straggler("sweep", "sweep.toml", *crowded, cwd=tmp_path)
    assert refused.returncode == 2
    assert "no node of the cluster has so many cores; accepted: at most 2" in refused.stderr
    expected = files_below(tmp_path / "local", "*/*/*.parquet")
    assert len(expected) == 12
    assert files_below(tmp_path / "ray", "*/*/*.parquet") == expected
