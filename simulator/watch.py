"""Runs that would not end: events are counted, so that every machine gives up at the same one."""

import itertools
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulator.loop.cluster import SimulatedCluster

BYTES = 410
"""That a pending gradient takes."""

EVENTS = 10_000_000
"""So many may pass without an update: 4 GiB of pending gradients."""

EVENTS_PER_WORKER = 1_000
"""Or so many for each worker, if that is more: a Malenia round with speeds 1 : 1,000."""

UPDATES_PER_WORKER = 10
"""So many updates may be made at one instant for each worker; equal workers make one each."""

EVENTS_PER_UPDATE = 100
"""Or one for so many of the events that may pass without an update, if that is more."""

EVERY = 10_000
"""Events between two signs of life while no update comes."""


GETS_ON = "a cluster on which the method gets on"
PATIENCE = f"{GETS_ON}, or --retry-failed with a larger --max-events"


class StalledError(Exception):
    """A run gets nowhere: no update comes, simulated time stands still, or nothing will happen.

    Inside the simulator its arguments are what is wrong, and what would be accepted.
    """


class LostProcessError(RuntimeError):
    """A process that computed for a run ended, as by a kill; the run can go on where it was."""


def most_events(workers: int) -> int:
    """Return how many events may pass without an update, unless the user says otherwise."""
    return max(EVENTS, EVENTS_PER_WORKER * workers)


class Watch:
    """Counts what happens between two updates.

    An event is whatever the clock waits for (a completion, a failure, an arrival, the end of a
    reduce), a broadcast, or that a first worker's next window of failures is drawn.

    Args:
        workers: the number n of workers.
        limit: the most events without an update.
        on_wait: called with the events since the last update, whenever there are 10,000 more, or
            after the losses that are taken together just then.

    Attributes:
        events: since the last update.
        next: at so many there is something to look at; the clock compares them itself.
    """

    def __init__(self, workers: int, limit: int, on_wait: Callable[[int], None]) -> None:
        self.events = 0
        self._limit = limit
        self._on_wait = on_wait
        self.next = min(EVERY, limit + 1)
        self._most_updates = max(UPDATES_PER_WORKER * workers, limit // EVENTS_PER_UPDATE)
        self._instant, self._updates = -1.0, 0  # how many there

    @property
    def left(self) -> int:
        """So many events may still happen before an update has to come."""
        return self._limit - self.events

    def happens(self, times: int = 1) -> None:
        """Count one event, or so many.

        Raises:
            StalledError: there are too many.
        """
        self.events += times
        if self.events >= self.next:
            self.look()

    def look(self) -> None:
        """Give a sign of life, or give up.

        Raises:
            StalledError: there are too many events.
        """
        if self.events > self._limit:
            raise StalledError(f"no update in {self._limit:,} events", PATIENCE)
        self.next = min(self.events + EVERY, self._limit + 1)
        self._on_wait(self.events)

    def updated(self, time: float) -> None:
        """Begin anew after an update at a simulated second.

        Raises:
            StalledError: there were too many at this very instant.
        """
        self.events, self.next = 0, min(EVERY, self._limit + 1)
        if time > self._instant:
            self._instant, self._updates = time, 0
        self._updates += 1
        if self._updates > self._most_updates:
            raise StalledError(f"{self._updates:,} updates at one instant", PATIENCE)


def why(cluster: "SimulatedCluster", error: StalledError) -> str:
    """Return in one line what a run was waiting for when it stalled, and the remedy."""
    (what, accepted), rows = error.args, cluster.history.rows
    since = f"after update {rows[-1].update} at {rows[-1].time:g} s" if rows else "from the start"
    pending = cluster.ledger.pending
    missing = np.setdiff1d(np.arange(cluster.size), [worker for worker, _ in pending])
    return (
        f"{what}, {since}, until {cluster.now:g} simulated s: {_place(error)}, with "
        f"{len(pending):,} gradients pending{_missing(cluster, missing.tolist())}; accepted: "
        f"{accepted}"
    )


def _place(error: StalledError) -> str:
    """Say what the method was doing, and in which of its lines."""
    origin = error.__cause__ or error  # SimPy raises a method's exception anew
    floor = str(Path(__file__).parent)
    frames = traceback.extract_tb(origin.__traceback__)
    for method, call in itertools.pairwise(frames):
        if call.filename.startswith(floor) and "simpy" not in Path(method.filename).parts:
            return f"the method is in `{call.name}` ({Path(method.filename).name}:{method.lineno})"
    return "the method waits"


def _missing(cluster: "SimulatedCluster", workers: list[int]) -> str:
    """Say of which workers no gradient is pending, and what the first of them is doing."""
    if not workers:
        return ""
    first, more = workers[0], len(workers) - 1
    time, lost = cluster.workers.due(first)
    end = "its task never ends" if np.isinf(time) else f"its task ends at {time:g} s"
    end += ", lost or given up" if lost else ""
    if not cluster.workers.is_busy(first):
        end = "it has no task"
    return f", none of worker {first} ({end})" + (f" and {more:,} more" if more else "")
