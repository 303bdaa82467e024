"""Every time model and its compositions, on timelines worked out by hand."""

import itertools
import math
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from clusters import RULE, Factors, Recorder, assert_accounting_closes, hardware, run, times
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import fair_ends

from algorithms import (
    PG,
    AFedPG,
    Algorithm,
    Fastest,
    Local,
    Malenia,
    Rennala,
    Ringleader,
    Ringmaster,
    Synchronous,
)
from scenarios.runs.store.records import timeline_table
from simulator import Cluster, ComputeModel, Hardware, Network, Process, Run, State, simulate
from simulator.accounting.timeline import Timeline
from simulator.hardware.compute import ComputeTimes, OwnFactors
from simulator.hardware.failures import Loss, PlannedFailures, RandomFailures, Window
from simulator.hardware.hardware import Preemption
from simulator.hardware.jitter import Distribution, Jitter
from simulator.hardware.speed import Profile, Speeds
from simulator.hardware.trace import convert_log, read_trace, speeds_of_log
from simulator.hardware.transfers import FairTransfers
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.randomness import Stream, philox, uniforms
from simulator.types import Indices, Truths, Vector

if TYPE_CHECKING:
    from simulator.hardware.network import Collective


Ending = tuple[float, int, float, bool]


def cluster(
    seconds: list[float],
    network: Network | None = None,
    speeds: Speeds | None = None,
    failures: PlannedFailures | RandomFailures | None = None,
    stop_cost: float = 0.0,
) -> Hardware:
    compute = ComputeModel(np.array(seconds, dtype=float), speeds=speeds)
    network = network or Network(np.zeros(len(seconds)))
    return Hardware(compute, network, stop_cost=stop_cost, failures=failures)


def down(running: str, *windows: list[tuple[float, float]]) -> PlannedFailures:
    return PlannedFailures(len(windows), running, windows)  # type: ignore[arg-type]


def seconds(result: Run, state: State) -> list[float]:
    return [float(x) for x in result.seconds[state]]


# Random numbers


def test_philox_gives_the_published_numbers() -> None:
    """Known answers of Random123 for philox4x32 with ten rounds."""
    ones = 0xFFFFFFFF
    cases = [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([ones] * 4, [ones] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ]
    for counter, key, expected in cases:
        words = philox(np.array([counter], dtype=np.uint64).T, np.array(key, dtype=np.uint64))
        assert words[:, 0].tolist() == expected


def test_uniforms_are_keyed_and_uniform() -> None:
    workers, tasks = np.arange(1000).repeat(100), np.tile(np.arange(100), 1000)
    draws = uniforms(7, workers, tasks, Stream.DURATION)
    assert draws.shape == (100_000, 2)
    assert len(np.unique(draws)) == 200_000
    counts = np.histogram(draws, bins=50, range=(0, 1))[0]
    assert ((counts - 4000) ** 2 / 4000).sum() < 49 + 5 * math.sqrt(2 * 49)  # chi squared
    alone = uniforms(7, np.array([500]), np.array([3]), Stream.DURATION)
    np.testing.assert_array_equal(alone[0], draws[500 * 100 + 3])
    other = uniforms(7, np.array([500]), np.array([3]), Stream.FAILURE)
    assert not np.array_equal(alone, other)


@pytest.mark.parametrize(
    ("distribution", "spread", "variance"),
    [
        ("exponential", 1.0, 1.0),
        ("lognormal", 0.5, 0.25),
        ("gamma", 0.5, 0.25),
        ("gamma", 2.0, 4.0),
        ("uniform", 0.3, 0.09),
        ("pareto", 5.0, 1 / 15),  # 1 / (a (a - 2))
    ],
)
def test_random_factors_have_mean_one_and_the_stated_spread(
    distribution: Distribution, spread: float, variance: float
) -> None:
    m = 400_000
    factors = Jitter(distribution, spread, 0).factors(np.arange(m), np.zeros(m, dtype=np.int64))
    assert (factors > 0).all()
    assert factors.mean() == pytest.approx(1, abs=5 * math.sqrt(variance / m))
    assert factors.var() == pytest.approx(variance, rel=0.1)


@pytest.mark.parametrize(
    ("distribution", "spread", "accepted"),
    [
        ("lognormal", 1e160, "0.001 to 1000"),
        ("lognormal", math.nan, "0.001 to 1000"),
        ("gamma", 1e-170, "0.001 to 10$"),
        ("gamma", 30.0, "0.001 to 10$"),  # 44% of its factors round to 0
        ("uniform", 0.6, "0.001 to 0.57735"),  # some would be below 0
    ],
)
def test_a_spread_that_gives_no_times_is_refused(
    distribution: Distribution, spread: float, accepted: str
) -> None:
    with pytest.raises(ValueError, match=f"accepted for {distribution}: {accepted}"):
        Jitter(distribution, spread, 0)


@pytest.mark.parametrize(
    ("distribution", "spread"),
    [("lognormal", 0.001), ("lognormal", 1000.0), ("gamma", 0.001), ("gamma", 10.0)],
)
def test_the_smallest_and_the_largest_spread_give_times(
    distribution: Distribution, spread: float
) -> None:
    some = np.arange(1000)
    factors = Jitter(distribution, spread, 0).factors(some, some)
    assert np.isfinite(factors).all()
    assert (factors > 0).mean() > 0.99


def test_pareto_has_the_stated_tail() -> None:
    m, tail = 400_000, 1.5
    factors = Jitter("pareto", tail, 0).factors(np.arange(m), np.zeros(m, dtype=np.int64))
    smallest = (tail - 1) / tail
    for x in (1.0, 10.0, 100.0):  # P(X > x) = (smallest / x)^tail
        expected = (smallest / x) ** tail
        assert (factors > x).mean() == pytest.approx(expected, abs=5 * math.sqrt(expected / m))


def test_random_durations_do_not_depend_on_other_workers_or_methods() -> None:
    jitter = Jitter("exponential", 1.0, seed=3)

    def starts_and_ends(method: Algorithm, n: int) -> dict[int, list[float]]:
        compute = ComputeModel(np.ones(n), jitter)
        result = run(method, Hardware(compute, Network(np.zeros(n))), time_limit=20)
        rows = result.intervals
        assert rows is not None
        mine = (rows.worker == 0) & (rows.state == State.COMPUTE)
        return {0: (rows.end - rows.start)[mine].tolist()}

    alone = starts_and_ends(AFedPG(RULE), 1)[0]
    together = starts_and_ends(AFedPG(RULE), 5)[0]
    np.testing.assert_allclose(alone, together, rtol=1e-9)
    np.testing.assert_allclose(starts_and_ends(Rennala(RULE, 4), 1)[0][:4], alone[:4], rtol=1e-9)


def test_random_times_are_those_of_their_seed_and_of_nothing_else() -> None:
    first, factors, windows = np.array([0]), list[float](), list[float]()
    for seed in (0, 1, 2**32):
        factors.append(float(Jitter("exponential", 1.0, seed).factors(first, first)[0]))
        failures = RandomFailures(1, "lost", between=1.0, repair=1.0, seed=seed)
        windows.append(float(failures.after(first, np.zeros(1))[0][0]))
    assert len({*factors, *windows}) == 6  # a failure at 1 * -log(u) has not the u of a duration


# Speeds


def test_a_task_keeps_its_work_across_a_change_of_speed() -> None:
    # speed 1 until 3, then 1/2 until 7, then 2: tasks of 2 s end at 2; 2 + 1 + 2 = 5; 5 + 2 + 0.5
    profile = Profile(np.array([0.0, 3.0, 7.0]), np.array([1.0, 0.5, 2.0]))
    speeds = Speeds([profile], np.array([0]))
    assert times(run(AFedPG(RULE), cluster([2], speeds=speeds), updates=5)) == [2, 5, 7.5, 8.5, 9.5]


def test_a_standstill_and_a_period() -> None:
    # 2 s of work, 1 s of rest, again and again; a task of 3 s ends at 4, the next at 3 * 3 = 8 - 0
    profile = Profile(np.array([0.0, 2.0]), np.array([1.0, 0.0]), period=3.0)
    speeds = Speeds([profile], np.array([0, -1]))
    result = run(AFedPG(RULE), cluster([3, 100], speeds=speeds), updates=4)
    assert times(result) == [4, 8, 13, 17]  # work 3, 6, 9, 12 is done at 4, 8, 13, 17
    assert seconds(result, State.COMPUTE)[0] == 17


def test_mean_speeds_by_hand() -> None:
    rising = Profile(np.array([0.0, 2.0]), np.array([1.0, 3.0]))  # 2 until 2, 8 until 4
    ending = Profile(np.array([0.0, 4.0]), np.array([0.5, 0.0]))  # a trace: 2 until 4
    resting = Profile(np.array([0.0, 2.0]), np.array([1.0, 0.0]), period=3.0)  # 3 until 4
    speeds = Speeds([rising, ending, resting], np.array([0, 1, 2, -1]))
    assert speeds.mean(4.0).tolist() == [2, 0.5, 0.75, 1]
    # the last speed for ever, or what came before if that was faster; two of three seconds
    assert speeds.mean(math.inf) == pytest.approx([3, 0.5, 2 / 3, 1])


@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8)), min_size=1, max_size=5),
    st.integers(0, 3),
    st.lists(st.integers(0, 200), min_size=2, max_size=2, unique=True),
)
@settings(max_examples=200, deadline=None)
def test_when_is_the_inverse_of_work(
    steps: list[tuple[int, int]], rest: int, spots: list[int]
) -> None:
    lengths, speeds = np.array(steps, dtype=float).T
    first = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    period = float(lengths.sum()) if rest else math.inf
    profile = Profile(first, np.append(speeds[:-1], max(speeds[-1], 1.0)), period)
    both, zero = Speeds([profile], np.array([0, 0])), np.zeros(2)
    time = np.array(sorted(spots), dtype=float) / 4
    work = both.work(np.arange(2), zero, time)
    assert work[1] >= work[0]
    reached = both.ends(np.arange(2), zero, work)
    assert (reached <= time + 1e-9).all()  # the first time, at a standstill
    np.testing.assert_allclose(both.work(np.arange(2), zero, reached), work, atol=1e-9)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    speeds = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=len(lengths)))
    times = np.concatenate([[0.0], np.cumsum(lengths)[:-1] / 2])
    period = float(times[-1] + 1) if draw(st.booleans()) else math.inf
    return Profile(times, np.array(speeds[: len(times)]), period)


@given(st.lists(profiles(), min_size=2, max_size=4), st.sampled_from(["lost", "paused"]), st.data())
@settings(max_examples=200, deadline=None)
def test_many_workers_at_once_fare_as_each_alone(
    some: list[Profile], running: Loss, data: st.DataObject
) -> None:
    n = len(some) + 1
    speeds = Speeds(some, np.arange(n) - 1)
    windows = [
        [(1.5 * k + 1, 1.5 * k + data.draw(st.sampled_from([1.25, 2.0]))) for k in range(worker)]
        for worker in range(n)
    ]
    numbers = st.lists(st.integers(1, 40), min_size=n, max_size=n)
    starts, work = (np.array(data.draw(numbers)) / 4 for _ in range(2))
    everyone = np.arange(n)
    failures = PlannedFailures(n, running, windows)
    compute = ComputeModel(np.ones(n), speeds=speeds)
    hardware = Hardware(compute, Network(np.zeros(n)), failures=failures)
    together = hardware.course(everyone, starts, work)
    timeline, apart = Timeline(n, failures=failures), Timeline(n, failures=failures)
    timeline.add_many(everyone, State.COMPUTE, starts, starts + work)
    for i in range(n):
        alone = hardware.course(everyone[i : i + 1], starts[i : i + 1], work[i : i + 1])
        assert [a[0] for a in alone] == [t[i] for t in together]
        apart.add(i, State.COMPUTE, starts[i], starts[i] + work[i])
        back = starts[i]
        while any(down <= back < up for down, up in windows[i]):
            back = next(up for down, up in windows[i] if down <= back < up)
        assert together[0][i] == back
    np.testing.assert_array_equal(timeline.seconds, apart.seconds)
    for field in ("worker", "start", "end", "state"):
        got, want = (getattr(t.intervals(), field) for t in (timeline, apart))
        np.testing.assert_array_equal(got, want)


# Failures


def test_a_lost_task_begins_anew_after_the_repair() -> None:
    # worker 0: [0, 2] done, [2, 3] lost, down until 5, [5, 7] done; worker 1 alone makes 3 and 6
    failures = down("lost", [(3.0, 5.0)], [])
    result = run(AFedPG(RULE), cluster([2, 3], failures=failures), time_limit=7)
    assert times(result) == [2, 3, 6, 7]
    assert [row.delay for row in result.history.rows] == [0, 1, 0, 2]
    assert [row.discarded for row in result.history.rows] == [0, 1, 0, 0]  # at 3, worker 0 first
    assert seconds(result, State.COMPUTE) == [4, 6]
    assert seconds(result, State.DISCARD) == [1, 1]
    assert seconds(result, State.DOWN) == [2, 0]


def test_a_paused_task_goes_on_after_the_repair() -> None:
    failures = down("paused", [(3.0, 5.0)])
    result = run(AFedPG(RULE), cluster([2], failures=failures), updates=3)
    assert times(result) == [2, 6, 8]
    assert seconds(result, State.COMPUTE) == [6]
    assert seconds(result, State.DOWN) == [2]
    rows = result.intervals
    assert rows is not None
    assert rows.start.tolist() == [0, 2, 3, 5, 6]
    assert rows.state.tolist() == [State.COMPUTE, State.COMPUTE, State.DOWN] + [State.COMPUTE] * 2
    assert rows.update[rows.state == State.COMPUTE].tolist() == [1, 2, 2, 3]  # both parts of it
    assert not rows.update[rows.state == State.DOWN].any()


def test_a_pause_in_a_slow_window() -> None:
    # speed 1 until 2, then 1/2; down from 3 to 10. A task of 4 s does 2 until 2, 0.5 until 3, and
    # the last 1.5 in 3 s from 10 on
    profile = Profile(np.array([0.0, 2.0]), np.array([1.0, 0.5]))
    failures = down("paused", [(3.0, 10.0)])
    slow = cluster([4], speeds=Speeds([profile], np.array([0])), failures=failures)
    result = run(AFedPG(RULE), slow, updates=1)
    assert times(result) == [13]
    assert seconds(result, State.COMPUTE) == [6]


def test_a_downlink_an_uplink_a_schedule_and_a_price_together() -> None:
    # The point arrives at 0.5. Worker 0 (1 s) ends at 1.5, 2.5; worker 1 (speed 1/2 from 1 on)
    # does 0.5 by 1 and its other 1.5 s by 4. M = 1: round 1 ends at 1.5, sends 1 until 2.5;
    # stopping worker 1 takes until 1.75. Round 2: point at 3, worker 0 at 4, update at 5.
    network = Network(np.array([1.0, 1.0]), downlink=np.array([0.5, 0.5]))
    profile = Profile(np.array([0.0, 1.0]), np.array([1.0, 0.5]))
    speeds = Speeds([profile], np.array([-1, 0]))
    result = run(
        Rennala(RULE, 1), cluster([1, 2], network, speeds=speeds, stop_cost=0.25), updates=2
    )
    assert times(result) == [2.5, 5]
    assert seconds(result, State.DISCARD) == [0, 1.25 + 1.25]
    assert seconds(result, State.IDLE) == [1.0, 0.5 + 1.25 + 0.75]


def test_a_lost_dispatched_gradient_is_computed_anew_where_it_was_sent() -> None:
    # worker 1 loses [0, 1.5], and computes from 1.6 to 3.6 at theta_0, after three updates
    failures = down("lost", [], [(1.5, 1.6)])
    problem = Recorder()
    result = run(AFedPG(RULE), cluster([1, 2], failures=failures), updates=4, problem=problem)
    assert times(result) == [1, 2, 3, 3.6]
    assert [row.delay for row in result.history.rows] == [0, 0, 0, 3]
    # the lost task (1, 0) is never computed
    assert problem.batches[:2] == [[(0, 0)], [(0, 1), (1, 1)]]
    failures = down("lost", [], [(0.5, 0.6)])
    problem = Recorder()
    run(AFedPG(RULE), cluster([1, 2], failures=failures), updates=1, problem=problem)
    assert problem.batches == [[(0, 0), (1, 1)]]


def test_who_loses_a_stale_gradient_joins_the_newest_round() -> None:
    # update 1 at 2; worker 1 is stale until it fails at 2.5, and is back from 2.6 to 5.6; worker 0
    # completes at 3, 4, 5 and 6: those are the five of update 2
    anew = replace(cluster([1, 3], failures=down("lost", [], [(2.5, 2.6)])), preemption="finish")
    result = run(Rennala(RULE, 5, batch_init=2), anew, updates=2)
    assert times(result) == [2, 6]
    assert result.gradients_used.tolist() == [6, 1]
    assert [row.discarded for row in result.history.rows] == [0, 1]


@pytest.mark.parametrize("failure", [10.0, 9.75])
def test_who_would_have_completed_at_the_failure_joins_the_newest_round_too(failure: float) -> None:
    """Worker 1's first lookahead is overtaken at 0.5 s on its way; its gradient was due at 10 s.

    That of update 1 is there at 1.5 s, and its gradient is lost after update 4, three updates
    late; that of update 4 is there at 12 s, and update 7 is the last.
    """
    factors = Factors([0.5] + [3] * 8, [1] * 4)
    late = Hardware(
        ComputeModel(np.array([1.0, 9.0]), factors),
        Network(np.zeros(2), downlink=np.array([0.0, 1.0])),
        "finish",
        failures=down("lost", [], [(failure, 11.0)]),
    )
    ages = run(Rennala(RULE, 1), late, time_limit=20.5).staleness
    mine = ages.worker == 1
    assert ages.delay[mine].tolist() == [3]
    assert ages.discarded[mine].tolist() == [2]


def test_a_completion_at_the_moment_of_a_failure_counts() -> None:
    failures = down("lost", [(2.0, 5.0)])
    result = run(AFedPG(RULE), cluster([2], failures=failures), updates=2)
    assert times(result) == [2, 7]
    assert result.gradients_discarded.tolist() == [0]


def test_a_paused_task_that_ends_as_the_next_failure_comes_is_complete() -> None:
    # 1 s until the first failure and 2 s after it, until 4; the next task begins at 6
    failures = down("paused", [(1.0, 2.0), (4.0, 6.0)])
    assert times(run(AFedPG(RULE), cluster([3], failures=failures), updates=2)) == [4, 9]


def test_a_worker_that_is_down_at_a_broadcast_joins_when_it_is_back() -> None:
    # Rennala, M = 2, cancel: round 1 is worker 1 at 1 and 2; worker 0 is back at 1.5 and needs 1
    failures = down("lost", [(0.0, 1.5)], [])
    result = run(Rennala(RULE, 2), cluster([1, 1], failures=failures), updates=2)
    assert times(result) == [2, 3]  # round 2: both at 3
    assert result.gradients_used.tolist() == [1, 3]
    assert seconds(result, State.DOWN) == [1.5, 0]
    assert seconds(result, State.DISCARD) == [0.5, 0]


def test_rennala_goes_on_where_a_synchronous_round_waits() -> None:
    failures = [(1.0, 11.0)]
    waits = run(Synchronous(RULE), cluster([2, 2], failures=down("lost", failures, [])), updates=1)
    assert times(waits) == [13]
    goes_on = run(Rennala(RULE, 2), cluster([2, 2], failures=down("lost", failures, [])), updates=1)
    assert times(goes_on) == [4]


def test_a_timeout_drops_a_worker_for_the_round() -> None:
    method = Synchronous(RULE, timeout=3.0)
    failures = down("lost", [(1.0, 5.0)], [])
    result = run(method, cluster([2, 2], failures=failures), updates=3)
    # round 1 ends at 3 with worker 1 alone; round 2 begins at 3, worker 0 is back at 5 but late
    # at 6; round 3 has both
    assert times(result) == [3, 6, 8]
    assert [row.gradients for row in result.history.rows] == [1, 1, 2]


def test_a_timeout_is_kept_whatever_happens_first() -> None:
    # a failure at 1.2 comes before the deadline at 1.5, and the next completion at 2 after it
    failures = down("lost", [], [], [(1.2, 5.0)])
    method = Synchronous(RULE, timeout=1.5)
    result = run(method, cluster([1, 2, 30], failures=failures), updates=1)
    assert times(result) == [1.5]
    # under finish, stale completions: 1.5, 3, 4.5, 6, 7.5
    stale = run(method, hardware([1, 1.4, 2.5, 5], preemption="finish"), updates=5)
    assert times(stale) == [1.5, 3, 4.5, 6, 7.5]


def test_a_timeout_never_ends_a_round_without_anyone() -> None:
    result = run(Synchronous(RULE, timeout=1.0), cluster([2, 4, 2]), updates=2)
    assert times(result) == [2, 4]
    assert [row.gradients for row in result.history.rows] == [2, 2]  # both that came at 2


def test_a_run_that_ends_while_tasks_are_stopped_is_cut_exactly() -> None:
    # rounds of 4 s: worker 1 is stopped from 2 to 3, both send from 3 to 4; the end comes at 10,
    # when worker 0 has waited for 1 s, and worker 1 has computed for 2
    network = Network(np.array([1.0, 1.0]), "allreduce")
    method = Synchronous(RULE, timeout=2.0)
    result = run(method, cluster([1, 3], network, stop_cost=1.0), time_limit=10)
    assert times(result) == [4, 8]
    assert seconds(result, State.IDLE) == [2 + 2 + 1, 0]
    assert seconds(result, State.DISCARD) == [1, 3 + 3 + 2]
    assert seconds(result, State.SEND) == [2, 2]


def test_touching_windows_are_one() -> None:
    failures = down("lost", [(0.0, 2.0), (2.0, 4.0)])
    result = run(AFedPG(RULE), cluster([1], failures=failures), updates=1)
    assert times(result) == [5]
    assert result.gradients_discarded.tolist() == [0]


@pytest.mark.parametrize("running", ["lost", "paused"])
def test_a_worker_at_a_standstill_for_ever_ends_with_the_run(running: Loss) -> None:
    profile = Profile(np.array([0.0, 2.0]), np.array([1.0, 0.0]))
    failures = RandomFailures(1, running, between=3.0, repair=1.0, seed=0)
    slow = cluster([5], speeds=Speeds([profile], np.array([0])), failures=failures)
    result = run(AFedPG(RULE), slow, time_limit=50)
    assert result.elapsed == 50
    assert times(result) == []


def test_the_fastest_workers_of_a_trace_are_those_of_its_speeds() -> None:
    profiles = [Profile(np.array([0.0]), np.array([speed])) for speed in (0.1, 0.1, 5.0, 5.0)]
    speeds = Speeds(profiles, np.arange(4))
    result = run(Fastest(RULE, 2), cluster([1, 1, 1, 1], speeds=speeds), updates=1)
    assert times(result) == [pytest.approx(0.2)]


def course(worker: int, start: float, h: float, windows: list[Window]) -> Ending:
    """Return when a task ends, whose it is, when it began, and whether it is lost."""
    for down, up in windows:
        start = up if down <= start < up else start
    fails = min((down for down, _ in windows if down > start), default=math.inf)
    return min(fails, start + h), worker, start, fails < start + h


def rennala_one_by_one(
    h: list[float], windows: list[list[Window]], m: int
) -> list[tuple[float, int]]:
    """Return of each of three updates its time, and what was lost or stopped before it."""
    rows: list[tuple[float, int]] = []
    now = 0.0
    for _ in range(3):
        queue = [course(i, now, h[i], windows[i]) for i in range(len(h))]
        used = discarded = 0
        while used < m:
            now, i, _, lost = ending = min(queue)
            queue.remove(ending)
            used, discarded = used + (not lost), discarded + lost
            if used < m:
                queue.append(course(i, now, h[i], windows[i]))
        rows.append((now, discarded + sum(begin < now for _, _, begin, _ in queue)))
    return rows


@given(st.integers(1, 40), st.integers(1, 60), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_losses_of_many_workers_at_once_are_those_of_one_after_the_other(
    n: int, m: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    h = (rng.integers(1, 17, n) / 4).tolist()
    gaps = rng.integers(1, 1 + rng.integers(2, 40), (n, 80)) / 4
    windows = [list(itertools.pairwise(row))[::2] for row in np.cumsum(gaps, axis=1).tolist()]
    result = run(Rennala(RULE, m), cluster(h, failures=down("lost", *windows)), updates=3)
    rows = [(row.time, row.discarded) for row in result.history.rows]
    assert rows == rennala_one_by_one(h, windows, m)


def test_losses_of_many_workers_take_one_step_together() -> None:
    sizes: list[int] = []

    class Counting(Hardware):
        def course(
            self, workers: Indices, starts: Vector, work: Vector
        ) -> tuple[Vector, Vector, Truths]:
            sizes.append(len(workers))
            return super().course(workers, starts, work)

    n = 20_000
    failures = RandomFailures(n, "lost", between=60.0, repair=20.0, seed=0)
    compute = ComputeModel(np.linspace(1.0, 200.0, n))
    many = Counting(compute, Network(np.zeros(n)), failures=failures)
    result = run(Rennala(RULE, 500), many, updates=1)
    assert result.history.rows[0].discarded > n  # all that run at the end, and the losses
    assert sum(sizes) > n + 1_900  # 500 begin anew after a completion, the others after a loss
    assert len(sizes) < 500 + 40  # blocks reach beyond completions


def test_idle_time_in_a_failure_is_down_time() -> None:
    failures = down("lost", [], [(2.0, 3.0)])
    result = run(Synchronous(RULE), cluster([4, 1], failures=failures), updates=1)
    assert seconds(result, State.IDLE) == [0, 2]
    assert seconds(result, State.DOWN) == [0, 1]


def test_random_failures_have_the_stated_means() -> None:
    failures = RandomFailures(1, "lost", between=10.0, repair=2.0, seed=0)
    windows: list[tuple[float, float]] = []
    time = np.zeros(1)
    while len(windows) < 4000:
        down, time = failures.after(np.array([0]), time)
        windows.append((float(down[0]), float(time[0])))
    ends = np.array([0.0] + [up for _, up in windows[:-1]])
    starts, ups = np.array(windows).T
    assert (starts - ends).mean() == pytest.approx(10, rel=5 / math.sqrt(4000))
    assert (ups - starts).mean() == pytest.approx(2, rel=5 / math.sqrt(4000))
    # how long one lasts has nothing to do with when it comes
    assert abs(np.corrcoef(starts - ends, ups - starts)[0, 1]) < 5 / math.sqrt(4000)


class OneFactor(ComputeTimes):
    def __init__(self, given: object) -> None:
        self.given = given

    def seconds(self, workers: int) -> Vector:
        return np.ones(workers)

    def factors(self, workers: Indices, tasks: Indices, seed: int) -> Vector:  # noqa: ARG002
        return self.given  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, -0.5], "gives -0.5 for worker 5, task 7; accepted: above 0"),
        ([math.nan, 1.0], "gives nan for worker 4, task 3; accepted: above 0"),
        ([1.0], r"gives the shape \(1,\); accepted: \(2,\)"),
        (1.0, r"gives the shape \(\); accepted: \(2,\)"),
    ],
)
def test_factors_of_ones_own_are_one_above_0_for_each_task(given: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"OneFactor.factors {message}"):
        OwnFactors(OneFactor(given), 0).factors(np.array([4, 5]), np.array([3, 7]))


# Networks


def test_stopping_a_task_costs_time() -> None:
    # M = 1: worker 0 ends at 1; worker 1's task is stopped, which takes it until 1.5
    result = run(Rennala(RULE, 1), cluster([1, 4], stop_cost=0.5), updates=2)
    assert times(result) == [1, 2]
    assert seconds(result, State.DISCARD) == [0, 2]  # 0 to 1.5, and 1.5 to 2


def test_latency_bandwidth_and_downlink() -> None:
    network = Network(np.array([1.0]), latency=np.array([0.25]), downlink=np.array([0.5]))
    result = run(AFedPG(RULE), cluster([2], network), updates=2)
    assert times(result) == [3.75, 7.5]  # 0.5 down, 2 computing, 0.25 + 1 up
    assert seconds(result, State.IDLE) == [1]
    assert seconds(result, State.SEND) == [2.5]


@pytest.mark.parametrize("preemption", ["cancel", "finish"])
def test_a_lookahead_that_a_worker_has_is_not_downloaded_again(preemption: Preemption) -> None:
    # 0.5 s down, gradients at 1.5, 2.5 and 3.5, 0.25 s up
    network = Network(np.array([0.25]), downlink=np.array([0.5]))
    one = replace(cluster([1], network), preemption=preemption)
    result = run(Rennala(RULE, 3), one, updates=1)
    assert times(result) == [3.75]
    assert seconds(result, State.IDLE)[0] == 0.5
    # its second gradient is lost at 2, and begins anew at 2.25
    failing = replace(one, failures=down("lost", [(2.0, 2.25)]))
    assert times(run(Rennala(RULE, 3), failing, updates=1)) == [4.5]
    # two steps of its own
    assert times(run(Local(PG(0.01), 2, 0.1), one, updates=2)) == [2.75, 5.5]
    # an all-reduce leaves the sum with everyone; what is dispatched is downloaded
    meeting = replace(one, network=replace(network, collective="allreduce"))
    assert times(run(Synchronous(RULE), meeting, updates=2)) == [1.25, 2.5]
    assert times(run(AFedPG(RULE), meeting, updates=2)) == [1.75, 3.5]


def test_who_repeats_goes_on_at_once_and_who_is_dispatched_waits_for_the_lookahead() -> None:
    # Ringleader: worker 0 gives gradients at 1.5, 2.5 and 3.5, worker 1 at 3.5, which makes update
    # 1. Worker 0's next one, at 4.5, makes update 2; worker 1's next, from 3.5 + 0.5 to 7, update 3
    network = Network(np.zeros(2), downlink=np.array([0.5, 0.5]))
    result = run(Ringleader(RULE), cluster([1, 3], network), updates=3)
    assert times(result) == [3.5, 4.5, 7.0]


def test_a_lookahead_that_had_not_arrived_is_downloaded_again() -> None:
    def hesitating(cluster: Cluster) -> Process[None]:
        now = RULE.start(cluster.initial_point)
        cluster.dispatch(0, now.lookahead)
        cluster.dispatch(1, now.lookahead)
        task = yield from cluster.arrival()  # of worker 0, at 1
        gradient = cluster.gradient(task)
        now = yield from cluster.update(RULE.step, now, gradient)
        assert cluster.preempt(1).tolist() == [1]  # 1 of 3 s of its download are over
        cluster.dispatch(1, now.lookahead)
        yield from cluster.arrival()
        yield from cluster.update(RULE.step, now, gradient)

    network = Network(np.zeros(2), downlink=np.array([0.0, 3.0]))
    problem = Quadratic(1, [Bowl()], noise=0.0, seed=0)
    result = simulate(hesitating, problem, cluster([1, 1], network), updates=2)
    assert times(result) == [1, 5]


def test_ring_tree_and_ideal_all_reduce() -> None:
    expected = {"ideal": 3.0, "ring": 2 * 3 * (1 + 2 / 4), "tree": 2 * 2 * (1 + 2)}
    for topology, reduce in expected.items():
        network = Network(
            np.array([1.0, 2.0, 0.5, 1.0]),
            "allreduce",
            latency=np.array([0.0, 1.0, 0.0, 0.0]),
            topology=topology,  # type: ignore[arg-type]
        )
        result = run(Synchronous(RULE), cluster([1, 2, 1, 1], network), updates=2)
        assert times(result) == [2 + reduce, 2 * (2 + reduce)]
        sending = [2.0, 6.0, 1.0, 2.0] if topology == "ideal" else [2 * reduce] * 4
        assert seconds(result, State.SEND) == sending
        # ring: 4 workers send 6 quarters each; tree: 3 edges, up and down
        vectors = 8 if topology == "ideal" else 6
        assert result.bytes_sent == 2 * vectors * 3 * 4
        assert not result.vectors_received.any()
        # asynchronous methods send whole vectors: 4 lookaheads, 5 gradients, 4 answers
        alone = run(AFedPG(RULE), cluster([1, 2, 1, 1], network), updates=5)
        assert alone.bytes_sent == 13 * 3 * 4


def test_an_all_reduce_is_among_those_who_meet() -> None:
    # the first three of five: latency 0.5, a vector 1. Ring: 2 * 2 steps of 0.5 + 1/3, 2 * 2
    # vectors; tree: up and down 2 levels of 1.5, 2 edges
    expected = {"ideal": (1.5, 6), "ring": (10 / 3, 4), "tree": (6.0, 4)}
    for topology, (reduce, vectors) in expected.items():
        network = Network(
            np.array([1.0, 1.0, 1.0, 8.0, 8.0]),
            "allreduce",
            latency=np.array([0.5, 0.0, 0.0, 4.0, 4.0]),
            topology=topology,  # type: ignore[arg-type]
        )
        result = run(Fastest(RULE, 3), cluster([1, 1, 1, 9, 9], network), updates=1)
        assert times(result) == [pytest.approx(1 + reduce)]
        assert result.bytes_sent == vectors * 3 * 4


def test_whoever_is_ready_first_has_the_slot_first() -> None:
    # M = 2: worker 1's gradient at 1.5 ends the round; worker 0 is stopped, and ready at 2.5.
    # One slot of 2 s: worker 1 until 3.5, worker 0 until 5.5
    network = Network(np.array([2.0, 2.0]), slots=1)
    result = run(Rennala(RULE, 2), cluster([1, 1.5], network, stop_cost=1.0), updates=1)
    assert times(result) == [5.5]


def test_a_vector_that_is_alone_at_a_slot_takes_its_latency_too() -> None:
    network = Network(np.array([1.0]), latency=np.array([0.25]), slots=1)
    assert times(run(AFedPG(RULE), cluster([2], network), updates=2)) == [3.25, 6.5]


def test_slots_serve_first_come_first_served() -> None:
    # ready at 1, 1, 2 with one slot of 2 s each: 3, 5, 7; with two slots: 3, 3, 5
    for slots, end, idle in ((1, 7.0, [4.0, 2.0, 0.0]), (2, 5.0, [2.0, 2.0, 0.0])):
        network = Network(np.array([2.0, 2.0, 2.0]), slots=slots)
        result = run(Synchronous(RULE), cluster([1, 1, 2], network), updates=1)
        assert times(result) == [end]
        assert seconds(result, State.IDLE) == idle  # waiting for a slot counts as sending


def test_fair_sharing_slows_overlapping_transfers() -> None:
    # One vector a second for all. Ready at 1, 1.5, 2.
    # 1 to 1.5: worker 0 alone sends 1/2. 1.5 to 2: two at 1/2, so 0 has 1/4 left, 1 has 3/4.
    # From 2: three at 1/3: 0 ends at 2.75, 1 has 1/2 left, 2 has 3/4; two at 1/2: 1 ends at
    # 3.75, 2 has 1/4 left and ends alone at 4.
    network = Network(np.zeros(3), capacity=1.0)
    result = run(AFedPG(RULE), cluster([1, 1.5, 2], network), updates=1)
    assert times(result) == [2.75]
    result = run(Synchronous(RULE), cluster([1, 1.5, 2], network), updates=1)
    assert times(result) == [4]
    assert seconds(result, State.SEND) == [1.75, 2.25, 2]


def test_a_transfer_that_ends_early_leaves_the_others_more() -> None:
    # Ready at 1, 1.5, 2.9. Worker 0 alone until 1.5, then two at 1/2: 0 ends at 2.5; 1 has 1/2
    # left and goes on alone to 2.9, has 0.1 left; two at 1/2: 1 ends at 3.1; 2 has 0.9 left: 4.
    network = Network(np.zeros(3), capacity=1.0)
    result = run(Synchronous(RULE), cluster([1, 1.5, 2.9], network), updates=1)
    assert times(result) == [pytest.approx(4.0, rel=1e-12)]
    late = run(Synchronous(RULE), cluster([1, 1, 10], network), updates=1)
    assert seconds(late, State.SEND) == [2, 2, 1]


def test_equal_transfers_arrive_in_the_order_of_workers() -> None:
    network = Network(np.zeros(3), capacity=1.0)
    result = run(AFedPG(RULE), cluster([1, 1, 1], network), updates=3)
    assert times(result) == [4, 4, 4]
    assert result.gradients_used.tolist() == [1, 1, 1]


def test_fair_sharing_respects_slow_links() -> None:
    # capacity 1: worker 0's link sends 1/4 a second, so worker 1 gets 3/4
    network = Network(np.array([4.0, 0.5]), capacity=1.0)
    result = run(Synchronous(RULE), cluster([1, 1], network), updates=1)
    assert times(result) == [5]
    assert seconds(result, State.SEND)[1] == pytest.approx(4 / 3)


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 12)), min_size=1, max_size=9),
    st.integers(1, 9),
)
@settings(max_examples=200, deadline=None)
def test_fair_sharing_is_that_of_plain_loops(links: list[tuple[int, int]], capacity: int) -> None:
    links = sorted(links, key=lambda link: link[1])  # transfers start in this order
    seconds, ready = ([Fraction(x, 3) for x in column] for column in zip(*links, strict=True))
    transfers = FairTransfers(np.array(seconds, dtype=float), capacity / 4)
    transfers.start_many(np.arange(len(links)), np.array(ready, dtype=float))
    arrived = [transfers.pop() for _ in links]
    assert transfers.peek() == (math.inf, -1)
    assert [time for time, *_ in arrived] == sorted(time for time, *_ in arrived)
    ends = fair_ends(seconds, Fraction(capacity, 4), ready)
    for time, worker, _ in arrived:
        assert time == pytest.approx(float(ends[worker]), rel=1e-12)


# Traces


def test_a_log_of_gradients_becomes_a_trace() -> None:
    time, worker, speed = speeds_of_log(
        np.array([1, 0, 0]), np.array([0.0, 2.0, 0.0]), np.array([4.0, 3.0, 2.0])
    )
    assert worker.tolist() == [0, 0, 0, 1, 1]
    assert time.tolist() == [0, 2, 3, 0, 4]
    assert speed.tolist() == [0.5, 1, 0, 0.25, 0]


def test_rows_of_a_trace_stand_in_any_order_and_before_the_first_nothing_is_done(
    tmp_path: Path,
) -> None:
    # speed 1/2 from 1 on, 1 from 4 on: the first gradient is there at 3; 0.5 of the second by 4
    (tmp_path / "trace.csv").write_text("time,worker,speed\n4,0,1\n1,0,0.5\n", encoding="utf-8")
    measured = cluster([1], speeds=read_trace(tmp_path / "trace.csv", 1))
    assert times(run(AFedPG(RULE), measured, updates=3)) == [3, 4.5, 5.5]


def test_of_a_timeline_the_gradients_that_were_used_become_a_trace(tmp_path: Path) -> None:
    rows = "0,0,1,compute\n0,1,2,send\n0,2,4,discard\n0,4,8,compute\n"
    (tmp_path / "log.csv").write_text(f"worker,start,end,state\n{rows}", encoding="utf-8")
    assert convert_log(tmp_path / "log.csv", tmp_path / "trace.csv") == 2
    speeds = read_trace(tmp_path / "trace.csv", 1)
    done = [speeds.work(np.array([0]), np.zeros(1), np.array([end]))[0] for end in (1.0, 4.0, 8.0)]
    assert done == [1, 1, 2]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0,0,2\n0,1,3", "overlap"),
        ("-1,0,2", "no numbers; accepted: whole numbers from 0"),
        ("0.5,0,2", "no numbers; accepted: whole numbers from 0"),
        ("0,2,2", "end after its start"),
        ("0,0,1\n0,2,", "row 2 has start 2 and end nan; accepted: finite seconds from 0"),
        ("0,nan,1", "row 1 has start nan and end 1; accepted"),
        ("0,1,inf", "row 1 has start 1 and end inf; accepted"),
        ("0,0,1\n1,-2,1", "row 2 has start -2 and end 1; accepted"),
        (
            "0,00:00:01,00:00:02",
            "start is no number but time32\\[s\\]; accepted: a .csv or .parquet",
        ),
        ("0,1760000009,1760000012\n1,1760000000,1760000001", "begin at 1760000000, as those of a"),
    ],
)
def test_logs_that_cannot_be_are_refused(tmp_path: Path, rows: str, message: str) -> None:
    (tmp_path / "log.csv").write_text(f"worker,start,end\n{rows}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        convert_log(tmp_path / "log.csv", tmp_path / "trace.csv")


def test_durations_are_no_seconds(tmp_path: Path) -> None:
    """They would be taken as the microseconds that they are stored in."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    end = pa.array([timedelta(seconds=2)])
    log = pa.table({"worker": [0], "start": [1.0], "end": end})
    pa.parquet.write_table(log, tmp_path / "log.parquet")
    with pytest.raises(ValueError, match=r"end is no number but duration\[us\]; accepted: a .csv"):
        convert_log(tmp_path / "log.parquet", tmp_path / "trace.csv")


def test_a_gradient_that_was_paused_is_one_of_a_trace(tmp_path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    jitter = Jitter("lognormal", 0.7, seed=1)
    failures = RandomFailures(3, "paused", between=4.0, repair=1.0, seed=0)
    compute = ComputeModel(np.array([1.0, 2.0, 3.0]), jitter)
    for kappa in (np.ones(3), np.zeros(3)):
        recorded = run(
            Rennala(RULE, 4), Hardware(compute, Network(kappa), failures=failures), updates=12
        )
        rows = recorded.intervals
        assert rows is not None
        done = int(recorded.gradients_used.sum())
        assert done < (rows.state == State.COMPUTE).sum()  # some were paused
        pa.parquet.write_table(timeline_table(rows), tmp_path / "timeline.parquet")
        assert convert_log(tmp_path / "timeline.parquet", tmp_path / "trace.csv") == done
        replay = ComputeModel(np.ones(3), speeds=read_trace(tmp_path / "trace.csv", 3))
        replayed = run(Rennala(RULE, 4), Hardware(replay, Network(kappa)), updates=12)
        np.testing.assert_allclose(times(replayed), times(recorded), rtol=1e-9)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_recorded_run_replays_to_the_same_times(tmp_path: Path, suffix: str) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.csv  # noqa: PLC0415

    jitter = Jitter("lognormal", 0.7, seed=1)
    recorded_on = Hardware(ComputeModel(np.array([1.0, 2.0, 3.0]), jitter), Network(np.ones(3)))
    for method in (Rennala(RULE, 4), AFedPG(RULE), Synchronous(RULE)):
        recorded = run(method, recorded_on, updates=12)
        rows = recorded.intervals
        assert rows is not None
        done = rows.state == State.COMPUTE
        columns = {"worker": rows.worker, "start": rows.start, "end": rows.end}
        log = pa.table({name: column[done] for name, column in columns.items()})
        pa.csv.write_csv(log, tmp_path / "log.csv")
        file = tmp_path / f"trace.{suffix}"
        assert convert_log(tmp_path / "log.csv", file) == done.sum()
        replay = ComputeModel(np.ones(3), speeds=read_trace(file, 3))
        replayed = run(method, Hardware(replay, Network(np.ones(3))), updates=12)
        np.testing.assert_allclose(times(replayed), times(recorded), rtol=1e-9)


# Everything at once


@st.composite
def anything(draw: st.DrawFn) -> Hardware:
    n = draw(st.integers(1, 5))
    positive = st.floats(0.05, 4.0)
    numbers = st.lists(positive, min_size=n, max_size=n).map(np.array)
    jitter = draw(
        st.none() | st.just(Jitter("lognormal", 1.0, 0)) | st.just(Jitter("pareto", 1.5, 0))
    )
    profile = Profile(np.array([0.0, draw(positive)]), np.array([1.0, draw(st.floats(0, 3))]), 5.0)
    speeds = draw(st.none() | st.just(Speeds([profile], np.arange(n) % 2 - 1)))
    losses: list[Loss] = ["lost", "paused"]
    running = draw(st.sampled_from(losses))
    failing = RandomFailures(n, running, between=draw(positive) * 2, repair=draw(positive), seed=1)
    collectives: list[Collective] = ["gather", "allreduce"]
    collective = draw(st.sampled_from(collectives))
    shared = draw(st.sampled_from(["", "slots", "capacity"])) if collective == "gather" else ""
    latency = None if shared == "capacity" else draw(st.none() | numbers)
    network = Network(
        draw(numbers),
        collective,
        latency=latency,
        downlink=draw(st.none() | numbers),
        topology=draw(st.sampled_from(["ideal", "ring", "tree"])),
        slots=2 if shared == "slots" else None,
        capacity=0.8 if shared == "capacity" else None,
    )
    return Hardware(
        ComputeModel(draw(numbers), jitter, speeds),
        network,
        draw(st.sampled_from(["cancel", "finish"])),
        draw(st.just(0.0) | positive),
        draw(st.none() | st.just(failing)),
    )


@given(
    anything(),
    st.sampled_from(
        [
            Synchronous(RULE),
            Synchronous(RULE, timeout=2.0),
            Rennala(RULE, 4),
            Malenia(RULE, 4),
            AFedPG(RULE),
            Ringmaster(RULE, 2),
            Fastest(RULE, 2),
        ]
    ),
    st.floats(1.0, 40.0),
)
@settings(max_examples=300, deadline=None)
def test_accounting_closes_with_everything_switched_on(
    anything: Hardware, method: Algorithm, time_limit: float
) -> None:
    result = run(method, anything, time_limit=time_limit, updates=40)
    assert_accounting_closes(result)
    assert times(result) == sorted(times(result))
