"""What would make updates come sooner: changes of the cluster or the method, each simulated."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scenarios.explain.path import Piece
from scenarios.explain.seen import Seen
from scenarios.format.cluster import Cluster
from scenarios.format.method import Method
from scenarios.plans.smaller import slowest_first, without_slowest
from simulator import Hardware, Network, Problem, StalledError, Vector, simulate

if TYPE_CHECKING:
    from simulator.hardware.hardware import Preemption
    from simulator.hardware.network import Collective

EVENTS = 6_000
"""That are simulated for each change, about."""

FIXED = 4
"""So many times fewer do where times are fixed: then updates repeat each other."""

FEWEST, MOST = 10, 600
"""Updates that are simulated for each change, whatever they take."""

LAPS = 2
"""Times that every worker is heard, at least: updates of equal workers come a lap at a time."""

LEAST = 0.0005
"""The share of the seconds that is a difference."""

BATCHES = ("batch", "buffer")
"""Keys of methods that say how many gradients an update is made of."""


@dataclass(frozen=True)
class Pace:
    """How fast updates come, in the last half of those that were simulated.

    Attributes:
        seconds: per update; infinite if there are none.
        gradients: used per update.
    """

    seconds: float
    gradients: float


@dataclass(frozen=True)
class Change:
    """Something else to simulate.

    Attributes:
        words: what is changed.
        method: what is run.
        hardware: on which cluster.
    """

    words: str
    method: Method
    hardware: Hardware


@dataclass(frozen=True)
class Help:
    """What a change does.

    Attributes:
        words: what is changed.
        pace: then.
        base: the pace as it is.
    """

    words: str
    pace: Pace
    base: Pace

    @property
    def per_gradient(self) -> bool:
        """Whether updates are made of another number of gradients, and so do not compare."""
        return abs(self.pace.gradients / self.base.gradients - 1) > 0.05  # noqa: PLR2004

    @property
    def saved(self) -> float:
        """The share of the seconds per update that is saved, or per used gradient.

        NaN: all updates that were simulated fell at one instant.
        """
        if not self.base.seconds:
            return math.nan
        share = self.pace.seconds / self.base.seconds
        if self.per_gradient:
            share *= self.base.gradients / self.pace.gradients
        return 1 - share

    @property
    def matters(self) -> bool:
        """Whether it makes a difference that is worth a line, or may make one."""
        return math.isnan(self.saved) or abs(self.saved) >= LEAST


def enough(events: float, lap: int = 1, *, fixed: bool) -> int:
    """Return how many updates are simulated for each change: pairs of laps, at least one.

    Args:
        events: that an update takes.
        lap: updates in which all workers are heard about equally often; the last half are whole
            laps.
        fixed: times are fixed.
    """
    updates = np.clip(EVENTS / (FIXED if fixed else 1) / events, FEWEST, MOST)
    return math.ceil(int(updates) / (LAPS * lap)) * LAPS * lap


def what_helps(
    base: Change, problem: Problem, updates: int, changes: Iterable[Change], limit: int
) -> list[Help]:
    """Return what changes do, the best first.

    Args:
        base: nothing is changed.
        problem: in which nothing is learned.
        updates: that are simulated for each change.
        changes: such as :func:`changes_of` says.
        limit: events that may pass without an update, if that is more than here in all.
    """
    pace = partial(_pace, problem=problem, updates=updates, limit=max(100 * EVENTS, limit))
    as_it_is = pace(base)
    found = [Help(change.words, pace(change), as_it_is) for change in changes]
    return sorted(found, key=lambda one: (-one.saved, one.words))


def _pace(change: Change, problem: Problem, updates: int, limit: int) -> Pace:
    try:
        run = simulate(
            change.method.build().run,
            problem,
            change.hardware,
            updates=updates,
            max_events=limit,
            record_timeline=False,
        )
    except StalledError:
        return Pace(np.inf, 1.0)
    rows = run.history.rows
    late = rows[len(rows) // 2 :]
    seconds = (late[-1].time - rows[len(rows) // 2 - 1].time) / len(late)
    return Pace(seconds, sum(row.gradients for row in late) / len(late))


def changes_of(base: Change, seen: Seen, path: Sequence[Piece]) -> Iterator[Change]:
    """Yield what might help.

    Args:
        base: nothing is changed.
        seen: its first updates.
        path: their critical paths, which tell what is worth a change.
    """
    yield from _of_workers(base, path)
    yield from _of_the_server(base)
    yield from _of_the_method(base, rounds=seen.in_rounds)


def without_one(
    base: Change, cluster: Cluster, dimension: int, steps: int | None, seed: int
) -> Iterator[Change]:
    """Yield the cluster without its slowest worker, if the method can do without it."""
    fewer = cluster.workers - 1
    if fewer and not base.method.misfit(fewer, cluster.compute.durations):
        worker = slowest_first(cluster, dimension, steps)[0]
        smaller = without_slowest(cluster, 1, dimension, steps).hardware(dimension, seed)
        yield replace(base, words=f"without worker {worker}, the slowest", hardware=smaller)


def _worst(path: Sequence[Piece], what: str) -> int | None:
    """Return the worker that is most on the critical path with something."""
    seconds: defaultdict[int, float] = defaultdict(float)
    for piece in path:
        if piece.what == what:
            seconds[piece.worker] += piece.seconds
    return max(seconds, key=lambda worker: seconds[worker]) if seconds else None


def _of_workers(base: Change, path: Sequence[Piece]) -> Iterator[Change]:
    hardware, several = base.hardware, base.hardware.compute.workers > 1
    compute, network = hardware.compute, hardware.network
    if (worker := _worst(path, "computing")) is not None:
        seconds = _half(compute.seconds, worker)
        faster = replace(hardware, compute=replace(compute, seconds=seconds))
        yield replace(base, words=f"worker {worker} computes twice as fast", hardware=faster)
    if (worker := _worst(path, "sending")) is not None:
        faster = replace(hardware, network=_links(network, worker))
        yield replace(base, words=f"a link twice as fast for worker {worker}", hardware=faster)
        if several:
            faster = replace(hardware, network=_links(network, slice(None)))
            yield replace(base, words="all links twice as fast", hardware=faster)
    if network.downlink is not None:
        down = replace(network, downlink=network.downlink / 2)
        yield replace(
            base, words="downlinks twice as fast", hardware=replace(hardware, network=down)
        )
    if hardware.failures is not None:
        yield replace(base, words="no failures", hardware=replace(hardware, failures=None))


def _half(seconds: Vector, of: int | slice) -> Vector:
    seconds = seconds.copy()
    seconds[of] /= 2
    return seconds


def _links(network: Network, of: int | slice) -> Network:
    latency = None if network.latency is None else _half(network.latency, of)
    return replace(network, transfer=_half(network.transfer, of), latency=latency)


def _of_the_server(base: Change) -> Iterator[Change]:
    hardware, server, network = base.hardware, base.hardware.server, base.hardware.network
    for key, words in (("update", "makes updates"), ("receive", "receives vectors")):
        if seconds := getattr(server, key):
            faster = replace(server, **{key: seconds / 2})
            changed = replace(hardware, server=faster)
            yield replace(base, words=f"a server that {words} twice as fast", hardware=changed)
    for key in ("slots", "capacity"):
        if there := getattr(network, key):
            wider = replace(network, **{key: 2 * there})
            yield replace(
                base, words="twice the ingress", hardware=replace(hardware, network=wider)
            )


def _of_the_method(base: Change, *, rounds: bool) -> Iterator[Change]:
    hardware, network = base.hardware, base.hardware.network
    rule: Preemption = "finish" if hardware.preemption == "cancel" else "cancel"
    changed = replace(hardware, preemption=rule, stop_cost=0.0)
    yield replace(base, words=f"`{rule}` instead of `{hardware.preemption}`", hardware=changed)
    if rounds and not network.shared and type(network) is Network:
        meets: Collective = "allreduce" if network.collective == "gather" else "gather"
        changed = replace(hardware, network=replace(network, collective=meets, topology="ideal"))
        words = f"`{meets}` instead of `{network.collective}`"
        yield replace(base, words=words, hardware=changed)
    for key in BATCHES:
        if (now := getattr(base.method, key, None)) is not None:
            for value in (2 * now, now // 2):
                if value:
                    method = base.method.model_copy(update={key: value})
                    yield replace(base, words=f"a {key} of {value:,}", method=method)
