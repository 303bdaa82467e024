"""Run the command line: in this process, or in one of its own as a user does."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from scenarios.cli.app import main

ROOT = str(Path(__file__).parent.parent)
"""Of the repository: nobody writes modules here, and the environment may lie below."""

COMMAND = str(Path(sys.executable).with_name("straggler"))

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
    """Run a command in this process: the same text and exit code, without a start of a second."""
    with _as_if_new(arguments, cwd), CliRunner().isolation() as (stdout, stderr, _):
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
        texts = [stream.getvalue().decode() for stream in (stdout, stderr)]
    return subprocess.CompletedProcess(arguments, code, *texts)


@contextlib.contextmanager
def _as_if_new(arguments: tuple[str, ...], cwd: Path) -> Iterator[None]:
    """Take on a folder and a command, and forget the user's modules that it imported."""
    path, argv, loaded = [*sys.path], sys.argv, {*sys.modules}
    sys.argv = ["straggler", *arguments]
    try:
        with contextlib.chdir(cwd):
            yield
    finally:
        sys.argv, sys.path[:] = argv, path
        for name in {*sys.modules} - loaded:
            file = str(getattr(sys.modules[name], "__file__", None))
            if file.startswith(str(cwd)) and not file.startswith(ROOT):
                del sys.modules[name]


def straggler_process(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the installed command as a user does."""
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
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
    files = sorted(file for file in folder.rglob(pattern) if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
