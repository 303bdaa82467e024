"""Compact results hold what the run folders hold, and say so when they do not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from commands import straggler, write_scenario

from scenarios.api.claims.figure import figure
from scenarios.api.results import Results
from scenarios.api.run import simulate
from scenarios.api.studies import open as open_results
from scenarios.cli.app import app
from scenarios.format.words.errors import BadInputError
from scenarios.results.published import publish, published, refresh, same_numbers
from scenarios.runs.store.record import RunInfo
from scenarios.runs.store.stored import StoredRun
from scenarios.studies.paper import FIGURES, Figure, Part


def test_what_is_published_is_what_was_stored(two_workers: Path) -> None:
    runs = open_results(two_workers / "runs/two").runs
    publish(runs, two_workers / "two.parquet", "straggler figure two")
    again = published(two_workers / "two.parquet")
    assert [(r.label, r.info["seed"]) for r in again] == [(r.label, r.info["seed"]) for r in runs]
    for one, other in zip(runs, again, strict=True):
        assert one.history.keys() == other.history.keys()
        for name, column in one.history.items():
            np.testing.assert_array_equal(column, other.history[name])
        assert all(other.info[key] == one.info[key] for key in ("content", "versions", "totals"))


def test_a_run_into_the_folder_where_it_stands_is_saved_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    write_scenario(tmp_path / "two", ("updates = 40", "updates = 1"))
    words = ("run", "two.toml", "--out", ".", "--save", "saved")
    assert straggler(*words, cwd=tmp_path / "two").returncode == 0
    assert len(published(tmp_path / "two/saved/two.parquet")) == 6


def test_the_trace_of_compute_times_is_named(tmp_path: Path) -> None:
    trace = tmp_path / "speeds.csv"
    trace.write_text("time,worker,speed\n0,0,1\n0,1,0.5\n", encoding="utf-8")
    write_scenario(
        tmp_path,
        ('"explicit", seconds = [1.0, 2.0]', '"trace", file = "speeds.csv"'),
        ("updates = 40", "updates = 1"),
    )
    publish([*simulate(tmp_path / "two.toml")], tmp_path / "two.parquet", "straggler run two")
    (run,) = published(tmp_path / "two.parquet")
    assert run.info["trace"] == str(trace)


def test_what_is_in_memory_or_compact_is_saved_as_well(two_workers: Path) -> None:
    one = simulate(two_workers / "two.toml", method="afedpg", seed=1)
    assert one.save(two_workers / "one.parquet") == []
    again = open_results(two_workers / "one.parquet")
    assert again.save(two_workers / "copy.parquet") == []
    copy = open_results(two_workers / "copy.parquet")
    assert same_numbers(copy.runs, one.runs) == 1
    (line,) = copy.save(two_workers / "one.parquet")
    assert line.endswith("1 of 1 runs have the numbers that were there")


def test_nothing_and_what_is_damaged_are_not_saved(tmp_path: Path) -> None:
    for runs, said in (
        ([], "x.parquet: there is nothing to write; accepted: at least one run"),
        ([StoredRun(Path("lost"), RunInfo())], "lost: its files are damaged; accepted: run again"),
    ):
        with pytest.raises(BadInputError, match=said):
            Results(runs, "here").save(tmp_path / "x.parquet")
    assert not [*tmp_path.iterdir()]


def test_failed_runs_are_kept_without_rows(two_workers: Path) -> None:
    runs = open_results(two_workers / "runs/two").runs
    info = runs[0].info | RunInfo(label="lost", seed=7, status="failed", totals=None)
    info["reason"] = "update 3: diverged"
    failed = StoredRun(two_workers / "nowhere", info)
    publish([failed, *runs], two_workers / "failed.parquet", "straggler figure two")
    first, second, *_ = published(two_workers / "failed.parquet")
    assert first.info["reason"] == "update 3: diverged"
    assert not first.is_done
    assert len(first.history["time"]) == 0
    np.testing.assert_array_equal(second.history["time"], runs[0].history["time"])


def test_damage_is_noticed(two_workers: Path) -> None:
    publish(
        open_results(two_workers / "runs/two").runs,
        two_workers / "whole.parquet",
        "straggler figure two",
    )
    whole = (two_workers / "whole.parquet").read_bytes()
    for place in range(0, 3000, 500):  # columns come first
        damaged = whole[:place] + bytes(byte ^ 0xFF for byte in whole[place : place + 100])
        (two_workers / "damaged.parquet").write_bytes(damaged + whole[place + 100 :])
        with pytest.raises(BadInputError, match=r"cannot be read|is not whole"):
            published(two_workers / "damaged.parquet")


@pytest.mark.parametrize("text", [None, "", "not Parquet"])
def test_other_files_are_refused(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "x.parquet"
    if text is not None:
        file.write_text(text)
    with pytest.raises(
        BadInputError, match=r"x\.parquet: (not there|cannot be read); accepted: what"
    ):
        published(file)


def test_a_table_of_other_things_is_refused(two_workers: Path) -> None:
    (file, *_) = two_workers.glob("runs/two/*/seed-0/history.parquet")
    with pytest.raises(BadInputError, match="cannot be read; accepted"):
        published(file)
    wrong = straggler("figure", "1", "--from", ".", cwd=two_workers)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("straggler: figure1a.parquet: not there; accepted: what")
    quick = straggler("figure", "1", "--save", ".", "--quick", cwd=two_workers)
    assert quick.returncode == 2
    assert quick.stderr.startswith("straggler: --save: does not go with --quick")
    for option in ("--quick", "--jobs=2", "--recompute", "--retry-failed", "--max-events=9"):
        also = straggler("figure", "1", "--from", ".", option, cwd=two_workers)
        name = option.removeprefix("--").partition("=")[0].replace("-", "_")
        said = f"straggler: {name}: needs runs; accepted: without source (--from)\n"
        assert (also.returncode, also.stderr) == (2, said)
    for option in ("--save=.", "--dry-run"):
        also = straggler("figure", "1", "--from", ".", option, cwd=two_workers)
        said = f"straggler: {option.removesuffix('=.')}: needs runs; accepted: without --from\n"
        assert (also.returncode, also.stderr) == (2, said)
    with pytest.raises(BadInputError, match="quick: needs runs; accepted: without source"):
        figure("1", source=two_workers, quick=True)
    with pytest.raises(BadInputError, match="out: needs runs; accepted: without source"):
        figure("1", source=two_workers, out="runs")
    with pytest.raises(BadInputError, match="recompute: needs runs; accepted: without source"):
        figure("1", source=two_workers, recompute=True)
    pair = straggler("verdict", "--from", ".", "--check", "--summary", cwd=two_workers)
    assert pair.returncode == 2
    assert pair.stderr.startswith("straggler: --check: does not go with --summary")
    forms = straggler("verdict", "--from", ".", "--check", "--json", "--markdown", cwd=two_workers)
    assert forms.returncode == 2
    assert forms.stderr.startswith("straggler: --json: does not go with --markdown")
    nothing = straggler("verdict", "--from", ".", cwd=two_workers)
    assert nothing.returncode == 2
    assert nothing.stderr.startswith("straggler: .: no compact results")


@pytest.fixture
def tiny(two_workers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``straggler figure tiny`` show the runs of the scenario in the folder."""
    parts = (Part("two.toml"), Part("two.toml", ("objective",), beside="two.toml"))
    monkeypatch.setitem(FIGURES, "tiny", Figure("a claim", parts))
    monkeypatch.chdir(two_workers)


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        app(arguments)
    return int(str(ended.value.code))


@pytest.mark.usefixtures("tiny")
def test_a_figure_is_the_same_from_runs_and_from_what_it_saved(
    two_workers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("figure", "tiny", "--save", "saved") == 0
    from_runs = capsys.readouterr().out
    picture = (two_workers / "figures/tiny.png").read_bytes()
    assert call("figure", "tiny", "--from", "saved") == 0
    assert capsys.readouterr().out == from_runs
    assert (two_workers / "figures/tiny.png").read_bytes() == picture
    assert "claim of figure tiny: a claim" in from_runs
    assert from_runs.count("rennala-nigt against ") == 4  # two rivals in each panel
    saved = (two_workers / "saved/two.parquet").stat()
    assert call("figure", "tiny", "--save", "saved") == 0
    assert (two_workers / "saved/two.parquet").stat().st_mtime_ns == saved.st_mtime_ns
    said = capsys.readouterr().out
    assert "saved/two.parquet: 6 of 6 runs have the numbers that were there" in said


def test_a_new_bill_or_title_is_saved_though_the_numbers_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "saved/two.parquet"
    anew = "saved/two.parquet: written anew, with their titles, labels and bills"
    for price in (1.8, 180.0):
        write_scenario(tmp_path, ("workers = 2", f"workers = 2\nprice = {price}"))
        said = straggler("run", "two.toml", "--save", "saved", cwd=tmp_path)
        assert said.returncode == 0, said.stderr
        assert (anew in said.stdout) == (price == 180)
        # two workers for 40 rounds of 2 s
        bills = [r.info["bill"]["money"] for r in published(file) if r.label == "synchronous-nigt"]
        assert bills == pytest.approx([2 * 80 * price / 3600] * 2)
    runs = open_results(tmp_path / "runs/two").runs
    for run in runs:
        run.info["title"] = "dear"
    assert "written anew" in list(refresh(runs, file, "straggler run"))[-1]
    assert {run.info["title"] for run in published(file)} == {"dear"}
    written = file.stat().st_mtime_ns
    (line,) = refresh(runs[::-1], file, "straggler run")  # in whatever order
    assert line == f"{file}: 6 of 6 runs have the numbers that were there"
    assert file.stat().st_mtime_ns == written


@pytest.mark.usefixtures("tiny")
def test_a_run_saves_the_same_as_a_figure(two_workers: Path) -> None:
    assert call("figure", "tiny", "--save", "saved") == 0
    assert call("run", "two.toml", "--save", "other") == 0
    one, other = (published(two_workers / f"{folder}/two.parquet") for folder in ("saved", "other"))
    assert same_numbers(one, other) == len(other) == 6


@pytest.mark.usefixtures("tiny")
def test_a_figure_that_does_not_exist_is_told_before_another_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scenarios.api.claims.figure.figure", None)  # it is not called
    with pytest.raises(BadInputError, match="nosuch"):
        app(["figure", "tiny", "nosuch"])


FAILED = {"status": "failed", "reason": "lost"}


@pytest.mark.usefixtures("tiny")
def test_a_dry_run_says_what_is_there_and_what_is_left(
    two_workers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = two_workers / "runs/two/afedpg/seed-0"
    lost.rename(two_workers / "lost")
    assert call("figure", "tiny", "tiny", "--dry-run") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("figure tiny: 5 of 6 runs are there; left: about ")
    assert said[0].endswith("on free cores, by 1 samples")
    assert said[2].startswith("all of them: about ")
    assert not lost.exists()
    (two_workers / "lost").rename(lost)
    assert call("figure", "tiny", "--dry-run") == 0
    assert "6 of 6 runs are there; left: about 0 s" in capsys.readouterr().out
    whole = (lost / "run.json").read_text()
    for option, change in (("--recompute", {"code": "other"}), ("--retry-failed", FAILED)):
        (lost / "run.json").write_text(json.dumps({**json.loads(whole), **change}))
        assert call("figure", "tiny", "--dry-run", option) == 0
        assert "5 of 6 runs are there" in capsys.readouterr().out
    (lost / "run.json").write_text(whole)


@pytest.mark.usefixtures("tiny")
def test_the_thresholds_of_the_scenario_are_those_of_the_verdict(
    two_workers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (two_workers / "two.toml").read_text()
    (two_workers / "two.toml").write_text(f"thresholds = [-3.0, -2.0, -1.0]\n{text}")
    assert call("figure", "tiny") == 0
    (two_workers / "two.toml").write_text(text)
    said = " ".join(capsys.readouterr().out.split())
    assert "objective, medians over seeds [90% bootstrap interval]; the exact objective; " in said
    assert said.count("thresholds fixed beforehand") == 2
    assert "thresholds taken from" not in said


def test_numbers_that_changed_are_counted(two_workers: Path) -> None:
    runs = open_results(two_workers / "runs/two").runs
    others = open_results(two_workers / "runs/two").runs
    assert same_numbers(runs, others) == 6
    others[0].history["return_count"][-1] += 1
    assert same_numbers(runs, others) == 5
    others[1].info["content"]["updates"] = 41
    assert same_numbers(runs, others) == 4
    assert same_numbers(runs, others[2:]) == 4


def test_failed_runs_and_those_without_an_update_are_saved_once(two_workers: Path) -> None:
    file = two_workers / "again.parquet"
    whole, short, lost = open_results(two_workers / "runs/two").runs[:3]
    table = pq.read_table(whole.path / "history.parquet")
    more = table.append_column("objective_of_another", table["time"])
    lost.info.update(RunInfo(status="failed", reason="update 3: diverged", totals=None))
    runs = [replace(whole, table=more), replace(short, table=table[:0]), lost]
    assert list(refresh(runs, file, "straggler run")) == []
    written = file.stat().st_mtime_ns
    (line,) = refresh(runs, file, "straggler run")
    assert line.endswith("3 of 3 runs have the numbers that were there")
    assert file.stat().st_mtime_ns == written
    lost.info["reason"] = "update 4: diverged"
    assert same_numbers(runs, published(file)) == 2


@pytest.mark.usefixtures("tiny")
def test_the_verdict_of_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("figure", "tiny", "--save", "saved") == 0
    capsys.readouterr()
    assert call("verdict", "--from", "saved") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:6]] == ["tiny, two workers"] * 6
    assert any(line.startswith("0 claims at once: ") for line in lines)  # of two seeds
    assert any(line.startswith("6 runs, 0 million environment steps, ") for line in lines)
    assert "figure 4: figure4.parquet not there" in lines
    assert call("verdict", "--from", "saved", "--markdown") == 0
    assert capsys.readouterr().out.startswith("| figure | panel | method | rival | area |")
