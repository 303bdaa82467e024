"""What ``run.json`` says, typed; it is written and read here only."""

import math
import platform
import sys
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, Unpack, cast

from scenarios.format.compute import TraceTimes
from scenarios.runs.spec import RunSpec
from scenarios.runs.store.fingerprint import code_fingerprint, versions


class Totals(TypedDict):
    """The sums over a run.

    Keys:
        updates: how many were made.
        elapsed: simulated seconds.
        gradients_used: in updates.
        gradients_discarded: completed or begun, and not used.
        vectors_sent: gradients that arrived.
        vectors_received: lookaheads that the server sent; older files have none.
        bytes_sent: over the network: see :func:`bytes_sent`.
        server_seconds: simulated, that the server was at work; missing in older results.
        environment_steps: of the trajectories used.
        bias: lengths and returns of used and discarded trajectories, where durations depend on
            them.
        worker_seconds: by state, over all workers.
        staleness: median and 95% quantile of delays, and how many workers are heard.
    """

    updates: int
    elapsed: float
    gradients_used: int
    gradients_discarded: int
    vectors_sent: int
    vectors_received: NotRequired[int]
    bytes_sent: int
    server_seconds: NotRequired[float]
    environment_steps: int
    bias: dict[str, Any] | None
    worker_seconds: dict[str, float]
    staleness: NotRequired[dict[str, float | None]]  # older runs do not know


class Raced(TypedDict):
    """How a race was made.

    Keys:
        emulate: tasks and messages were stretched to the scenario's times.
        scale: real seconds per second of its history.
    """

    emulate: bool
    scale: float


class Facts(TypedDict, total=False):
    """What is known when a run is over; older files and those of runs that died have fewer keys.

    Keys:
        reason: why it failed, None if it did not.
        totals: None if it did not end by itself.
        prices: keys of ``[cluster]`` that say what it costs; missing if there are none.
        bill: what it cost at these prices: :meth:`scenarios.format.prices.Prices.bill`.
        files: SHA-256 of each file of the folder, by name.
        real_seconds: that the last attempt took.
        resumed_at: the updates at which it was resumed.
        problem: what the problem says of itself.
        dimension: coordinates of theta.
        variants: the share of workers that have each; empty without variants.
        race: how it was made, if it is a race.
        deaths: how many workers of a race died, and were replaced.
        trace: the file of the compute times, whose digest the content has; missing without one.
    """

    reason: str | None
    totals: Totals | None
    prices: dict[str, Any]
    bill: dict[str, float]
    files: dict[str, str] | None
    real_seconds: float
    resumed_at: list[int]
    problem: dict[str, Any]
    dimension: int
    variants: dict[str, float]
    race: Raced | None
    deaths: int
    trace: str


class RunInfo(Facts, total=False):
    """A run that is over; without keys if it is damaged, so that nothing is known of it.

    Keys:
        status: ``done`` or ``failed``.
        kind: ``race`` where the clock was the wall clock; else, and in older files, simulated.
        title: of the scenario.
        method: its name.
        label: its label, or its name; that of the folder.
        seed: of the run.
        content: all that decides the result, as JSON.
        code: the fingerprint of simulator and algorithms.
        versions: of the packages that decide the numbers.
        platform: system and Python.
    """

    status: str
    kind: str
    title: str
    method: str
    label: str
    seed: int
    content: dict[str, Any]
    code: str
    versions: dict[str, str]
    platform: dict[str, str]


def reason_of(info: RunInfo) -> str:
    """Return why a run failed: the last line of its reason; ``damaged`` if nothing is known."""
    lines = str(info.get("reason") or "").strip().splitlines()
    return lines[-1] if lines else "failed" if info else "damaged"


def bytes_sent(totals: Totals) -> float:
    """Return the bytes that were sent, both ways; NaN of an older run, which counted one way."""
    return totals["bytes_sent"] if "vectors_received" in totals else math.nan


RACED = " (race)"
"""Ends the label of a method that was raced, beside the same one simulated."""

KNOWN: dict[str, Any] = {
    "status": str,
    "label": str,
    "seed": int,
    "title": str,
    "content": dict,
    "totals": dict | None,
}
"""Keys that every ``run.json`` has, of whatever version, and their types."""


def run_info(spec: RunSpec, status: str, **facts: Unpack[Facts]) -> RunInfo:
    """Return what ``run.json`` says of a run that is over."""
    raced = facts.get("race") is not None
    compute = spec.scenario.cluster.compute
    if isinstance(compute, TraceTimes):
        facts["trace"] = compute.file
    return {
        "status": status,
        "kind": "race" if raced else "simulated",
        "files": None,
        **facts,
        "title": spec.scenario.title,
        "method": spec.method.name,
        "label": spec.method.folder + RACED * raced,
        "seed": spec.seed,
        "content": dict(spec.content()),
        "code": code_fingerprint(),
        "versions": dict(versions()),
        "platform": {"system": platform.platform(), "python": sys.version.split()[0]},
    }


def read_info(said: object) -> RunInfo | None:
    """Return what JSON says of a run; None if it is not about one.

    Keys that this version does not know are kept: another may have written them.
    """
    if not isinstance(said, Mapping):
        return None
    known = all(key in said and isinstance(said[key], kind) for key, kind in KNOWN.items())
    known &= isinstance(said.get("files"), dict | None)
    if known and said["status"] == "done":
        known = Totals.__required_keys__ <= (said["totals"] or {}).keys()
    return cast("RunInfo", said) if known else None
