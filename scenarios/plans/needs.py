"""How many updates finished runs took to a return."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scenarios.format.words.errors import BadInputError
from scenarios.plans.timed import Learned
from scenarios.results import curves
from scenarios.results.compare import default_thresholds
from scenarios.results.theory import known_scenario
from scenarios.runs.store.stored import StoredRun, alike
from simulator import Vector


@dataclass(frozen=True)
class Need:
    """What a method took to a return.

    Attributes:
        label: of the method.
        table: of the method, as in a scenario.
        seeds: of its runs.
        updates: that each of them took, shape (seeds,); infinite if it never got there.
        delay: mean staleness of the gradients used, in updates.
        gradients: used in an update, on average.
        made: the most updates of a run.
    """

    label: str
    table: dict[str, Any]
    seeds: list[int]
    updates: Vector
    delay: float
    gradients: float
    made: float

    @property
    def reached(self) -> int:
        """How many runs got there."""
        return int(np.isfinite(self.updates).sum())


@dataclass(frozen=True)
class Needs:
    """What the methods of a folder took to a return.

    Attributes:
        target: the return.
        metric: the column that it is about.
        methods: one entry each.
        learned: the problem.
        workers: of their cluster.
        per_step: whether their times depended on trajectories.
    """

    target: float
    metric: str
    methods: list[Need]
    learned: Learned
    workers: int
    per_step: bool


def needs(
    runs: Sequence[StoredRun],
    where: str,
    target: float | None = None,
    metric: str | None = None,
    failed: Sequence[StoredRun] = (),
) -> Needs:
    """Return how many updates runs took to a return.

    Args:
        runs: of one scenario, all done.
        where: they are, for messages.
        target: the return; the middle one of the default thresholds if None.
        metric: the column; the one that runs are judged by if None.
        failed: others; those of the same scenario and values never got there.

    Raises:
        BadInputError: no run reached it, or no run rises; a method is not ours.
    """
    metric = metric or curves.metric(runs)
    if target is None:
        defaults = default_thresholds(list(runs), metric)
        if not defaults:
            raise BadInputError(
                f"{where}: no run rises, so none has a default target; accepted: "
                "a target that a run reached"
            )
        target = defaults[1]
    until = curves.horizon(runs)
    never = alike(failed, runs)
    methods = [
        _need(
            [run for run in runs if run.label == label],
            [run for run in never if run.label == label],
            metric,
            target,
            until,
        )
        for label in dict.fromkeys(run.label for run in runs)
    ]
    if not any(need.reached for need in methods):
        curve = np.concatenate([curves.known(run, metric, until, end=np.inf) for run in runs])
        if np.isnan(curve).all():
            raise BadInputError(f"{where}: no run made an update; accepted: runs that did")
        best = np.nanmax(curve)
        raise BadInputError(
            f"{where}: target: no run reached {target:g}; accepted: at most {best:.6g}, the best "
            f"{metric.replace('_', ' ')} here"
        )
    content = runs[0].info["content"]
    counts = [float(np.nansum(run.history["return_count"])) for run in runs]
    steps = [float(np.nansum(run.history["steps"])) for run in runs]
    return Needs(
        target,
        metric,
        methods,
        Learned(
            content["problem"],
            int(runs[0].info["dimension"]),
            round(sum(steps) / sum(counts)) if sum(counts) and sum(steps) else None,
        ),
        int(content["cluster"]["workers"]),
        content["cluster"]["compute"].get("per") == "step",
    )


def _need(
    runs: Sequence[StoredRun],
    failed: Sequence[StoredRun],
    metric: str,
    target: float,
    until: float,
) -> Need:
    scenario = known_scenario(runs[0])
    table = scenario.methods[0].model_dump(exclude_none=True) | {"label": runs[0].label}
    found = [updates_to(run, metric, target, until) for run in runs] + [np.inf] * len(failed)
    seeds = [int(run.info["seed"]) for run in (*runs, *failed)]
    delay, gradients = (
        float(np.mean(np.concatenate([run.history[name] for run in runs])))
        for name in ("delay", "gradients")
    )
    made = float(max(len(run.history["time"]) for run in runs))
    return Need(runs[0].label, table, seeds, np.array(found), delay, gradients, made)


def updates_to(run: StoredRun, metric: str, target: float, until: float) -> float:
    """Return the number of the first update with which a run had a return; infinite: never."""
    (held,) = curves.times_to(run, metric, [target], until, end=np.inf)
    if not np.isfinite(held):
        return np.inf
    times = run.history["time"]
    return min(float(np.searchsorted(times, held)) + 1, float(len(times)))
