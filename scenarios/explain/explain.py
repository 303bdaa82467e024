"""Where the time of a method's runs goes, and what would help."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from algorithms.theory.forecast import Forecast
from scenarios.explain.helps import (
    LAPS,
    LEAST,
    Change,
    Help,
    changes_of,
    enough,
    what_helps,
    without_one,
)
from scenarios.explain.path import Piece, critical_path
from scenarios.explain.seen import Seen, see
from scenarios.explain.shares import (
    DISCARDED,
    DOWN,
    HELD,
    LEFT_OUT,
    LOOKAHEAD,
    QUEUE,
    SENDING,
    USED,
    Cause,
    Shares,
    shares,
)
from scenarios.explain.words import bottleneck, does, name_of
from scenarios.format.foresee import one_update
from scenarios.format.method import Method
from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.plans.smaller import kept_whole
from scenarios.plans.timed import ENOUGH
from scenarios.results.bands import groups_of, lanes_of
from scenarios.results.sheet import Sheet, cell
from simulator import Hardware, Problem, StalledError
from simulator.problems.timing import Timing
from simulator.watch import GETS_ON, PATIENCE, most_events

EVENTS = 10_000
"""That are looked at, about: the first updates, where there are more."""

FEWEST = 10
"""Updates that are looked at, if a run has as many."""

LONGEST_LAP = 10_000
"""Updates of laps that are looked at as a whole: of more workers it would take minutes."""

NAMED = 3
"""Waits that have a line each; the others share one."""

OTHERS = "waiting for others"


@dataclass(frozen=True)
class Clock:
    """What decides when the updates of a run come.

    Attributes:
        scenario: whose cluster.
        label: of the method.
        method: that is run.
        seed: of the run.
        dimension: of a vector.
        steps: mean environment steps of a trajectory; None without trajectories.
        updates: of the run; None if that is not known.
        end: simulated seconds, the scenario's time limit.
    """

    scenario: Scenario
    label: str
    method: Method
    seed: int
    dimension: int
    steps: int | None
    updates: int | None
    end: float = math.inf

    @property
    def per_step(self) -> bool:
        """Whether times depend on trajectories."""
        return self.scenario.cluster.compute.per == "step"

    @property
    def hardware(self) -> Hardware:
        """The cluster."""
        return self.scenario.cluster.hardware(self.dimension, self.seed)

    @property
    def problem(self) -> Problem:
        """None, so to speak: nothing is learned."""
        return Timing(self.dimension, self.steps)

    @cached_property
    def forecast(self) -> Forecast:
        """What is taken for an update; of users' own methods one gradient of each worker."""
        one = one_update(self.scenario, self.method)
        return one or Forecast(0.0, float(self.scenario.cluster.workers))

    @property
    def lap(self) -> int:
        """Updates in which all workers are heard; 1 where two laps are too many to simulate."""
        return self.forecast.lap if self.forecast.lap <= LONGEST_LAP else 1

    @property
    def events(self) -> float:
        """About how many events an update takes."""
        return max(1.0, self.forecast.events / self.forecast.updates)

    @property
    def limit(self) -> int:
        """Events that may pass without an update; more where one takes many, if runs may too."""
        one = self.forecast.events
        wanted = one if one <= most_events(self.scenario.cluster.workers) else 0.0
        return int(ENOUGH * max(EVENTS, wanted))


@dataclass(frozen=True)
class Explained:
    """Where the time of a method goes.

    Attributes:
        clock: that was simulated.
        seen: its first updates.
        path: their critical paths.
        shares: of worker time.
        helps: changes, the best first.
    """

    clock: Clock
    seen: Seen
    path: list[Piece]
    shares: Shares
    helps: list[Help]

    @property
    def label(self) -> str:
        """The method's."""
        return self.clock.label

    def lines(self) -> Iterator[str]:
        """Yield what is looked at, and the bottleneck in words."""
        made = len(self.seen.times)
        whole = self.seen.over or self.clock.updates in {made, None}
        of_all = "" if whole else f", the first of {self.clock.updates:,}"
        every = cell(self.shares.elapsed / made)
        yield f"{self.label}: {made:,} update{'s' * (made != 1)}{of_all}, one every {every} s"
        if self.stands_still:
            rest = cell(self.clock.end - self.shares.elapsed)
            yield f"No update in the last {rest} s: it stands still, which is in no number below."
        yield from bottleneck(self.path, self.shares)
        if self.helps and self.helps[0].saved >= LEAST:
            best = self.helps[0]
            per = "used gradient" if best.per_gradient else "update"
            saved = f"{best.saved:.1%} of the time per {per}"
            yield f"Most would help: {best.words}, which saves {saved}."

    @property
    def stands_still(self) -> bool:
        """Whether the time after the last update is longer than between any two."""
        rest = self.clock.end - self.shares.elapsed
        return self.seen.over and rest > np.diff(self.seen.times, prepend=0.0).max()

    def causes(self) -> dict[str, list[Cause]]:
        """Return by name what worker time goes into: a few waits by themselves."""
        waits = self.shares.waits()
        done = (USED, DISCARDED, SENDING, QUEUE, LOOKAHEAD, HELD)
        found = {name_of(cause): [cause] for cause in done}
        found |= {name_of(cause): [cause] for cause in waits[:NAMED]} | {OTHERS: waits[NAMED:]}
        found |= {name_of(cause): [cause] for cause in (DOWN, LEFT_OUT)}
        return {name: causes for name, causes in found.items() if self.shares.of(*causes) > 0}

    def mean(self) -> dict[str, float]:
        """Return the shares of all worker time by name."""
        return {name: self.shares.of(*causes) for name, causes in self.causes().items()}

    def by_lane(self) -> dict[str, dict[str, float]]:
        """Return the same for each worker, or for bands of many."""
        compute = self.clock.scenario.cluster.compute.model_dump(exclude_none=True)
        lanes = lanes_of(self.shares.workers, groups_of(compute))
        shares = {name: self.shares.by_worker(*causes) for name, causes in self.causes().items()}
        return {
            lane: {name: float(share[first : last + 1].mean()) for name, share in shares.items()}
            for first, last, lane in lanes
        }

    def sheets(self) -> Iterator[Sheet]:
        """Yield the shares, the critical path and what helps as tables."""
        yield _shares_sheet("where the workers' time goes", [*self.mean().items()])
        on_path: dict[str, float] = defaultdict(float)
        for piece in self.path:
            on_path[does(piece)] += piece.seconds / self.shares.elapsed
        most = sorted(on_path.items(), key=lambda item: -item[1])
        rest = sum(share for _, share in most[2 * NAMED :])
        shown = most[: 2 * NAMED] + [("other workers", rest)] * (rest > 0)
        yield _shares_sheet("what updates wait for: the critical path", shown)
        if self.helps:
            yield _helps_sheet(self.helps)

    def indifferent(self) -> Iterator[str]:
        """Yield a line about the changes that make no difference."""
        if words := [one.words for one in self.helps if not one.matters]:
            yield f"No difference: {'; '.join(words)}."


def explained(clock: Clock) -> Explained:
    """Return where the time of a run goes.

    Raises:
        BadInputError: it makes no updates.
    """
    there = math.inf if clock.updates is None else clock.updates
    most = int(min(there, max(EVENTS / clock.events, FEWEST, LAPS * clock.lap)))
    if not most:
        raise BadInputError(f"{clock.label}: the run has no updates; accepted: one that has some")
    try:
        build, problem = clock.method.build, clock.problem
        seen = see(build, clock.hardware, problem, most, clock.limit, end=clock.end)
    except StalledError as error:
        what = str(error).replace(PATIENCE, GETS_ON)  # explain takes no option for it
        raise BadInputError(f"{clock.label}: {what}") from error
    if not len(seen.times):
        raise BadInputError(f"{clock.label}: no update until {clock.end:g} s; accepted: more time")
    path = critical_path(seen)
    return Explained(clock, seen, path, shares(seen, path), _helps(clock, seen, path))


def _helps(clock: Clock, seen: Seen, path: list[Piece]) -> list[Help]:
    cluster, base = clock.scenario.cluster, Change("", clock.method, seen.hardware)
    changes = [*changes_of(base, seen, path)]
    if kept_whole(cluster, varied=bool(getattr(clock.scenario.problem, "variants", None))) is None:
        changes += without_one(base, cluster, clock.dimension, clock.steps, clock.seed)
    updates = enough(clock.events, clock.lap, fixed=cluster.fixed)
    if seen.over:
        updates = min(updates, len(seen.times))
    if updates < 2:  # noqa: PLR2004 - no pace
        return []
    return what_helps(base, clock.problem, updates, changes, clock.limit)


def _shares_sheet(title: str, shares: list[tuple[str, float]]) -> Sheet:
    return Sheet(title, ["", "share"], [[name, f"{share:.1%}"] for name, share in shares])


def _helps_sheet(helps: list[Help]) -> Sheet:
    base = helps[0].base
    rows = [["as it is", cell(base.seconds), cell(base.seconds / base.gradients), ""]]
    for one in (one for one in helps if one.matters):
        pace, star = one.pace, "*" * one.per_gradient
        saved = f"{one.saved:+.1%}{star}" if np.isfinite(one.saved) else "-"
        rows.append([one.words, cell(pace.seconds), cell(pace.seconds / pace.gradients), saved])
    title = "what would help: seconds that are saved (*: per used gradient)"
    header = ["simulated change", "seconds\nper update", "per used\ngradient", "saved"]
    return Sheet(title, header, rows)
