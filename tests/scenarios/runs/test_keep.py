"""Iterates are kept as they were evaluated, whatever happens to the run; nothing else changes."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from interrupted import interrupt

import straggler as front
from scenarios.runs.execute import Options, execute
from scenarios.runs.spec import RunSpec, expand
from scenarios.runs.store.folder import RunFolder
from simulator.evaluation import FIRST_TASK

TABULAR = {
    "title": "kept",
    "seeds": [3],
    "updates": 12,
    "evaluation": {"episodes": 2, "every": 5.0},
    "cluster": {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2.0]}},
    "problem": {
        "kind": "tabular",
        "world": {"model": "random", "states": 3, "actions": 2},
        "horizon": 6,
    },
    "methods": [{"name": "synchronous-nigt", "momentum": 0.5, "step_size": 0.5}],
}
REACHER = {"kind": "control", "env": "Reacher-v4", "horizon": 3, "hidden": [4]}


def spec_of(*, keep: bool, **changes: Any) -> RunSpec:
    evaluation = {"episodes": 2, "every": 5.0, "keep": keep}
    return expand(front.load({**TABULAR, "evaluation": evaluation, **changes}))[0]


def made(spec: RunSpec, path: Path) -> RunFolder:
    folder = RunFolder(path)
    assert execute(spec, folder, Options()) == "done"
    return folder


@pytest.mark.parametrize(
    ("problem", "precision"), [(TABULAR["problem"], "double"), (REACHER, "float")]
)
def test_a_kept_theta_gives_the_evaluation_of_the_history(
    tmp_path: Path, problem: dict[str, Any], precision: str
) -> None:
    spec = spec_of(keep=True, problem=problem)
    folder = made(spec, tmp_path)
    kept = pq.read_table(folder.path / "iterates.parquet")
    # a round takes 2 s: the first is evaluated, and the first ones from 5, 10, 15 and 20 s on
    assert kept["update"].to_pylist() == [1, 3, 5, 8, 10]
    assert kept["time"].to_pylist() == [2.0, 6.0, 10.0, 16.0, 20.0]
    assert str(kept["theta"].type.value_type) == precision
    world = spec.scenario.problem.build(spec.seed, 2)
    history = pq.read_table(folder.path / "history.parquet")["evaluation"].to_pylist()
    for row in kept.to_pylist():
        tasks = FIRST_TASK + 2 * int(row["time"] // 5) + np.arange(2)
        _, returns = world.sample(np.array(row["theta"]), np.zeros(2, int), tasks)
        assert returns.mean() == history[row["update"] - 1]
    world.close()


def test_keeping_adds_a_file_and_changes_no_other(tmp_path: Path) -> None:
    without, kept = spec_of(keep=False), spec_of(keep=True)
    assert without.identity() == kept.identity()
    folder = made(without, tmp_path)
    before = (tmp_path / "history.parquet").read_bytes()
    assert not (tmp_path / "iterates.parquet").exists()
    assert folder.status(kept) == "missing"
    made(kept, tmp_path)
    assert (tmp_path / "history.parquet").read_bytes() == before
    assert folder.status(kept) == folder.status(without) == "done"
    (tmp_path / "iterates.parquet").write_bytes(b"PAR1")
    assert folder.status(kept) == "damaged"
    assert folder.status(without) == "done"


def test_a_killed_run_keeps_what_it_had_kept(tmp_path: Path) -> None:
    spec, folder = spec_of(keep=True), RunFolder(tmp_path / "killed")
    interrupt(spec, folder, 4)
    interrupt(spec, folder, 9)
    made(spec, folder.path)
    assert (folder.info() or {})["resumed_at"] == [4, 9]
    calm = made(spec, tmp_path / "calm")
    for name in ("iterates.parquet", "history.parquet"):
        assert (folder.path / name).read_bytes() == (calm.path / name).read_bytes()


def test_a_checkpoint_that_has_not_kept_everything_is_not_continued(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "killed")
    interrupt(spec_of(keep=False), folder, 4)
    made(spec_of(keep=True), folder.path)
    assert (folder.info() or {})["resumed_at"] == []
    interrupt(spec_of(keep=True), other := RunFolder(tmp_path / "other"), 4)
    made(spec_of(keep=False), other.path)  # what it has kept is no obstacle
    assert (other.info() or {})["resumed_at"] == [4]
    assert not (other.path / "iterates.parquet").exists()


def test_a_run_in_memory_keeps_them_too() -> None:
    (run,) = front.simulate(spec_of(keep=True).scenario)
    assert run.iterates()["update"].to_pylist() == [1, 3, 5, 8, 10]
    (other,) = front.simulate(spec_of(keep=False).scenario)
    with pytest.raises(front.BadInputError, match="keep = true"):
        other.iterates()
