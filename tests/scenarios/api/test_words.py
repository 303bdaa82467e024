"""The same words in Python and on the command line: what is chosen, listed, judged and missing."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import straggler as front
from scenarios.api.plot import distinct
from scenarios.cli.app import app
from scenarios.format.words.errors import BadInputError

ROOT = Path(__file__).parents[3]

SMALL: dict[str, Any] = {
    "title": "Two of them, 100%_safe",
    "seeds": [0],
    "updates": 4,
    "cluster": {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2.0]}},
    "problem": {"kind": "quadratic", "dimension": 4, "noise": 0.5},
    "methods": [
        {"name": "synchronous-nigt", "momentum": 0.1, "step_size": 0.1},
        {"name": "rennala-nigt", "batch": 3, "momentum": 0.1, "step_size": 0.1},
    ],
}

TABULAR: dict[str, Any] = SMALL | {
    "problem": {
        "kind": "tabular",
        "world": {"model": "grid", "rows": 2, "columns": 2, "goal": [1, 1]},
    }
}


def command(*arguments: object) -> str:
    """Return what a command prints; its mistakes are raised."""
    said = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert said.exit_code == 0
    return said.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("words") / "two"
    front.run(SMALL, out=out, jobs=2)
    return out


def test_a_history_tells_runs_of_other_values_apart() -> None:
    one, other = (
        front.simulate(SMALL | {"methods": [SMALL["methods"][0] | {"step_size": step}]}).runs[0]
        for step in (0.1, 0.2)
    )
    assert front.Results([one], "one").history().columns[0] == "update"
    both = front.Results([one, other], "both").history()
    assert both.columns[:5].tolist() == ["method", "seed", "methods.step_size", "path", "update"]
    assert both["methods.step_size"].tolist() == [0.1] * 4 + [0.2] * 4


def test_failed_runs_of_one_file_are_all_told(tmp_path: Path) -> None:
    wild = SMALL | {"seeds": [0, 1], "methods": [SMALL["methods"][0] | {"step_size": 1e308}]}
    runs = [front.simulate(wild, seed=seed).runs[0] for seed in (0, 1)]
    file = tmp_path / "wild.parquet"
    front.Results(runs, "wild").save(file)
    results = front.open(file)
    assert list(results.failed) == [f"{file}: synchronous-nigt, seed {seed}" for seed in (0, 1)]
    assert repr(results).startswith("<Results wild: 2 runs, 2 failed; ")


def test_results_are_saved_where_open_finds_them(tmp_path: Path) -> None:
    results = front.simulate(SMALL)
    with pytest.raises(BadInputError, match=r"two\.csv: accepted: a file that ends in \.parquet"):
        results.save(tmp_path / "two.csv")
    assert not list(tmp_path.iterdir())


def test_a_history_of_no_runs_says_that_none_are_there() -> None:
    with pytest.raises(BadInputError, match=r"^empty: no runs are there yet$"):
        front.Results([], "empty").history()


def test_columns_are_chosen_and_ordered(folder: Path) -> None:
    results = front.open(folder)
    table = results.table(columns=["seed", "method", "elapsed"])
    assert table.columns.tolist() == ["seed", "method", "elapsed"]
    assert table["elapsed"].tolist() == [8.0, 8.0]
    csv = command("results", folder, "--columns", "seed,method,elapsed", "--csv")
    assert csv.splitlines()[0] == '"seed","method","elapsed"'
    latex = command("results", folder, "--columns", "method,elapsed", "--latex")
    assert latex == results.sheet(columns=["method", "elapsed"]).latex()
    assert "\\caption{Two of them, 100\\%\\_safe, by objective}" in latex
    assert "\\begin{tabular}{lr}" in latex
    numbers = results.compare(columns=["updates", "seconds_per_update"])
    assert numbers.table().columns.tolist() == ["method", "updates", "seconds_per_update"]
    assert numbers.latex().count("\\begin{table}") == 1
    assert "\\caption{Two of them, 100\\%\\_safe: means over seeds}" in numbers.latex()
    assert "synchronous-nigt & 4 & 2 \\\\" in numbers.latex()
    said = command("compare", folder, "--columns", "updates,seconds_per_update", "--latex")
    assert said == numbers.latex()
    for call in (results.table, results.compare):
        with pytest.raises(
            BadInputError, match="columns: there is no 'updats'; did you mean 'updates'"
        ):
            call(columns=["updats"])


def test_a_name_stands_once_unless_labels_hide_it(folder: Path) -> None:
    assert "methods.name" not in front.open(folder).table()
    first, second = SMALL["methods"]
    labelled = SMALL | {"methods": [first | {"label": "a"}, second | {"label": "b"}]}
    runs = [front.simulate(labelled, label).runs[0] for label in "ab"]
    names = front.Results(runs, "labelled").table()["methods.name"]
    assert names.tolist() == ["synchronous-nigt", "rennala-nigt"]


def test_names_tell_results_apart() -> None:
    assert distinct(["runs/two", "old/two"]) == ["runs/two", "old/two"]
    assert distinct(["a/x/two", "b/x/three"]) == ["two", "three"]
    assert distinct(["lesson", "lesson"]) == ["lesson (1)", "lesson (2)"]


def test_a_title_counts_the_seeds_of_what_is_shown() -> None:
    one = front.simulate(SMALL, "synchronous-nigt", seed=0).runs
    two = [front.simulate(SMALL, "rennala-nigt", seed=seed).runs[0] for seed in (0, 1)]
    results = front.Results([*one, *two], "uneven")
    for methods, seeds in ((["synchronous-nigt"], "1 seed"), (["rennala-nigt"], "2 seeds")):
        (ax,) = results.plot(methods=methods).axes
        assert ax.get_title().endswith(f"\n{seeds}")


def test_what_an_overlay_cannot_show_is_told(folder: Path) -> None:
    results = front.open(folder)
    other = front.simulate(TABULAR)
    other.name = "elsewhere/two"
    both = front.plot(results, other, overlay=True, methods=["synchronous-nigt"])
    names = [line.get_label() for line in both.axes[0].get_lines()]
    assert names == [
        f"synchronous-nigt ({folder.parent.name}/two)",
        "synchronous-nigt (elsewhere/two)",
    ]
    returns = front.simulate(TABULAR)
    for run in returns:
        run.history["objective"][:] = float("nan")
    returns.name = "returns"
    with pytest.raises(BadInputError) as caught:
        front.plot(results, returns, overlay=True)
    assert caught.value.lines[0].startswith(
        "overlay: judged two by objective, returns by return_mean; accepted: alike, or a column "
    )
    with pytest.raises(BadInputError, match="two: no run has a value of return_mean; accepted: a"):
        front.plot(results, returns, overlay=True, column="return_mean")
    with pytest.raises(BadInputError, match="is given twice; accepted: once"):
        front.plot(results, front.open(folder), overlay=True)
    with pytest.raises(BadInputError, match="label x: nothing here is called so; accepted: renn"):
        front.plot(results, labels={"x": "y"})
    with pytest.raises(BadInputError, match="nigt, synchronous-nigt; accepted: a name for each"):
        front.plot(results, labels={"rennala-nigt": "synchronous-nigt"})
    first, second = front.plot(results, returns).axes
    assert first.get_ylabel().startswith("objective ")
    assert second.get_ylabel() == "mean undiscounted return"


@pytest.mark.parametrize("name", ["plot", "compare", "timeline", "results"])
def test_what_is_not_there_says_what_would_be(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    accepted = (
        "accepted: a folder of results, of one run or of a store; a compact file of results; a "
        "sweep, by file or name"
    )
    with pytest.raises(BadInputError) as caught:
        command(name, "twoo")
    assert caught.value.lines == (f"twoo: not there; did you mean 'two'? {accepted}",)
    (folder.parent / "notes.txt").write_text("x")
    with pytest.raises(BadInputError, match=f"notes.txt: is none of these; {accepted}"):
        command(name, "notes.txt")
    scenario = ROOT / "scenarios/library/teaching/quadratic-stragglers.toml"
    with pytest.raises(BadInputError, match="is a scenario; accepted: a sweep, with `base`; for"):
        command(name, scenario)


def test_a_store_is_for_sweeps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    for name, option in (("results", "--out"), ("plot", "--store"), ("report", "--store")):
        with pytest.raises(BadInputError, match=f"{option}: goes with a sweep, which two is not"):
            command(name, "two", option, "x")
    with pytest.raises(BadInputError, match=r"^out: goes with a sweep, which two is not"):
        front.open("two", "x")
    assert [file.name for file in folder.glob("*.*")] == []
    with pytest.raises(BadInputError, match=r"crossover\.toml: no runs are there yet"):
        command("results", "crossover", "--out", "nowhere")
    with pytest.raises(BadInputError, match="out: needs runs; accepted: without source"):
        command("figure", "1", "--from", ROOT / "results", "--out", "x")


def test_a_timeline_of_a_folder_is_of_a_method_and_a_seed(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="2 runs; accepted: one, of method rennala-nigt, sync"):
        command("timeline", folder)
    file = tmp_path / "t.json.gz"
    command("timeline", folder, "--method", "rennala-nigt", "--perfetto", file)
    other = tmp_path / "other.json.gz"
    front.open(folder).perfetto(other, "rennala-nigt")
    assert file.read_bytes() == other.read_bytes()
    with pytest.raises(BadInputError, match=r"t.json: accepted: a file that ends in .json.gz"):
        front.open(folder).perfetto("t.json", "rennala-nigt")


def test_what_can_be_named_is_listed() -> None:
    listed = front.list()
    assert list(listed.scenarios) == front.names()
    assert listed.methods["rennala"] == ["batch", "batch_init"]
    assert listed.rules["nigt"] == ["step_size", "momentum"]
    assert "heterogeneity" in {name.rpartition("/")[2] for name in listed.sweeps}
    assert command("list").split() == str(listed).split()
    assert command("list", "methods").split() == str(front.list("methods")).split()
    assert command("list", "sweeps").split() == str(front.list("sweeps")).split()


def test_verdicts_are_those_of_the_command(tmp_path: Path) -> None:
    for name in ("figure8a", "figure8b"):
        (tmp_path / f"{name}.parquet").symlink_to(ROOT / f"results/{name}.parquet")
    verdicts = front.verdict(tmp_path)
    assert verdicts.markdown() == command("verdict", "--from", tmp_path, "--markdown")
    assert {(name, one.hero) for name, one in verdicts.rows} == {("8", "rennala-nigt")}


def test_a_log_becomes_a_trace(tmp_path: Path) -> None:
    log, out = tmp_path / "log.csv", tmp_path / "trace.csv"
    log.write_text("worker,start,end\n0,0,2\n0,2,4\n1,0,1\n")
    assert front.trace(log, out) == 3
    # half a gradient a second until 4, one a second until 1
    rows = [list(map(float, line.split(","))) for line in out.read_text().splitlines()[1:]]
    assert rows == [[0, 0, 0.5], [2, 0, 0.5], [4, 0, 0], [0, 1, 1], [1, 1, 0]]
    with pytest.raises(
        BadInputError, match=r"accepted: a .csv or .parquet file with columns worker, start, end"
    ):
        front.trace(tmp_path / "none.csv", out)
    front.trace(log, tmp_path / "no/such/folder/trace.csv")
    assert (tmp_path / "no/such/folder/trace.csv").read_bytes() == out.read_bytes()
    same, before = tmp_path / "link.csv", log.read_bytes()
    same.symlink_to(log)
    for other in (log, same):
        with pytest.raises(BadInputError, match=r"is the log; accepted: another file"):
            front.trace(log, other)
    assert log.read_bytes() == before


def test_measurements_are_made_when_they_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    from scenarios.bench.measure import Measurement  # noqa: PLC0415

    def measured(*_: object) -> Any:
        yield "a", [Measurement("x", "steps", 1234.0, 1.0), Measurement("y", "steps", 12.0, 0.5)]

    monkeypatch.setattr("scenarios.api.bench.measured", measured)
    said = front.bench("events")
    assert "y         " in str(said)
    assert "2 times" in str(said)
    assert json.loads(said.json())["a"][1]["rate"] == 12.0
    with pytest.raises(BadInputError, match="bench: rounds: 0; accepted: a whole number"):
        front.bench("events", rounds=0)
