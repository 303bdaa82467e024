"""Sweeps survive: a full disk, damaged files, too little memory, and company."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from commands import COMMAND, files_below, straggler, write_scenario

SWEEP = """
title = "forty short runs"
base = "two.toml"

[[axes]]
name = "scale"
key = "cluster.compute.scale"
values = [1.0, 1.5, 2.0, 3.0, 5.0]

[[axes]]
name = "noise"
key = "problem.noise"
values = [0.1, 0.5, 1.0, 2.0]
"""


def write_sweep(folder: Path) -> None:
    """Write a sweep of 5 x 4 points, one method, two seeds."""
    explicit = 'compute = { model = "explicit", seconds = [1.0, 2.0] }'
    changes = (
        (explicit, 'compute = { model = "power", scale = 1.0, exponent = 0.5 }'),
        ("updates = 40", "updates = 20"),
    )
    write_scenario(folder, *changes)
    methods = '\nmethods = ["afedpg"]\n'
    (folder / "sweep.toml").write_text(SWEEP.replace("\n[[axes]]", methods + "[[axes]]", 1))


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nobody disturbed the sweep."""
    folder = tmp_path_factory.mktemp("calm")
    write_sweep(folder)
    assert straggler("sweep", "sweep.toml", cwd=folder).returncode == 0
    return folder


@pytest.fixture
def made(calm: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(calm, tmp_path, dirs_exist_ok=True))


def undisturbed(calm: Path) -> dict[str, bytes]:
    return files_below(calm / "runs/store", "*/*/*.parquet")


def test_two_sweeps_at_once_share_the_work(tmp_path: Path, calm: Path) -> None:
    write_sweep(tmp_path)
    processes = [
        subprocess.Popen([COMMAND, "sweep", "sweep.toml", "--jobs", "2"], cwd=tmp_path, stderr=-3)
        for _ in range(2)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert len(list(tmp_path.glob("runs/store/*/*/run.json"))) == 40
    assert not list(tmp_path.glob("runs/store/*/.*-old-*"))  # nobody was in another's way
    assert files_below(tmp_path / "runs/store", "*/*/*.parquet") == undisturbed(calm)


def test_damaged_files_are_set_aside_and_named(made: Path, calm: Path) -> None:
    expected = undisturbed(calm)
    folders = sorted((made / "runs/store/afedpg").iterdir())
    truncated, flipped, scribbled, foreign, gone, odd = folders[:6]
    with (truncated / "history.parquet").open("r+b") as file:
        file.truncate(200)
    content = bytearray((flipped / "workers.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (flipped / "workers.parquet").write_bytes(content)
    (scribbled / "run.json").write_text("{ not JSON")
    for name in ("run.json", "history.parquet", "workers.parquet"):  # another run's files
        (foreign / name).write_bytes((gone / name).read_bytes())
    (gone / "history.parquet").unlink()
    info = json.loads((odd / "run.json").read_text())
    (odd / "run.json").write_text(json.dumps({**info, "content": 5, "totals": 5}))
    again = straggler("sweep", "sweep.toml", cwd=made)
    assert again.returncode == 0
    assert "6 made, 34 were there already, 0 failed" in again.stdout
    assert again.stderr.count("its files are damaged: set aside") == 5
    assert again.stderr.count("it is of another scenario: set aside") == 1
    aside = made / f"runs/store/afedpg/.{truncated.name}-old-1/history.parquet"
    assert aside.stat().st_size == 200
    now = files_below(made / "runs/store", "*/*/*.parquet")
    assert {name: now[name] for name in expected} == expected


def test_a_file_in_the_place_of_a_folder_is_set_aside(made: Path) -> None:
    folder = min((made / "runs/store/afedpg").iterdir())
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("a file")
    again = straggler("sweep", "sweep.toml", cwd=made)
    assert again.returncode == 0, again.stderr
    assert "1 made, 39 were there already" in again.stdout
    assert (folder / "history.parquet").is_file()


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of a quarter of a megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if subprocess.run(["mount", *options], check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small disk")
    return place


def test_a_full_disk_stops_a_sweep_and_loses_nothing(
    tmp_path: Path, small_disk: Path, calm: Path
) -> None:
    write_sweep(tmp_path)
    try:
        full = straggler("sweep", "sweep.toml", "--out", "small/store", cwd=tmp_path)
        assert full.returncode == 1
        assert "what is finished is safe; free some space and run again" in full.stderr
        assert "Traceback" not in full.stderr
        there = [json.loads(f.read_text()) for f in small_disk.glob("store/*/*/run.json")]
        assert 0 < len(there) < 40
        assert {info["status"] for info in there} == {"done"}  # no run is blamed
        bigger = ["mount", "-o", "remount,size=20m", str(small_disk)]
        subprocess.run(bigger, check=True)
        rest = straggler("sweep", "sweep.toml", "--out", "small/store", cwd=tmp_path)
        assert rest.returncode == 0, rest.stderr
        assert f"{40 - len(there)} made, {len(there)} were there already" in rest.stdout
        got = files_below(small_disk / "store", "*/*/*.parquet")
    finally:
        subprocess.run(["umount", "-l", str(small_disk)], check=False)
    assert got == undisturbed(calm)


def test_a_run_beyond_its_memory_fails_alone(tmp_path: Path) -> None:
    """Vectors of 100 million coordinates are 800 megabytes each."""
    write_scenario(tmp_path, ("dimension = 10", "dimension = 100_000_000"), ("[0, 1]", "[0]"))
    base = "two.toml"
    axes = 'key = "problem.dimension"\nvalues = [10, 100_000_000]\n'
    (tmp_path / "sweep.toml").write_text(f'title = "t"\nbase = "{base}"\n[[axes]]\n{axes}')
    result = straggler("sweep", "sweep.toml", "--memory-limit", "1.5", cwd=tmp_path)
    assert result.returncode == 1
    assert "3 made, 0 were there already, 3 failed" in result.stdout
    failed = [
        info
        for file in (tmp_path / "runs/store").glob("*/*/run.json")
        if (info := json.loads(file.read_text()))["status"] == "failed"
    ]
    assert len(failed) == 3
    assert all("MemoryError" in info["reason"] for info in failed)
    again = straggler("sweep", "sweep.toml", cwd=tmp_path)  # failed runs are not tried again
    assert "0 made, 3 were there already, 3 failed" in again.stdout
