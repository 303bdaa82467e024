"""Who is stale, and who is heard: counts by worker and delay, worked out by hand."""

import numpy as np
import pytest
from clusters import RULE, hardware, run

from algorithms import AFedPG, Algorithm, Rennala, Synchronous
from simulator import Hardware, Staleness
from simulator.accounting import staleness
from simulator.accounting.staleness import DelayCounts

Row = tuple[int, int, int, int]

HAND: dict[str, tuple[Algorithm, Hardware, int, list[Row]]] = {
    # Arrivals: worker 0 at 1 and 2; worker 1 at 2, after these two; worker 0 at 3, after worker 1's
    # since its dispatch. Worker 1 computes on, dispatched before that last update.
    "afedpg": (
        AFedPG(RULE),
        hardware([1, 2]),
        4,
        [(0, 0, 2, 0), (0, 1, 1, 0), (1, 1, 0, 1), (1, 2, 1, 0)],
    ),
    # Updates 1 to 4 are worker 0's; 5 and 6, at 4 seconds too, those of workers 1 and 2, after 4
    # and 5 others; 7 and 8 are worker 0's again, the former after 5 and 6. The others compute on.
    "afedpg, one fast": (
        AFedPG(RULE),
        hardware([1, 4, 4]),
        8,
        [(0, 0, 5, 0), (0, 2, 1, 0), (1, 3, 0, 1), (1, 4, 1, 0), (2, 2, 0, 1), (2, 5, 1, 0)],
    ),
    # cancelled tasks are of the round that they were computed in
    "rennala": (Rennala(RULE, 1), hardware([1, 2]), 3, [(0, 0, 3, 0), (1, 0, 0, 3)]),
    # worker 0 is stale until 3, worker 1 until 6 and 8 (test_clocks.py has this timeline)
    "rennala, finish": (
        Rennala(RULE, 3),
        hardware([1, 2], preemption="finish"),
        4,
        [(0, 0, 9, 0), (0, 1, 0, 1), (1, 0, 3, 0), (1, 1, 0, 2)],
    ),
    "synchronous": (Synchronous(RULE), hardware([1, 2]), 3, [(0, 0, 3, 0), (1, 0, 3, 0)]),
}


def rows(found: Staleness) -> list[Row]:
    columns = (found.worker, found.delay, found.used, found.discarded)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("name", HAND)
def test_delays_by_worker(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    method, cluster, updates, wanted = HAND[name]
    result = run(method, cluster, updates=updates)
    assert rows(result.staleness) == wanted
    monkeypatch.setattr(staleness, "FEW", 0)  # counted as often as can be
    assert rows(run(method, cluster, updates=updates).staleness) == wanted


def test_a_run_without_updates_has_only_discarded_gradients() -> None:
    result = run(AFedPG(RULE), hardware([2, 3]), time_limit=1)
    assert rows(result.staleness) == [(0, 0, 0, 1), (1, 0, 0, 1)]
    assert set(result.staleness.summary().values()) == {None}


def test_a_summary_says_how_old_gradients_are_and_how_many_workers_are_heard() -> None:
    counts = DelayCounts(70_001)
    for worker, delay in [(0, 0)] * 12 + [(0, 3)] * 2 + [(1, 1)] * 2 + [(70_000, 9)] * 4:
        counts.use(worker, delay)
    counts.discard_many(np.array([2, 1, 0]), np.array([50, 1, 0]))
    found = counts.table()
    first = [(0, 0, 12, 1), (0, 3, 2, 0)]
    assert rows(found) == [*first, (1, 1, 2, 1), (2, 50, 0, 1), (70_000, 9, 4, 0)]
    # shares 0.7, 0.1, 0.2: 1 / (0.49 + 0.01 + 0.04); 16 of 20 delays are at most 3, 20 at most 9
    summary = {"delay_median": 0.0, "delay_q95": 9.0, "workers_heard": 1 / 0.54}
    assert found.summary() == pytest.approx(summary)
