"""A run's timeline: who did what when, and when updates were made."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scenarios.results import curves
from scenarios.results.bands import groups_of
from scenarios.runs.store.stored import StoredRun
from simulator import Indices, State, Vector


@dataclass(frozen=True)
class Recorded:
    """A run's timeline and history.

    Attributes:
        title: of the run.
        worker: shape (k,), of each interval.
        start: shape (k,), simulated seconds.
        end: shape (k,), simulated seconds.
        state: shape (k,), values of :class:`simulator.State`.
        update: shape (k,), the update that used the gradient, 0 if none did.
        updates: shape (u,), when updates were made.
        delay: shape (u,), mean staleness of each.
        value: shape (u,), mean return of each, NaN where there is none.
        groups: the scenario's groups of workers in their order: the size of each, and its name.
        clock: what the seconds are.
    """

    title: str
    worker: Indices
    start: Vector
    end: Vector
    state: npt.NDArray[np.int8]
    update: Indices
    updates: Vector
    delay: Vector
    value: Vector
    groups: list[tuple[int, str]] = field(default_factory=list)
    clock: str = "simulated seconds"


def recorded(run: StoredRun) -> Recorded:
    """Return what a run recorded.

    Raises:
        BadInputError: its timeline was not recorded, or cannot be read.
    """
    rows, history = run.timeline(), run.history
    names = [state.name.lower() for state in State]
    coded = rows["state"].combine_chunks()
    states = np.array([names.index(name) for name in coded.dictionary.to_pylist()])
    return Recorded(
        f"{run.info['title']}\n{run.label}, seed {run.info['seed']}",
        rows["worker"].to_numpy(),
        rows["start"].to_numpy(),
        rows["end"].to_numpy(),
        states[coded.indices.to_numpy()].astype(np.int8),
        rows["update"].to_numpy(),
        history["time"],
        history["delay"],
        history["return_mean"],
        groups_of(run.info["content"]["cluster"]["compute"]),
        curves.clock([run]),
    )


def seconds_before(times: Vector, start: Vector, end: Vector) -> Vector:
    """Return for each time how many seconds of the intervals lie before it, shape as ``times``."""
    result = np.zeros(len(times))
    for ends, sign in ((start, 1.0), (end, -1.0)):
        ordered = np.sort(ends)
        sums = np.concatenate([[0.0], np.cumsum(ordered)])
        k = np.searchsorted(ordered, times)
        result += sign * (k * times - sums[k])
    return result
