"""The computation tree: where each gradient was taken, and by which update it was used."""

from dataclasses import dataclass

from scenarios.explain.seen import Seen


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
    until, rows = float(seen.times[:updates][-1]), seen.intervals
    columns = (rows.worker, rows.start, rows.end, seen.taken, rows.update)
    return [
        Gradient(worker, start, end, seen.sent[taken].update, used)
        for worker, start, end, taken, used in zip(*(x.tolist() for x in columns), strict=True)
        if taken >= 0 and start < until
    ]
