"""Failures that take tasks of a round, many at a time: the workers begin anew, each on its own.

What becomes of one worker is nobody else's affair until the method acts. So losses are handled
before completions that come earlier, as far as it is certain that the method does not act between
them.
"""

import math
from typing import TYPE_CHECKING

from simulator.loop.workers import Course
from simulator.types import Event, Indices, Process

if TYPE_CHECKING:
    from simulator.loop.cluster import SimulatedCluster
    from simulator.loop.round import SimulatedRound

FEW, MANY = 32, 1024
"""About as many losses, at least and at most, are taken together; those too late are put back."""


class Losses:
    """Handles losses of rounds' tasks.

    Args:
        cluster: whose workers they are.
    """

    def __init__(self, cluster: "SimulatedCluster") -> None:
        self._cluster = cluster
        self._most = FEW

    def handle(self, around: "SimulatedRound", until: Event | None, number: float) -> Process[None]:
        """Handle the next losses, none after ``until`` or after the method acts.

        Without ``until``, or where a trajectory is sampled when its task starts, it is one loss.

        Args:
            around: the round that their workers join.
            until: (time, worker).
            number: the method does not act before so many completions.
        """
        cluster, workers, clock = self._cluster, self._cluster.workers, self._cluster.clock
        first = workers.next_event()
        # up to twice as many losses, and windows drawn for them and for as many completions: the
        # run is not given up within them
        most = min(self._most, clock.watch.left // 6)
        alone = until is None or most < 2 or cluster.hardware.compute.per_step  # noqa: PLR2004
        if alone or first[0] > clock.limit:
            yield clock.until(first[0])
            until, number, most = first, 1, 1
        until = min(until or first, (clock.limit, cluster.size))
        who, times = workers.take_losses(until, most, beyond_completions=number > 1)
        may = around.may_begin(who)
        again, course = who[may], around.next_course(who[may])
        if number < math.inf:
            time, worker = self._act(around, float(times.max()), min(number, most), course, again)
            kept = (times < time) | ((times == time) & (who <= worker))
            if not kept.all():
                workers.put_back(who[~kept])
                again, course = again[kept[may]], course.of(kept[may])
                who, times = who[kept], times[kept]
        last = float(times.max())
        moves = not alone and workers.next_event()[0] >= last  # no completion is earlier
        if not alone:
            self._most = min(max(FEW, 2 * len(who)), MANY)
            clock.watch.happens(len(who) - moves)  # the clock counts one
        if moves:
            yield clock.until(last)
        workers.lose(who)
        cluster.ledger.stop(who)
        around.begin_again(again, course)

    def _act(
        self, around: "SimulatedRound", last: float, number: float, course: Course, again: Indices
    ) -> Event:
        """Return before which event the method does not act, as far as is known until ``last``.

        That is its completion of this number, or the end of a task which has not begun yet: of
        ``again`` (m,), with their course, or the next one of a worker that completes until then.
        """
        events = [_first(again, course)]
        if number > 1:
            who, ends = self._cluster.workers.completing(last)
            if len(who) >= number:
                events.append((float(ends[int(number) - 1]), int(who[int(number) - 1])))
                who = who[: int(number) - 1]
            who = who[around.may_begin(who)]
            events.append(_first(who, around.next_course(who)))
        return min(events)


def _first(workers: Indices, course: Course) -> Event:
    """Return the first end of tasks, and whose that is."""
    if not len(workers):
        return math.inf, math.inf
    end = course.ends.min()
    return float(end), int(workers[course.ends == end].min())
