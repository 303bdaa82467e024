"""What a run's folder says of damaged files, and of a run that failed."""

import errno
import io
import math
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import straggler
from rich.console import Console

from scenarios.format.load import load
from scenarios.runs.execute import Options, execute
from scenarios.runs.jobs import Summary, is_there, plan
from scenarios.runs.progress import Progress
from scenarios.runs.spec import RunSpec, expand
from scenarios.runs.store.files import write_atomically
from scenarios.runs.store.folder import RunFolder
from scenarios.runs.store.record import Raced, RunInfo, reason_of
from scenarios.runs.store.stored import runs_in
from straggler import Estimate, Problem, Request, Vector

CONTENT: dict[str, Any] = {
    "title": "stored",
    "seeds": [0],
    "updates": 3,
    "cluster": {"workers": 2, "compute": {"model": "power", "scale": 1.0}},
    "problem": {"kind": "quadratic", "dimension": 2},
    "methods": [{"name": "synchronous-pg", "step_size": 0.1}],
}


@dataclass
class Broken(Problem):
    dimension = 2

    def initial_point(self) -> Vector:
        return Vector((2,))

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:  # noqa: ARG002
        raise RuntimeError("what is wrong\nand more of it")


class UnpluggedError(RuntimeError):
    """Is made of something else than its text, as many errors are."""

    def __init__(self, *, sensor: int) -> None:
        super().__init__(f"sensor {sensor} is unplugged")


class DoubledError(RuntimeError):
    def __init__(self, sensor: str) -> None:
        super().__init__(f"{sensor} is unplugged")


@dataclass
class Sensing(Problem):
    named: bool = True
    dimension = 2

    def initial_point(self) -> Vector:
        return np.zeros(2)

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:  # noqa: ARG002
        raise DoubledError("sensor 3") if self.named else UnpluggedError(sensor=3)


@dataclass
class Unlimited(Problem):
    limit: float = math.inf
    unknown: float = math.nan
    bounds: tuple[float, float] = (-math.inf, 1.0)
    dimension = 2

    def initial_point(self) -> Vector:
        return np.zeros(2)

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        return [Estimate(np.full(2, float(self.limit == math.inf))) for _ in requests]


def made(content: dict[str, Any], path: Path) -> tuple[RunSpec, RunFolder]:
    (spec,) = expand(load(content))
    folder = RunFolder(path)
    execute(spec, folder, Options())
    return spec, folder


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"garbage")])
def test_a_damaged_timeline_is_made_again_but_results_can_be_read(
    damage: Any, tmp_path: Path
) -> None:
    spec, folder = made(CONTENT, tmp_path / "run")
    assert folder.status(spec) == "done"
    damage(folder.path / "timeline.parquet")
    assert folder.status(spec) == "damaged"
    assert folder.info() is not None
    execute(spec, folder, Options())
    assert folder.status(spec) == "done"


def test_a_users_default_may_be_infinite_or_unknown(tmp_path: Path) -> None:
    spec, folder = made(CONTENT | {"problem": {"kind": "test_store:Unlimited"}}, tmp_path / "run")
    assert folder.status(spec) == "done"  # else it would be made again for ever
    elsewhere = RunSpec.from_json(spec.to_json())
    problem: Any = elsewhere.scenario.problem.build(0, 2)
    assert (problem.limit, problem.bounds) == (math.inf, (-math.inf, 1.0))
    assert elsewhere.identity() == spec.identity()


def test_the_last_line_of_a_reason_says_what_was_wrong(tmp_path: Path) -> None:
    problem = {"kind": "test_store:Broken"}
    _, folder = made(CONTENT | {"problem": problem}, tmp_path / "run")
    reason = str((folder.info() or {}).get("reason"))
    assert reason.startswith("Traceback")
    assert "and more of it" in reason
    assert reason.splitlines()[-1].startswith("RuntimeError: what is wrong (")
    (run,) = runs_in([folder])
    assert run.reason == reason.splitlines()[-1]


@pytest.mark.parametrize("kind", ["DoubledError", "UnpluggedError"])
def test_an_error_of_a_class_of_ones_own_says_what_it_said(kind: str, tmp_path: Path) -> None:
    problem = {"kind": "test_store:Sensing", "named": kind == "DoubledError"}
    _, folder = made(CONTENT | {"problem": problem}, tmp_path / "run")
    (run,) = runs_in([folder])
    assert run.reason.startswith(f"{kind}: sensor 3 is unplugged (")
    assert "test_store.py:" in run.reason


@pytest.mark.parametrize(
    ("info", "said"),
    [({}, "damaged"), ({"status": "failed"}, "failed"), ({"reason": " \n"}, "failed")],
)
def test_what_failed_without_a_reason_is_a_word(info: RunInfo, said: str) -> None:
    assert reason_of(info) == said


def test_tables_of_an_attempt_that_did_not_end_are_not_those_of_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "after its tables the disk is full")

    monkeypatch.setattr(RunFolder, "write_info", fail)
    with pytest.raises(OSError, match="is full"):
        made(CONTENT, tmp_path / "run")
    monkeypatch.undo()
    assert (tmp_path / "run/timeline.parquet").exists()
    _, folder = made(CONTENT | {"updates": 1, "timeline": False}, tmp_path / "run")
    (run,) = runs_in([folder])
    assert run.is_done
    assert not run.has_timeline


def test_a_damaged_race_is_said_to_be_damaged(tmp_path: Path) -> None:
    how = Raced(emulate=False, scale=1.0)
    (job,) = plan(load(CONTENT), tmp_path, race=how)
    job.folder.path.mkdir(parents=True)
    (job.folder.path / "run.json").write_text("{ not JSON")
    said = io.StringIO()
    assert not is_there(job, Options(), Summary(), Progress(Console(file=said)))
    assert "seed-0  its files are damaged: set aside in" in said.getvalue()


@pytest.mark.parametrize("name", ["run.json", "workers.parquet"])
def test_what_cannot_be_read_is_not_taken_to_be_damaged(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, folder = made(CONTENT, tmp_path / "out/run")
    read = Path.read_bytes

    def fail(file: Path) -> bytes:
        if file.name == name:
            raise OSError(errno.EIO, "as the disk says")
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", fail)
    monkeypatch.setattr(Path, "read_text", lambda file, **_: fail(file).decode())
    with pytest.raises(OSError, match=rf"Input/output error: '.*/{name}'"):
        execute(spec, folder, Options())
    said = straggler("compare", "out", cwd=tmp_path)
    wrong = f"out/run/{name}: Input/output error; accepted: a path that can be used"
    assert (said.returncode, said.stderr) == (2, f"straggler: {wrong}\n")
    monkeypatch.undo()
    assert folder.status(spec) == "done"
    assert [file.name for file in folder.path.parent.iterdir()] == ["run"]


def test_an_error_while_a_file_is_written_names_the_file(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as a full disk
    try:
        with pytest.raises(OSError, match=rf"File too large: '{tmp_path}/whole'"):
            write_atomically(tmp_path / "whole", bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    long = tmp_path / ("x" * 240)  # the name beside it is longer than any may be
    with pytest.raises(OSError, match=rf"File name too long: '{long}'"):
        write_atomically(long, b"")


def test_a_memory_limit_beyond_that_of_the_shell_is_that_of_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, limits = 3 * 2**30, list[tuple[int, int]]()

    def limit(_: int, given: tuple[int, int]) -> None:
        if given[0] > given[1]:
            raise ValueError("current limit exceeds maximum limit")  # as the real one does
        limits.append(given)

    monkeypatch.setattr(resource, "getrlimit", lambda _: (shell, shell))
    monkeypatch.setattr(resource, "setrlimit", limit)
    (spec,) = expand(load(CONTENT))
    for memory in (2**30, 4 * 2**30):
        assert execute(spec, RunFolder(tmp_path / "run"), Options(memory=memory)) == "done"
    assert limits == [(2**30, shell), (shell, shell), (shell, shell), (shell, shell)]


def test_a_folder_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(CONTENT, tmp_path / "out/run")
    (tmp_path / "out/other").mkdir()
    scan = os.scandir

    def fail(place: Any) -> Any:
        if Path(place).name == "other":
            raise OSError(errno.EACCES, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", fail)
    for command in ("compare", "live"):
        said = straggler(command, "out", cwd=tmp_path)
        assert (said.returncode, said.stdout) == (2, "")
        assert said.stderr.startswith("straggler: out/other: Permission denied; accepted: ")
