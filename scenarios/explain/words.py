"""The bottleneck, and what shares are called, in words."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from scenarios.explain.path import SERVER, Piece
from scenarios.explain.shares import DISCARDED, USED, Cause, Shares

NOTICED = 0.05
"""Of all worker time: a worker for which others wait for less is not named."""

MANY = 0.2
"""Of all worker time: discarded gradients that take more are told."""

NAMES = {
    "used": "computing, used",
    "discarded": "computing, discarded",
    "sending": "sending",
    "queue": "at the server: queueing, updates",
    "lookahead": "waiting for a lookahead to arrive",
    "held back": "sent nothing by the method",
    "down": "down",
    "left out": "never asked for anything",
}

NOUNS = {
    "computing": "computing",
    "sending": "link",
    "down": "failures",
    "lookahead": "downlink",
}

PLURALS = {"computing": "Computing", "sending": "Sending", "down": "Failures"}

WAITED = {
    "computing": "waiting for worker {} to compute",
    "sending": "waiting for the vector of worker {}",
    "down": "waiting for worker {}, which is down",
    "timeout": "waiting for the timeout",
}

DOES = {
    "computing": "worker {} computes",
    "sending": "worker {} sends",
    "down": "worker {} is down",
    "lookahead": "a lookahead is on its way to worker {}",
    "timeout": "the timeout is not over",
    "queue": "vectors queue at the server",
    "update": "the server makes the update",
}


def name_of(cause: Cause) -> str:
    """Return what a share is called."""
    return WAITED[cause.on].format(cause.worker) if cause.on else NAMES[cause.what]


def does(piece: Piece) -> str:
    """Return what a piece of a critical path is called."""
    return DOES[piece.what].format(piece.worker)


def bottleneck(path: Sequence[Piece], shares: Shares) -> Iterator[str]:
    """Yield what holds updates up, in a sentence; and what is thrown away, if that is much."""
    kinds: defaultdict[str, float] = defaultdict(float)
    for piece in path:
        kind = "server" if piece.what in {"queue", "update"} else piece.what
        kinds[kind] += piece.seconds / shares.elapsed
    what, most = max(kinds.items(), key=lambda item: item[1])
    if what == "server":
        yield f"The server: {most:.0%} of the time, updates wait for what it has to do itself."
    elif what in {"lookahead", "timeout"}:
        name = {"lookahead": "The downlinks", "timeout": "The timeout"}[what]
        yield f"{name}: {most:.0%} of the time, updates wait for nothing else."
    else:
        yield _of_workers(what, most, path, shares)
    discarded = shares.of(DISCARDED)
    if discarded > MANY:
        yield f"{discarded:.0%} of all worker time goes into gradients that are discarded."


def _of_workers(what: str, most: float, path: Sequence[Piece], shares: Shares) -> str:
    waited: defaultdict[int, float] = defaultdict(float)
    for cause in shares.waits():
        waited[cause.worker] += shares.of(cause)
    worker, everyone = max(waited, key=lambda k: waited[k], default=SERVER), sum(waited.values())
    if worker != SERVER and waited[worker] >= max(NOTICED, everyone / 2):
        hangs: defaultdict[str, float] = defaultdict(float)
        for piece in path:
            if piece.worker == worker:
                hangs[piece.what] += piece.seconds / shares.elapsed
        noun = NOUNS[max(hangs, key=lambda k: hangs[k])]
        return (
            f"Worker {worker}'s {noun}: updates hang on it {max(hangs.values()):.0%} of the time, "
            f"and {waited[worker]:.0%} of all worker time is spent waiting for this worker."
        )
    said = f"{PLURALS[what]}: {most:.0%} of the time"
    if everyone >= NOTICED:
        return (
            f"{said}; {everyone:.0%} of all worker time is spent waiting for whoever is last, "
            "which is now one worker, now another."
        )
    return (
        f"{said}, and no single worker holds the others up; {shares.of(USED):.0%} of all worker "
        "time goes into gradients that are used."
    )
