"""What is shown: which policy a run has at a simulated second, and in which episode."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from scenarios.format.words.errors import BadInputError
from scenarios.results import curves
from scenarios.runs.store.stored import StoredRun
from simulator import Vector
from simulator.accounting.columns import EVALUATION
from simulator.evaluation import FIRST_TASK, multiple


@dataclass(frozen=True)
class Policy:
    """The newest kept iterate of a run at a simulated second.

    Attributes:
        theta: shape (d,); None: that of the start.
        update: after which it is; 0: before the first.
        time: simulated second of that update.
        value: the mean return of its evaluation; None at the start.
    """

    theta: Vector | None = None
    update: int = 0
    time: float = 0.0
    value: float | None = None


@dataclass(frozen=True)
class Actor:
    """A run whose policies are shown.

    Attributes:
        run: a finished run that has kept its iterates.
        name: what stands above it.
    """

    run: StoredRun
    name: str

    @property
    def content(self) -> Any:  # noqa: ANN401 - JSON
        """What decides the run."""
        return self.run.info["content"]

    @cached_property
    def _kept(self) -> Any:  # noqa: ANN401 - a table
        return self.run.iterates()

    def policy(self, second: float) -> Policy:
        """Return the newest policy that was kept at a simulated second or before."""
        times = self._kept["time"].to_numpy()
        k = int(np.searchsorted(times, second, side="right")) - 1
        if k < 0:
            return Policy()
        theta = self._kept["theta"][k].values.to_numpy()
        update = int(self._kept["update"][k].as_py())
        value = float(self.run.history[EVALUATION][update - 1])
        return Policy(theta, update, float(times[k]), value)


@dataclass(frozen=True)
class Script:
    """A film before it is drawn: at each moment every actor plays the same episode.

    Attributes:
        actors: side by side.
        moments: simulated seconds.
        episode: number of the episode, among those that one evaluation samples.
        worker: whose variant of the environment it is in.
        seed: of all episodes; the first actor's.
    """

    actors: Sequence[Actor]
    moments: Sequence[float]
    episode: int
    worker: int
    seed: int

    @property
    def end(self) -> float:
        """The simulated second at which the last run ends."""
        return max(actor.run.totals["elapsed"] for actor in self.actors)

    @property
    def clock(self) -> str:
        """What the seconds are; those of races are not simulated."""
        return curves.clock([actor.run for actor in self.actors])

    def task(self, second: float) -> int:
        """Return the key of the episode: the same for all, and one of those evaluated last.

        It belongs to the earliest of the evaluations that the actors' policies come from. Where
        these have the same number, as in runs of one scenario they mostly have, each actor plays an
        episode that its mean return is made of.
        """
        evaluation = self.actors[0].content["evaluation"]
        time = min(actor.policy(second).time for actor in self.actors)
        number = multiple(time, evaluation["every"])
        return FIRST_TASK + number * int(evaluation["episodes"]) + self.episode


def write_script(
    runs: Sequence[StoredRun],
    moments: Sequence[float] = (),
    *,
    episode: int = 0,
    worker: int = 0,
) -> Script:
    """Return what a film of these runs shows.

    Args:
        runs: finished ones.
        moments: simulated seconds; the start, the middle and the end if there are none.
        episode: number of the episode, among those that one evaluation samples.
        worker: whose variant of the environment it is in.

    Raises:
        BadInputError: a run has no policy in an environment, or has kept none; there is no such
            episode, worker or moment.
    """
    for run in runs:
        kind = run.info["content"]["problem"]["kind"]
        if kind != "control":
            raise BadInputError(f"{run.path}: a {kind} cannot be watched; accepted: kind control")
        run.iterates()
    contents = [run.info["content"] for run in runs]
    episodes = min(int((content["evaluation"] or {}).get("episodes", 1)) for content in contents)
    _check("episode", episode, episodes)
    _check("worker", worker, min(int(content["cluster"]["workers"]) for content in contents))
    actors = [Actor(run, name) for run, name in zip(runs, _names(runs), strict=True)]
    script = Script(actors, moments or (), episode, worker, int(runs[0].info["seed"]))
    for moment in script.moments:
        if not 0 <= moment <= script.end:
            raise BadInputError(f"at: {moment:g}; accepted: {script.clock}, 0 to {script.end:g}")
    if script.moments:
        return script
    return replace(script, moments=[0.0, script.end / 2, script.end])


def _check(name: str, number: int, below: int) -> None:
    if not 0 <= number < below:
        raise BadInputError(f"{name}: {number}; accepted: 0 to {below - 1}")


def _names(runs: Sequence[StoredRun]) -> list[str]:
    """Return the labels, with as much beside them as tells them apart."""
    names = [run.label for run in runs]
    if len(set(names)) < len(names):
        names = [f"{run.label}, seed {run.info['seed']}" for run in runs]
    if len(set(names)) < len(names):
        names = [f"{name}, {run.info['title']}" for run, name in zip(runs, names, strict=True)]
    times = Counter(names)
    return [n if times[n] == 1 else str(r.path) for r, n in zip(runs, names, strict=True)]


def steps_shown(lengths: Sequence[int], most: int) -> list[int]:
    """Return after which steps the episodes of a moment are drawn: the first, the last, between.

    Args:
        lengths: of the episodes.
        most: how many pictures there may be, but for the first.
    """
    longest = max(lengths)
    stride = max(1, math.ceil(longest / most))
    return [*range(0, longest, stride), longest]
