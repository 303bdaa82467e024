"""The battery of `straggler check --method`: ours pass, each broken method fails at its place."""

import inspect
from dataclasses import dataclass, replace
from pathlib import Path

import own_classes
import pytest
from commands import straggler
from methods import BATTERY

from scenarios.format.words.errors import BadInputError
from scenarios.studies import contract
from straggler import NIGT, Cluster, Process, check_method

UPDATES, ACCOUNTING, SAME, RESUMED, BATCHED = contract.CHECKS


@pytest.mark.parametrize("name", [*BATTERY, "own_classes:Chosen"])
def test_good_methods_pass(name: str) -> None:
    lines = list(check_method(name))
    assert [line.text for line in lines[1:]] == list(contract.CHECKS)
    assert all(line.passed for line in lines)


BROKEN = {
    "Twice": (UPDATES, "update 1 comes after 2 steps of the rule; accepted: one `self.rule.step`"),
    "Ends": (UPDATES, "the method ended"),
    "Raises": (UPDATES, "KeyError: 'nothing' (tests/own_classes.py:"),
    "Idles": (UPDATES, "made 0 updates in 10000 simulated s; accepted: 8"),
    "Yields": (UPDATES, "`yield`; accepted: `yield from`, before what has to be waited for"),
    "NoGenerator": (UPDATES, "run is no generator; accepted: one that waits with `yield from`"),
    "Remembers": (SAME, "differs when the same object runs again; accepted: the same numbers"),
    "Hoards": (RESUMED, "differs when a run is resumed at update "),
}


def test_a_battery_that_could_not_begin_has_not_passed_later_either() -> None:
    checked = check_method("nosuch")
    for _ in range(2):
        with pytest.raises(BadInputError, match="nosuch"):
            str(checked)
        with pytest.raises(BadInputError, match="nosuch"):
            checked.passed  # noqa: B018


def test_a_class_of_a_notebooks_cell_has_no_file_to_quote() -> None:
    source = inspect.getsource(own_classes.Yields)
    names = dict(vars(own_classes))
    exec(compile(source, "<ipython-input-1-0a>", "exec"), names)  # noqa: S102
    told = [line.text for line in check_method(names["Yields"](NIGT(0.1, 0.1))) if not line.passed]
    assert "a notebook's cell:" in told[0]
    assert BROKEN["Yields"][1] in told[0]


@pytest.mark.parametrize("name", BROKEN)
def test_each_breach_is_one_line(name: str) -> None:
    where, message = BROKEN[name]
    failed = [line.text for line in check_method(f"own_classes:{name}") if not line.passed]
    assert failed[0].startswith(f"{where}: ")
    assert message in failed[0]
    assert not any("\n" in line for line in failed)
    unusable = name in {"Ends", "Raises", "Idles", "Yields", "NoGenerator"}
    assert failed[0].endswith("; nothing else was checked") == unusable
    assert len(failed) == 1 or not unusable


def test_a_method_that_never_waits_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "PATIENCE", 1)
    (_, line) = check_method("own_classes:Spins")
    assert "has not ended after 1 real seconds; accepted: a loop that waits" in line.text


@dataclass(frozen=True)
class Reading(own_classes.Chosen):
    """Looks at a value of its rule."""

    def run(self, cluster: Cluster) -> Process[None]:
        momentum: float = self.rule.momentum  # type: ignore[attr-defined]
        if momentum < 1:
            yield from super().run(cluster)


def test_rules_and_objects_go_through_it_too() -> None:
    clipped = check_method(rule="own_classes:Clipped")
    assert clipped.passed
    assert (
        str(clipped)
        .splitlines()[0]
        .startswith("ok    rennala: keys and values: step_size = 0.1, longest = 0.5, batch = 3")
    )
    assert check_method(rule="own_classes:AdaGrad").passed  # its iterate has a field of its own
    drifting = check_method("own_classes:Chosen", rule="own_classes:Drifting")
    failed = [line.text for line in drifting if not line.passed]
    assert failed[0].startswith(f"{SAME}: objective differs when the same object runs again")
    chosen = own_classes.Chosen(NIGT(step_size=0.1, momentum=0.1), m=2)
    assert check_method(chosen).passed
    assert check_method(Reading(chosen.rule)).passed
    with pytest.raises(
        BadInputError, match=r"method: m: got .*; accepted: a whole number of at least 1"
    ):
        str(check_method(replace(chosen, m=0)))
    with pytest.raises(BadInputError, match="an object has its rule and values; accepted: it"):
        check_method(chosen, {"m": 3})


def test_values_are_given_or_found() -> None:
    first = next(iter(check_method("rennala-pg", {"batch": 5, "step_size": 0.25})))
    assert first.text == (
        "rennala-pg: keys and values: step_size = 0.25, batch = 5, batch_init = None"
    )
    with pytest.raises(BadInputError, match="--method: batch: got 0; accepted: a whole"):
        next(iter(check_method("rennala-pg", {"batch": 0})))
    with pytest.raises(BadInputError, match="--method: name: unknown 'renala-pg'; did you mean"):
        next(iter(check_method("renala-pg")))


def test_the_command_says_so_with_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from own_classes import Twice\nclass Mine(Twice): ...\n")
    tests = Path(__file__).parents[2]
    (tmp_path / "own_classes.py").write_text((tests / "own_classes.py").read_text())
    said = straggler("check", "--method", "mine:Mine", cwd=tmp_path)
    assert said.returncode == 1
    assert said.stdout.startswith("ok    mine:Mine: keys and values: step_size = 0.1")
    assert "FAIL  makes updates" in said.stdout
    assert straggler("check", "--method", "afedpg", cwd=tmp_path).returncode == 0
    assert straggler("check", "--method", "nowhere:Mine", cwd=tmp_path).returncode == 2
