"""Simulated time."""

from heapq import heappush

import simpy


class Clock(simpy.Environment):
    """SimPy's event loop, with events at exact times."""

    def at(self, time: float, event: simpy.Event | None = None) -> simpy.Event:
        """Return an event that happens at ``time`` in simulated seconds.

        SimPy only knows delays, and now + (time - now) need not be time in floating point. So the
        event is pushed onto the queue as ``Environment.schedule`` does it: that is the inside of
        SimPy 4, which is why ``pyproject.toml`` accepts no other.
        """
        event = event or simpy.Event(self)
        event._ok, event._value = True, None  # noqa: SLF001
        heappush(self._queue, (time, simpy.events.NORMAL, next(self._eid), event))
        return event
