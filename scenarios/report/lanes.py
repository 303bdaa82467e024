"""Who did what when, for a page: intervals as far as there is room, and shares of the whole run."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scenarios.pictures.timeline import INTERVALS
from scenarios.report.clock import with_timeline
from scenarios.report.parts import Part
from scenarios.report.series import numbers
from scenarios.results import staleness
from scenarios.results.bands import Band, lanes_of
from scenarios.results.recorded import Recorded, recorded, seconds_before
from scenarios.runs.store.stored import StoredRun
from simulator import Indices, State, Vector

ROOM = 45_000
"""Intervals of a page."""

BINS = 160
"""Of the whole run, in which a lane has shares of states."""


LATER = 300
"""Updates of a run that are known after its intervals end."""


@dataclass(frozen=True)
class Lanes:
    """The timeline of one run.

    Attributes:
        run: with its delays.
        rows: what it recorded.
        source: ``recorded`` or ``simulated again``.
        bands: first worker, last worker and name of each lane.
    """

    run: StoredRun
    rows: Recorded
    source: str
    bands: list[Band]

    @property
    def single(self) -> bool:
        """Whether each lane is one worker."""
        return all(first == last for first, last, _ in self.bands)


def lanes_in(part: Part) -> tuple[dict[str, Lanes], dict[str, str]]:
    """Return by method the timeline of its first seed, and why others have none."""
    found, missing = {}, {}
    for label in part.labels:
        run, source = with_timeline(part.first(label))
        if run is None:
            missing[label] = source
        else:
            rows = recorded(run)
            workers = int(run.info["content"]["cluster"]["workers"])
            found[label] = Lanes(run, rows, source, lanes_of(workers, rows.groups))
    return found, missing


def legible(found: dict[str, Lanes], most: int = INTERVALS) -> float:
    """Return until when no method has more than so many intervals."""
    ends = []
    for lanes in found.values():
        starts = np.sort(lanes.rows.start)
        last = float(lanes.rows.end.max(initial=0.0))
        ends.append(float(starts[most]) if len(starts) > most else last)
    return min(ends, default=0.0)


def timelines(part: Part, found: dict[str, Lanes], total: int) -> dict[str, Any]:
    """Return the timelines of a part as JSON.

    Args:
        part: its runs.
        found: the timeline of each method.
        total: timelines of the whole page.

    Returns:
        ``exact``: seconds up to which there are intervals (0: none, lanes are bands); ``first``:
        those that are shown first; ``lanes``: names; ``runs``: by method.
    """
    exact = legible(found, ROOM // max(total, 1))
    single = all(lanes.single for lanes in found.values())
    edges = np.linspace(0, part.end, BINS + 1)
    return {
        "exact": exact if single else 0,
        "first": min(legible(found), exact) if single else part.end,
        "end": part.end,
        "lanes": [" ".join(name.split()) for _, _, name in next(iter(found.values())).bands],
        "runs": {
            label: {
                "source": lanes.source,
                "seed": int(lanes.run.info["seed"]),
                "rows": _intervals(lanes, exact) if single else [],
                "shares": _shares(lanes, edges),
                "updates": _updates(lanes.run, part.first(label), exact * single),
            }
            for label, lanes in found.items()
        },
    }


def _intervals(lanes: Lanes, until: float) -> list[list[list[float | int | None]]]:
    """Return for each worker starts, states and updates; an interval ends where the next starts.

    A state is negative where a failure cuts a gradient in two: it is not completed there.
    """
    rows = lanes.rows
    made = []
    for worker in range(len(lanes.bands)):
        mine = np.flatnonzero(rows.worker == worker)
        state = rows.state[mine].astype(int)
        cut = np.append(state[1:] == State.DOWN, False) & (state == State.COMPUTE)
        shown = rows.start[mine] < until
        starts = numbers(rows.start[mine][shown], 6)
        states = np.where(cut, -1, state)[shown].tolist()
        made.append([starts, states, rows.update[mine][shown].tolist()])
    return made


def _shares(lanes: Lanes, edges: Vector) -> list[list[list[int]]]:
    """Return for each lane and state its percents of each bin; [] for a state that never is."""
    rows = lanes.rows
    made = []
    for first, last, _ in lanes.bands:
        mine = (rows.worker >= first) & (rows.worker <= last)
        room = (edges[1] - edges[0]) * (last - first + 1)
        parts = []
        for state in State:
            chosen = mine & (rows.state == state)
            spent = np.diff(seconds_before(edges, rows.start[chosen], rows.end[chosen]))
            percent = np.rint(100 * spent / room).astype(int).tolist()
            parts.append(percent if any(percent) else [])
        made.append(parts)
    return made


def _updates(run: StoredRun, own: StoredRun, exact: float) -> dict[str, Any]:
    """Return what the server knows after updates: all until ``exact``, then some.

    Sums are over all updates up to each. Returns are those of the run itself.
    """
    history = run.history
    times = history["time"]
    first = int(np.searchsorted(times, exact, side="right"))
    later = np.unique(np.linspace(first, len(times), LATER, endpoint=False).astype(int))
    kept = np.concatenate([np.arange(first), later[later < len(times)]])
    sums = {name: np.cumsum(history[name])[kept] for name in ("gradients", "discarded")}
    return {
        "update": (kept + 1).tolist(),
        "time": numbers(times[kept], 6),
        "used": [int(value) for value in sums["gradients"]],
        "discarded": [int(value) for value in sums["discarded"]],
        "delay": numbers(history["delay"][kept], 3),
        "return": numbers(own.history["return_mean"][kept], 4),
    }


def shares_of(lanes: Lanes) -> Vector:
    """Return the share of each lane's time in each state, shape (lanes, states)."""
    rows = lanes.rows
    seconds = np.zeros((len(lanes.bands), len(State)))
    index: Indices = (
        np.searchsorted([first for first, _, _ in lanes.bands], rows.worker, "right") - 1
    )
    np.add.at(seconds, (index, rows.state), rows.end - rows.start)
    result: Vector = seconds / np.maximum(seconds.sum(axis=1, keepdims=True), 1e-300)
    return result


def by_worker(found: dict[str, Lanes]) -> dict[str, list[staleness.Lane]]:
    """Return by method what became of the gradients of each lane."""
    return {label: staleness.lanes([lanes.run]) for label, lanes in found.items()}
