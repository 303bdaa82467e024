"""Runs that are interrupted on their way, with the files that they leave."""

from typing import Any

import pytest

from scenarios.runs import waiting
from scenarios.runs.execute import Options, execute
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.folder import RunFolder
from simulator import simulate


def interrupt(spec: RunSpec, folder: RunFolder, updates: int, *, seconds: int = 0) -> None:
    """Make the first updates of a run, and leave it as a killed process does.

    It reports after each. It takes much less than a second, so that checkpoints are left only if
    they are 0 ``seconds`` apart.
    """

    def some(*args: Any, **options: Any) -> None:
        simulate(*args, **{**options, "updates": updates})
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "simulate", some)
        patch.setenv("STRAGGLER_CHECKPOINT_SECONDS", str(seconds))
        patch.setattr("scenarios.runs.underway.REPORT_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            execute(spec, folder, Options())
    assert folder.info() is None
    assert folder.checkpoint.is_file() == (seconds == 0)
