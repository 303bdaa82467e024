"""Clocks by simulation without any learning: when updates come, and what they cost."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from algorithms.theory.forecast import Forecast
from scenarios.format.cluster import Cluster
from scenarios.format.foresee import UNCERTAIN, one_update
from scenarios.format.method import Method
from scenarios.format.problem import ClockProblem
from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.format.words.explain import checked
from scenarios.runs.store.billing import billed
from scenarios.runs.store.records import totals, workers_table
from simulator import Run, StalledError, State, Vector, simulate

EVENTS = 100_000
"""That a clock is simulated for, about; what comes later is taken to go on at the same pace."""

FEWEST = 2, 5
"""Times that every worker is heard, about: at least; and if that needs no more than the events."""

ENOUGH = 20
"""Times as many events as are expected may pass without an update."""


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
        lap: updates in which all workers are heard about equally often.
        fixed: the cluster's times are, so that a lap is as the one before.
    """

    times: Vector
    run: Run | None
    bill: dict[str, float]
    delay: float
    gradients: float
    lap: int = 1
    fixed: bool = False

    def seconds(self, updates: float) -> float:
        """Return when an update is made: beyond what was simulated, at the pace of its last half.

        Where times are fixed, updates keep their places in a lap; where they are not, the places
        in the last lap are chance. Infinite if there are none.
        """
        k = len(self.times)
        if not k or not np.isfinite(updates):
            return np.inf
        if updates <= k:
            return float(self.times[max(int(np.ceil(updates)), 1) - 1])
        lap = min(self.lap, k)
        if not self.fixed:
            return float(self.times[-1] + (updates - k) * self._pace(lap))
        back = int(np.ceil((updates - k) / lap)) * lap  # whole laps, to the same place in the last
        place = max(int(np.ceil(updates - back)), 1)
        return float(self.times[place - 1] + back * self._pace(lap))

    def _pace(self, lap: int) -> float:
        """Return the mean seconds of an update, over as many laps as fill the last half."""
        k = len(self.times)
        window = -(-k // (2 * lap)) * lap
        start = self.times[-1 - window] if window < k else 0.0
        return float((self.times[-1] - start) / min(window, k))

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


def steps_of(scenario: Scenario) -> int | None:
    """Return the steps of a trajectory as the problem's keys have them; None: it has none.

    Raises:
        BadInputError: times are per step, and no key says of how many.
    """
    steps = scenario.problem.most_steps
    if steps is None and scenario.cluster.compute.per == "step":
        raise BadInputError(
            f"{scenario.name or 'scenario'}: problem: times are per step, and no key says how many "
            "steps a trajectory has; accepted: a key horizon or steps"
        )
    return steps


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
    n = scenario.cluster.workers
    one = one_update(scenario, method)
    # Users' own methods say nothing: a few updates tell how many gradients are in one.
    if one is None:
        first = _simulated(scenario, method, min(updates, FEWEST[1]), seed, ENOUGH * events)
        used = [row.gradients for row in first.history.rows] if first else [n]
        one = Forecast(0.0, float(events), lap=max(round(n / max(float(np.mean(used)), 1.0)), 1))
    limit = ENOUGH * max(events, int(min(one.events, EVENTS + n)))
    most = max(events * one.updates / max(one.events, 1.0), _laps(one.lap, events))
    run = None
    if one.events <= UNCERTAIN * limit:
        run = _simulated(scenario, method, int(min(updates, most)), seed, limit)
    if run is None:
        return Timed(np.empty(0), None, {}, np.nan, np.nan)
    bill = billed(scenario.cluster.prices(), workers_table(run), totals(run)).get("bill", {})
    rows = run.history.rows
    late = rows[len(rows) // 2 :]
    delay, gradients = (
        float(np.mean([getattr(row, name) for row in late])) for name in ("delay", "gradients")
    )
    times = np.array([row.time for row in rows])
    return Timed(times, run, bill, delay, gradients, one.lap, scenario.cluster.fixed)


def _laps(lap: int, events: int) -> int:
    """Return the updates that are simulated, whatever they cost."""
    least, most = FEWEST
    return min(most * lap, max(least * lap, events // 2, most))


def _simulated(
    scenario: Scenario, method: Method, updates: int, seed: int, limit: int
) -> Run | None:
    """Return a simulation without learning, None if it stalls."""
    problem = scenario.problem.build(seed, scenario.cluster.workers)
    with suppress(StalledError):
        return simulate(
            method.build().run,
            problem,
            scenario.cluster.hardware(problem.dimension, seed),
            updates=updates,
            max_events=limit,
            record_timeline=False,
        )
    return None
