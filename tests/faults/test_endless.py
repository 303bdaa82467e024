"""Runs that would not end, as a user meets them: said before, failed, and gone on with."""

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

import straggler
from scenarios.cli.app import app
from scenarios.runs import execute
from scenarios.runs.execute import Options
from scenarios.runs.jobs import plan
from scenarios.runs.progress import Progress

CONTENT: dict[str, Any] = {
    "title": "t",
    "seeds": [0],
    "updates": 4,
    "cluster": {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2.0]}},
    "problem": {"kind": "quadratic", "dimension": 2, "noise": 0.5},
    "methods": [{"name": "rennala-nigt", "batch": 3, "momentum": 0.1, "step_size": 0.1}],
}
HOPELESS = {**CONTENT["methods"][0], "batch": 10**9}


def make(folder: Path, content: dict[str, Any], options: Options) -> dict[str, Any]:
    """Make the only run of a scenario in this process; return what run.json says."""
    (job,) = plan(straggler.load(content), folder)
    execute.execute(job.spec, job.folder, options)
    info: dict[str, Any] = json.loads((job.folder.path / "run.json").read_text())
    return info


def test_a_run_that_stalls_fails_with_a_line_and_goes_on_with_more(tmp_path: Path) -> None:
    """A broadcast, three completions and a reduce: five events."""
    info = make(tmp_path, CONTENT, Options(max_events=4))
    assert info["status"] == "failed"
    assert info["reason"].startswith("no update in 4 events, from the start, until 2 simulated s")
    again = make(tmp_path, CONTENT, Options(max_events=5))
    assert again == info  # a failed run is there
    done = make(tmp_path, CONTENT, Options(max_events=5, retry_failed=True))
    assert done["status"] == "done"
    undisturbed = make(tmp_path / "other", CONTENT, Options())
    assert undisturbed["content"] == done["content"]  # the limit is none of a run's identity
    assert undisturbed["files"] == done["files"]  # the same bytes


def test_it_goes_on_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRAGGLER_CHECKPOINT_SECONDS", "0")
    late = {"failures": {"model": "windows", "windows": [[0, 5.0, 10.0], [1, 5.0, 10.0]]}}
    content = {**CONTENT, "cluster": {**CONTENT["cluster"], **late}}
    # two updates by 4 s; then the broadcast, at 5 s a completion and a loss, the next windows (none
    # comes any more), completions at 11 and 12 s, and the reduce: seven events
    info = make(tmp_path, content, Options(max_events=6))
    assert info["reason"].startswith("no update in 6 events, after update 2 at 4 s, until 12 simu")
    done = make(tmp_path, content, Options(max_events=7, retry_failed=True))
    assert (done["status"], done["resumed_at"]) == ("done", [2])
    assert done["files"] == make(tmp_path / "other", content, Options())["files"]


def test_a_hopeless_run_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(execute, "run_method")
    info = make(tmp_path, {**CONTENT, "methods": [HOPELESS]}, Options())
    assert info["status"] == "failed"
    assert info["reason"].startswith("methods.rennala-nigt.batch: an update of rennala-nigt takes ")
    with pytest.raises(straggler.StalledError, match=r"methods\.rennala-nigt\.batch: an update"):
        straggler.simulate({**CONTENT, "methods": [HOPELESS]})


def test_other_methods_of_its_scenario_are_made(tmp_path: Path) -> None:
    methods = [{**HOPELESS, "label": "endless"}, {**CONTENT["methods"][0], "label": "short"}]
    results = straggler.run({**CONTENT, "methods": methods}, tmp_path / "out")
    assert list(results.select("short").methods) == ["short"]
    assert len(results.failed) == 1


def test_check_warns_and_options_are_checked(tmp_path: Path) -> None:
    text = straggler.check({**CONTENT, "methods": [HOPELESS]})
    assert "\nwarning   methods.rennala-nigt.batch: an update of rennala-nigt takes about" in text
    with pytest.raises(straggler.BadInputError, match="max_events: 0; accepted: a whole number"):
        straggler.run(CONTENT, tmp_path, max_events=0)
    said = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200"}).stdout
    assert "without an update" in said


def test_theory_of_what_cannot_end_is_quick() -> None:
    unequal = {"compute": {"model": "explicit", "seconds": [1e-12, 1e12]}}
    malenia = {"name": "malenia-nigt", "batch": 4, "momentum": 0.1, "step_size": 0.1}
    content = {**CONTENT, "cluster": {"workers": 2, **unequal}, "methods": [malenia, HOPELESS]}
    text = str(straggler.theory(content, [0.1]))
    assert "2e+12" in text  # the slow worker's second gradient
    assert "0.001" in text  # 1e9 gradients of the fast one


def test_progress_says_that_something_happens(tmp_path: Path) -> None:
    console = Console(file=(tmp_path / "said").open("w"), width=200)
    progress = Progress(console)
    scenario = straggler.load(CONTENT)
    progress.begin({"mine": (tmp_path, scenario)})
    progress.foreseen([f"line {k}" for k in range(7)])
    progress._next_line = 0.0
    state = {"time": 12.5, "update": 3, "value": 0.25, "events": 1_230_000}
    (tmp_path / "progress.json").write_text(json.dumps(state))
    progress.poll()
    console.file.close()
    said = (tmp_path / "said").read_text()
    assert "warning: line 4\nwarning: and 2 more like these\n" in said
    assert "mine 12.5 s, 0.25, 1,230,000 events since update 3" in said
