"""In CI the property-based tests draw the same examples each time; elsewhere they explore."""

import os
from pathlib import Path

import pytest
from commands import straggler, write_scenario
from hypothesis import settings

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the six finished runs of ``commands.SCENARIO`` in runs/two."""
    folder = tmp_path_factory.mktemp("results")
    write_scenario(folder)
    assert straggler("run", "two.toml", cwd=folder).returncode == 0
    return folder
