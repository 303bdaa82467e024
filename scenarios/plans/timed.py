"""Clocks by simulation without any learning: when updates come, and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.format.cluster import Cluster
from scenarios.format.foresee import one_update
from scenarios.format.problem import ClockProblem
from scenarios.format.scenario import Scenario
from scenarios.format.words.explain import checked
from scenarios.runs.store.billing import billed
from scenarios.runs.store.records import totals, workers_table
from simulator import Run, StalledError, State, Vector, simulate

EVENTS = 100_000
"""That a clock is simulated for, about; what comes later is taken to go on at the same pace."""

FEWEST = 5
"""Updates that are simulated at least, if they can be."""


@dataclass(frozen=True)
class Learned:
    """What of a problem matters to the clock.

    Attributes:
        problem: its table.
        dimension: of a vector.
        steps: mean environment steps of a trajectory; None without trajectories.
    """

    problem: dict[str, Any]
    dimension: int
    steps: int | None


@dataclass(frozen=True)
class Timed:
    """A method's clock on a cluster.

    Attributes:
        times: simulated seconds of its updates, shape (k,); k = 0: it makes none.
        run: the simulation; None if it stalled.
        bill: what all of it cost: see :meth:`scenarios.format.prices.Prices.bill`.
        delay: mean staleness of the gradients used in the last half, in updates.
        gradients: used in an update there, on average.
    """

    times: Vector
    run: Run | None
    bill: dict[str, float]
    delay: float
    gradients: float

    def seconds(self, updates: float) -> float:
        """Return when an update is made: beyond what was simulated, at the pace of its last half.

        Infinite if there are none.
        """
        k = len(self.times)
        if not k or not np.isfinite(updates):
            return np.inf
        if updates <= k:
            return float(self.times[max(int(np.ceil(updates)), 1) - 1])
        middle = k // 2
        pace = (
            (self.times[-1] - self.times[middle - 1]) / (k - middle) if middle else self.times[-1]
        )
        return float(self.times[-1] + (updates - k) * pace)

    def cost(self, key: str, updates: float) -> float:
        """Return what it costs until an update, as the share of time; NaN if that has no price."""
        if self.run is None or key not in self.bill or not self.run.elapsed:
            return np.nan
        return self.bill[key] * self.seconds(updates) / self.run.elapsed

    def share(self, *states: State) -> float:
        """Return the share of all worker time that was spent in some states."""
        if self.run is None:
            return np.nan
        whole = sum(float(seconds.sum()) for seconds in self.run.seconds.values())
        return sum(float(self.run.seconds[state].sum()) for state in states) / max(whole, 1e-300)


def timing(
    cluster: Cluster,
    methods: Sequence[dict[str, Any]],
    learned: Learned,
    where: str,
) -> Scenario:
    """Return a scenario in which nothing is learned, and whose clock is that of a problem.

    Args:
        cluster: whose clock is wanted.
        methods: tables of a scenario.
        learned: instead of which nothing is.
        where: begins the lines of errors.

    Raises:
        BadInputError: the problem or a method does not fit the cluster; a line each.
    """
    content = {
        "title": "timing",
        "seeds": [0],
        "updates": 1,
        "timeline": False,
        "cluster": cluster.model_dump(exclude_none=True),
        "problem": learned.problem,
        "methods": list(methods),
    }
    scenario = checked(Scenario, content, where, Path())
    clock = ClockProblem(kind="clock", dimension=learned.dimension, steps=learned.steps)
    return scenario.model_copy(update={"problem": clock})


def timed(scenario: Scenario, label: str, updates: int, seed: int, events: int = EVENTS) -> Timed:
    """Return the clock of one of a scenario's methods, for about so many events.

    Args:
        scenario: in which nothing is learned: see :func:`timing`.
        label: of the method.
        updates: more are not needed.
        seed: keys what is random about times and failures.
        events: completions and the like that are simulated, about.
    """
    (method,) = (method for method in scenario.methods if method.folder == label)
    one = one_update(scenario, method)
    most = events / max(one.events, 1.0) if one and np.isfinite(one.events) else FEWEST
    problem = scenario.problem.build(seed, scenario.cluster.workers)
    try:
        run = simulate(
            method.build().run,
            problem,
            scenario.cluster.hardware(problem.dimension, seed),
            updates=int(min(updates, max(most, FEWEST))),
            max_events=20 * events,
            record_timeline=False,
        )
    except StalledError:
        return Timed(np.empty(0), None, {}, np.nan, np.nan)
    bill = billed(scenario.cluster.prices(), workers_table(run), totals(run)).get("bill", {})
    rows = run.history.rows
    late = rows[len(rows) // 2 :]
    delay, gradients = (
        float(np.mean([getattr(row, name) for row in late])) for name in ("delay", "gradients")
    )
    return Timed(np.array([row.time for row in rows]), run, bill, delay, gradients)
