"""Simulated time."""

import math
from heapq import heappush
from typing import Any

import simpy

from simulator.watch import GETS_ON, StalledError, Watch


class Clock(simpy.Environment):
    """SimPy's event loop, with events at exact times.

    Args:
        limit: simulated seconds at which the run ends.
        watch: counts the events.

    Attributes:
        ended: the event that the run is over.
        limit: simulated seconds at which the run ends.
    """

    def __init__(self, limit: float, watch: Watch) -> None:
        super().__init__()
        self.ended = self.event()
        self.watch = watch
        self.limit = limit

    def go_on(self, process: simpy.Process) -> None:
        """Let events happen until the run is over.

        SimPy makes an error of the method anew, from its arguments. Many classes cannot be made so,
        or say something else then: of these, the error itself is raised.

        Args:
            process: the method's.
        """
        try:
            self.run(until=self.ended)
        except Exception as error:
            if process.is_alive or process.ok or str(error) == str(process.value):
                raise
        else:
            return
        own: Any = process.value
        raise own

    def at(self, time: float, event: simpy.Event | None = None) -> simpy.Event:
        """Return an event that happens at ``time`` in simulated seconds.

        SimPy only knows delays, and now + (time - now) need not be time in floating point. So the
        event is pushed onto the queue as ``Environment.schedule`` does it: that is the inside of
        SimPy 4, which is why ``pyproject.toml`` accepts no other.
        """
        watch = self.watch
        watch.events += 1  # as `happens` does, without a call for every event
        if watch.events >= watch.next:
            watch.look()
        event = event or simpy.Event(self)
        event._ok, event._value = True, None  # noqa: SLF001
        heappush(self._queue, (time, simpy.events.NORMAL, next(self._eid), event))
        return event

    def until(self, time: float) -> simpy.Event:
        """Return the event to wait for until ``time``; it never comes if that is after the limit.

        Raises:
            StalledError: ``time`` is infinite, and so is the limit.
        """
        if time > self.limit:
            return self.at(self.limit, self.ended)
        if time == math.inf:
            raise StalledError(
                "nothing will happen any more",
                f"{GETS_ON}, or a method that waits for what is to come",
            )
        return self.at(time)
