"""What `import straggler` gives back: numbers worked out by hand, and changed pictures."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

import numpy as np
import pytest
import tomli_w
from commands import SCENARIO, straggler, write_scenario

import straggler as front

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL: dict[str, Any] = {
    "title": "two workers, 100%_safe",
    "seeds": [0, 1],
    "updates": 4,
    "cluster": {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2.0]}},
    "problem": {"kind": "quadratic", "dimension": 4, "noise": 0.5},
    "methods": [
        {"name": "synchronous-nigt", "momentum": 0.1, "step_size": 0.1},
        {"name": "rennala-nigt", "batch": 3, "momentum": 0.1, "step_size": 0.1},
    ],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> front.Results:
    return front.run(SMALL, out=tmp_path_factory.mktemp("api") / "small", jobs=2)


def test_a_scenario_is_loaded_by_name_path_or_dict(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    by_path, by_dict = front.load(file), front.load(SMALL)
    assert (by_path.name, by_dict.name) == ("two", None)
    assert front.load("figure1b").name == "figure1b"
    assert front.load("figure1b", quick=True).name == "figure1b-quick"
    arrays = SMALL | {"seeds": (0, np.int64(1)), "title": "t"}
    assert front.load(arrays).seeds == [0, 1]
    assert front.check(SMALL).splitlines()[0] == "two workers, 100%_safe"


def test_values_are_changed_by_dotted_keys_and_checked() -> None:
    scenario = front.load(SMALL).with_values(
        {"cluster.compute.seconds": [1.0, 3.0], "methods.*.step_size": 0.5, "seeds": [7]}
    )
    assert scenario.cluster.compute_seconds().tolist() == [1.0, 3.0]
    assert [method.parameters()["step_size"] for method in scenario.methods] == [0.5, 0.5]
    assert scenario.seeds == [7]
    for values, message in (
        ({"cluster.worker": 3}, "with_values: cluster.worker: unknown key; did you mean 'workers'"),
        ({"methods.x.batch": 3}, "with_values: methods.x.batch: accepted: methods.*.KEY"),
        ({"cluster.workers": 3}, "with_values: cluster.compute.seconds: has 2 numbers for 3"),
        (
            {"methods.rennala-nigt.name": "renala", "methods.*.step_size": 0.5},
            "with_values: methods[1].name: unknown 'renala'; did you mean 'rennala'",
        ),
    ):
        with pytest.raises(front.BadInputError, match=re.escape(message)):
            front.load(SMALL).with_values(values)


def test_values_may_name_another_trace_whose_content_is_then_remembered(tmp_path: Path) -> None:
    for name, speed in (("a.csv", 1), ("b.csv", 2)):
        (tmp_path / name).write_text(f"time,worker,speed\n0,0,1\n0,1,{speed}\n")
    trace = {"model": "trace", "file": str(tmp_path / "a.csv")}
    scenario = front.load(SMALL | {"cluster": {"workers": 2, "compute": trace}})
    assert "compute   1 gradients per second as a.csv has it" in front.check(scenario).splitlines()
    other = scenario.with_values({"cluster.compute.file": str(tmp_path / "b.csv")})
    assert "compute   1 to 2 gradients per second as b.csv has it" in front.check(other)
    # the second worker's gradients take half a second, so that three are there after one
    assert front.simulate(scenario, "rennala-nigt", seed=0).history()["time"][0] == 2.0
    assert front.simulate(other, "rennala-nigt", seed=0).history()["time"][0] == 1.0
    (tmp_path / "b.csv").write_text("time,worker,speed\n0,0,1\n0,1,3\n")
    with pytest.raises(front.BadInputError, match="is not the one that this run was planned with"):
        other.with_values({"seeds": [7]})


def test_a_trace_may_begin_anew(tmp_path: Path) -> None:
    """A gradient a second for 2 of every 3 s."""
    (tmp_path / "t.csv").write_text("time,worker,speed\n0,0,1\n2,0,0\n")
    trace = {"model": "trace", "file": str(tmp_path / "t.csv"), "period": 3.0}
    cluster = {"workers": 1, "compute": trace}
    scenario = front.load(SMALL | {"cluster": cluster, "updates": 3})
    times = front.simulate(scenario, "rennala-nigt", seed=0).history()["time"].tolist()
    assert times == [4.0, 8.0, 13.0]  # M = 3: 1, 2, 4; 5, 7, 8; 10, 11, 13
    line = "compute   0.6667 gradients per second as t.csv has it, again every 3 s"
    assert line in front.check(scenario).splitlines()
    with pytest.raises(front.BadInputError, match="has a row at 2 s; accepted: before the period"):
        front.load(SMALL | {"cluster": {"workers": 1, "compute": trace | {"period": 2.0}}})


def test_the_history_of_a_sweep_tells_its_points_apart(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(tomli_w.dumps(SMALL))
    (tmp_path / "sweep.toml").write_text(
        'title = "t"\nbase = "small.toml"\n[[axes]]\nname = "update"\nkey = "methods.*.step_size"\n'
        "values = [0.1, 0.2]\n"
    )
    swept = front.sweep(tmp_path / "sweep.toml", tmp_path / "store", jobs=1)
    rows = swept.history("rennala-nigt", seed=0)
    assert list(rows.columns[:4]) == ["method", "seed", "axis update", "update"]
    assert rows["axis update"].tolist() == [0.1] * 4 + [0.2] * 4


def test_prices_of_groups_are_said_in_words() -> None:
    price = {"groups": [{"count": 1, "each": 3.0}, {"count": 1, "each": 0.5}]}
    cluster = SMALL["cluster"] | {"price": price, "power": {"computing": 200.0, "idle": 50.0}}
    said = front.check(SMALL | {"cluster": cluster}).splitlines()
    assert "costs     price 1 x 3.0 + 1 x 0.5, power computing 200.0, idle 50.0" in said


def test_a_run_that_failed_says_why_it_has_no_history() -> None:
    broken = SMALL | {"methods": [{"name": "rennala-pg", "batch": 1, "step_size": 1e300}]}
    with pytest.raises(front.BadInputError, match="rennala-pg, seed 0 failed, without a history: "):
        front.simulate(broken, seed=0).history()


def test_a_trace_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("worker,start,end\n0,0,1\n")
    (tmp_path / "dir.csv").mkdir()
    with pytest.raises(front.BadInputError, match=r"dir\.csv: is a folder; accepted: a file"):
        front.trace(tmp_path / "log.csv", tmp_path / "dir.csv")


def test_a_run_in_this_process_is_the_same(results: front.Results) -> None:
    one = front.simulate(SMALL, "rennala-nigt", seed=1)
    assert one.history().equals(results.history("rennala-nigt", seed=1))
    assert len(one) == 1
    assert one.timeline().axes


def test_a_method_may_be_an_object() -> None:
    from algorithms import Rennala  # noqa: PLC0415 - as in a notebook

    class Mine(Rennala):
        """Stands in no module that another process could import."""

    mine = Mine(rule=front.NIGT(step_size=0.1, momentum=0.1), batch=3)
    run = front.simulate(SMALL, mine)
    assert run.methods == ["Mine"]
    assert run.history().equals(front.simulate(SMALL, "rennala-nigt").history())


def test_tables_have_the_numbers_of_the_clock(results: front.Results) -> None:
    table = results.table(thresholds=[-1e9])
    assert table["method"].tolist() == ["synchronous-nigt", "rennala-nigt"] * 2
    # rounds of 2 s: both once; or the first twice and the second once
    assert table["elapsed"].tolist() == [8.0] * 4
    assert table["gradients_used"].tolist() == [8, 12, 8, 12]
    assert table["time_to_-1e+09"].tolist() == [2.0] * 4
    history = results.history("rennala-nigt", seed=0)
    assert history["time"].tolist() == [2.0, 4.0, 6.0, 8.0]
    assert history["gradients"].dtype == "int64"
    every = results.history()
    assert every.columns[:2].tolist() == ["method", "seed"]
    assert len(every) == 16
    numbers = results.compare().table()
    assert numbers["seconds_per_update"].tolist() == [2.0, 2.0]
    assert numbers["worker_time_used"].tolist() == [0.75, 1.0]


def test_tables_for_papers_and_pages(results: front.Results) -> None:
    comparison = results.compare(thresholds=[1e9])
    latex = comparison.latex()
    assert latex.count("\\toprule") == latex.count("\\bottomrule") == 3
    assert "\\begin{tabular}{lrrrrrrrr}" in latex
    assert "rennala-nigt & 4 & 2 & 12 & 0 & 100\\% & 0\\%" in latex
    assert "_" not in re.sub(r"\\_", "", latex.replace("/", "")).split("caption")[0]
    header, rule, first, second = comparison.markdown().split("\n\n")[0].splitlines()
    assert header.startswith("| method | updates | s per update |")
    assert rule == "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    assert first.startswith("| synchronous-nigt | 4 | 2 | 8 | 0 | 75% |")
    assert len({row.count("|") for row in (header, rule, first, second)}) == 1
    assert "never" in str(comparison)
    assert "<table" in comparison._repr_html_()
    assert "<table" in results._repr_html_()


def test_pictures_can_be_chosen_and_changed(results: front.Results, tmp_path: Path) -> None:
    figure = results.plot(
        methods=["synchronous-nigt", "rennala-nigt"],
        labels={"rennala-nigt": "Rennala"},
        xlim=(1.0, 6.0),
        logy=False,
        size=(5, 3),
    )
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.get_lines()] == ["synchronous-nigt", "Rennala"]
    assert axes.get_xlim() == (1.0, 6.0)
    assert figure.get_size_inches().tolist() == [5.0, 3.0]
    only = results.plot(methods=["rennala-nigt"], column="gradient_norm", logx=True)
    assert (only.axes[0].get_xscale(), only.axes[0].get_yscale()) == ("log", "log")
    assert len(only.axes[0].get_lines()) == 1
    assert only._repr_png_().startswith(b"\x89PNG")
    results.plot().savefig(tmp_path / "x.svg")


def test_several_clusters_in_one_picture(results: front.Results, tmp_path: Path) -> None:
    slow = front.load(SMALL).with_values({"cluster.compute.seconds": [2.0, 4.0]})
    other = front.run(slow, out=tmp_path / "slow", jobs=2)
    apart = front.plot(results, other)
    titles = [axes.get_title().splitlines()[0] for axes in apart.axes]
    assert titles == [f"{SMALL['title']} (small)", f"{SMALL['title']} (slow)"]
    renamed = front.plot(results, other, labels={"slow": "Slow", "rennala-nigt": "R"})
    titles = [axes.get_title().splitlines()[0] for axes in renamed.axes]
    assert titles == [f"{SMALL['title']} (small)", "Slow"]
    labels = {"small": "fast", "rennala-nigt": "R"}
    both = front.plot(results, other, overlay=True, methods=["rennala-nigt"], labels=labels)
    assert [line.get_label() for line in both.axes[0].get_lines()] == ["R (fast)", "R (slow)"]
    together = front.plot(results, other, overlay=True, methods=["rennala-nigt"])
    (axes,) = together.axes
    assert [line.get_label() for line in axes.get_lines()] == [
        "rennala-nigt (small)",
        "rennala-nigt (slow)",
    ]
    assert len({line.get_marker() for line in axes.get_lines()}) == 2
    assert len({line.get_color() for line in axes.get_lines()}) == 1


def test_what_cannot_be_is_one_line(results: front.Results, tmp_path: Path) -> None:
    cases: dict[str, Callable[[], object]] = {
        "no run of method 'x'; accepted: synchronous-nigt, rennala-nigt; seeds 0, 1": (
            lambda: results.history("x")
        ),
        "4 runs; accepted: one, of method synchronous-nigt, rennala-nigt": results.timeline,
        "--column x: no such column; accepted: update, time": lambda: results.plot("x"),
        "x: no such method here; accepted: rennala-nigt": lambda: results.plot(methods=["x"]),
        "xlim 3 1: accepted: two rising numbers": lambda: results.plot(xlim=(3, 1)),
        "size 0 1: accepted: 1 to 100 inches": lambda: results.plot(size=(0, 1)),
        "size 1000 1: accepted: 1 to 100 inches": lambda: results.staleness().plot(size=(1000, 1)),
        "size -1 2: accepted: 1 to 100 inches": lambda: results.staleness().plot(size=(-1, 2)),
        "theory: is about one cluster in a panel; accepted: without overlay": (
            lambda: front.plot(results, results, overlay=True, theory=True)
        ),
        "nowhere: not there; accepted: a folder of results, of one run or of a store; a compact": (
            lambda: front.open("nowhere")
        ),
        "out: is missing for a scenario without a file": lambda: front.run(SMALL),
        "jobs: 0; accepted: a whole number of at least 1": (
            lambda: front.run(SMALL, out=tmp_path, jobs=0)
        ),
        # under its former name, which mypy refuses
        "run: processes_per_run: 0; accepted: a whole number": (
            lambda: front.run(SMALL, out=tmp_path, workers_per_run=0)  # type: ignore[call-arg]
        ),
        "seed: -1; accepted: a whole number of at least 0": lambda: front.simulate(SMALL, seed=-1),
        "did you mean 'figure1b'": lambda: front.load("figure1bb"),
    }
    for message, call in cases.items():
        with pytest.raises(front.BadInputError, match=re.escape(message)) as caught:
            call()
        assert all("\n" not in line for line in caught.value.lines)


def test_failed_runs_are_told_and_do_not_raise(tmp_path: Path) -> None:
    wild = front.load(SMALL).with_values({"methods.*.step_size": 1e308, "methods.*.momentum": 1.0})
    failed = front.run(wild, out=tmp_path / "wild", jobs=2)
    assert len(failed.failed) == 4
    assert all("not finite" in reason for reason in failed.failed.values())
    assert failed.table()["status"].tolist() == ["failed"] * 4
    with pytest.raises(front.BadInputError, match="no finished runs"):
        failed.compare()


def test_one_run_and_compact_files_open(results: front.Results) -> None:
    folder = Path(results.name) / "rennala-nigt/seed-0"
    assert len(front.open(folder)) == 1
    compact = front.open(Path(__file__).parents[3] / "results/ring.parquet")
    assert compact.methods
    assert len(compact.table()) == len(compact)
    comparison = assert_type(compact.compare(), front.Comparison)  # mypy sees it, as users' does
    assert comparison.table()["seeds"].tolist() == [5] * len(compact.methods)


def test_the_command_line_has_the_same_options(tmp_path: Path) -> None:
    text = SCENARIO.replace("updates = 40", "updates = 5")
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(text)
        assert straggler("run", f"{name}.toml", cwd=tmp_path).returncode == 0
    options = [
        "--column",
        "gradient_norm",
        "--method",
        "afedpg",
        "--label",
        "afedpg=A",
        "--xlim",
        "0",
        "2",
        "--logy",
    ]
    more = ["--size", "5", "3", "--overlay", "-o", "x.pdf"]
    drawn = straggler("plot", "runs/one", "runs/two", *options, *more, cwd=tmp_path)
    assert drawn.stdout == "drawn: x.pdf\n", drawn.stderr
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")
    for command in ("compare", "results"):
        latex = straggler(command, "runs/one", "--latex", cwd=tmp_path).stdout
        assert latex.startswith("\\begin{table}\n\\caption{")
        markdown = straggler(command, "runs/one", "--markdown", cwd=tmp_path).stdout
        assert markdown.startswith("| method |")
    wrong = straggler("compare", "runs/one", "--latex", "--csv", cwd=tmp_path)
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "straggler: --csv: does not go with --latex; accepted: one of them\n",
    )
    folder = straggler("results", "runs/one", "--parquet", ".", cwd=tmp_path)
    assert (folder.returncode, folder.stderr) == (
        2,
        "straggler: .: is a folder; accepted: a file\n",
    )
    wrong = straggler("results", "runs/one", "--parquet", "x", "--latex", cwd=tmp_path)
    assert wrong.stderr == "straggler: --parquet: does not go with --latex; accepted: one of them\n"
    versions = straggler("--version", cwd=tmp_path).stdout
    assert [line.split()[0] for line in versions.splitlines()][:3] == [
        "straggler",
        "simpy",
        "numpy",
    ]
