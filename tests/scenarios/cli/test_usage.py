"""Mistakes on the command line: one line, exit code 2, and what would be accepted."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from commands import write_scenario

from scenarios.cli.app import COMMANDS, app, main
from scenarios.cli.shared.usage import _options

MISTAKES = {
    "run two.toml --job 3": "run: --job: no such option; did you mean '--jobs'? accepted: others",
    "run two.toml --jobs x": "run: --jobs: got 'x'; accepted: a whole number of at least 1; see",
    "run two.toml --jobs 0": "run: --jobs: got '0'; accepted: a whole number of at least 1; see",
    "run two.toml --jobs": "run: --jobs: needs a value; accepted: a whole number of at least",
    f"run two.toml --seed {2**63}": "run: --seed: got '9223372036854775808'; accepted: a whole "
    "number of at least 0 and at most 9,223,372,036,854,775,807; see",
    "run two.toml -j": "run: -j: needs a value; accepted: a whole number of at least 1; see",
    "run two.toml --quick=3": "run: --quick: takes no value; accepted: --quick alone; see",
    "run": "run: FILE|NAME: is missing; accepted: A TOML file, or a name from",
    "run a b": "run: got unexpected extra argument(s) (b); accepted: straggler run [OPTIONS]",
    "sweep x --executor rey": "sweep: --executor: got 'rey'; accepted: 'local', 'ray'; see",
    "plot x --xlim 1": "plot: --xlim: needs a value; accepted: 2 numbers; see",
    "list x": "list: WHAT: got 'x'; accepted: 'scenarios', 'sweeps', 'methods', 'rules'; see",
    "verdict": "verdict: --from: is missing; accepted: A folder of compact results; see",
    "rum x": "rum: no such command; did you mean 'run'? accepted: run, race,",
    "run quadratic-straglers": "quadratic-straglers: no such file or scenario; did you mean 'quad",
    "run two.toml --quick": "two: quick: is missing; accepted with --quick: a table [quick] with",
    "run two.toml --memory-limit 1e300": "run: memory_limit: 1e+300; accepted: 0.05 to 1,048,576",
    "theory two.toml --epsilon 1e-300": "--epsilon: got 1e-300; accepted: 1e-20 to 1e+20",
    "theory two.toml --smoothness 0": "--smoothness: got 0; accepted: 1e-20 to 1e+20",
}


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a command line that is wrong says: a line of standard error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["straggler", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    captured = capsys.readouterr()
    assert ended.value.code == 2, captured
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize("arguments", MISTAKES)
def test_each_mistake_is_one_line(
    arguments: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_scenario(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert said(arguments.split(), capsys).startswith(f"straggler: {MISTAKES[arguments]}")


FLOATS = [
    (command, option)
    for command, function in COMMANDS.items()
    for name, hint in function.__annotations__.items()
    if "float" in str(hint)
    for option in _options(function, name)[:1]
]


@pytest.mark.parametrize(("command", "option"), FLOATS)
def test_every_number_is_finite(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    values = ["nan", "nan"] if option in {"--xlim", "--size"} else ["nan"]
    line = said([command, "x", option, *values], capsys)
    assert line.startswith(f"straggler: {command}: {option}: got") or "finite number" in line


def test_long_words_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    line = said(["figure", "x" * 3000], capsys)
    assert line.startswith(f"straggler: figure {'x' * 40}...{'x' * 39}: not there; accepted")


def test_without_arguments_the_help_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["straggler"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert "Usage: straggler [OPTIONS] COMMAND" in out + err


def test_the_help_of_an_option_names_options_of_its_own_command() -> None:
    group: Any = typer.main.get_command(app)
    helps: dict[tuple[str, str], str] = {}
    for command, found in group.commands.items():
        options = {name for parameter in found.params for name in parameter.opts}
        for parameter in found.params:
            said = helps[command, parameter.name] = parameter.help or ""
            named = re.findall(r"(?<![\w`-])--[a-z-]+", said)  # another's stand in a `command`
            assert {*named} <= options, (command, parameter.name)
    assert "--address" in helps["sweep", "jobs"]
    assert helps["tune", "processes_per_run"].endswith("[default: 1].")
