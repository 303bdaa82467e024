"""What a tuning says and writes, on the command line and for made-up scores."""

import csv
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import straggler, write_scenario
from tuning import NIGT, TABLE, bowl, made_up, with_table

import straggler as front
from algorithms import Schedule
from scenarios.api.studies import Tuned
from scenarios.format.load import load, read_toml
from scenarios.format.words.errors import BadInputError
from scenarios.runs.store.folder import RunFolder
from scenarios.studies.tuning.budget import plan
from scenarios.studies.tuning.tune import Tuning
from scenarios.studies.tuning.tuned import check_target, edges, margin, verdict, write


def test_a_method_that_always_fails_keeps_its_own_values(tmp_path: Path) -> None:
    bowl(tmp_path, [1e10], "", NIGT)  # after 9 updates of pg, x is -1e90; of nigt, -9e10
    result = straggler("tune", "bowl.toml", cwd=tmp_path)
    assert result.returncode == 1
    assert "synchronous-pg: all 1 tries failed; its values stay as they were\n" in result.stdout
    pg, nigt = load(tmp_path / "bowl-tuned.toml").methods
    assert pg.parameters()["step_size"] == 0.125
    assert nigt.parameters()["step_size"] == 1e10
    pattern = (
        r"synchronous-pg +10000000000.0 +- +2 +failed +- +1 *\n.*synchronous-nigt +10000000000.0 "
    )
    assert re.search(pattern, result.stdout)


def test_a_tuning_in_parts_changes_one_method_after_the_other(tmp_path: Path) -> None:
    file = bowl(tmp_path, [0.25, 0.03125], "", NIGT)
    whole = front.tune(file, tmp_path / "store").scenario()
    scores = []
    for name in ("synchronous-nigt", "synchronous-pg", "synchronous-nigt"):
        before = load(file)
        words = ("--method", name, "--write", "bowl.toml", "--force", "--csv", "--out", "mine")
        made = straggler("tune", "bowl.toml", *words, cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        assert {row["method"] for row in csv.DictReader(io.StringIO(made.stdout))} == {name}
        for method, old, best in zip(
            load(file).methods, before.methods, whole.methods, strict=True
        ):
            assert method == (best if method.name == name else old)
        scores.append((load(file).thresholds or [0.0])[-1])
    assert load(file).methods == whole.methods
    assert scores[0] < scores[1] == scores[2]  # the highest stays
    refused = straggler("tune", "bowl.toml", "--method", "rennala", cwd=tmp_path)
    assert "--method rennala: not in the scenario; accepted: synchronous-pg," in refused.stderr


def test_of_a_value_that_decays_the_start_is_tuned(tmp_path: Path) -> None:
    decaying = 'step_size = { start = 0.125, power = 0.5, after = 3.0, by = "seconds" }'
    source = bowl(tmp_path, [1e-3, 0.5])
    source.write_text(source.read_text().replace("step_size = 0.125", decaying))
    assert straggler("tune", "bowl.toml", cwd=tmp_path).returncode == 0
    again = front.tune(source, tmp_path / "runs/store").scenario()
    for (method,) in (load(tmp_path / "bowl-tuned.toml").methods, again.methods):
        assert method.parameters()["step_size"] == Schedule(0.5, 0.5, 3.0, "seconds")


def test_a_users_method_without_a_label_gets_what_won(tmp_path: Path) -> None:
    own = '\n[[methods]]\nname = "own_classes:Chosen"\nrule = "pg"\nstep_size = 0.125\n'
    file = bowl(tmp_path, [0.25, 0.5], "", own)
    won = {
        "synchronous-pg": [made_up([1.0], step_size=0.5)],
        "Chosen": [made_up([1.0], step_size=0.25)],
    }
    scenario = Tuned(plan(file, load(file)), Tuning("objective", won), file).scenario()
    assert [m.parameters()["step_size"] for m in scenario.methods] == [0.5, 0.25]


def test_margin_is_paired_over_seeds() -> None:
    # differences 2, 1: mean 1.5, standard deviation sqrt(1/2), standard error 1/2
    assert margin(np.array([3.0, 5.0]), np.array([1.0, 4.0])) == pytest.approx(3.0)
    # differences 1, 2, 3: mean 2, standard deviation 1
    assert margin(np.array([1.0, 4, 9]), np.array([0.0, 2, 6])) == pytest.approx(2 * 3**0.5)
    assert margin(np.array([2.0, 3.0]), np.array([1.0, 2.0])) == np.inf
    assert margin(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == 0.0
    assert np.isnan(margin(np.array([2.0]), np.array([1.0])))


def test_the_verdict_compares_in_the_last_rung_that_both_were_in() -> None:
    first = made_up([3.0, 5.0], [9.0, 9.0], step_size=0.1)
    assert verdict([first, made_up([1.0, 4.0], index=1)]) == (
        "afedpg: step_size = 0.1; score 9, 3 standard errors above the next in rung 1"
    )
    close = made_up([0.0, 0.0], [8.0, 9.0], index=1)  # differences 1, 0: mean and error 1/2
    assert verdict([first, close]).endswith(
        "1 standard errors above the next in rung 2: within noise"
    )
    alone = [made_up([2.0]), made_up([1.0], index=1)]
    assert verdict(alone).endswith("one seed: within noise")


def test_a_winner_at_the_edge_is_a_warning(tmp_path: Path) -> None:
    file = with_table(tmp_path, "[tune]\nstep_size = [0.01, 0.2, 0.1]\nmomentum = [0.1, 0.5]\n")
    planned = plan(file, load(file))
    assert list(edges(planned, made_up(step_size=0.1, momentum=0.5))) == [
        "warning: afedpg: momentum = 0.5 is at the edge of its grid, 0.1 to 0.5"
    ]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a folder in which two.toml was tuned, and the CSV."""
    folder = tmp_path_factory.mktemp("tuned")
    with_table(folder, f"{TABLE}tries = 3\nrungs = 3\nhalving = 3\n")
    result = straggler("tune", "two.toml", "--csv", cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder, result.stdout


def test_the_table_ranks_all_tries_of_all_methods(finished: tuple[Path, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(finished[1])))
    for method in ("rennala-nigt", "synchronous-nigt", "afedpg"):
        mine = [row for row in rows if row["method"] == method]
        assert [row["rank"] for row in mine] == ["1", "2", "3"]
        assert [row["rung"] for row in mine] == ["3", "1", "1"]
        diverged = [row["step_size"] == "1e+308" for row in mine]
        assert diverged == sorted(diverged)
        assert {row["score"] for row in mine if row["step_size"] == "1e+308"} == {"-inf"}
    assert {row["batch"] for row in rows if row["method"] == "afedpg"} == {""}


def test_the_written_file_is_the_scenario_with_the_winners(finished: tuple[Path, str]) -> None:
    folder, table = finished
    rows = [row for row in csv.DictReader(io.StringIO(table)) if row["rank"] == "1"]
    file = folder / "two-tuned.toml"
    for method, row in zip(load(file).methods, rows, strict=True):
        values = {key: float(row[key]) for key in ("step_size", "momentum", "batch") if row[key]}
        assert method.folder == row["method"]
        assert values.items() <= method.parameters().items()
    before, after = read_toml(folder / "two.toml"), read_toml(file)
    assert before.pop("methods") != after.pop("methods")
    low, middle, high = after.pop("thresholds")
    assert middle - low == pytest.approx(high - middle, rel=1e-2)
    assert before == after
    header = [line for line in file.read_text().splitlines() if line.startswith("#")]
    assert header[1] == "# command   straggler tune two.toml --csv"
    assert "# seeds     1000, 1001" in header
    assert "# rung 1    4 updates; tries per method: 3; runs: 18" in header
    assert straggler("check", "two-tuned.toml", cwd=folder).returncode == 0


def test_an_interrupted_tuning_goes_on_and_a_finished_one_makes_nothing(
    finished: tuple[Path, str],
) -> None:
    folder, table = finished
    again = straggler("tune", "two.toml", "--csv", cwd=folder)
    assert (again.returncode, again.stdout) == (0, table)
    assert "is there already" in again.stderr or "are there already" in again.stderr
    assert " done: " not in again.stderr
    assert "FAILED" not in again.stderr
    lost = next((folder / "runs/store/afedpg").iterdir())
    shutil.rmtree(lost)
    completed = straggler("tune", "two.toml", "--csv", cwd=folder)
    assert completed.stdout == table
    assert completed.stderr.count(" done: ") + completed.stderr.count("FAILED") == 1
    assert (lost / "run.json").exists()


def test_only_what_tune_wrote_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    check_target(file, force=False)
    file.write_text('title = "mine"\n')
    with pytest.raises(BadInputError, match=r"mine.toml: is there, and not written by tune"):
        check_target(file, force=False)
    check_target(file, force=True)
    source = bowl(tmp_path, [0.5])
    planned = plan(source, load(source))
    write(source, file, planned, Tuning("objective", {"synchronous-pg": [made_up([1.0])]}), ["x"])
    check_target(file, force=False)


def test_a_trace_is_found_from_the_tuned_file(tmp_path: Path) -> None:
    (tmp_path / "speeds.csv").write_text("time,worker,speed\n0,0,1\n0,1,2\n")
    trace = '{ model = "trace", file = "speeds.csv" }'
    source = write_scenario(tmp_path, ('{ model = "explicit", seconds = [1.0, 2.0] }', trace))
    planned = plan(source, load(source))
    tuning = Tuning("objective", {name: [made_up([1.0])] for name in planned.tries})
    target = tmp_path / "below" / "tuned.toml"
    write(source, target, planned, tuning, ["a\nb\x00", "\udcff"])
    assert load(target).cluster == load(source).cluster


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tries", "99"], "--tries 99: accepted: at most 30, the size of synchronous-nigt's"),
        (["--write", "two.toml"], "two.toml: is there, and not written by tune; accepted: another"),
        (["--write", "."], ".: is a folder; accepted: a file"),
        (["--write", "two.toml/x.toml"], "two.toml/x.toml: "),
        (["--address", "x:1"], "--address: is for --executor ray"),
        (["--dry-run", "--address", "x:1"], "--address: is for --executor ray"),
    ],
)
def test_bad_arguments_exit_with_2_before_any_run(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    write_scenario(tmp_path)
    result = straggler("tune", "two.toml", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"straggler: {message}")
    assert result.stderr.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["two.toml"]


def test_a_dry_run_prints_the_budget_and_makes_nothing(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    result = straggler("tune", "two.toml", "--dry-run", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (
        "rung 2    40 updates; tries: rennala-nigt 45, synchronous-nigt 15, afedpg 15; runs: 150\n"
        in result.stdout
    )
    assert "runs      450 at most" in result.stdout
    assert "drawn" not in result.stdout
    drawn = straggler("tune", "two.toml", "--dry-run", "--tries", "30", cwd=tmp_path)
    assert "drawn     rennala-nigt: 30 of 90 combinations, by a fixed seed\n" in drawn.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["two.toml"]


def test_a_dry_run_takes_for_done_what_the_tuning_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scenario(tmp_path)
    asked: list[dict[str, bool]] = []

    def settled(*_: object, **options: bool) -> bool:
        asked.append(options)
        return True

    monkeypatch.setattr(RunFolder, "settled", settled)
    options = ("--tries", "2", "--retry-failed", "--recompute")
    said = straggler("tune", "two.toml", "--dry-run", *options, cwd=tmp_path)
    assert "time      about 0 s" in said.stdout
    assert asked.count({"retry_failed": True, "recompute": True}) == len(asked) > 0
