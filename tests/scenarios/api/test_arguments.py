"""What users pass to functions: each wrong type is one line, and none is converted in silence."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import straggler as front
from scenarios.format.scenario import Scenario

SMALL: dict[str, Any] = {
    "title": "two workers",
    "seeds": [0, 1],
    "updates": 4,
    "cluster": {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2.0]}},
    "problem": {"kind": "quadratic", "dimension": 4, "noise": 0.5},
    "methods": [{"name": "rennala-nigt", "batch": 3, "momentum": 0.1, "step_size": 0.1}],
}

CLASSES = (front.Results, front.SweepResults, front.FigureResults, front.Tuned, Scenario)

FUNCTIONS = [getattr(front, name) for name in front.__all__ if name[0].islower()]
FUNCTIONS += [front.list, front.open]  # which `import *` leaves to Python

METHODS = [
    getattr(kind, name)
    for kind in CLASSES
    for name in ("select", "table", "history", "compare", "plot", "timeline", "save", "write")
    if hasattr(kind, name)
] + [Scenario.with_values]


def arguments() -> list[tuple[Callable[..., Any], str]]:
    """Return each function with each of its parameters."""
    return [
        (function, one.name)
        for function in dict.fromkeys([*FUNCTIONS, *METHODS])
        for one in inspect.signature(function).parameters.values()
        if one.name != "self" and one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}
    ]


@pytest.mark.parametrize(
    ("function", "name"), arguments(), ids=lambda one: getattr(one, "__qualname__", str(one))
)
def test_every_argument_of_the_front_door_is_checked(
    function: Callable[..., Any], name: str
) -> None:
    first = [None] * ("self" in inspect.signature(function).parameters)
    with pytest.raises(front.BadInputError) as caught:
        function(*first, **{name: object()})
    pattern = rf"{function.__name__}: {name}: <object .*>; accepted: "
    assert any(re.match(pattern, line) for line in caught.value.lines)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: front.run(SMALL, jbos=2), "run: jbos: unknown key; did you mean 'jobs'? "),  # type: ignore[call-arg]
        (front.run, "run: source: is missing; accepted: a name, a path, a dict"),
        (lambda: front.run(SMALL, "o", [0]), "run: [0]: accepted: by name, as one of methods="),  # type: ignore[call-arg, list-item]
        (lambda: front.run(SMALL, source=SMALL), "run: source: is given twice; accepted: once"),  # type: ignore[misc]
        (lambda: front.run(SMALL, seeds=["a"]), "run: seeds: ['a']; accepted: a list of whole "),  # type: ignore[list-item]
        (lambda: front.run(SMALL, jobs=0), "run: jobs: 0; accepted: a whole number of at least 1"),
        (lambda: front.run(SMALL, jobs=True), "run: jobs: True; accepted: a whole number"),
        (lambda: front.plot(SMALL), "plot: results: [{"),  # type: ignore[arg-type]
    ],
)
def test_what_else_can_be_wrong_is_a_line(call: Callable[[], object], line: str) -> None:
    with pytest.raises(front.BadInputError) as caught:
        call()
    assert caught.value.lines[0].startswith(line)


def test_what_python_and_numpy_say_alike_is_taken() -> None:
    seed: Any = np.int64(2)
    thresholds: Any = np.array([-1e9])
    xlim: Any = [0, 4]
    run = front.simulate(SMALL | {"seeds": range(3)}, seed=seed)
    assert run.seeds == [2]
    table = run.table(thresholds=thresholds)
    assert table["time_to_-1e+09"].tolist() == [2.0]
    assert run.plot(xlim=xlim, methods="rennala-nigt").axes[0].get_xlim() == (0.0, 4.0)


def test_objects_are_checked_as_tables_are() -> None:
    from algorithms import Rennala  # noqa: PLC0415 - as in a notebook

    table = "or a table { start, power, after }"
    decaying = front.Schedule(2.0, power=1.0, after=1.0)
    wrong = Rennala(front.NIGT(step_size=-1.0, momentum=decaying), batch=0)
    with pytest.raises(front.BadInputError) as caught:
        front.simulate(SMALL, wrong)
    assert caught.value.lines == (
        "method: batch: got 0; accepted: a whole number of at least 1",
        f"method.rule: step_size: got -1.0; accepted: a finite number above 0, {table}",
        "method.rule: momentum.start: got 2.0; accepted: a number above 0 and of at most 1",
    )
    with pytest.raises(front.BadInputError, match=re.escape("method.rule: 'nigt'; accepted: an")):
        front.simulate(SMALL, Rennala("nigt", batch=3))  # type: ignore[arg-type]
    twice = SMALL | {"methods": [SMALL["methods"][0] | {"label": label} for label in "ab"]}
    with pytest.raises(front.BadInputError, match="rennala-nigt: is several; accepted: a, b"):
        front.simulate(twice, "rennala-nigt")
    assert front.simulate(twice, "b").methods == ["b"]
    right = Rennala(front.NIGT(step_size=1, momentum=np.float64(0.5)), batch=3)
    assert len(front.simulate(SMALL, right)) == 1
