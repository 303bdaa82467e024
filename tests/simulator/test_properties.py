"""What holds for every cluster, method and limit."""

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from clusters import RULE, assert_accounting_closes, hardware, run, times
from hypothesis import given, settings
from hypothesis import strategies as st
from methods import drawn

from algorithms import AFedPG, Algorithm, Rennala, Synchronous
from simulator import Hardware
from simulator.hardware.server import FREE, Server, Serving
from simulator.loop.ready import ReadyQueue

if TYPE_CHECKING:
    from simulator.hardware.hardware import Preemption
    from simulator.hardware.network import Collective

METHODS = drawn()
SECONDS = st.integers(1, 16).map(lambda k: k / 4)  # binary fractions with many ties
ODD_SECONDS = st.floats(0.01, 5.0)


def servers(seconds: st.SearchStrategy[float]) -> st.SearchStrategy[Server]:
    some = st.just(0.0) | seconds.map(lambda s: s / 4)
    return st.builds(Server, update=some, receive=some)


@st.composite
def clusters(draw: st.DrawFn, seconds: st.SearchStrategy[float]) -> Hardware:
    n = draw(st.integers(1, 6))
    compute = draw(st.lists(seconds, min_size=n, max_size=n))
    uplink = draw(st.lists(st.one_of(st.just(0.0), seconds), min_size=n, max_size=n))
    preemptions: list[Preemption] = ["cancel", "finish"]
    collectives: list[Collective] = ["gather", "allreduce"]
    return hardware(
        compute,
        uplink,
        draw(st.sampled_from(preemptions)),
        draw(st.sampled_from(collectives)),
        draw(st.just(FREE) | servers(seconds)),
    )


@given(METHODS, clusters(st.one_of(SECONDS, ODD_SECONDS)), st.floats(0.5, 40.0))
@settings(max_examples=150, deadline=None)
def test_every_second_of_every_worker_is_accounted_for(
    method: Algorithm, cluster: Hardware, time_limit: float
) -> None:
    result = run(method, cluster, time_limit=time_limit, updates=60)
    assert_accounting_closes(result)


@given(METHODS, clusters(st.one_of(SECONDS, ODD_SECONDS)))
@settings(max_examples=100, deadline=None)
def test_time_never_runs_backwards_and_gradients_add_up(
    method: Algorithm, cluster: Hardware
) -> None:
    result = run(method, cluster, updates=20)
    clock = times(result)
    assert clock == sorted(clock)
    rows = result.history.rows
    assert sum(row.gradients for row in rows) == result.gradients_used.sum()
    assert sum(row.discarded for row in rows) <= result.gradients_discarded.sum()
    found = result.staleness
    assert found.used @ found.delay == pytest.approx(sum(row.gradients * row.delay for row in rows))
    if isinstance(method, Rennala):
        assert [r.gradients for r in rows] == [method.batch_init or method.batch] + [
            method.batch
        ] * 19
        assert {row.delay for row in rows} == {0.0}
    if isinstance(method, AFedPG):
        assert result.gradients_discarded.sum() <= len(result.gradients_used)  # those under way


@given(servers(SECONDS), st.lists(SECONDS, max_size=20), st.integers(1, 5))
def test_a_server_does_one_thing_at_a_time_in_order(
    server: Server, gaps: list[float], every: int
) -> None:
    serving, arrivals, done = Serving(server), list(np.cumsum(gaps)), [0.0]
    for k, arrival in enumerate(arrivals, start=1):
        begin = max(arrival, done[-1])
        done.append(serving.receive(arrival))
        assert done[-1] == begin + server.receive
        if k % every == 0:
            done.append(serving.update(done[-1]))
            assert done[-1] == done[-2] + server.update
        serving.done()
    number = len(arrivals)
    assert serving.seconds == number * server.receive + number // every * server.update


@given(
    st.sampled_from(
        [Synchronous(RULE), Synchronous(RULE, backup=1), Rennala(RULE, 4), AFedPG(RULE)]
    ),
    clusters(SECONDS),
    servers(SECONDS),
)
@settings(max_examples=100, deadline=None)
def test_no_update_is_earlier_than_with_a_free_server(
    method: Algorithm, cluster: Hardware, server: Server
) -> None:
    cluster = replace(cluster, preemption="cancel", server=FREE)
    free = times(run(method, cluster, updates=20))
    result = run(method, replace(cluster, server=server), updates=20)
    assert (np.array(times(result)) >= np.array(free)).all()
    one_by_one = isinstance(method, AFedPG) or cluster.network.collective == "gather"
    received = result.vectors_sent if isinstance(method, Rennala) else result.gradients_used
    assert result.server_seconds == pytest.approx(
        20 * server.update + one_by_one * received.sum() * server.receive
    )


@given(st.integers(1, 30), st.lists(SECONDS, min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_rennala_rounds_equal_a_sorted_list_of_completions(m: int, h: list[float]) -> None:
    ends = sorted(
        (Fraction(k * seconds), worker) for worker, seconds in enumerate(h) for k in range(1, m + 1)
    )[:m]
    result = run(Rennala(RULE, m), hardware(h), updates=3)
    period = float(ends[-1][0])
    assert times(result) == [period, 2 * period, 3 * period]
    counts = np.bincount([worker for _, worker in ends], minlength=len(h))
    assert result.gradients_used.tolist() == (3 * counts).tolist()


@given(
    st.lists(
        st.one_of(
            st.tuples(SECONDS, st.integers(0, 9)),
            st.lists(st.tuples(SECONDS, st.integers(0, 9)), max_size=5),
            st.tuples(SECONDS, st.integers(-1, 9), st.integers(1, 4)),
            st.none(),
        ),
        max_size=30,
    )
)
def test_the_ready_queue_is_a_priority_queue(
    actions: list[tuple[float, int] | list[tuple[float, int]] | tuple[float, int, int] | None],
) -> None:
    queue, expected = ReadyQueue(), list[tuple[float, int]]()
    for action in actions:
        if action is None:
            if expected:
                assert queue.peek() == min(expected)
                assert queue.pop() == min(expected)
                expected.remove(min(expected))
        elif isinstance(action, list):
            queue.push_many(
                np.array([t for t, _ in action]), np.array([w for _, w in action], dtype=np.int64)
            )
            expected += action
        elif len(action) == 3:
            *_, most = action
            columns = queue.take(action[:2], most)
            taken = sorted(zip(*(column.tolist() for column in columns), strict=True))
            expected.sort()
            due = [event for event in expected if event <= action[:2]]
            assert taken == due[: len(taken)]
            assert min(most, len(due)) <= len(taken)
            assert len(set(taken)) <= 2 * most
            del expected[: len(taken)]
        else:
            queue.push(*action)
            expected.append(action)
    assert queue.peek() == min(expected, default=(float("inf"), -1))
