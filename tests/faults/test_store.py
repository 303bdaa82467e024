"""What a run's folder says of damaged files, and of a run that failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scenarios.format.load import load
from scenarios.runs.execute import Options, execute
from scenarios.runs.spec import RunSpec, expand
from scenarios.runs.store.folder import RunFolder
from straggler import Estimate, Problem, Request, Vector

CONTENT: dict[str, Any] = {
    "title": "stored",
    "seeds": [0],
    "updates": 3,
    "cluster": {"workers": 2, "compute": {"model": "power", "scale": 1.0}},
    "problem": {"kind": "quadratic", "dimension": 2},
    "methods": [{"name": "synchronous-pg", "step_size": 0.1}],
}


@dataclass
class Broken(Problem):
    dimension = 2

    def initial_point(self) -> Vector:
        return Vector((2,))

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:  # noqa: ARG002
        raise RuntimeError("what is wrong\nand more of it")


def made(content: dict[str, Any], path: Path) -> tuple[RunSpec, RunFolder]:
    (spec,) = expand(load(content))
    folder = RunFolder(path)
    execute(spec, folder, Options())
    return spec, folder


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"garbage")])
def test_a_damaged_timeline_is_made_again_but_results_can_be_read(
    damage: Any, tmp_path: Path
) -> None:
    spec, folder = made(CONTENT, tmp_path / "run")
    assert folder.status(spec) == "done"
    damage(folder.path / "timeline.parquet")
    assert folder.status(spec) == "damaged"
    assert folder.info() is not None
    execute(spec, folder, Options())
    assert folder.status(spec) == "done"


def test_the_last_line_of_a_reason_says_what_was_wrong(tmp_path: Path) -> None:
    problem = {"kind": "test_store:Broken"}
    _, folder = made(CONTENT | {"problem": problem}, tmp_path / "run")
    reason = str((folder.info() or {}).get("reason"))
    assert reason.startswith("Traceback")
    assert "and more of it" in reason
    assert reason.splitlines()[-1].startswith("RuntimeError: what is wrong (")
