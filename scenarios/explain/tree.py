"""The computation tree: where each gradient was taken, and by which update it was used."""

from bisect import bisect_right
from dataclasses import dataclass

from scenarios.explain.seen import Seen
from simulator import State


@dataclass(frozen=True)
class Gradient:
    """A gradient that a worker computed, or began to.

    Attributes:
        worker: index.
        start: simulated seconds.
        end: simulated seconds; of one that was stopped or lost, when that happened.
        taken: after how many updates the lookahead was sent where it was taken.
        used: the update that it was used by; 0 if it was discarded.
    """

    worker: int
    start: float
    end: float
    taken: int
    used: int


def gradients(seen: Seen, updates: int) -> list[Gradient]:
    """Return the gradients that began before one of the first updates was made, by their start.

    A task is at the newest lookahead that its worker had been sent when it began.
    """
    until = float(seen.times[:updates][-1])
    n = seen.hardware.compute.workers
    downlink = seen.hardware.network.downlink
    times: list[list[float]] = [[] for _ in range(n)]
    sent: list[list[int]] = [[] for _ in range(n)]
    for one in seen.sent:
        for worker in range(n) if one.workers is None else one.workers.tolist():
            times[worker].append(one.time)
            sent[worker].append(one.update)
    rows, found = seen.intervals, []
    for k, state in enumerate(rows.state):
        worker, start = int(rows.worker[k]), float(rows.start[k])
        if state in {State.COMPUTE, State.DISCARD} and start < until:
            travelled = 0.0 if downlink is None else float(downlink[worker])
            newest = bisect_right(times[worker], (start - travelled) * (1 + 1e-12)) - 1
            taken, used = sent[worker][max(newest, 0)], int(rows.update[k])
            found.append(Gradient(worker, start, float(rows.end[k]), taken, used))
    return found
