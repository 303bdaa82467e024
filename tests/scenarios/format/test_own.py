"""Methods, problems, compute times and networks that are not ours."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from commands import straggler

import straggler as front
from scenarios.format.own.sources import code_in, code_of
from scenarios.runs.spec import expand

CONTENT: dict[str, Any] = {
    "title": "own",
    "seeds": [0],
    "updates": 6,
    "cluster": {"workers": 3, "compute": {"model": "own_classes:Halves", "scale": 4.0}},
    "problem": {"kind": "own_classes:Valley", "dimension": 3},
    "methods": [{"name": "own_classes:Chosen", "m": 2, "step_size": 0.5, "momentum": 1.0}],
}


def changed(**values: Any) -> dict[str, Any]:
    return front.load(CONTENT).with_values(values).model_dump(exclude_none=True)


def test_everything_may_be_the_users() -> None:
    content = CONTENT | {"cluster": CONTENT["cluster"] | {"network": {"model": "own_classes:Flat"}}}
    run = front.simulate(content)
    # the two fastest of h = 4, 2, 1 take 2 s, and 1/4 s to send; steps of 0.5 towards 0
    history = run.history()
    assert history["time"].tolist() == [2.25, 4.5, 6.75, 9.0, 11.25, 13.5]
    distances = np.sqrt(12) - 0.5 * np.arange(1, 7)
    np.testing.assert_allclose(history["gradient_norm"], distances)
    np.testing.assert_allclose(history["objective"], -0.5 * distances**2)


def test_transfers_of_the_users_may_have_capacity_and_latency() -> None:
    network = {"model": "own_classes:Shared", "latency": 0.5, "waits": True}
    content = CONTENT | {"cluster": CONTENT["cluster"] | {"network": network}}
    times = front.simulate(content).history()["time"]
    assert times.tolist()[:2] == [3.5, 7.0]  # 2 s, and 1.5 s to send


def test_the_same_as_our_method_that_does_the_same() -> None:
    ours = {"name": "fastest-nigt", "m": 2, "step_size": 0.5, "momentum": 1.0}
    assert (
        front.simulate(CONTENT)
        .history()
        .equals(front.simulate(CONTENT | {"methods": [ours]}).history())
    )


def test_the_rule_is_chosen() -> None:
    method = {"name": "own_classes:Chosen", "rule": "pg", "step_size": 0.5}
    run = front.simulate(CONTENT | {"methods": [method]})
    # x is multiplied by 1/2 each time
    np.testing.assert_allclose(run.history()["gradient_norm"], np.sqrt(12) * 0.5 ** np.arange(1, 7))


def test_a_rule_may_be_the_users_with_a_method_of_ours_too() -> None:
    rule = {"rule": "own_classes:Clipped", "step_size": 1.0, "longest": 1.5}
    for name in ("own_classes:Chosen", "algorithms:Synchronous", "synchronous"):
        run = front.simulate(CONTENT | {"methods": [{"name": name, **rule}]})
        # from sqrt(12) = 3.46 by steps of 1.5 as long as that is not too far; then all the way
        expected = [np.sqrt(12) - 1.5, np.sqrt(12) - 3, 0, 0, 0, 0]
        np.testing.assert_allclose(run.history()["gradient_norm"], expected, atol=1e-12)


def test_the_identity_has_the_source_of_the_rule(module: Callable[..., None]) -> None:
    def identity() -> str:
        rule = {"rule": "edited:Mine", "step_size": 1.0}
        (spec,) = expand(front.load(CONTENT | method("synchronous", **rule)))
        return spec.identity()

    module("@dataclass(frozen=True)", "Clipped")
    first = identity()
    module("# changed\n@dataclass(frozen=True)", "Clipped")
    importlib.reload(sys.modules["edited"])
    assert identity() != first


def test_factors_of_a_users_model_decide_each_task() -> None:
    content = changed(**{"cluster.compute.model": "own_classes:Alternating"})
    content["cluster"]["compute"] |= {"spread": 0.5}
    del content["cluster"]["compute"]["source"]
    # tasks take 3 and 1 seconds, in turn, for the slower of the two
    times = front.simulate(content).history()["time"]
    assert times.tolist() == [3.0, 4.0, 7.0, 8.0, 11.0, 12.0]
    assert not front.load(content).cluster.fixed


RULE = {"step_size": 0.1, "momentum": 1.0}


def test_a_tuple_is_given_as_a_list_and_a_schedule_as_a_table() -> None:
    decaying: dict[str, Any] = {"start": 2.0, "power": 0.5, "after": 3.0}
    values = {"sizes": [1, 2, 3], "pair": [[1, 2]], "weight": decaying, "later": decaying, **RULE}
    scenario = front.load(CONTENT | method("own_classes:Shaped", **values))
    built: Any = scenario.methods[0].build()
    assert (built.sizes, built.pair) == ((1, 2, 3), ((1, 2),))
    assert built.weight == built.later == front.Schedule(**decaying)
    assert front.simulate(scenario).methods == ["Shaped"]
    with pytest.raises(
        front.BadInputError, match=r"methods\[0\].sizes\[0\]: got 1.5; accepted: a whole number$"
    ):
        front.load(CONTENT | method("own_classes:Shaped", sizes=[1.5], **RULE))


def method(name: str, **values: Any) -> dict[str, Any]:
    return {"methods": [{"name": name, **values}]}


def cluster(model: str, **values: Any) -> dict[str, Any]:
    compute = {"model": f"own_classes:{model}", "scale": 1.0}
    return {"cluster": {"workers": 3, "compute": compute, **values}}


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no such module": (
        method("nowhere:Mine"),
        "methods[0].name: 'nowhere:Mine': there is no module 'nowhere'; accepted: one that is ",
    ),
    "no such class": (
        method("own_classes:Mine"),
        "no class derived from Algorithm; accepted: such a class (own_classes has Chosen, ",
    ),
    "not a method": (method("own_classes:Halves"), "no class derived from Algorithm"),
    "an abstract class": (
        method("own_classes:Unfinished"),
        "methods[0].name: 'own_classes:Unfinished': has no run; accepted: a class that defines it",
    ),
    "a field that is no key": (
        method("own_classes:Hidden"),
        "Hidden._m: cannot be a key, as it begins with _; accepted: another name, or field(init",
    ),
    "an unknown key": (
        method("own_classes:Chosen", x=1, **RULE),
        "methods[0].x: unknown key; accepted: name, label, rule, ",
    ),
    "a path": (
        method("./own_classes.py:Chosen"),
        "methods[0].name: './own_classes.py:Chosen': accepted: 'package.module:Class'",
    ),
    "half a name": (method("own_classes:"), "'own_classes:': accepted: 'package.module:Class'"),
    "no such environment's module": (
        {"problem": {"kind": "control", "env": "nowhere:Mine-v0"}},
        "problem.env: 'nowhere': there is no module 'nowhere'; accepted: one that is installed",
    ),
    "unknown name": (
        method("quorum"),
        "methods[0].name: unknown 'quorum'; accepted: 'synchronous'",
    ),
    "a script": (method("__main__:Mine"), "other processes cannot import a script; accepted: a "),
    "out of bounds": (
        method("own_classes:Chosen", m=0, **RULE),
        "methods[0].m: got 0; accepted: a whole number of at least 1",
    ),
    "unknown key": (
        method("own_classes:Chosen", mm=1, **RULE),
        "methods[0].mm: unknown key; did you mean 'm'? accepted: ",
    ),
    "missing": (
        method("own_classes:Chosen", step_size=0.1),
        "methods[0].momentum: is missing; accepted: a number above 0",
    ),
    "unknown rule": (
        method("own_classes:Chosen", rule="sgd"),
        "methods[0].rule: unknown 'sgd'; accepted: 'nigt', 'pg', 'adam', 'heavy-ball', or",
    ),
    "two rules": (
        method("fastest-nigt", rule="pg", m=2, step_size=0.1),
        "scenario: methods[0].rule: 'fastest-nigt' names one; accepted: no key rule beside it",
    ),
    "an ending of no rule": (
        method("fastest-nig", m=2, step_size=0.1),
        "methods[0].name: unknown 'fastest-nig'; did you mean 'fastest-nigt'? accepted: 'synchr",
    ),
    "no such rule": (
        method("own_classes:Chosen", rule="own_classes:Halves"),
        "scenario: methods[0].rule: 'own_classes:Halves': no class derived from Rule; accepted: ",
    ),
    "out of a rule's bounds": (
        method("own_classes:Chosen", rule="own_classes:Clipped", step_size=0.1, longest=0.0),
        "scenario: methods[0].longest: got 0.0; accepted: a number above 0",
    ),
    "a key of both": (
        method("own_classes:Chosen", rule="own_classes:Momentous", step_size=0.1),
        "scenario: methods[0].name: Chosen.m: the name is taken; accepted: another",
    ),
    "no dataclass": (
        method("own_classes:Undecorated", m=3),
        "Undecorated.m: accepted: a field of a @dataclass",
    ),
    "a name of ours": (
        method("own_classes:TakenName"),
        "TakenName.label: the name is taken; accepted: another",
    ),
    "a default that its type does not take": (
        method("own_classes:NoNumber", m=2, **RULE),
        "methods[0].name: NoNumber.m: its default is 0; accepted: a whole number of at least 1",
    ),
    "a default that is made, and is of another type": (
        method("own_classes:NoList", **RULE),
        "methods[0].name: NoList.values: its default is ['a']; accepted: a list of numbers",
    ),
    "no TOML": (
        method("own_classes:OddField"),
        "OddField.rng: cannot be a key; accepted: int, float",
    ),
    "a shape": (
        cluster("WrongShape"),
        "compute.model: 'own_classes:WrongShape' gives seconds of shape (4,); accepted: (3,)",
    ),
    "an exception": (
        cluster("Fails"),
        "compute.model: 'own_classes:Fails' fails: ZeroDivisionError: no scale",
    ),
    "a missing key": (
        {"cluster": {"workers": 3, "compute": {"model": "own_classes:Halves"}}},
        "cluster.compute.scale: is missing; accepted: a number above 0",
    ),
    "an unknown network": (
        cluster("Halves", network={"model": "slow"}),
        "cluster.network.model: unknown 'slow'; accepted: 'package.module:Class'",
    ),
    "two networks": (
        cluster("Halves", network={"model": "own_classes:Flat"}, collective="allreduce"),
        "collective: does not go with network; accepted: one of them",
    ),
    **{
        f"a network's {key}": (
            cluster("Halves", network={"model": "own_classes:Odd", "key": key}),
            f"cluster.network.model: 'own_classes:Odd': its network's {key} is {said}",
        )
        for key, said in {
            "transfer": "array([-1., -1., -1.]); accepted: numbers of at least 0, shape (3,)",
            "downlink": "array([1.]); accepted: numbers of at least 0, shape (3,)",
            "topology": "'star'; accepted: 'ideal', 'ring', 'tree'",
            "slots": "0.5; accepted: a whole number, or None",
            "capacity": "0; accepted: a number above 0, or None",
        }.items()
    },
    **{
        f"a network's capacity and {key}": (
            cluster("Halves", network={"model": "own_classes:Shared", key: value}),
            f"its network's {key}: does not go with capacity; accepted: one of them",
        )
        for key, value in {"latency": 0.5, "slots": 2}.items()
    },
    "a class that is no dataclass": (
        {"problem": {"kind": "own_classes:NoDataclass"}},
        "problem.kind: NoDataclass: is none; accepted: a @dataclass",
    ),
    "a point that is a list": (
        {"problem": {"kind": "own_classes:ListPoint"}},
        "'own_classes:ListPoint': initial_point is [2.0, 2.0]; accepted: an array of numbers",
    ),
    "a dimension that JSON does not have": (
        {"problem": {"kind": "own_classes:NumPys"}},
        "'own_classes:NumPys': dimension is np.int64(2); accepted: an int",
    ),
    "a point": (
        {"problem": {"kind": "own_classes:WrongPoint"}},
        "problem.kind: 'own_classes:WrongPoint': initial_point has shape (3,); accepted: (2,)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_one_line(mistake: str) -> None:
    change, message = MISTAKES[mistake]
    with pytest.raises(front.BadInputError) as caught:
        front.load(CONTENT | change)
    (line,) = caught.value.lines
    assert line.startswith("scenario: ")
    assert message in line
    assert "\n" not in line


def write_method(folder: Path, weight: str) -> None:
    (folder / "helper.py").write_text(f"WEIGHT = {weight}\n")
    (folder / "mine.py").write_text(
        "from dataclasses import dataclass\n"
        "import helper\n"
        "from own_classes import Chosen\n"
        "@dataclass(frozen=True)\n"
        "class Mine(Chosen):\n"
        "    def step(self, now, gradient, when):\n"
        "        return self.rule.step(now, helper.WEIGHT * gradient, when)\n"
    )


def test_a_module_in_the_working_directory_is_found_and_a_change_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    write_method(tmp_path, "1.0")
    (tmp_path / "s.toml").write_text(
        "title = 'own'\nseeds = [0, 1]\nupdates = 5\n"
        "cluster = { workers = 3, compute = { model = 'power', scale = 1.0 } }\n"
        "problem = { kind = 'quadratic', dimension = 2 }\n"
        "methods = [{ name = 'mine:Mine', rule = 'pg', step_size = 0.1 }]\n"
    )
    first = straggler("run", "s.toml", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "is there already" in straggler("run", "s.toml", cwd=tmp_path).stderr
    history = tmp_path / "runs/s/Mine/seed-0/history.parquet"
    before = history.read_bytes()
    write_method(tmp_path, "2.0")  # in a module that the method imports
    again = straggler("run", "s.toml", cwd=tmp_path)
    assert "the source of mine:Mine has changed: set aside" in again.stderr
    assert history.read_bytes() != before
    assert (tmp_path / "runs/s/Mine/.seed-0-old-1/history.parquet").read_bytes() == before


def test_reading_results_imports_nothing_of_others(tmp_path: Path) -> None:
    front.run(CONTENT, out=tmp_path / "runs", jobs=1)
    code = (
        f"import sys, straggler; r = straggler.open({str(tmp_path / 'runs')!r});"
        "r.table(); r.compare(); r.plot(); r.timeline(); r.history();"
        "print('own_classes' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert said.stdout.strip() == "False"


def test_identity_has_the_source_of_users_classes_only() -> None:
    (spec,) = expand(front.load(CONTENT))
    content: dict[str, Any] = spec.content()
    sources = {content["methods"][0]["source"], content["problem"]["source"]}
    assert sources == {code_of(sys.modules["own_classes"].Chosen).digest}
    for ours in expand(front.load("figure1b").with_values({"seeds": [0]})):
        assert "source" not in str(ours.content())
        # keys that older results do not have
        assert not {"network", "server"} & ours.content()["cluster"].keys()  # type: ignore[attr-defined]
        assert "backup" not in str(ours.content())


def test_a_key_called_file_is_told_apart_though_a_trace_has_one_that_is_not(
    tmp_path: Path,
) -> None:
    def identity(**compute: str) -> str:
        content = CONTENT | {"cluster": {"workers": 3, "compute": compute | own}}
        return expand(front.load(content))[0].identity()

    own: dict[str, Any] = {"model": "own_classes:Filed", "scale": 1.0}
    assert identity(file="a.csv") == identity() != identity(file="b.csv")
    own = {"model": "trace"}
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("time,worker,speed\n0,0,1\n0,1,2\n0,2,1\n")
    a, b = (identity(file=str(tmp_path / name)) for name in ("a.csv", "b.csv"))
    assert a == b


def test_values_may_name_another_class_whose_source_is_then_remembered(
    module: Callable[..., None],
) -> None:
    module("@dataclass(frozen=True)", "Halves")
    scenario = front.load(CONTENT)
    other = scenario.with_values({"cluster.compute.model": "edited:Mine"})
    kinds = (sys.modules["own_classes"].Halves, sys.modules["edited"].Mine)
    sources = [one.model_dump()["cluster"]["compute"]["source"] for one in (scenario, other)]
    assert sources == [code_of(kind).digest for kind in kinds]
    filed = scenario.with_values({"cluster.compute.model": "own_classes:Filed"})
    named = filed.with_values({"cluster.compute.digest": "mine", "cluster.compute.file": "b"})
    assert named.model_dump()["cluster"]["compute"]["digest"] == "mine"  # a key of the class


def test_a_method_without_a_label_goes_by_its_name_with_and_without_the_module(
    tmp_path: Path,
) -> None:
    scenario, base = front.load(CONTENT), tmp_path / "base.toml"
    base.write_text(tomli_w.dumps(CONTENT))
    for name in ("Chosen", "own_classes:Chosen"):
        (larger,) = scenario.with_values({f"methods.{name}.m": 3}).methods
        assert larger.parameters()["m"] == 3
        (same,) = front.load({"base": str(base), "methods": [name]}).methods
        assert same.folder == "Chosen"
    with pytest.raises(
        front.BadInputError, match=r"accepted: methods\.\*\.KEY, methods.Chosen.KEY"
    ):
        scenario.with_values({"methods.x.m": 3})
    with pytest.raises(front.BadInputError, match=r"methods: 'x'; accepted: Chosen$"):
        front.load({"base": str(base), "methods": ["x"]})
    labelled = scenario.with_values({"methods.*.label": "mine"})
    with pytest.raises(front.BadInputError, match=r"accepted: methods\.\*\.KEY, methods.mine"):
        labelled.with_values({"methods.Chosen.m": 3})


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write ``edited.py`` in the working directory; it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "edited", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(decorator: str, base: str = "Chosen") -> None:
        (tmp_path / "edited.py").write_text(
            f"from dataclasses import dataclass\nfrom own_classes import {base}\n\n"
            f"{decorator}\nclass Mine({base}):\n    more: int = 1\n"
        )
        importlib.invalidate_caches()

    return write


def test_a_class_that_is_not_frozen_says_how_it_should_be(module: Callable[..., None]) -> None:
    module("@dataclass")
    with pytest.raises(front.BadInputError) as caught:
        front.load(CONTENT | method("edited:Mine", **RULE))
    (line,) = caught.value.lines
    assert line.endswith(
        "TypeError: cannot inherit non-frozen dataclass from a frozen one (edited.py:4); accepted: "
        "@dataclass(frozen=True), as the class that it is derived from has it"
    )


def test_a_class_that_is_edited_while_a_process_has_it(module: Callable[..., None]) -> None:
    module("@dataclass(frozen=True)")
    content = CONTENT | method("edited:Mine", **RULE)
    scenario = front.load(content)
    module("# changed\n@dataclass(frozen=True)")
    with pytest.raises(front.BadInputError, match="has changed since this was planned; accepted: "):
        front.simulate(scenario)
    with pytest.raises(front.BadInputError) as caught:
        front.simulate(content)
    (line,) = caught.value.lines
    assert "source: edited has changed since this process imported it" in line
    assert "accepted: importlib.reload(edited)" in line
    importlib.reload(sys.modules["edited"])
    assert front.simulate(content).methods == ["Mine"]


def test_a_module_that_only_a_text_names_has_a_say_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "registers.py").write_text("ENTRY = 'stepper:Walk'\nNOTE = 'aside : text'\n")
    for name in ("stepper", "aside"):
        (tmp_path / f"{name}.py").write_text("STEP = 1\n")
    importlib.import_module("registers")
    before = code_in("registers").digest
    (tmp_path / "aside.py").write_text("STEP = 2\n")
    assert code_in("registers").digest == before
    (tmp_path / "stepper.py").write_text("STEP = 2\n")
    assert code_in("registers").digest != before
    del sys.modules["registers"]


BROKEN = {
    "Slip": "'Slip' object has no attribute 'plaec' (tests/scenarios/format/broken_walks.py:28)",
    "NoInfo": "TypeError: reset returns something else; accepted: (observation, info)",
    "Four": "TypeError: step returns something else; accepted: (observation, reward, terminated, ",
    "NoSpace": "AttributeError: 'NoSpace' object has no attribute 'observation_space'",
    "Shape": "ValueError: an observation has shape (3,); accepted: (1,), as its space says",
    "Listed": "ValueError: step returns reward of shape (1,); accepted: one number",
    "Unsure": "ValueError: step returns terminated of shape (1,); accepted: one number",
    "Unpaid": "TypeError: float() argument must be a string or a real number, not 'NoneType'",
    "Remembering": "ValueError: the same seed and actions give something else after another epi",
}


def test_an_environment_with_wrappers_is_tried_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    problem = {"kind": "control", "hidden": [4], "horizon": 5}
    whole = front.load(CONTENT | {"problem": problem | {"env": "broken_walks:Wrapped-v0"}})
    assert whole.problem.size(3).dimension == 2 * 4 + 5 * 2  # a layer of 4, a mean, a deviation
    with pytest.raises(front.BadInputError, match="actions are int64; accepted: a bounded Box or "):
        front.load(CONTENT | {"problem": problem | {"env": "broken_walks:Whole-v0"}})


@pytest.mark.parametrize("name", BROKEN)
def test_an_environment_that_fails_at_once_is_a_line(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    problem = {"kind": "control", "env": f"broken_walks:{name}-v0", "hidden": [4], "horizon": 5}
    with pytest.raises(front.BadInputError) as caught:
        front.load(CONTENT | {"problem": problem})
    (line,) = caught.value.lines
    assert line.startswith(f"scenario: problem.env: 'broken_walks:{name}-v0' fails: ")
    assert BROKEN[name] in line
