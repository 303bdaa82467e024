"""What a scenario describes, in a few lines."""

import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from scenarios.format.compute import TraceTimes
from scenarios.format.foresee import foresee
from scenarios.format.scenario import Scenario
from scenarios.format.words.strict import Strict
from simulator import Vector


def describe(scenario: Scenario) -> Iterator[str]:
    """Yield lines about the cluster, the problem, the methods and the runs."""
    cluster = scenario.cluster
    d = scenario.problem.size(cluster.workers).dimension
    yield scenario.title
    parts = [f"{cluster.workers:,} workers", cluster.rule]
    parts.append(f"network {cluster.network.model}" if cluster.network else cluster.collective)
    if cluster.collective == "allreduce":
        parts.append(cluster.topology)
    if cluster.cancel_cost:
        parts.append(f"{cluster.cancel_cost:g} s to cancel a task")
    parts += [key for key in ("downlink", "ingress", "server") if getattr(cluster, key) is not None]
    yield f"cluster   {', '.join(parts)}"
    yield f"compute   {_compute(scenario)}"
    yield f"uplink    kappa = {_range(cluster.uplink_seconds(d))} s per vector"
    if prices := cluster.prices():
        yield f"costs     {_said(prices)}"
    yield f"problem   {scenario.problem.kind}, d = {d:,} parameters ({4 * d:,} bytes a vector)"
    yield f"          {_values(scenario.problem, without={'kind', 'source', 'variants'})}"
    if variants := scenario.problem.variants_of(cluster.workers):
        yield f"variants  {', '.join(variants.names)}"
    for method in scenario.methods:
        values = ", ".join(f"{k} {v}" for k, v in method.described().items() if v is not None)
        yield f"method    {method.folder}: {values}"
        foreseen = foresee(scenario, method)
        if foreseen is not None:
            yield f"warning   {foreseen.text}"
    limits = [
        f"{scenario.time_limit:g} simulated s" if scenario.time_limit else "",
        f"{scenario.updates} updates" if scenario.updates else "",
    ]
    if scenario.evaluation:
        yield f"evaluated {_values(scenario.evaluation)}"
    seeds = ", ".join(map(str, scenario.seeds))
    yield f"runs      {len(scenario.methods) * len(scenario.seeds)}: seeds {seeds}; until " + (
        " or ".join(filter(None, limits))
    )


def _said(value: Any) -> str:  # noqa: ANN401 - a table, or what stands in one
    if not isinstance(value, dict):
        return str(value)
    if "groups" in value:
        return " + ".join(" x ".join(map(str, group.values())) for group in value["groups"])
    return ", ".join(f"{key} {_said(part)}" for key, part in value.items())


def _compute(scenario: Scenario) -> str:
    """Return how fast workers compute, and what changes it."""
    compute, failures = scenario.cluster.compute, scenario.cluster.failures
    if isinstance(compute, TraceTimes):
        speeds = compute.speeds(scenario.cluster.workers).mean(scenario.time_limit or math.inf)
        told = f"{_range(speeds)} {compute.per}s per second as {Path(compute.file).name} has it"
        told += f", again every {compute.period:g} s" if compute.period else ""
    else:
        told = f"h = {_range(scenario.cluster.compute_seconds())} s per {compute.per}"
    varied = [
        compute.random.distribution if compute.random else "",
        "schedule" if compute.schedule else "",
        f"failures {failures.model}" if failures else "",
    ]
    extra = ", ".join(filter(None, varied))
    return f"{told}; {extra}" if extra else told


def _values(table: Strict, without: Collection[str] = ()) -> str:
    """Return a table's keys and their values, but for those that are None."""
    values = table.model_dump(exclude_none=True, exclude={*without})
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _range(seconds: Vector) -> str:
    low, high = seconds.min(), seconds.max()
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
