"""Nothing is lost, wherever a process dies: before each thing that it does to a file, in turn."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from commands import files_below, straggler, write_scenario
from crashes import BROKEN, FULL, Disk, crashes
from tuning import bowl

from scenarios.format.load import load
from scenarios.results.published import published, same_numbers
from scenarios.runs import make, underway
from scenarios.runs.execute import Options, execute
from scenarios.runs.jobs import Job
from scenarios.runs.spec import RunSpec, expand
from scenarios.runs.store.folder import RunFolder
from scenarios.studies.paper import FIGURES, Figure, Part

UPDATES = 4
TABLES = ("history", "timeline", "workers", "staleness")
FILES = {*(f"{name}.parquet" for name in TABLES), "run.json"}


@pytest.fixture(autouse=True)
def written_at_every_update(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRAGGLER_CHECKPOINT_SECONDS", "0")
    monkeypatch.setattr(underway, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(os, "fsync", lambda _: None)


def spec_in(folder: Path, method: str, updates: int = UPDATES) -> RunSpec:
    changes = ("[0, 1]", "[0]"), ("updates = 40", f"updates = {updates}")
    specs = expand(load(write_scenario(folder, *changes)))
    return next(spec for spec in specs if spec.method.name == method)


def numbered(folder: Path) -> Callable[[int], Path]:
    return lambda k: folder / f"run-{k}"


def assert_whole(folder: RunFolder, expected: dict[str, bytes]) -> list[int]:
    """See that a run is as one that was never disturbed; return where it was resumed."""
    assert files_below(folder.path, "*.parquet") == expected
    info = folder.info()
    assert info is not None
    assert info["status"] == "done"
    resumed_at: list[int] = info["resumed_at"]
    return resumed_at


@pytest.mark.parametrize("deaths", [1, 3])
@pytest.mark.parametrize("method", ["rennala-nigt", "afedpg"])
def test_a_run_that_died_goes_on_from_its_last_update(
    tmp_path: Path, method: str, deaths: int
) -> None:
    """Before each deed in turn; with three deaths, each after as many deeds."""
    spec = spec_in(tmp_path, method)
    calm = RunFolder(tmp_path / "calm")
    assert execute(spec, calm, Options()) == "done"
    expected = files_below(calm.path, "*.parquet")
    over = 0

    def attempt(path: Path) -> None:
        execute(spec, RunFolder(path), Options())

    for path, first in crashes(numbered(tmp_path), attempt):
        folder, disk = RunFolder(path), first
        saved, resumed_at, noted = 0, list[int](), list[int]()
        for death in range(deaths):
            if death:
                with Disk(path, len(first.deeds) - 1) as disk:
                    attempt(path)
            if new := disk.count("os.rename", folder.checkpoint):
                saved, noted = saved + new, resumed_at
            resumed_at = [*noted, saved] if saved else []
        if (path / "run.json").exists():
            over += 1
            before = files_below(path, "*")
            assert execute(spec, folder, Options()) == "done"
            assert files_below(path, "*") == before  # it is not made again
            assert_whole(folder, expected)
        else:
            assert execute(spec, folder, Options()) == "done"
            assert assert_whole(folder, expected) == resumed_at
            assert {f.name for f in path.iterdir()} - {".lock"} == FILES
    assert over >= 3  # before it removes its temporary file, progress.json and the checkpoint


@pytest.mark.parametrize("error", [FULL, BROKEN])
def test_an_error_of_the_disk_is_told_and_the_run_can_be_made_later(
    tmp_path: Path, error: int
) -> None:
    """A full disk is nobody's failure; with any other error the run has failed, and can go on."""
    spec = spec_in(tmp_path, "afedpg")
    calm = RunFolder(tmp_path / "calm")
    assert execute(spec, calm, Options()) == "done"
    told, kept = list[str](), 0

    def attempt(path: Path) -> None:
        try:
            told.append(execute(spec, RunFolder(path), Options()))
        except OSError as raised:
            told.append(f"raised {raised.errno}")

    for path, disk in crashes(numbered(tmp_path), attempt, error):
        folder = RunFolder(path)
        info = folder.info()
        if told[-1] == "failed":
            assert info is not None
            assert (error, info["status"]) == (BROKEN, "failed")
            assert "a file" in str(info["reason"])
            kept += folder.checkpoint.exists()
            assert folder.checkpoint.exists() == (disk.count("os.rename", folder.checkpoint) > 0)
        else:
            assert info is None or info["status"] == "done", disk.deeds[-1]
        assert execute(spec, folder, Options(retry_failed=True)) == "done"
        assert_whole(folder, files_below(calm.path, "*.parquet"))
        assert {f.name for f in path.iterdir()} - {".lock"} <= {
            *FILES,
            "checkpoint.npz",
            "progress.json",
        }
    assert ("failed" in told) == (kept > 0) == (error == BROKEN)
    assert {one for one in told if one.startswith("raised")} == {f"raised {error}"}


@pytest.mark.parametrize("old", ["other", "damaged"])
def test_what_is_set_aside_is_not_lost_by_a_death(tmp_path: Path, old: str) -> None:
    before, now = spec_in(tmp_path, "afedpg", 3), spec_in(tmp_path, "afedpg")
    made = RunFolder(tmp_path / "old")
    execute(before if old == "other" else now, made, Options())
    if old == "damaged":
        (made.path / "workers.parquet").write_bytes(b"scribbled")
    precious = {name: content for name, content in files_below(made.path, "*").items() if content}
    assert precious.keys() == FILES
    calm = RunFolder(tmp_path / "calm")
    assert execute(now, calm, Options()) == "done"
    expected = files_below(calm.path, "*.parquet")

    def folder(k: int) -> Path:
        shutil.copytree(made.path, tmp_path / f"{k}" / "run")
        return tmp_path / f"{k}"

    def attempt(path: Path) -> None:
        execute(now, RunFolder(path / "run"), Options())

    for path, _ in crashes(folder, attempt):
        assert execute(now, RunFolder(path / "run"), Options()) == "done"
        assert_whole(RunFolder(path / "run"), expected)
        there = {(Path(f).name, content) for f, content in files_below(path, "*").items()}
        assert precious.items() <= there


class Here:
    """Makes runs in this process, as the executors do elsewhere."""

    def per_run(self, runs: int) -> int:  # noqa: ARG002
        return 1

    def run(
        self, jobs: Sequence[Job], options: Options, poll: Callable[[], None]
    ) -> Iterator[tuple[Job, str | None]]:
        for job in jobs:
            execute(job.spec, job.folder, options)
            poll()
            yield job, None


SWEEP = """
title = "two points"
base = "two.toml"
methods = ["afedpg"]

[[axes]]
key = "problem.noise"
values = [0.1, 0.5]
"""
COMMANDS = {
    "sweep": (("sweep", "sweep.toml"), ("results", "sweep.toml", "--csv")),
    "tune": (("tune", "bowl.toml"),),
    "figure": (("figure", "tiny", "--save", "saved"),),
}


@pytest.fixture
def commands_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "_executor", lambda **_: Here())
    monkeypatch.setitem(FIGURES, "tiny", Figure("a claim", (Part("two.toml"),)))


def in_folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    write_scenario(folder, ("[0, 1]", "[0]"), ("updates = 40", "updates = 2"))
    bowl(folder, [0.5, 0.25])
    (folder / "sweep.toml").write_text(SWEEP)
    return folder


def assert_same_results(folder: Path, calm: Path) -> None:
    """Compare all that a command leaves, apart from real seconds."""

    def kept(place: Path) -> list[Path]:
        return [f for f in place.rglob("*") if f.suffix in {".parquet", ".toml", ".png"}]

    assert len(kept(folder)) == len(kept(calm))
    for file in kept(calm):
        mine = folder / file.relative_to(calm)
        if file.name == "index.parquet":
            tables = [pq.read_table(f).drop_columns(["real_seconds"]) for f in (mine, file)]
            assert tables[0].equals(tables[1])
        elif file.parent.name == "saved":
            assert same_numbers(published(mine), published(file)) == 3
        else:
            assert mine.read_bytes() == file.read_bytes(), file


@pytest.mark.usefixtures("commands_here")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_died_is_completed(tmp_path: Path, command: str) -> None:
    """Its runs, its index, tuned file or picture; finished runs stay as they are."""

    def attempt(folder: Path) -> list[int]:
        return [straggler(*words, cwd=folder).returncode for words in COMMANDS[command]]

    calm = in_folder(tmp_path, "calm")
    codes = attempt(calm)
    assert not any(codes)

    kept = calm / "runs"
    if command == "sweep":  # the deaths of a run are tried there: of its second
        kept, _ = sorted(file.parent for file in calm.rglob("run.json"))

    def folder_with_runs(k: int) -> Path:
        folder = in_folder(tmp_path, f"{k}")
        shutil.copytree(kept, folder / kept.relative_to(calm))
        return folder

    for folder, _ in crashes(folder_with_runs, attempt):
        done = {f: f.stat().st_mtime_ns for f in folder.rglob("run.json")}
        assert all(json.loads(f.read_text())["status"] == "done" for f in done)
        assert attempt(folder) == codes
        assert {f: f.stat().st_mtime_ns for f in done} == done
        assert_same_results(folder, calm)
