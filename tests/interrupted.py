"""Runs that are interrupted on their way, with the files that they leave."""

from typing import Any

import pytest

from scenarios.runs import waiting
from scenarios.runs.execute import Options, execute
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.folder import RunFolder
from simulator import simulate


def interrupt(spec: RunSpec, folder: RunFolder, updates: int) -> None:
    """Make the first updates of a run; it reports, and leaves a checkpoint, after each."""

    def some(*args: Any, **options: Any) -> None:
        simulate(*args, **{**options, "updates": updates})
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "simulate", some)
        patch.setenv("STRAGGLER_CHECKPOINT_SECONDS", "0")
        patch.setattr("scenarios.runs.underway.REPORT_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            execute(spec, folder, Options())
