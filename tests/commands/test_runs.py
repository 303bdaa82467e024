"""Runs as a user makes them: exact, resumable, the same whatever the number of processes."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
from commands import files_below, straggler, write_scenario

from scenarios.runs.store.records import HISTORY_SCHEMA
from simulator.accounting.columns import COLUMNS


def test_a_run_writes_exact_times_and_honest_facts(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    result = straggler("run", "two.toml", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "runs/two/rennala-nigt/seed-1"

    history = pq.read_table(folder / "history.parquet")
    assert history.schema.equals(HISTORY_SCHEMA)
    assert history["time"].to_pylist() == [2.0 * k for k in range(1, 41)]
    assert history["update"].to_pylist() == list(range(1, 41))
    assert history["return_mean"].null_count == 40
    assert history["objective"].to_pylist()[-1] > history["objective"].to_pylist()[0]

    timeline = pq.read_table(folder / "timeline.parquet")
    assert timeline.column_names == ["worker", "start", "end", "state", "update"]
    assert set(timeline["state"].to_pylist()) == {"compute"}
    workers = pq.read_table(folder / "workers.parquet").to_pydict()
    assert workers["compute_seconds"] == [80.0, 80.0]
    assert workers["gradients_used"] == [80, 40]
    assert workers["vectors_sent"] == workers["vectors_received"] == [40, 40]

    # 27 + 13 arrivals until 27 s, each answered but the last: worker 0's, which ends the run
    arrivals = tmp_path / "runs/two/afedpg/seed-1"
    alone = pq.read_table(arrivals / "workers.parquet").to_pydict()
    assert (alone["vectors_sent"], alone["vectors_received"]) == ([27, 13], [27, 14])
    sums = json.loads((arrivals / "run.json").read_text())["totals"]
    assert (sums["vectors_sent"], sums["vectors_received"]) == (40, 41)

    info = json.loads((folder / "run.json").read_text())
    assert info["status"] == "done"
    assert (info["method"], info["seed"]) == ("rennala-nigt", 1)
    assert info["content"]["cluster"]["preemption"] == "cancel"  # the rule that was used
    assert info["totals"]["updates"] == 40
    assert info["totals"]["bytes_sent"] == 40 * (2 + 2) * 10 * 4
    assert {"straggler", "mujoco", "torch", "simpy"} <= set(info["versions"])
    leftovers = {f.name for f in folder.iterdir()} - {".lock"}
    tables = {f"{name}.parquet" for name in COLUMNS if name != "iterates"}  # with keep only
    assert leftovers == {*tables, "run.json"}


def test_a_time_limit_reaches_the_run(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("updates = 40", "time_limit = 7.0"), ("[0, 1]", "[0]"))
    assert straggler("run", "two.toml", "--method", "rennala-nigt", cwd=tmp_path).returncode == 0
    history = pq.read_table(tmp_path / "runs/two/rennala-nigt/seed-0/history.parquet")
    assert history["time"].to_pylist() == [2.0, 4.0, 6.0]


def test_a_lost_or_broken_file_is_made_again_or_named(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("[0, 1]", "[0]"))
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 0
    history = tmp_path / "runs/two/afedpg/seed-0/history.parquet"
    whole = history.read_bytes()
    history.write_bytes(whole[:100])
    broken = straggler("compare", "runs/two", cwd=tmp_path)
    assert broken.returncode == 2
    assert "afedpg/seed-0: its files are damaged" in broken.stderr
    again = straggler("run", "two.toml", cwd=tmp_path)
    assert again.returncode == 0
    assert "seed-0  its files are damaged: set aside" in again.stderr
    assert history.read_bytes() == whole
    assert (history.parent.parent / ".seed-0-old-1/history.parquet").read_bytes() == whole[:100]
    history.unlink()
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 0
    assert history.read_bytes() == whole


def test_different_scenarios_in_one_folder_are_not_averaged(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 0
    write_scenario(tmp_path, ("updates = 40", "updates = 5"))
    again = straggler("run", "two.toml", "--seed", "0", cwd=tmp_path)
    assert again.returncode == 0  # the table shows what was asked for
    mixed = straggler("compare", "runs/two", cwd=tmp_path)
    assert mixed.returncode == 2
    assert "has runs of different scenarios" in mixed.stderr


def test_values_of_a_method_are_not_averaged_as_if_they_were_seeds(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 0
    write_scenario(tmp_path, ("step_size = 0.1", "step_size = 0.2"))
    assert straggler("run", "two.toml", "--seed", "0", cwd=tmp_path).returncode == 0
    for command in ("compare", "plot", "report"):
        mixed = straggler(command, "runs/two", cwd=tmp_path)
        assert mixed.returncode == 2
        assert (
            "rennala-nigt has step_size 0.2 (runs/two/rennala-nigt/seed-0) and 0.1" in mixed.stderr
        )
    for copy in ("runs/copies/a/afedpg", "runs/copies/b/afedpg"):
        shutil.copytree(tmp_path / "runs/two/afedpg", tmp_path / copy)
    twice = straggler("compare", "runs/copies", cwd=tmp_path)
    assert twice.returncode == 2
    assert "afedpg with seed 0 is there twice: " in twice.stderr


def test_failed_runs_are_tried_again_on_request(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("step_size = 0.1", "step_size = 1e308"), ("[0, 1]", "[0]"))
    arguments = ("run", "two.toml", "--method", "rennala-nigt")
    assert straggler(*arguments, cwd=tmp_path).returncode == 1
    info = tmp_path / "runs/two/rennala-nigt/seed-0/run.json"
    before = info.stat().st_mtime_ns
    assert "failed before" in straggler(*arguments, cwd=tmp_path).stderr
    assert info.stat().st_mtime_ns == before
    assert "FAILED" in straggler(*arguments, "--retry-failed", cwd=tmp_path).stderr
    assert info.stat().st_mtime_ns > before


CONTROL = 'kind = "control"\nenv = "Reacher-v4"\nhorizon = 50\nhidden = [8]'


def test_the_number_of_processes_changes_no_byte(tmp_path: Path) -> None:
    quadratic = 'kind = "quadratic"\ndimension = 10\nnoise = 0.5'
    write_scenario(tmp_path, (quadratic, CONTROL), ("updates = 40", "updates = 8"))
    for jobs in ("1", "2"):
        options = "--jobs", jobs, "--processes-per-run", jobs, "--out", f"j{jobs}"
        result = straggler("run", "two.toml", *options, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
    for name in (f"{name}.parquet" for name in COLUMNS if name != "iterates"):
        one, two = files_below(tmp_path / "j1", name), files_below(tmp_path / "j2", name)
        assert len(one) == 6
        assert one == two
    info = json.loads((tmp_path / "j1/afedpg/seed-0/run.json").read_text())
    assert info["problem"] == {
        "policy": "gaussian",
        "rollouts": "physics",
        "dtype": "float32",
    }
    assert info["totals"]["environment_steps"] == 8 * 50


def test_what_is_done_is_skipped_and_what_is_missing_is_made(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    first = straggler("run", "two.toml", "--method", "afedpg", "--seed", "5", cwd=tmp_path)
    assert first.returncode == 0
    info = tmp_path / "runs/two/afedpg/seed-5/run.json"
    before = info.stat().st_mtime_ns
    second = straggler("run", "two.toml", "--seed", "5", cwd=tmp_path)
    assert second.returncode == 0
    assert "two/afedpg/seed-5  is there already" in second.stderr
    assert info.stat().st_mtime_ns == before
    assert len(list((tmp_path / "runs/two").glob("*/seed-5/run.json"))) == 3


def test_seeds_are_in_the_order_of_numbers(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("[0, 1]", "[2, 10, 0]"), ("updates = 40", "updates = 2"))
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 0
    printed = straggler("results", "runs/two", "--csv", "--columns", "method,seed", cwd=tmp_path)
    names = ("afedpg", "rennala-nigt", "synchronous-nigt")
    rows = [line.replace('"', "") for line in printed.stdout.splitlines()]
    assert rows == ["method,seed", *(f"{name},{seed}" for name in names for seed in (0, 2, 10))]


def test_a_changed_scenario_sets_old_results_aside(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    arguments = ("run", "two.toml", "--method", "rennala-nigt", "--seed", "0")
    straggler(*arguments, cwd=tmp_path)
    old = (tmp_path / "runs/two/rennala-nigt/seed-0/history.parquet").read_bytes()
    write_scenario(tmp_path, ("updates = 40", "updates = 3"))
    assert straggler(*arguments, cwd=tmp_path).returncode == 0
    folder = tmp_path / "runs/two/rennala-nigt"
    assert pq.read_table(folder / "seed-0/history.parquet").num_rows == 3
    assert (folder / ".seed-0-old-1/history.parquet").read_bytes() == old


def test_a_diverging_run_fails_with_its_reason_and_takes_no_other_down(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("step_size = 0.1", "step_size = 1e308"), ("[0, 1]", "[0]"))
    result = straggler("run", "two.toml", cwd=tmp_path)
    assert result.returncode == 1
    assert (
        "rennala-nigt/seed-0  FAILED: update 2: the direction's length is not finite"
        in result.stderr
    )
    info = json.loads((tmp_path / "runs/two/rennala-nigt/seed-0/run.json").read_text())
    assert info["status"] == "failed"
    assert info["reason"] == "update 2: the direction's length is not finite"
    for method in ("synchronous-nigt", "afedpg"):
        assert (tmp_path / f"runs/two/{method}/seed-0/history.parquet").is_file()
    again = straggler("run", "two.toml", cwd=tmp_path)
    assert again.returncode == 1
    assert "failed before" in again.stderr
