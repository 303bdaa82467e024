"""Killed runs go on where they were, and end with the same bytes."""

import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import files_below, write_scenario
from interrupted import interrupt

from scenarios.format.load import load
from scenarios.format.words.errors import BadInputError
from scenarios.runs import resume, waiting
from scenarios.runs.execute import Options, execute, make_room, record_death
from scenarios.runs.spec import RunSpec, expand
from scenarios.runs.store.fingerprint import ROOT, code_fingerprint
from scenarios.runs.store.folder import RunFolder
from simulator import simulate
from simulator.problems.control.rollouts.helpers import HelperEndedError, HelperError


def spec_in(folder: Path, *changes: tuple[str, str]) -> RunSpec:
    return expand(load(write_scenario(folder, ("[0, 1]", "[0]"), *changes)))[2]


def finish(spec: RunSpec, folder: RunFolder, *, retry_failed: bool = False) -> list[int]:
    """Complete a run, compare it with an undisturbed one, and return where it was resumed."""
    assert execute(spec, folder, Options(retry_failed=retry_failed)) == "done"
    assert not folder.checkpoint.exists()
    calm = RunFolder(folder.path.with_name("calm"))
    assert execute(spec, calm, Options()) == "done"
    assert files_below(folder.path, "*.parquet") == files_below(calm.path, "*.parquet")
    resumed_at: list[int] = (folder.info() or {})["resumed_at"]
    return resumed_at


def test_a_run_is_resumed_where_it_was_interrupted(tmp_path: Path) -> None:
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")
    interrupt(spec, folder, 10)
    interrupt(spec, folder, 25)
    assert finish(spec, folder) == [10, 25]


def test_a_run_whose_process_died_is_resumed_when_it_is_tried_again(tmp_path: Path) -> None:
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")
    interrupt(spec, folder, 10)
    folder.write_info(spec, "failed", reason="the process of this run died", totals=None)
    assert execute(spec, folder, Options()) == "failed"
    assert finish(spec, folder, retry_failed=True) == [10]


def test_a_run_whose_helper_died_or_memory_ended_is_resumed_when_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")
    kept: list[type[Exception]] = [HelperEndedError, MemoryError]
    for error in (*kept, HelperError):
        resumed_at = [10] if error in kept else []

        def some(*args: Any, error: type[Exception] = error, **options: Any) -> None:
            simulate(*args, **{**options, "updates": 10})
            raise error("a helper process")

        with monkeypatch.context() as patch:
            patch.setattr(waiting, "simulate", some)
            patch.setenv("STRAGGLER_CHECKPOINT_SECONDS", "0")
            assert execute(spec, folder, Options()) == "failed"
        assert folder.checkpoint.exists() == bool(resumed_at)
        assert finish(spec, folder, retry_failed=True) == resumed_at
        shutil.rmtree(folder.path)


def test_a_run_for_which_torch_had_no_memory_is_resumed_when_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")

    def some(*args: Any, **options: Any) -> None:
        simulate(*args, **{**options, "updates": 10})
        torch.empty(2**50)

    with monkeypatch.context() as patch:
        patch.setattr(waiting, "simulate", some)
        patch.setenv("STRAGGLER_CHECKPOINT_SECONDS", "0")
        assert execute(spec, folder, Options()) == "failed"
    assert finish(spec, folder, retry_failed=True) == [10]


def test_while_a_failed_run_is_tried_again_it_has_not_failed(tmp_path: Path) -> None:
    """So that another process waits for it, and keeps its checkpoint."""
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")
    interrupt(spec, folder, 10)
    folder.write_info(spec, "failed", reason="the process of this run died", totals=None)
    make_room(spec, folder)
    assert folder.status(spec) == "missing"
    assert finish(spec, folder) == [10]


def test_a_finished_run_outlives_a_failure_to_record_more(tmp_path: Path) -> None:
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")
    shorter = RunSpec(spec.scenario.model_copy(update={"timeline": False}))
    assert execute(shorter, folder, Options()) == "done"
    before = files_below(folder.path, "*.parquet")
    record_death(spec, folder, Options(), "the process of this run died")
    assert folder.status(spec) == "failed"
    aside = RunFolder(tmp_path / ".run-old-1")
    assert aside.status(shorter) == "done"
    assert files_below(aside.path, "*.parquet") == before


@pytest.mark.parametrize("spoil", ["empty", "cut", "flipped", "another file"])
def test_a_checkpoint_that_cannot_be_read_is_ignored(tmp_path: Path, spoil: str) -> None:
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")
    interrupt(spec, folder, 10)
    content = folder.checkpoint.read_bytes()
    array = BytesIO()
    np.save(array, np.ones(3))
    spoilt = {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "flipped": content.replace(b'"gradients": 1', b'"gradients": 7', 1),
        "another file": array.getvalue(),
    }
    assert spoilt[spoil] != content
    folder.checkpoint.write_bytes(spoilt[spoil])
    assert finish(spec, folder) == []


def test_a_checkpoint_of_another_run_or_code_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")
    interrupt(spec_in(tmp_path, ("noise = 0.5", "noise = 0.25")), folder, 10)
    assert finish(spec, folder) == []
    shutil.rmtree(folder.path)
    interrupt(spec, folder, 10)
    monkeypatch.setattr(resume, "code_fingerprint", lambda: "0123456789ab")
    assert finish(spec, folder) == []
    shutil.rmtree(folder.path)
    interrupt(spec, folder, 10)
    monkeypatch.setattr(resume, "versions", lambda: {"torch": "99"})
    assert finish(spec, folder) == []


def test_the_fingerprint_is_that_of_the_sources(tmp_path: Path) -> None:
    for package in ("simulator", "algorithms"):
        shutil.copytree(ROOT / package, tmp_path / package)
    own = code_fingerprint.__wrapped__(tmp_path)
    assert own == code_fingerprint()
    assert len(own) == 12
    with (tmp_path / "simulator/problems/control/control.py").open("a") as file:
        file.write("# changed\n")
    assert code_fingerprint.__wrapped__(tmp_path) != own


def test_the_fingerprint_is_of_the_sources_that_a_process_has_imported() -> None:
    """Where they change afterwards, what it makes is not of the new ones."""
    words = (
        "import pathlib, scenarios.runs.execute",
        "pathlib.Path.read_bytes = lambda file: b'changed'",
        "from scenarios.runs.store.fingerprint import code_fingerprint",
        "print(code_fingerprint())",
    )
    said = subprocess.check_output([sys.executable, "-c", "; ".join(words)], cwd=ROOT, text=True)
    assert said.strip() == code_fingerprint()


def test_checkpoints_are_a_while_apart(tmp_path: Path) -> None:
    assert resume.CHECKPOINT_SECONDS == 60
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")
    interrupt(spec, folder, 10, seconds=60)
    assert finish(spec, folder) == []


def test_the_environment_of_the_command_counts_not_that_of_a_runs_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the other nodes of a Ray cluster, or where the process was begun before."""
    spec, folder = spec_in(tmp_path), RunFolder(tmp_path / "run")
    monkeypatch.setenv("STRAGGLER_CHECKPOINT_SECONDS", "0")
    options = Options()
    monkeypatch.delenv("STRAGGLER_CHECKPOINT_SECONDS")

    def some(*args: Any, **limits: Any) -> None:
        simulate(*args, **{**limits, "updates": 10})
        raise KeyboardInterrupt

    monkeypatch.setattr(waiting, "simulate", some)
    with pytest.raises(KeyboardInterrupt):
        execute(spec, folder, options)
    monkeypatch.undo()
    assert finish(spec, folder) == [10]


@pytest.mark.parametrize("seconds", ["nan", "-1", "a minute", ""])
def test_what_is_no_time_between_checkpoints_is_refused(
    seconds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRAGGLER_CHECKPOINT_SECONDS", seconds)
    with pytest.raises(BadInputError, match=f"SECONDS={seconds}: accepted: a number of seconds"):
        resume.checkpoint_seconds()


@pytest.mark.parametrize(
    ("limit", "problem"),
    [("updates", "quadratic"), ("time_limit", "quadratic"), ("time_limit", "control")],
)
def test_a_longer_run_continues_a_shorter_one_to_the_same_bytes(
    tmp_path: Path, limit: str, problem: str
) -> None:
    for method in range(3):
        calm, shorter, longer = (
            RunFolder(tmp_path / f"{method}/{name}") for name in ("calm", "shorter", "longer")
        )
        short, long = (at_length(limit, share, problem, method) for share in (0.5, 1.0))
        assert execute(short, shorter, Options(continued=True)) == "done"
        assert execute(long, calm, Options()) == "done"  # it does not look at others
        assert execute(long, longer, Options(continued=True)) == "done"
        assert files_below(longer.path, "*.parquet") == files_below(calm.path, "*.parquet")
        half = (shorter.info() or {})["totals"]
        assert half
        assert 0 < half["updates"] < ((longer.info() or {})["totals"] or half)["updates"]
        assert (longer.info() or {})["resumed_at"] == [half["updates"]]
        assert (calm.info() or {})["resumed_at"] == []
        shutil.rmtree(shorter.path)  # what is there now got further than this run will
        assert execute(short, shorter, Options(continued=True)) == "done"
        assert (shorter.info() or {})["resumed_at"] == []


def at_length(limit: str, share: float, problem: str, method: int) -> RunSpec:
    """Return a run of a method; evaluated where there are episodes."""
    control = {"kind": "control", "env": "Reacher-v4", "horizon": 5, "hidden": [4]}
    more: dict[str, Any] = {}
    if problem == "control":
        more = {"problem": control, "evaluation": {"episodes": 2, "every": 2.0}}
    lengths = {"updates": 12, "time_limit": 21.0}
    kind = type(lengths[limit])
    content = {
        "title": "continued",
        "seeds": [0],
        limit: kind(lengths[limit] * share),
        "cluster": {
            "workers": 3,
            "compute": {"model": "power", "scale": 1.0, "exponent": 1.0},
            "uplink": {"model": "power", "scale": 0.5},
        },
        "problem": {"kind": "quadratic", "dimension": 4, "noise": 0.1},
        "methods": [
            {"name": "rennala-nigt", "batch": 3, "momentum": 0.1, "step_size": 0.1},
            {"name": "ringmaster-nigt", "threshold": 2, "momentum": 0.1, "step_size": 0.1},
            {"name": "afedpg", "momentum": 0.1, "step_size": 0.1},
        ],
        **more,
    }
    return expand(load(content))[method]
