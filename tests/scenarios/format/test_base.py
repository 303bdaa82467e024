"""Scenarios that say only in what they differ from another."""

from pathlib import Path
from typing import Any

import pytest
from commands import write_scenario

from scenarios.format.load import load
from scenarios.format.words.base import merged
from scenarios.format.words.errors import BadInputError
from scenarios.runs.spec import expand

POWER = {"model": "power", "exponent": 1}


@pytest.mark.parametrize(
    ("base", "own", "whole"),
    [
        ({"a": 1, "b": [1, 2]}, {"b": [3]}, {"a": 1, "b": [3]}),
        ({"t": {"x": {"y": 2}}}, {"t": {"x": {"z": 3}}}, {"t": {"x": {"y": 2, "z": 3}}}),
        ({"t": POWER}, {"t": {"exponent": 2}}, {"t": {"model": "power", "exponent": 2}}),
        ({"t": POWER}, {"t": {"model": "power"}}, {"t": {"model": "power"}}),
        ({"t": {"x": 1}, "u": 2}, {"t": {}}, {"u": 2}),
        ({"q": {"time_limit": 1.0, "x": 1}}, {"q": {"updates": 3}}, {"q": {"updates": 3, "x": 1}}),
        ({"t": {"rule": "cancel", "cost": 1}}, {"t": "finish"}, {"t": "finish"}),
    ],
)
def test_tables_merge(base: dict[str, Any], own: dict[str, Any], whole: dict[str, Any]) -> None:
    assert merged(base, own) == whole


def test_a_scenario_is_what_its_base_and_itself_say(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    (tmp_path / "trace.csv").write_text("time,worker,speed\n0,0,1\n0,1,1\n")
    below = tmp_path / "below"
    below.mkdir()
    (below / "middle.toml").write_text(
        'title = "m"\nbase = "../two.toml"\nmethods = ["afedpg"]\n[tune]\nseeds = [7]\n'
        '[cluster]\ncompute = { model = "trace", file = "../trace.csv" }\n'
    )
    (tmp_path / "top.toml").write_text(
        'title = "t"\nbase = "below/middle.toml"\nseeds = [3]\n[problem]\nnoise = 0.25\n'
    )
    top = load(tmp_path / "top.toml")
    assert (top.title, top.name, top.seeds, top.updates, top.tune) == ("t", "top", [3], 40, None)
    assert [method.folder for method in top.methods] == ["afedpg"]
    # the same said in one file is the same run
    whole = write_scenario(
        tmp_path,
        ("[0, 1]", "[3]"),
        ('{ model = "explicit", seconds = [1.0, 2.0] }', '{ model = "trace", file = "trace.csv" }'),
        ("noise = 0.5", "noise = 0.25"),
        name="whole.toml",
    )
    assert [spec.identity() for spec in expand(top)] == [expand(load(whole))[2].identity()]
    shorter = load({"base": str(whole), "methods": ["afedpg"]})
    assert [spec.identity() for spec in expand(shorter)] == [expand(top)[0].identity()]


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ('base = "self.toml"', "self.toml: base: {0} -> {0} is a circle; accepted: another"),
        ('base = "back.toml"', "back.toml: base: {0} -> {1} -> {0} is a circle; accepted: another"),
        ('base = "figure1"', "self.toml: base: figure1: no such file or scenario; did you mean"),
        (
            'base = "two"',
            "self.toml: base: two: no such file or scenario; did you mean 'two.toml'? acc",
        ),
        ('base = "two.toml"\n[[axes]]\nkey = "updates"', "self.toml: is a sweep; accepted: a scen"),
        ("base = 3", "self.toml: base: 3; accepted: a scenario: a file or a name"),
        ('base = "two.toml"\nmethods = ["x"]', "self.toml: methods: 'x'; accepted: rennala-nigt"),
        ('base = "two.toml"\n[cluster]\nworkers = 3', "self.toml: cluster.compute.seconds: has 2"),
        ('base = "two.toml"\n[cluster]\nwokers = 3', "self.toml: cluster.wokers: unknown key"),
        ('base = "wrong.toml"', "wrong.toml: cluster.workers: got 0; accepted"),
    ],
)
def test_a_base_that_cannot_be_is_a_line(tmp_path: Path, own: str, line: str) -> None:
    write_scenario(tmp_path)
    write_scenario(tmp_path, ("workers = 2", "workers = 0"), name="wrong.toml")
    (tmp_path / "back.toml").write_text('base = "self.toml"')
    file = tmp_path / "self.toml"
    file.write_text(f'title = "s"\n{own}\n')
    with pytest.raises(BadInputError) as caught:
        load(file)
    (said,) = caught.value.lines
    assert line.format(file, tmp_path / "back.toml") in said
