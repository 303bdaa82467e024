"""Smoothing, thresholds and bins, against numbers worked out by hand."""

import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import straggler, write_scenario
from rich.console import Console
from typer.testing import CliRunner

from scenarios.api.studies import open as straggler_open
from scenarios.cli.app import app
from scenarios.results import curves
from scenarios.results.compare import compare, time_to, warnings_of
from scenarios.results.rows import tidy
from scenarios.results.sheet import Sheet
from scenarios.runs.store.record import RunInfo
from scenarios.runs.store.stored import StoredRun


def stored(label: str, times: list[float], returns: list[float], counts: list[int]) -> StoredRun:
    seconds = {"compute": 3.0, "discard": 1.0, "send": 0.5, "idle": 0.5, "down": 0.0}
    info = RunInfo(
        label=label,
        seed=0,
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


def test_running_mean_holds_the_fewest_updates_with_a_hundred_trajectories() -> None:
    run = stored("a", [1, 2, 3, 4], [1.0, 2.0, 4.0, 8.0], [60, 40, 60, 50])
    expected = [math.nan, (60 * 1 + 40 * 2) / 100, (40 * 2 + 60 * 4) / 100, (60 * 4 + 50 * 8) / 110]
    np.testing.assert_allclose(curves.running(run, "return_mean"), expected)


def test_threshold_times_and_default_thresholds() -> None:
    run = stored("a", [1, 2, 3, 4], [10.0, 20.0, 50.0, 30.0], [100] * 4)
    assert curves.first_held(run, "return_mean", 20) == 2
    assert curves.first_held(run, "return_mean", 21) == 3
    assert curves.first_held(run, "return_mean", 51) == math.inf
    comparison = compare([run])
    assert comparison.thresholds == [20, 30, 40]  # from 10 to 50
    assert comparison.columns["time_to_20"] == [2]


@pytest.mark.parametrize(
    ("returns", "counts", "said"),
    [
        ([-43.0, -50.0, -54.0], [100] * 3, "a: does not rise: return_mean -43 at the start, -54"),
        ([-43.0, -42.8, -54.0], [100] * 3, "a: does not rise: return_mean -43 at the start, -54"),
        ([-17.0, -18.0, -18.0], [10] * 3, "a: does not rise: return_mean -17 at the start, -17.67"),
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
    """Its first hundred trajectories are over at -70; it began at -43, as the other did."""
    fallen = stored("a", [1, 2, 3], [-43.0, -97.0, -60.0], [50, 50, 100])
    assert curves.known(fallen, "return_mean").tolist() == [-70, -60]
    assert compare([fallen, stored("b", [1, 2], [-43.0, -50.0], [100, 100])]).thresholds == []


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
        "final": 3,
        "time_to_2": 2,
    }
    assert comparison.columns["time_to_2"][1] == math.inf


def test_bytes_of_older_runs_that_counted_one_way_are_not_known() -> None:
    older, newer = (stored(label, [1], [1.0], [100]) for label in ("older", "newer"))
    del older.totals["vectors_received"]
    assert np.array_equal(
        compare([older, newer]).columns["megabytes_sent"], [math.nan, 2.0], equal_nan=True
    )
    rows = tidy([older, newer]).rows
    assert [math.isnan(row["bytes_sent"]) for row in rows] == [True, False]


def test_bins_weigh_trajectories_and_fill_gaps() -> None:
    run = stored("a", [0.5, 0.6, 3.5], [1.0, 4.0, 7.0], [2, 1, 5])
    bins = curves.binned(run, "return_mean", np.array([0.0, 1, 2, 3, 4]))
    np.testing.assert_allclose(bins, [2.0, 2.0, 2.0, 7.0])


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


def test_tables_fit_a_terminal_of_80_columns(two_workers: Path) -> None:
    for line in straggler("compare", "runs/two", cwd=two_workers).stdout.splitlines():
        assert len(line.rstrip()) <= 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "p.xyz"], "p.xyz: cannot be a picture"),
        (["--out", "."], ".: cannot be a picture"),
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


def test_the_average_over_worlds_has_a_window_of_as_many_trajectories_in_all() -> None:
    """Two worlds, half of the workers each: the latest 50 trajectories of each."""
    run = stored("a", [1, 2, 3], [0.0, 0.0, 0.0], [60, 60, 60])
    run.info["variants"] = {"near": 0.5, "far": 0.5}
    for name, returns in (("near", [1.0, 2.0, 3.0]), ("far", [10.0, 20.0, 30.0])):
        run.history[f"return_mean_{name}"] = np.array(returns)
        run.history[f"return_count_{name}"] = np.array([40.0, 10.0, 10.0])
    expected = [math.nan, (40 * 1 + 10 * 2) / 50, (40 * 1 + 10 * 2 + 10 * 3) / 60]
    np.testing.assert_allclose(
        curves.running(run, "return_average"), [5.5 * value for value in expected]
    )
