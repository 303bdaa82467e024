"""Run the command line as a user does."""

import subprocess
import sys
from pathlib import Path

SCENARIO = """
title = "two workers"
seeds = [0, 1]
updates = 40

[cluster]
workers = 2
compute = { model = "explicit", seconds = [1.0, 2.0] }

[problem]
kind = "quadratic"
dimension = 10
noise = 0.5

[[methods]]
name = "rennala-nigt"
batch = 3
momentum = 0.1
step_size = 0.1

[[methods]]
name = "synchronous-nigt"
momentum = 0.1
step_size = 0.1

[[methods]]
name = "afedpg"
momentum = 0.1
step_size = 0.05
"""


def straggler(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scenarios", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


def write_scenario(folder: Path, *changes: tuple[str, str], name: str = "two.toml") -> Path:
    """Write the scenario with each (old, new) text replaced."""
    text = SCENARIO
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def files_below(folder: Path, pattern: str) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob(pattern))}
