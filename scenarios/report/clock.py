"""Timelines of runs that kept none: the clock is simulated again, without what was learned."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import simulated
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.stored import StoredRun
from simulator import StalledError


def with_timeline(run: StoredRun) -> tuple[StoredRun | None, str]:
    """Return a run with its timeline and delays, and where they are from.

    Compact results keep none. Time is decided before work, so the clock alone gives them again. It
    has to make the same updates, with the same delays, to the last bit.

    Returns:
        The run, and ``recorded`` or ``simulated again``; or None and why there is none.
    """
    try:
        run.timeline(), run.staleness()
    except BadInputError:
        return _again(run)
    return run, "recorded"


def _again(run: StoredRun) -> tuple[StoredRun | None, str]:
    content, dimension = run.info["content"], run.info.get("dimension")
    if run.is_race:
        return None, "the race kept no timeline"
    if any(":" in text for text in _texts([content["methods"], content["cluster"]])):
        return None, "not kept, and it needs classes of the user's to be made again"
    problem = {"kind": "clock", "dimension": dimension}
    said = {**content, "title": run.info["title"], "problem": problem, "evaluation": None}
    compute = content["cluster"]["compute"]
    if compute["model"] == "trace":
        if not _is_there(run.info.get("trace", ""), compute["digest"]):
            return None, "not kept, and its trace of compute times is not there or another one"
        compute = {**compute, "file": run.info["trace"]}
        said["cluster"] = {**content["cluster"], "compute": compute}
    try:
        made = simulated(RunSpec(Scenario.model_validate(said)))
    except (ValueError, BadInputError, StalledError):
        return None, "not kept, and its durations depend on the trajectories"
    same = all(
        made.history[name].tobytes() == run.history[name].tobytes() for name in ("time", "delay")
    )
    return (
        (made, "simulated again") if same else (None, "not kept, and the clock has changed since")
    )


def _is_there(file: str, digest: str) -> bool:
    """Return whether a file has the content that a digest says."""
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest() == digest
    except OSError:
        return False


def _texts(said: object) -> Iterator[str]:
    """Yield the texts in JSON; the name of a class of the user's is one with a colon."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict | list):
        for part in said.values() if isinstance(said, dict) else said:
            yield from _texts(part)
