"""Plans of files that are not the usual ones: what is written, chosen by label, and refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import straggler as front
from scenarios.plans.candidates import methods_of, tables_of
from scenarios.plans.law import of_results, of_theory
from scenarios.plans.needs import Need, Needs
from scenarios.plans.timed import Learned

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
    assert "source" not in (tmp_path / "mine.toml").read_text()  # classes may be edited
    assert written.build() == found.best.methods[0].build()


LONG, SHORT = RENNALA | {"label": "long"}, RENNALA | {"label": "short", "step_size": 0.001}


@pytest.mark.parametrize("label", ["long", "short"])
def test_methods_that_differ_in_step_size_are_chosen_by_their_labels(label: str) -> None:
    step = {"long": 0.1, "short": 0.001}[label]
    found = front.plan(scenario(LONG, SHORT), methods=[label])
    assert {plan.choice.method["label"] for plan in found.plans} == {label}
    assert found.best.methods[0].parameters()["step_size"] == step


def test_a_batch_that_the_file_has_too_can_be_chosen_by_its_usual_name() -> None:
    loaded = front.load(scenario(LONG, SHORT))
    law = of_theory(loaded, 0.1)
    assert [t["label"] for t in methods_of(loaded, law, ["rennala-3"])] == ["rennala-3"]
    labels = [t["label"] for t in methods_of(loaded, law, ["rennala"])]
    assert {"long", "short"} < {*labels}
    assert "rennala-3" not in labels


def test_each_step_size_needs_the_updates_that_it_needed() -> None:
    """After 14 updates the long one was there; the short one made 50, and was not."""
    needs = [
        Need(str(table["label"]), table, [0], np.array([updates]), 0.0, 3.0, made=50.0)
        for table, updates in ((LONG, 14.0), (SHORT, np.inf))
    ]
    learned = Learned({"kind": "quadratic", "dimension": 4}, 4, None)
    loaded = front.load(scenario(LONG, SHORT))
    law = of_results(Needs(1.0, "objective", needs, learned, 3, per_step=False), loaded)
    assert law.updates(LONG, 3.0, 0.0) == 14
    assert law.updates(SHORT, 3.0, 0.0) == 50
    assert law.updates(RENNALA | {"step_size": 0.05}, 3.0, 0.0) == 14, "of neither of them"


def test_methods_that_the_file_has_not_need_what_they_needed_in_the_runs() -> None:
    """Both had other names or keys in the runs: `backup = 0`, and no ending."""
    values = {"momentum": 0.5, "step_size": 0.1}
    ran = front.load(
        scenario({"name": "synchronous-nigt"} | values, {"name": "afedpg", "rule": "nigt"} | values)
    )
    needs = [
        Need(str(table["label"]), table, [0], np.array([updates]), 0.0, 3.0, made=300.0)
        for table, updates in zip(tables_of(ran), (99.0, 200.0), strict=True)
    ]
    learned = Learned({"kind": "quadratic", "dimension": 4}, 4, None)
    loaded = front.load(scenario())
    law = of_results(Needs(1.0, "objective", needs, learned, 3, per_step=False), loaded)
    tables = {table["label"]: table for table in methods_of(loaded, law)}
    assert law.updates(tables["synchronous"], 3.0, 0.0) == 99
    assert law.updates(tables["afedpg"], 1.0, 2.0) == 200


def test_a_method_without_an_ending_stands_in_place_of_its_own_batch() -> None:
    plain = RENNALA | {"name": "rennala", "label": "mine"}
    loaded = front.load(scenario(plain))
    labels = [t["label"] for t in methods_of(loaded, of_theory(loaded, 0.1), ["rennala"])]
    assert "mine" in labels
    assert "rennala-3" not in labels


@pytest.mark.parametrize("command", [front.plan, front.explain])
def test_times_per_step_of_a_problem_that_does_not_say_how_many(command: Any) -> None:
    compute = {"model": "explicit", "seconds": [0.1, 0.2, 0.5], "per": "step"}
    content = scenario(cluster={"compute": compute}, problem={"kind": "own_classes:Walk"})
    with pytest.raises(front.BadInputError, match="accepted: a key horizon or steps") as error:
        command(content)
    assert len(error.value.lines) == 1


def test_the_rule_of_the_file_is_no_change() -> None:
    """Nobody sends: `cancel` and `finish` take the same time, and the file has `finish`."""
    synchronous = {"name": "synchronous-nigt", "momentum": 0.5, "step_size": 0.1}
    content = scenario(synchronous, cluster={"preemption": "finish"})
    found = front.plan(content, methods=["synchronous"])
    assert {plan.choice.preemption for plan in found.plans} == {"finish"}
    assert [plan.changes for plan in found.plans] == [1, 1], "without one worker, without two"
    assert found.default.changes == 0


def test_a_long_title_is_cut_before_the_label() -> None:
    found = front.plan(scenario(LONG, title=495 * "x"), methods=["long"])
    assert found.best.title == 494 * "x" + ": long"
