"""Methods of one's own that fail: the file and the line where, in Python and in a run's folder."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import own_classes
import pytest

import straggler as front
from scenarios.format.own.where import raised_at
from scenarios.runs.execute import Options, execute
from scenarios.runs.spec import expand
from scenarios.runs.store.folder import RunFolder

CONTENT: dict[str, Any] = {
    "title": "fails",
    "seeds": [0],
    "updates": 3,
    "cluster": {"workers": 3, "compute": {"model": "power", "scale": 1.0}},
    "problem": {"kind": "quadratic", "dimension": 2},
}


def scenario(name: str) -> dict[str, Any]:
    own = {"name": f"own_classes:{name}", "rule": "pg", "step_size": 0.5}
    return CONTENT | {"methods": [own]}


def line_of(function: Callable[..., Any], text: str) -> str:
    """Return where a text stands in a function, as an editor counts."""
    lines, first = inspect.getsourcelines(function)
    (k,) = [k for k, line in enumerate(lines) if text in line]
    return f"own_classes.py:{first + k}"


WAITS: dict[str, tuple[Callable[..., Any], str, str]] = {
    "Yields": (own_classes.Yields._wait, "yield cluster", ": `yield`; accepted: `yield from`"),
    "NoGenerator": (own_classes.NoGenerator.run, "def run", ": run is no generator; accepted: one"),
}


@pytest.mark.parametrize("name", WAITS)
def test_a_method_that_does_not_wait_is_a_line_in_python_too(name: str) -> None:
    function, text, said = WAITS[name]
    with pytest.raises(front.BadInputError) as caught:
        front.simulate(scenario(name))
    (line,) = caught.value.lines
    assert line_of(function, text) + said in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("name", "function", "text", "said"),
    [
        ("Yields", own_classes.Yields._wait, "yield cluster", "`yield`; accepted: `yield from`"),
        ("Raises", own_classes.Raises.step, "raise", "KeyError: 'nothing'"),
    ],
)
def test_a_failed_run_ends_with_where_it_failed(
    name: str, function: Callable[..., Any], text: str, said: str, tmp_path: Path
) -> None:
    (spec,) = expand(front.load(scenario(name)))
    folder = RunFolder(tmp_path / "run")
    assert execute(spec, folder, Options()) == "failed"
    (reason,) = front.open(folder.path).failed.values()
    assert said in reason
    assert line_of(function, text) in reason
    assert "Traceback" in str((folder.info() or {}).get("reason"))


def test_places_are_those_of_the_user_not_of_the_libraries() -> None:
    with pytest.raises(front.BadInputError) as caught:
        front.load({})
    assert (raised_at(caught.value) or "").startswith("tests/faults/test_waiting.py:")
    assert raised_at(KeyError("never raised")) is None
    with pytest.raises(SyntaxError) as broken:
        compile("x = (\n", "mine.py", "exec")
    assert raised_at(broken.value) == "mine.py:1"
