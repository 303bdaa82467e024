"""Tuned values in a file's own text, and thresholds from the runs of a tuning."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tuning import made_up

from scenarios.api.studies import Tuned
from scenarios.format.load import LIBRARY, load
from scenarios.runs.store.stored import StoredRun
from scenarios.studies.tuning.budget import plan
from scenarios.studies.tuning.edit import inline, with_values
from scenarios.studies.tuning.thresholds import thresholds
from scenarios.studies.tuning.tune import Tuning
from scenarios.studies.tuning.tuned import MARK, write

TEXT = """\
# a comment
title = "t" # of two methods
time_limit = 9.0          # simulated seconds

[quick]
time_limit = 3.0

[[methods]]
name = "rennala-nigt"  # M and more
batch = 20             # M
step_size = 0.5
  [[ methods ]]
name = "afedpg"
step_size = 0.25
momentum = 0.1
"""


def test_values_of_all_kinds_stand_in_a_line() -> None:
    value = {"a": ["two  blanks, ]", 1e-05], "b": [[1, 2], []], "c": True}
    said = inline(value)
    assert said == '{ a = ["two  blanks, ]", 1e-05], b = [[1, 2], []], c = true }'
    assert tomllib.loads(f"x = {said}") == {"x": value}


def test_values_change_where_they_stand_and_nothing_else_does() -> None:
    decaying = {"start": 0.5, "power": 1.0}
    methods: list[dict[str, Any]] = [
        {"batch": 30, "step_size": 0.125},
        {"step_size": 2.0**-20, "batch": 7, "momentum": decaying},
    ]
    edited = with_values(TEXT, methods, [1.5, 2.0, 1e300])
    changes = {
        "batch = 20             # M": "batch = 30             # M",
        "step_size = 0.5": "step_size = 0.125",
        "step_size = 0.25": "step_size = 9.5367431640625e-07",
        "momentum = 0.1": "momentum = { start = 0.5, power = 1.0 }",
        "9.0          # simulated seconds": "9.0          # simulated seconds\n"
        "thresholds = [1.5, 2.0, 1e+300]",
    }
    expected = TEXT
    for before, after in changes.items():
        assert expected.count(before) == 1
        expected = expected.replace(before, after)
    assert edited == expected
    again = with_values(edited, methods, [1.0, 2.0, 3.0])
    assert again == expected.replace("[1.5, 2.0, 1e+300]", "[1.0, 2.0, 3.0]")


@pytest.mark.parametrize("name", ["paper/figure1c", "paper/figure8b"])
def test_a_file_written_over_itself_keeps_its_comments(name: str, tmp_path: Path) -> None:
    source, target = LIBRARY / f"{name}.toml", tmp_path / "mine.toml"
    target.write_text(source.read_text())
    planned = plan(source, load(source))
    tries = {name: [made_up([1.0], step_size=0.375)] for name in planned.tries}
    write(target, target, planned, Tuning("evaluation", tries, [200.0, 260.5, 320.0]), ["x"])
    after = load(target)
    assert after.thresholds == [200.0, 260.5, 320.0]
    assert [method.parameters()["step_size"] for method in after.methods] == [0.375] * 3
    stay = "warning: thresholds stay as they were: the winners' curves do not rise"
    said = Tuned(planned, Tuning("evaluation", tries), source).verdicts()
    assert (stay in said) == (name == "paper/figure1c")  # the other has none
    tuning = Tuning("evaluation", tries, [200.0, 260.5, 320.0])
    assert stay not in Tuned(planned, tuning, source).verdicts()
    for before, beside in (("mine", "once"), ("once", "twice")):  # a header, and then another one
        file = tmp_path / f"{beside}.toml"
        write(tmp_path / f"{before}.toml", file, planned, tuning, ["x"])
        assert file.read_text().count(MARK) == 1
        assert load(file).model_dump() == after.model_dump()
    kept = target.read_text().startswith(source.read_text().partition("title")[0])
    assert kept == (name == "paper/figure1c")  # the values of the other are those of its base


def run(times: list[float], values: list[float]) -> StoredRun:
    made = StoredRun(Path(), {"label": "mine", "seed": 0, "title": "made up", "status": "done"})
    made.__dict__["history"] = {"time": np.array(times), "evaluation": np.array(values)}
    return made


def test_thresholds_lie_between_the_start_and_the_best_mean_of_a_tenth_of_the_time() -> None:
    times = [*np.arange(0.5, 10)]  # one number in each tenth of 9.5 s
    one = run(times, [10.0, 20, 30, 40, 50, 90, 50, 50, 50, 50])
    other = run(times, [20.0, 20, 30, 40, 50, 30, 50, 50, 50, 50])
    late = run(times, [0.0] * 9 + [40.0])
    # starts 10, 20, 0: 10 on average; the two seeds have (90 + 30) / 2 = 60 together
    assert thresholds([[one, other], [late]], "evaluation") == [22.5, 35.0, 47.5]
    assert thresholds([[run(times, [5.0] * 10)]], "evaluation") == []
    assert thresholds([], "evaluation") == []
