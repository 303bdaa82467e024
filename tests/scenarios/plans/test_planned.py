"""Plans of files that are not the usual ones: what is written, chosen by label, and refused."""

from pathlib import Path
from typing import Any

import pytest

import straggler as front

RENNALA = {"name": "rennala-nigt", "momentum": 0.5, "step_size": 0.1, "batch": 3}


def scenario(*methods: dict[str, Any], **more: Any) -> dict[str, Any]:
    cluster = {"workers": 3, "compute": {"model": "explicit", "seconds": [1.0, 2.0, 5.0]}}
    return {
        "title": "three workers",
        "seeds": [0],
        "updates": 20,
        "cluster": cluster | more.pop("cluster", {}),
        "problem": {"kind": "quadratic", "dimension": 4, "noise": 1.0},
        "methods": list(methods or [RENNALA]),
    } | more


@pytest.mark.parametrize(
    "method",
    [{"rule": "own_classes:Clipped", "longest": 0.25}, {"rule": "adam", "beta1": 0.5}],
)
def test_the_file_that_is_written_has_the_rule(method: dict[str, Any], tmp_path: Path) -> None:
    """It had none, so that NIGT ran in place of the rule, or the file lacked NIGT's momentum."""
    content = scenario({"name": "rennala", "label": "mine", "batch": 3, "step_size": 0.1} | method)
    found = front.plan(content, methods=["mine"])
    found.write(tmp_path / "mine.toml")
    (written,) = front.load(tmp_path / "mine.toml").methods
    assert written.rule == method["rule"]
    assert written.build() == found.best.methods[0].build()
