"""Commands as installed: the same streams and exit code as within the tests' process."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import straggler, straggler_process

from scenarios.cli.app import PANELS

WORDS: dict[str, tuple[str, ...]] = {
    "run": ("run", "two.toml", "--method", "afedpg"),
    "check": ("check", "two.toml"),
    "list": ("list",),
    "compare": ("compare", "runs/two"),
    "results": ("results", "runs/two", "--csv"),
    "plot": ("plot", "runs/two", "--method", "nobody"),
    "timeline": ("timeline", "runs/two/afedpg/seed-0"),
    "sweep": ("sweep", "nowhere.toml"),
    "tune": ("tune", "two.toml", "--tries", "99"),
    "figure": ("figure", "99"),
    "verdict": ("verdict", "--from", "."),
    "theory": ("theory", "two.toml"),
    "bench": ("bench", "speed"),
    "trace": ("trace", "nowhere.log", "out.csv"),
    "race": ("race", "nowhere.toml"),
    "predict": ("predict", "nowhere", "--cluster", "two.toml"),
    "plan": ("plan", "nowhere.toml"),
    "explain": ("explain", "nowhere"),
    "live": ("live", "nowhere"),
    "report": ("report", "nowhere"),
    "watch": ("watch", "nowhere"),
    "calibrate": ("calibrate", "nowhere.toml", "-o", "out.toml"),
}


def test_every_command_is_here() -> None:
    names = [command.__name__.rstrip("_") for panel in PANELS.values() for command in panel]
    assert sorted(names) == sorted(WORDS)


RIGHT = ("run", "check", "list", "compare", "results", "timeline", "theory")
WRONG = sorted(WORDS.keys() - set(RIGHT))


@pytest.mark.parametrize("command", [*RIGHT, "plot", "tune"])
def test_a_command_in_a_process_says_the_same(
    command: str, two_workers: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(two_workers, tmp_path, dirs_exist_ok=True))
    apart, here = (give(*WORDS[command], cwd=folder) for give in (straggler_process, straggler))
    assert (apart.returncode, apart.stdout, apart.stderr) == (
        here.returncode,
        here.stdout,
        here.stderr,
    )
    assert apart.returncode == (0 if command in RIGHT else 2)


@pytest.mark.parametrize("command", WRONG)
def test_a_mistake_is_one_line(command: str, two_workers: Path) -> None:
    said = straggler(*WORDS[command], cwd=two_workers)
    assert (said.returncode, said.stdout, said.stderr.count("\n")) == (2, "", 1), said.stderr


def test_a_command_needs_no_pandas_and_leaves_it_to_others(two_workers: Path) -> None:
    code = (
        "import sys, pyarrow; from scenarios.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.stderr.write('none' if 'pandas' not in sys.modules else 'imported')\n"
        "sys.stderr.write(f\"{pyarrow.table({'a': [1, 2]}).to_pandas().shape}\")"
    )
    for words in (("compare", "runs/two"), ("results", "runs/two", "--csv")):
        said = subprocess.run(
            [sys.executable, "-c", code, *words],
            capture_output=True,
            text=True,
            cwd=two_workers,
            check=True,
        )
        assert said.stderr == "none(2, 1)"
        assert "rennala-nigt" in said.stdout
