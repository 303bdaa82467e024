"""A second implementation of every clock: plain loops in exact numbers, without SimPy.

It shares no code with the simulator. Each function returns one (time, counts, delays) per
update: when it was made, how many gradients of each worker it used, and their staleness.
Times are whole numbers of a unit that the caller chooses.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import lcm

Clock = list[tuple[int, list[int], list[int]]]
Times = Sequence[int]
Server = tuple[int, int]  # what an update takes, and to receive a vector


def served(arrivals: Iterable[int], server: Server) -> int:
    """When the server has received all that arrives, one after the other, and made an update."""
    update, receive = server
    free = 0
    for arrival in sorted(arrivals):
        free = max(free, arrival) + receive
    return free + update


def synchronous(
    h: Times,
    k: Times,
    collective: str,
    group: Sequence[int],
    *,
    updates: int,
    server: Server,
    steps: int = 1,
) -> Clock:
    h = [steps * seconds for seconds in h]
    if collective == "gather":
        period = served((h[i] + k[i] for i in group), server)
    else:
        period = max(h[i] for i in group) + max(k[i] for i in group) + server[0]
    counts = [steps * (i in group) for i in range(len(h))]
    return [(period * (t + 1), counts, [0] * len(group)) for t in range(updates)]


def backups(
    h: Times,
    k: Times,
    *,
    collective: str,
    preemption: str,
    wait: int,
    updates: int,
    server: Server,
) -> Clock:
    """Synchronous, waiting for the first ``wait`` vectors (gather) or completions only."""
    n, now, clock = len(h), 0, Clock()
    running: dict[int, tuple[int, int]] = {}  # by worker: end, round of its point
    for t in range(updates):
        running = {} if preemption == "cancel" else running
        running |= {i: (now + h[i], t) for i in range(n) if i not in running}
        on_the_way: list[tuple[int, int]] = []
        first: list[tuple[int, int]] = []
        while len(first) < wait:
            completion = min(((end, i) for i, (end, _) in running.items()), default=None)
            if on_the_way and (completion is None or min(on_the_way) < completion):
                first.append(min(on_the_way))
                on_the_way.remove(first[-1])
                continue
            assert completion is not None
            end, i = completion
            if running.pop(i)[1] < t:
                running[i] = end + h[i], t
            elif collective == "gather":
                on_the_way.append((end + k[i], i))
            else:
                first.append((end, i))
        if collective == "gather":
            now = served((time for time, _ in first), server)
        else:
            now = first[-1][0] + max(k) + server[0]
        if preemption == "finish":  # the broadcast comes before completions at its time
            while any(end < now for end, _ in running.values()):
                end, i = min((end, i) for i, (end, _) in running.items())
                if running.pop(i)[1] < t:
                    running[i] = end + h[i], t
        clock.append((now, [int(i in {j for _, j in first}) for i in range(n)], [0] * wait))
    return clock


def rounds(
    h: Times,
    k: Times,
    *,
    collective: str,
    preemption: str,
    enough: Callable[[list[int]], bool],
    updates: int,
    server: Server,
) -> Clock:
    """Rennala and Malenia: everyone keeps going until the counts are enough."""
    n, now, clock = len(h), 0, Clock()
    running: list[tuple[int, int, int]] = []  # (end, worker, round of its point)
    for t in range(updates):
        if preemption == "cancel":
            running = []
        busy = {worker for _, worker, _ in running}
        running += [(now + h[i], i, t) for i in range(n) if i not in busy]
        heapify(running)
        counts = [0] * n
        while True:
            end, worker, of_round = heappop(running)
            if of_round == t:
                counts[worker] += 1
                if enough(counts):
                    break
            heappush(running, (end + h[worker], worker, t))
        if collective == "gather":
            now = served((end + k[i] for i in range(n) if counts[i]), server)
        else:
            now = end + max(k) + server[0]
        if preemption == "finish" and now > end:
            heappush(running, (end + h[worker], worker, t))
            while running[0][0] < now:  # the broadcast comes before completions at its time
                end, worker, _ = heappop(running)
                heappush(running, (end + h[worker], worker, t))
        clock.append((now, counts, [0] * sum(counts)))
    return clock


def trials(
    h: Times, k: Times, batch: int, patience: int, factors: Sequence[Times], *, updates: int
) -> Clock:
    """MindFlayer, with a factor for each task of each worker, gathering.

    ``k``, and the times returned, are whole numbers of another unit than ``h``: patience and
    factors are counted in it.
    """
    workers, clock, now = range(len(h)), Clock(), 0
    first = sorted((h[i] * (k + 1), i) for i in workers for k in range(batch))[:batch]
    begun = [0 for _ in workers]
    while len(clock) < updates:
        counts, end = [0 for _ in workers], now
        for i in workers:
            time = now
            for _ in range(sum(j == i for _, j in first)):
                seconds = h[i] * factors[i][begun[i]]
                counts[i] += seconds <= patience * h[i]
                time += min(seconds, patience * h[i])
                begun[i] += 1
            end = max(end, time)
        now = end + max((k[i] for i in workers if counts[i]), default=0)
        if any(counts):
            clock.append((now, counts, [0] * sum(counts)))
    return clock


def asynchronous(
    h: Times,
    k: Times,
    server: Server,
    *,
    threshold: float = float("inf"),
    buffer: int = 1,
    updates: int = 30,
) -> Clock:
    """AFedPG and asynchronous PG; with a threshold Ringmaster without stops; else FedBuff."""
    update, receive = server
    free = 0
    n, clock = len(h), Clock()
    counts, versions = [0] * n, list[int]()
    arrivals = [(h[i] + k[i], i, 0) for i in range(n)]  # (time, worker, version of its point)
    heapify(arrivals)
    while len(clock) < updates:
        time, worker, version = heappop(arrivals)
        free = max(free, time) + receive
        if len(clock) - version < threshold:
            counts[worker] += 1
            versions.append(version)
        if len(versions) == buffer:
            free += update
            clock.append((free, counts, [len(clock) - sent for sent in versions]))
            counts, versions = [0] * n, []
        heappush(arrivals, (free + h[worker] + k[worker], worker, len(clock)))
    return clock


def with_stops(h: Times, k: Times, server: Server, *, threshold: float, updates: int = 30) -> Clock:
    """Ringmaster that stops what is too old; at equal times the server comes before completions."""
    update, receive = server
    workers, clock, now = range(len(h)), Clock(), 0
    begun = [(0, 0) for _ in workers]  # of each one's task: (time, version of its point)
    while len(clock) < updates:
        time, worker = min((begun[i][0] + h[i] + k[i], i) for i in workers)
        delay = len(clock) - begun[worker][1]
        now, after = max(now, time) + receive, worker
        if delay < threshold:
            now, after = now + update, -1 if update else worker
            clock.append((now, [int(i == worker) for i in workers], [delay]))
        begun[worker] = (now, len(clock))
        for i, (start, version) in enumerate(begun):
            if (start + h[i], i) > (now, after) and len(clock) - version >= threshold:
                begun[i] = (now, len(clock))
    return clock


def ringleader(h: Times, k: Times, server: Server, *, updates: int = 30) -> Clock:
    """Rounds of two phases: everyone sends at least once, then each worker has a turn."""
    n, clock = len(h), Clock()
    update, receive = server
    free = 0
    arrivals = [(h[i] + k[i], i, 0) for i in range(n)]  # (time, worker, version of its point)
    heapify(arrivals)
    early: list[tuple[int, int]] = []  # (worker, version) that came before the round
    while len(clock) < updates:
        unused = early
        early, turns = [], set(range(n))
        while turns:
            time, worker, version = heappop(arrivals)
            free = max(free, time) + receive
            collecting = len(turns) == n
            if worker in turns:
                unused.append((worker, version))
                if not collecting or len({w for w, _ in unused}) == n:
                    counts = [sum(w == i for w, _ in unused) for i in range(n)]
                    free += update
                    clock.append((free, counts, [len(clock) - v for _, v in unused]))
                    unused, version = [], len(clock)
                    turns.remove(worker)
            else:
                early.append((worker, version))
            heappush(arrivals, (free + h[worker] + k[worker], worker, version))
    return clock[:updates]


def harmonic_mean_is_enough(counts: list[int], batch: int) -> bool:
    """Malenia's condition, written as in the paper, the sum of 1 / c with one denominator."""
    if 0 in counts:
        return False
    n, whole = len(counts), lcm(*counts)
    return 1 / (Fraction(sum(whole // c for c in counts), whole) / n) >= Fraction(batch, n)


def fair_ends(
    seconds: Sequence[Fraction], capacity: Fraction, ready: Sequence[Fraction]
) -> list[Fraction]:
    """When each transfer ends if all share the capacity fairly, each within its own link."""
    left = [Fraction(1) for _ in ready]
    ends = [Fraction(0) for _ in ready]
    now = Fraction(0)
    while any(left):
        going = [i for i, rest in enumerate(left) if rest and ready[i] <= now]
        rates, rest = {}, capacity
        for k, i in enumerate(sorted(going, key=lambda i: -seconds[i])):  # slowest link first
            equal = rest / (len(going) - k)
            rates[i] = min(equal, 1 / seconds[i]) if seconds[i] else equal
            rest -= rates[i]
        changes = [now + left[i] / rates[i] for i in going]
        then = min(changes + [time for time in ready if time > now])
        for i in going:
            left[i] -= rates[i] * (then - now)
            ends[i] = then if not left[i] else ends[i]
        now = then
    return ends
