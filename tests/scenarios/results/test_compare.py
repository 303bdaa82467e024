"""Smoothing, thresholds and bins, against numbers worked out by hand."""

import csv
import io
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import straggler, write_scenario
from rich.console import Console
from typer.testing import CliRunner

from scenarios.api.shown import Comparison as Shown
from scenarios.api.studies import open as straggler_open
from scenarios.cli.app import app
from scenarios.report.tables import comparison_table
from scenarios.results import curves
from scenarios.results.compare import compare, default_thresholds, time_to
from scenarios.results.judging.judge import judge
from scenarios.results.remarks import warnings_of
from scenarios.results.rows import tidy
from scenarios.results.sheet import Sheet
from scenarios.results.tables import comparison_sheets
from scenarios.runs.store.record import RunInfo
from scenarios.runs.store.stored import StoredRun


def stored(label: str, times: list[float], returns: list[float], counts: list[int]) -> StoredRun:
    seconds = {"compute": 3.0, "discard": 1.0, "send": 0.5, "idle": 0.5, "down": 0.0}
    info = RunInfo(
        label=label,
        seed=0,
        status="done",
        totals={
            "updates": len(times),
            "elapsed": times[-1],
            "gradients_used": sum(counts),
            "gradients_discarded": 7,
            "bytes_sent": 2_000_000,
            "worker_seconds": seconds,
            "vectors_sent": 3,
            "vectors_received": 5,
            "environment_steps": 0,
            "bias": None,
            "staleness": {"delay_median": 1.0, "delay_q95": 2.0, "workers_heard": 1.5},
        },
    )
    run = StoredRun(Path(), info)
    columns = {"time": times, "return_mean": returns, "return_count": counts}
    run.__dict__["history"] = {
        **{name: np.array(values, dtype=float) for name, values in columns.items()},
        "delay": np.ones(len(times)),
        "objective": np.full(len(times), np.nan),
    }
    return run


def test_threshold_times_and_default_thresholds() -> None:
    run = stored("a", [1, 2, 3, 4], [0.0] * 4, [100] * 4)
    run.history["objective"] = np.array([10.0, 20.0, 50.0, 30.0])
    comparison = compare([run])
    assert comparison.metric == "objective"
    assert comparison.thresholds == [20, 30, 40]  # from 10 to 50
    assert comparison.columns["time_to_20"] == [2]
    assert comparison.columns["time_to_30"] == [pytest.approx(2 + 1 / 3)]


def test_what_comes_after_the_shortest_run_is_not_looked_at_and_the_title_says_so() -> None:
    """One rises by 10 a second until 4 s, one by 5 a second until 9 s."""
    fast, slow = (
        stored("fast", [1, 4], [0.0] * 2, [9] * 2),
        stored("slow", [1, 9], [0.0] * 2, [9] * 2),
    )
    fast.history["objective"] = np.array([10.0, 40.0])
    slow.history["time"] = np.array([1.0, 4.0, 9.0])
    slow.history["objective"] = np.array([10.0, 25.0, 50.0])
    both = compare([fast, slow])
    assert both.thresholds == [17.5, 25, 32.5]  # from 10 to 40
    assert both.columns["time_to_25"] == [2.5, 4]
    assert both.columns["time_to_32.5"] == [3.25, math.inf]
    titles = [sheet.title for sheet in comparison_sheets(both, "x")]
    assert titles[0] == "x: costs, means over seeds"
    assert titles[-1] == "x: objective, means over seeds, medians to thresholds, until 4 s"
    assert compare([slow]).thresholds == [20, 30, 40]


@pytest.mark.parametrize(
    ("returns", "counts", "said"),
    [
        ([-43.0, -50.0, -54.0], [100] * 3, "a: does not rise: return_mean -43 at the start, -53.7"),
        (
            [-43.0, -42.8, -54.0],
            [100] * 3,
            "a: does not rise: return_mean -43 at the start, -53.16",
        ),
        ([-17.0, -18.0, -18.0], [10] * 3, "a: does not rise: return_mean -17 at the start, -18"),
    ],
)
def test_what_does_not_rise_has_no_thresholds_and_says_so(
    returns: list[float], counts: list[int], said: str
) -> None:
    run = stored("a", [1, 2, 3], returns, counts)
    assert compare([run]).thresholds == []
    (line,) = warnings_of([run])
    assert line.startswith(said)


def test_a_smoothed_start_that_has_fallen_already_is_no_rise() -> None:
    """Its first window has a mean of -69.5: 0.5 s at -43, 0.5 s down, 4 s at -73."""
    times = [0.5, *range(1, 101)]
    fallen = stored("a", times, [-43.0, *[-73.0] * 50, *[-60.0] * 50], [1] * 101)
    assert curves.known(fallen, "return_mean", 100.0)[0] == pytest.approx(
        -(0.5 * 43 + 0.5 * 58 + 4 * 73) / 5
    )
    other = stored("b", times, [-43.0, *[-44.0] * 100], [1] * 101)
    assert compare([fallen, other]).thresholds == []


def test_a_single_value_each_is_no_rise_though_one_lies_above_their_mean() -> None:
    """The second run's only value comes after the end of the first: nothing lies between."""
    runs = [stored("a", [1], [3.0], [9]), stored("b", [10], [1.0], [9])]
    assert default_thresholds(runs, "return_mean") == []
    assert judge(runs, "a", ["b"], "t") is None


def test_default_thresholds_lie_between_start_and_best_however_close() -> None:
    run = stored("a", [1, 2], [1.0, 1.00002], [100, 100])
    chosen = compare([run]).thresholds
    assert 1.0 < chosen[0] < chosen[1] < chosen[2] < 1.00002
    assert len({time_to(t) for t in chosen}) == 3


def test_never_is_infinite_in_every_file_and_a_word_in_every_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_scenario(tmp_path, ("[0, 1]", "[0]"))
    run = CliRunner().invoke(app, ["run", "two.toml", "--method", "afedpg"])
    assert run.exit_code == 0, run.output
    for command in ("compare", "results"):
        given = [command, "runs/two", "--threshold", "1e9"]
        table = pd.read_csv(io.StringIO(CliRunner().invoke(app, [*given, "--csv"]).stdout))
        assert table["time_to_1e+09"].tolist() == [math.inf]
        assert " never " in CliRunner().invoke(app, given).stdout
        assert "never |" in CliRunner().invoke(app, [*given, "--markdown"]).stdout
    assert straggler_open("runs/two").table([1e9])["time_to_1e+09"].tolist() == [math.inf]


SHEET = Sheet(
    "a title that is longer than the terminal is wide",
    ["method", "s per\nupdate", "grads\nused", "megabytes", "formula"],
    [["synchronous-nigt", "1,000,000,000", "12", "3.5", "max h_i + max kappa_i over all workers"]],
    frozenset({0, 4}),
)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_table_folds_and_cuts_no_number(width: int) -> None:
    sink = io.StringIO()
    Console(file=sink, width=width).print(SHEET)
    shown = sink.getvalue()
    assert all(len(line) <= width for line in shown.splitlines())
    for whole in ("synchronous-nigt", "1,000,000,000", "update", "12", "3.5", "megabytes"):
        assert whole in shown
    assert "\u2026" not in shown
    assert shown.count("synchronous-nigt") == {40: 3, 80: 2, 200: 1}[width]


def test_comparison_row_by_hand() -> None:
    slow = stored("slow", [2, 4], [1.0, 1.0], [100, 100])
    comparison = compare([stored("a", [1, 2], [1.0, 3.0], [100, 100]), slow], [2.0])
    row = {key: values[0] for key, values in comparison.columns.items()}
    assert row == {
        "method": "a",
        "seeds": 1,
        "updates": 2,
        "seconds_per_update": 1,
        "gradients_used": 200,
        "gradients_discarded": 7,
        "worker_time_used": 0.6,
        "worker_time_wasted": 0.2,
        "worker_time_sending": 0.1,
        "worker_time_idle": 0.1,
        "worker_time_down": 0,
        "megabytes_sent": 2,
        "delay": 1,
        "delay_median": 1,
        "delay_q95": 2,
        "workers_heard": 1.5,
        "area": 1.5,  # 1 for a second, and from 1 to 3 in the next one
        "final": pytest.approx(2.8),  # the mean from 1.8 s to 2 s
        "time_to_2": pytest.approx(1.55),  # at 1.5 s, and half of the window of 0.1 s
    }
    assert comparison.columns["time_to_2"][1] == math.inf


def test_without_an_update_nothing_is_known_of_its_seconds() -> None:
    runs = [stored(label, [2, 4], [1.0, 1.0], [100, 100]) for label in ("some", "some", "none")]
    for run in runs[1:]:
        run.__dict__["history"] = {name: column[:0] for name, column in run.history.items()}
    seconds = compare(runs, [2.0]).columns["seconds_per_update"]
    assert np.array_equal(seconds, [2.0, math.nan], equal_nan=True)


def test_titles_tell_medians_from_means() -> None:
    run = stored("a", [1, 2], [1.0, 3.0], [100, 100])
    run.info["bill"] = {"money": 2.0, "kilowatt_hours": 1.0}
    comparison = compare([run], [2.0])
    both = "means over seeds, medians to thresholds"
    assert [sheet.title for sheet in comparison_sheets(comparison, "x")] == [
        "x: costs, means over seeds",
        "x: delays, and workers heard, means over seeds",
        f"x: money and energy, {both}",
        f"x: return, {both}",
    ]
    for columns, said in (("time_to_2", both), ("money", "means over seeds")):
        (sheet,) = comparison_sheets(comparison.only([columns]), "x")
        assert sheet.title == f"x: {said}"


def test_bytes_of_older_runs_that_counted_one_way_are_not_known() -> None:
    older, newer = (stored(label, [1], [1.0], [100]) for label in ("older", "newer"))
    del older.totals["vectors_received"]
    assert np.array_equal(
        compare([older, newer]).columns["megabytes_sent"], [math.nan, 2.0], equal_nan=True
    )
    rows = tidy([older, newer]).rows
    assert [math.isnan(row["bytes_sent"]) for row in rows] == [True, False]


def bias(used: float | None, discarded: float | None, z: float | None) -> dict[str, float | None]:
    known = {"used_length": used, "discarded_length": discarded, "length_z": z}
    return {f"{of}_return": None for of in ("used", "discarded")} | known


def test_methods_with_different_columns_share_a_table() -> None:
    """One selects trajectories, one was billed, one is a race that has neither."""
    chooses, paid, race = (stored(label, [1, 2], [1.0, 3.0], [9, 9]) for label in "abc")
    chooses.totals["bias"] = bias(20.0, 30.0, 1.0)
    paid.info["bill"] = {"money": 8.0}
    for runs in ([race, paid, chooses], [chooses, paid, race]):
        numbers = compare(runs, [2.0])
        assert {len(values) for values in numbers.columns.values()} == {3}
        names = [*numbers.columns]
        assert names[names.index("workers_heard") + 1] in {"money", "used_length"}
        assert names[-2:] == ["time_to_2", "money_to_2"]
        shown = Shown(numbers, "t")
        row = dict(zip(numbers.columns["method"], numbers.columns["used_length"], strict=True))
        assert row["a"] == 20.0
        assert np.isnan([row["b"], row["c"]]).all()
        table = shown.table().set_index("method")
        assert table["money"].isna().to_dict() == {"a": True, "b": False, "c": True}
        assert "20.0" in shown.csv()
        (selected,) = (s for s in shown.sheets if "trajectories" in s.title)
        cells = {row[0]: row[1:3] for row in selected.rows}
        assert cells == {"a": ["20", "30"], "b": ["-", "-"], "c": ["-", "-"]}
        assert len(comparison_table(numbers).rows) == 3


def test_no_name_of_a_variant_hides_its_final_value() -> None:
    """The quantiles of trajectories, which tables leave out, have a q in their names as well."""
    run = stored("a", [1, 2], [1.0, 3.0], [9, 9])
    run.info["variants"] = {"a_quick": 1.0}
    run.totals["bias"] = bias(20.0, 30.0, 1.0) | {"used_length_q90": 40.0}
    for name, values in {"return_mean_a_quick": [1.0, 3.0], "return_count_a_quick": [9, 9]}.items():
        run.history[name] = np.array(values, dtype=float)
    numbers = compare([run], [2.0])
    assert numbers.columns["final_a_quick"] == numbers.columns["final"]
    headers = [name for sheet in comparison_sheets(numbers, "t") for name in sheet.header]
    assert "final\na_quick" in headers
    assert "final a quick" in comparison_table(numbers).header
    assert not [name for name in (*headers, *comparison_table(numbers).header) if "q90" in name]


def test_a_seed_that_used_nothing_has_no_say_in_what_was_favoured() -> None:
    seeds = [stored("a", [1, 2], [1.0, 3.0], [9, 9]) for _ in range(2)]
    seeds[0].totals["bias"] = bias(20.0, 30.0, 4.0)
    seeds[1].totals["bias"] = bias(None, 40.0, None)
    (line,) = warnings_of(seeds)
    assert "used trajectories take 20 steps, discarded ones 35 (z = 4.0)" in line


@pytest.mark.parametrize(
    ("z", "said"),
    [
        # -3 sqrt(2): more than three standard errors, though neither is alone
        (-3.0, "episodes: used trajectories take 30 steps, discarded ones 20 (z = -4.2)"),
        (-2.0, None),
    ],
)
def test_seeds_are_significant_together_and_long_episodes_may_be_favoured(
    z: float, said: str | None
) -> None:
    seeds = [stored("a", [1, 2], [1.0, 3.0], [9, 9]) for _ in range(2)]
    for run in seeds:
        run.totals["bias"] = bias(30.0, 20.0, z)
    wanted = [f"a: waiting for the first favours long {said}"] if said else []
    assert warnings_of(seeds) == wanted


def test_the_best_value_of_a_row_need_not_be_the_last() -> None:
    run = stored("a", [1, 2, 3, 4], [0.0] * 4, [100] * 4)
    run.history["objective"] = np.array([10.0, 20.0, 50.0, 30.0])
    (row,) = tidy([run]).rows
    assert (row["best"], row["final"]) == (50, 30)


def test_the_method_alone_is_a_table(two_workers: Path) -> None:
    said = straggler("compare", "runs/two", "--columns", "method", cwd=two_workers)
    assert said.returncode == 0, said.stderr
    assert [line.strip() for line in said.stdout.splitlines()][-4:-1] == [
        "afedpg",
        "rennala-nigt",
        "synchronous-nigt",
    ]
    csv = straggler("compare", "runs/two", "--columns", "method", "--csv", cwd=two_workers)
    assert csv.stdout.splitlines() == ["method", "afedpg", "rennala-nigt", "synchronous-nigt"]


def test_compare_prints_a_table_and_csv(two_workers: Path) -> None:
    table = straggler("compare", "runs/two", cwd=two_workers)
    assert table.returncode == 0
    assert "rennala-nigt" in table.stdout
    csv = straggler("compare", "runs/two", "--csv", "--threshold", "1", cwd=two_workers)
    header, *rows = csv.stdout.splitlines()
    assert header.startswith("method,seeds,updates,seconds_per_update")
    assert header.endswith("time_to_1")
    assert [row.split(",")[:4] for row in rows] == [
        ["afedpg", "2", "40.0", "0.675"],  # arrivals at 1, 2, 2, 3, 4, 4, ...: 40 by 27
        ["rennala-nigt", "2", "40.0", "2.0"],
        ["synchronous-nigt", "2", "40.0", "2.0"],
    ]


def test_a_method_without_a_finished_run_is_named(tmp_path: Path) -> None:
    write_scenario(
        tmp_path, ("step_size = 0.05", "step_size = 1e308"), ("updates = 40", "updates = 9")
    )
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 1
    for options in ((), ("--csv",)):
        said = straggler("compare", "runs/two", *options, cwd=tmp_path)
        assert said.returncode == 0
        assert "afedpg" not in said.stdout
        assert said.stderr.startswith("afedpg: no finished run: ")
        assert said.stderr.count("\n") == 1


def test_a_method_of_which_some_runs_failed_is_named(two_workers: Path, tmp_path: Path) -> None:
    shutil.copytree(two_workers / "runs/two", tmp_path / "two")
    file = tmp_path / "two/afedpg/seed-1/run.json"
    failed = {"status": "failed", "reason": "a traceback\nupdate 3: diverged", "totals": None}
    file.write_text(json.dumps(json.loads(file.read_text()) | failed))
    said = CliRunner().invoke(app, ["compare", str(tmp_path / "two"), "--csv"])
    assert said.exit_code == 0, said.output
    line = "afedpg: 1 of 2 runs failed, and are in no mean: update 3: diverged"
    assert said.stderr.splitlines() == [line]
    assert "afedpg,1,40.0" in said.stdout
    # half of its seeds never get anywhere: the median is infinite
    assert _time_of_afedpg(tmp_path / "two") == math.inf
    info = json.loads(file.read_text())
    info["content"]["methods"][0]["step_size"] = 9.0  # of before the scenario was corrected
    file.write_text(json.dumps(info))
    assert 0 < _time_of_afedpg(tmp_path / "two") < math.inf


def test_bills_at_different_prices_are_not_compared_in_silence() -> None:
    runs = [stored(name, [1, 2], [0.0, 1.0], [1, 1]) for name in "ab"]
    assert warnings_of(runs) == []
    for price, run in zip((1.0, 2.0), runs, strict=True):
        run.info["prices"] = {"price": price}
    (line,) = warnings_of(runs)
    assert line.startswith("runs were billed at different prices")


def _time_of_afedpg(folder: Path) -> float:
    words = ["compare", str(folder), "--csv", "--threshold", "-4", "--columns", "method,time_to_-4"]
    rows = CliRunner().invoke(app, words).stdout.splitlines()
    return float({row["method"]: row["time_to_-4"] for row in csv.DictReader(rows)}["afedpg"])


def test_tables_fit_a_terminal_of_80_columns(two_workers: Path) -> None:
    shown = straggler("compare", "runs/two", cwd=two_workers).stdout
    assert all(len(line.rstrip()) <= 80 for line in shown.splitlines())
    # once in each table: costs, delays, results
    assert shown.count("rennala-nigt") == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "p.xyz"], "p.xyz: cannot be a picture"),
        (["--out", "."], ".: cannot be a picture"),
        (["--out", "p.pgf"], "p.pgf: cannot be a picture; accepted: a file in eps, gif, jpg, jpeg"),
        (["--column", "return_mean"], "return_mean: no run has a value of it"),
    ],
)
def test_plots_that_cannot_be_drawn_are_one_line(
    two_workers: Path, arguments: list[str], message: str
) -> None:
    wrong = straggler("plot", "runs/two", *arguments, cwd=two_workers)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith(f"straggler: {message}")
    assert wrong.stderr.count("\n") == 1


def test_plot_draws_a_picture(two_workers: Path) -> None:
    drawn = straggler(
        "plot", "runs/two", "--column", "gradient_norm", "--out", "p.png", cwd=two_workers
    )
    assert drawn.returncode == 0, drawn.stderr
    assert (two_workers / "p.png").read_bytes().startswith(b"\x89PNG")
    wrong = straggler("plot", "runs/two", "--column", "x", cwd=two_workers)
    assert wrong.returncode == 2
    assert "--column x: no such column; accepted: update, time" in wrong.stderr
