"""Real signals to real processes, at known moments: the runs wait at gates."""

import errno
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from commands import COMMAND, files_below, straggler, write_scenario
from rich.console import Console

from scenarios.cli.shared.parts import ended_by_signals
from scenarios.format.load import load
from scenarios.format.own.classes import imported
from scenarios.format.words.errors import SignalError
from scenarios.runs.execute import Options, execute
from scenarios.runs.jobs import Job, plan, run_jobs
from scenarios.runs.progress import Progress
from scenarios.runs.store.folder import RunFolder
from simulator import Checkpoint

GATED = Path(__file__).parents[1] / "gated.py"
QUADRATIC = 'kind = "quadratic"\ndimension = 10\nnoise = 0.5'
RUNS = 6
SWEEP = f"""
title = "six runs, of which some stop"
base = "two.toml"
methods = ["afedpg"]

[[axes]]
name = "number"
key = "problem.number"
values = {list(range(RUNS))}
"""
SHUT = (2, 3)
"""Runs 0 and 1 end, these stop in the two places, 4 and 5 are not begun."""


def write_gated(folder: Path) -> None:
    shutil.copy(GATED, folder)
    write_scenario(folder, (QUADRATIC, 'kind = "gated:Gated"'), ("[0, 1]", "[0]"))
    (folder / "sweep.toml").write_text(SWEEP)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the sweep that nobody disturbed."""
    folder = tmp_path_factory.mktemp("calm")
    write_gated(folder)
    assert straggler("sweep", "sweep.toml", cwd=folder).returncode == 0
    files = files_below(folder / "runs/store", "*/*/*.parquet")
    assert len(files) == 3 * RUNS
    return files


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_gated(tmp_path)
    for number in SHUT:
        (tmp_path / f"shut-{number}").touch()
    return tmp_path


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the sweep in a group of its own, which is killed in the end, whatever happened."""
    process = subprocess.Popen(
        [COMMAND, "sweep", "sweep.toml", "--jobs", "2"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "STRAGGLER_CHECKPOINT_SECONDS": "0"},
    )
    try:
        yield process
    finally:
        kill_group(process)
        process.communicate()


def kill_group(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def at_the_gates(folder: Path) -> list[int]:
    """Wait for the runs that stop, and return the processes that make them."""
    files = [folder / f"waiting-{number}" for number in SHUT]
    wait_until(lambda: all(file.exists() for file in files))
    pids = [int(file.read_text()) for file in files]
    for file in files:
        file.unlink()
    return pids


def open_the_gates(folder: Path) -> None:
    for number in SHUT:
        (folder / f"shut-{number}").unlink()


def finished(folder: Path) -> dict[int, Path]:
    """Return the ``run.json`` of each run that is over, by its number."""
    files = folder.glob("runs/store/*/*/run.json")
    contents = {file: json.loads(file.read_text())["content"] for file in files}
    return {content["problem"]["number"]: file for file, content in contents.items()}


def times(folder: Path) -> dict[int, int]:
    return {number: file.stat().st_mtime_ns for number, file in finished(folder).items()}


def saved(folder: Path) -> list[int]:
    """Return how many updates the checkpoints have, when their processes are dead."""
    numbers = []
    for file in folder.glob("runs/store/*/*/checkpoint.npz"):
        with RunFolder(file.parent).lock().acquire(timeout=20), file.open("rb") as content:
            numbers.append(len(Checkpoint.load(content).rows))
    return sorted(numbers)


def resumed_at(folder: Path, number: int) -> list[int]:
    points: list[int] = json.loads(finished(folder)[number].read_text())["resumed_at"]
    return points


def assert_complete(folder: Path, calm: dict[str, bytes], before: dict[int, int]) -> None:
    """See that all is there, as if undisturbed, and that nothing was made again."""
    now = times(folder)
    assert sorted(now) == list(range(RUNS))
    assert {number: now[number] for number in before} == before
    assert files_below(folder / "runs/store", "*/*/*.parquet") == calm
    assert not list(folder.glob("runs/store/*/*/*.tmp"))
    assert not list(folder.glob("runs/store/*/.*-old-*"))


def test_everything_killed_twice_goes_on_inside_its_runs(
    place: Path, calm: dict[str, bytes]
) -> None:
    points: list[list[int]] = []
    for _ in range(2):
        with started(place) as process:
            at_the_gates(place)
            kill_group(process)
            process.wait()
        points.append(saved(place))
        assert sorted(finished(place)) == [0, 1]
    before = times(place)
    open_the_gates(place)
    last = straggler("sweep", "sweep.toml", cwd=place)
    assert "4 made, 2 were there already, 0 failed" in last.stdout, last.stderr
    assert_complete(place, calm, before)
    first, second = points
    assert 0 < first[0] < second[0]
    assert sorted(resumed_at(place, n) for n in SHUT) == [
        list(p) for p in zip(*points, strict=True)
    ]
    assert [resumed_at(place, number) for number in (0, 1, 4, 5)] == [[]] * 4


def test_what_a_killed_parent_leaves_running_is_not_made_twice(
    place: Path, calm: dict[str, bytes]
) -> None:
    with started(place) as orphaned:
        at_the_gates(place)
        orphaned.kill()
        orphaned.wait()
        before = times(place)
        with started(place) as process:
            wait_until(lambda: len(finished(place)) == 4)  # all but those that are being made
            assert process.poll() is None
            open_the_gates(place)
            output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "4 made, 2 were there already, 0 failed" in output
    assert_complete(place, calm, before)
    assert [resumed_at(place, number) for number in SHUT] == [[], []]


def test_a_killed_process_is_the_failure_of_its_run(place: Path, calm: dict[str, bytes]) -> None:
    with started(place) as process:
        os.kill(at_the_gates(place)[0], signal.SIGKILL)
        wait_until(lambda: len(finished(place)) >= 3)
        open_the_gates(place)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "5 made, 0 were there already, 1 failed" in output, errors
    info = json.loads(finished(place)[SHUT[0]].read_text())
    assert info["status"] == "failed"
    assert info["reason"] == "the process of this run died (exit code -9)"
    before = times(place)
    del before[SHUT[0]]
    (points,) = saved(place)
    again = straggler("sweep", "sweep.toml", "--retry-failed", cwd=place)
    assert "1 made, 5 were there already, 0 failed" in again.stdout, again.stderr
    assert_complete(place, calm, before)
    assert resumed_at(place, SHUT[0]) == [points]


def test_killed_at_its_very_beginning(place: Path, calm: dict[str, bytes]) -> None:
    with started(place) as process:
        wait_until(lambda: list(place.glob("runs/store/*/*")))
        kill_group(process)
    before = times(place)
    open_the_gates(place)
    assert straggler("sweep", "sweep.toml", cwd=place).returncode == 0
    assert_complete(place, calm, before)


def test_an_interrupt_exits_with_130(place: Path, calm: dict[str, bytes]) -> None:
    with started(place) as process:
        at_the_gates(place)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; run again" in errors
    assert "Traceback" not in errors
    before = times(place)
    open_the_gates(place)
    assert straggler("sweep", "sweep.toml", cwd=place).returncode == 0
    assert_complete(place, calm, before)


def test_the_exit_code_is_the_signals_though_the_terminal_is_closed() -> None:
    @ended_by_signals()
    def command() -> None:
        try:
            os.kill(os.getpid(), signal.SIGHUP)
        finally:
            raise OSError(errno.EIO, "what is written to it")

    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # it is ignored under nohup
    try:
        with pytest.raises(SystemExit) as ended:
            command()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert ended.value.code == 128 + signal.SIGHUP


def test_a_signal_while_a_users_module_is_imported_is_not_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow.py").write_text(
        "from scenarios.format.words.errors import SignalError\nraise SignalError(143)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SignalError):
        imported("slow", "slow:A")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_end_leaves_no_run_behind(number: int, place: Path) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("whoever started the tests ignores it, as nohup does")
    with started(place) as process:
        at_the_gates(place)
        process.send_signal(number)  # the command alone
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "interrupted; run again" in errors
    assert "Traceback" not in errors
    assert len(saved(place)) == len(SHUT)  # their locks are free, though the gates are shut


class Late:
    """Finds a run taken, which another process then ends before anybody looks again."""

    def per_run(self, runs: int) -> int:  # noqa: ARG002
        return 1

    def run(
        self, jobs: Sequence[Job], options: Options, poll: Callable[[], None]
    ) -> Iterator[tuple[Job, str | None]]:
        poll()
        for job in jobs:
            yield job, None
            execute(job.spec, job.folder, options)


class Begun(Late):
    """Finds a failed run taken by a process that has not yet done anything to it."""

    def run(
        self, jobs: Sequence[Job], options: Options, poll: Callable[[], None]
    ) -> Iterator[tuple[Job, str | None]]:
        poll()
        for job in jobs:
            with job.folder.lock():
                assert execute(job.spec, job.folder, options) == "busy"
                yield job, None
            execute(job.spec, job.folder, options)


def test_a_failed_run_that_another_process_is_trying_again_has_not_failed(tmp_path: Path) -> None:
    (job,) = plan(load(str(write_scenario(tmp_path))), tmp_path / "out", ["afedpg"], [0])
    job.folder.write_info(job.spec, "failed", reason="killed", totals=None)
    options = Options(retry_failed=True)
    summary = run_jobs([job], Begun(), Progress(Console(file=StringIO())), options)
    assert (summary.done, summary.failed) == (1, 0)


def test_a_run_that_another_process_ends_is_counted(tmp_path: Path) -> None:
    jobs = plan(load(str(write_scenario(tmp_path))), tmp_path / "out")
    summary = run_jobs(jobs, Late(), Progress(Console(file=StringIO())), Options())
    assert (summary.done, summary.failed, summary.skipped) == (6, 0, 0)
