"""Simulated time."""

from heapq import heappush

import simpy


class Clock(simpy.Environment):
    """SimPy's event loop, with events at exact times (now + (t - now) need not be t)."""

    def at(self, time: float, event: simpy.Event | None = None) -> simpy.Event:
        """Return an event that happens at ``time`` in simulated seconds."""
        event = event or simpy.Event(self)
        event._ok, event._value = True, None  # noqa: SLF001
        heappush(self._queue, (time, simpy.events.NORMAL, next(self._eid), event))
        return event
