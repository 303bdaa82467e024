"""In CI the property-based tests draw the same examples each time; elsewhere they explore."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import straggler, write_scenario
from hypothesis import settings

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # a script's background job, and all it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def forgotten_modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forget modules that a test wrote and imported: the next test's have the same names."""
    yield
    written = str(tmp_path_factory.getbasetemp())
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(written):
            del sys.modules[name]


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the six finished runs of ``commands.SCENARIO`` in runs/two."""
    folder = tmp_path_factory.mktemp("results")
    write_scenario(folder)
    assert straggler("run", "two.toml", cwd=folder).returncode == 0
    return folder
