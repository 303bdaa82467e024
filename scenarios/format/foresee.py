"""Runs that cannot end, or would take days: what can be told before they start."""

import math
from dataclasses import dataclass, replace

import numpy as np

from algorithms.theory.forecast import Forecast, Pace
from scenarios.format.cluster import Cluster, PlannedDown, RandomDown
from scenarios.format.compute import TraceTimes
from scenarios.format.method import Method
from scenarios.format.scenario import Scenario
from simulator import Vector
from simulator.watch import BYTES, most_events

EVENTS_PER_SECOND = 50_000
"""Per real second, about: ``straggler bench events`` shows this for 100,000 workers."""

DAY = 86_400.0

UNCERTAIN = 1_000.0
"""A mean may be off by less than this: only beyond it a run is not even begun."""

ABOUT = 1.5
"""A run of so many updates may take so many times less than expected."""

FEW = 1e12
"""Events that somebody might want to wait for."""


@dataclass(frozen=True)
class Foreseen:
    """What is to be said of a method's runs.

    Attributes:
        text: one line: the key, what is wrong, what would be accepted.
        hopeless: whether they would fail for certain.
    """

    text: str
    hopeless: bool


def foresee(scenario: Scenario, method: Method, max_events: int | None = None) -> Foreseen | None:
    """Return what is wrong with a method's runs, None if nothing is known to be.

    Args:
        scenario: whose cluster and limits.
        method: one of its methods; nothing is known of users' own.
        max_events: that may pass without an update; the default of runs if None.
    """
    limit, end = max_events or most_events(scenario.cluster.workers), _end(scenario)
    one = one_update(scenario, method)
    if one is None:
        return None
    if one.events > limit:
        return _too_many(scenario, method, one, limit)
    wanted = (scenario.updates or math.inf) / one.updates
    events = min(max(1.0, wanted), max(1.0, end / one.seconds)) * one.events
    if events > DAY * EVENTS_PER_SECOND:
        return _too_long(scenario, method, events)
    sooner = min(end, wanted * one.seconds / ABOUT)
    return _standing_still(scenario.cluster, end) or _speeds_end(scenario, sooner)


def one_update(scenario: Scenario, method: Method) -> Forecast | None:
    """Return what an update takes on average; None for users' own methods."""
    if not method.is_ours:
        return None
    one = method.build().forecast(_pace(scenario))
    server = scenario.cluster.server
    if one is None or server is None:
        return one
    return replace(one, seconds=max(one.seconds, one.updates * server.update))


def _end(scenario: Scenario) -> float:
    return scenario.time_limit or math.inf


def _pace(scenario: Scenario) -> Pace:
    cluster, end = scenario.cluster, _end(scenario)
    seconds = cluster.compute_seconds()
    if cluster.compute.per == "step":
        seconds = seconds * (scenario.problem.most_steps or 1)
    speeds = cluster.compute.speeds(cluster.workers)
    with np.errstate(over="ignore", divide="ignore"):
        if speeds is not None:
            seconds = seconds / speeds.mean(min(end, speeds.last))
        seconds = np.maximum(seconds, np.finfo(float).tiny)
        windows = 0.0
        if isinstance(cluster.failures, RandomDown):
            seconds, windows = _with_failures(cluster.failures, seconds)
        events = 1 / seconds + windows
    upload = cluster.uplink_seconds(dimension=1)
    return Pace(seconds, events, upload, end, finish=cluster.rule == "finish")


def _with_failures(failures: RandomDown, seconds: Vector) -> tuple[Vector, float]:
    """Return seconds per gradient with exponential failures, and the failures' events a second."""
    between, repair = failures.between, failures.repair
    if failures.running == "paused":
        return seconds * (1 + repair / between), 1 / (between + repair)
    with np.errstate(over="ignore"):
        return (between + repair) * np.expm1(seconds / between), 2 / (between + repair)


def _too_many(scenario: Scenario, method: Method, one: Forecast, limit: int) -> Foreseen:
    values, cluster, name = method.parameters(), scenario.cluster, method.folder
    counts = {key: value for key, value in values.items() if type(value) is int}
    most = max(counts, key=lambda key: counts[key], default="")
    large = counts.get(most, 0) > limit
    if large:
        key, other = f"methods.{name}.{most}", "a smaller one"
        why = f"about {one.events * BYTES / 2**30:,.0f} GiB of pending gradients"
    elif isinstance(cluster.failures, RandomDown):
        key, other = "cluster.failures", "rarer ones"
        h = cluster.compute_seconds().max()
        why = (
            f"a gradient takes {h:g} s without them, they come every {cluster.failures.between:g} s"
        )
    else:
        key, other = "cluster.compute", "times that differ less"
        why = "the slowest worker is waited for while the others compute"
    what = f"an update of {name} takes about {one.events:.3g} events, more than {limit:,}"
    if math.isinf(one.events):
        what = f"{name} never makes an update"
    twice = 2 * float(f"{one.events:.0e}")
    more = f"--max-events {twice:.0f}" if one.events < FEW else "another method"
    return Foreseen(
        f"{key}: {what} ({why}); accepted: {other}, or {more}",
        large or cluster.fixed or one.events > UNCERTAIN * limit,
    )


def _too_long(scenario: Scenario, method: Method, events: float) -> Foreseen:
    key = "updates" if scenario.time_limit is None else "time_limit"
    days = events / EVENTS_PER_SECOND / DAY
    return Foreseen(
        f"{key}: {method.folder} takes up to {events:.2g} events, about {days:,.3g} days of real "
        "time; accepted: less, or patience",
        hopeless=False,
    )


def _speeds_end(scenario: Scenario, end: float) -> Foreseen | None:
    """Say that the run goes on to about ``end``, beyond the speeds that are known."""
    compute = scenario.cluster.compute
    speeds = compute.speeds(scenario.cluster.workers)
    if speeds is None or speeds.last >= end:
        return None
    key = "file" if isinstance(compute, TraceTimes) else "schedule"
    return Foreseen(
        f"cluster.compute.{key}: from {speeds.last:g} s on all workers stand still, for ever; "
        "accepted: a time_limit up to then, a period, or a last speed above 0",
        hopeless=False,
    )


def _standing_still(cluster: Cluster, end: float) -> Foreseen | None:
    windows = cluster.failures.windows if isinstance(cluster.failures, PlannedDown) else []
    h = float(cluster.compute_seconds().min())
    for _, _, up in windows:
        if up < end and up + h == up:
            return Foreseen(
                f"cluster.failures.windows: at {up:g} s simulated time stands still: {h:g} s are "
                "less than numbers there can tell; accepted: earlier times",
                hopeless=False,
            )
    return None
