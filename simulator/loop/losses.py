"""Failures that take tasks of a round, many at a time: the workers begin anew, each on its own."""

from typing import TYPE_CHECKING

import numpy as np

from simulator.hardware.hardware import Truths
from simulator.types import Event, Indices, Process, Vector

if TYPE_CHECKING:
    from simulator.loop.cluster import SimulatedCluster
    from simulator.loop.round import SimulatedRound

BLOCK = 256
"""About as many losses, at most, are handled together: of many more, some would come too late."""


def handle_losses(
    cluster: "SimulatedCluster", around: "SimulatedRound", until: Event | None
) -> Process[None]:
    """Handle losses of tasks that come before the next completion, none after ``until``.

    Without ``until``, or where a trajectory is sampled when its task starts, it is one loss. They
    are fewer if one of the new tasks ends first.
    """
    workers, clock = cluster.workers, cluster.clock
    first = workers.next_event()
    # twice as many, and a window drawn for each: no sign of life is due within them
    most = min(BLOCK, (clock.watch.next - clock.watch.events - 1) // 4)
    alone = until is None or most < 2 or cluster.hardware.compute.per_step  # noqa: PLR2004
    if alone or first[0] > clock.limit:
        yield clock.until(first[0])
        until, most = first, 1
    who, times = workers.take_losses(min(until or first, (clock.limit, cluster.size)), most)
    may = around.may_begin(who)
    again, now = who[may], workers.free(who[may], times[may])
    course = workers.course(
        again, workers.indices(again) + 1, around.place(int(who[0])), now, around.limits(again)
    )
    kept = _in_order(who, times, again, course.ends)
    if not kept.all():
        workers.put_back(who[~kept])
        course, again = course.of(kept[may]), who[kept & may]
        who, times = who[kept], times[kept]
    if not alone:
        clock.watch.events += len(who) - 1  # the clock counts one
        yield clock.until(float(times.max()))
    workers.lose(who)
    cluster.ledger.stop(who)
    around.begin_again(again, course)


def _in_order(who: Indices, times: Vector, again: Indices, ends: Vector) -> Truths:
    """Return which losses, (m,), come before the end of every new task, or at its start."""
    if not len(again):
        return np.ones(len(who), dtype=bool)
    end = ends.min()
    worker = again[ends == end][0]
    kept: Truths = (times < end) | ((times == end) & (who <= worker))
    return kept
