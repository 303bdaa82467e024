"""Where the time goes: shares and critical paths worked out by hand, and what always holds."""

from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from clusters import RULE, hardware
from hypothesis import given, settings
from hypothesis import strategies as st
from methods import drawn

from algorithms import AFedPG, Algorithm, Fastest, FedBuff, Rennala, Synchronous
from scenarios.explain.path import SERVER, critical_path
from scenarios.explain.seen import Seen, see
from scenarios.explain.shares import QUEUE, Cause, shares
from scenarios.explain.tree import gradients
from simulator import Cluster, Hardware, Process, StalledError, State
from simulator.hardware.failures import PlannedFailures, RandomFailures
from simulator.hardware.server import FREE, Server
from simulator.problems.timing import Timing

if TYPE_CHECKING:
    from simulator.hardware.failures import Loss
    from simulator.hardware.hardware import Preemption
    from simulator.hardware.network import Collective


def seen(method: Algorithm, cluster: Hardware, updates: int = 1) -> Seen:
    return see(lambda: method, cluster, Timing(3), updates, 10_000)


def path(of: Seen, update: int = 1) -> list[tuple[str, int, float, float]]:
    mine = [piece for piece in critical_path(of) if piece.update == update]
    return [(piece.what, piece.worker, piece.start, piece.end) for piece in mine]


def split(of: Seen) -> dict[tuple[str | int | None, ...], list[float]]:
    found = shares(of, critical_path(of)).seconds
    return {tuple(cause): v.tolist() for cause, v in found.items() if v.any()}


def test_a_round_waits_for_the_last_vector_and_all_that_went_before_it() -> None:
    # worker 1 computes longest, but worker 0's vector is last
    one = seen(Synchronous(RULE), hardware([1, 2, 1], [8, 1, 0]))
    assert path(one) == [("computing", 0, 0, 1), ("sending", 0, 1, 9)]
    assert split(one) == {
        ("used", None, SERVER): [1, 2, 1],
        ("sending", None, SERVER): [8, 1, 0],
        ("wait", "sending", 0): [0, 6, 8],
    }


def test_a_gather_after_a_phase_of_computing_hangs_on_two_workers() -> None:
    # 3 gradients: worker 1's second one ends at 2; then 0 sends for 4 s, 2 has none
    one = seen(Rennala(RULE, 3), hardware([2, 1, 4], [4, 1, 9]))
    assert path(one) == [("computing", 1, 0, 1), ("computing", 1, 1, 2), ("sending", 0, 2, 6)]
    assert split(one) == {
        ("used", None, SERVER): [2, 2, 0],
        ("discarded", None, SERVER): [0, 0, 2],
        ("sending", None, SERVER): [4, 1, 0],
        ("wait", "sending", 0): [0, 3, 4],
    }


def test_an_allreduce_begins_when_the_slowest_is_ready() -> None:
    one = seen(Synchronous(RULE), hardware([1, 2], [5, 1], collective="allreduce"))
    assert path(one) == [("computing", 1, 0, 2), ("sending", 0, 2, 7)]
    assert split(one)["wait", "computing", 1] == [1, 0]
    assert split(one)["wait", "sending", 0] == [0, 4]


def test_who_computes_beside_sending_waits_for_nobody() -> None:
    two = seen(Rennala(RULE, 2), hardware([1, 1.5], [1, 1], "finish"), updates=2)
    # at 3.0, and then worker 1's stale task until 3.0, its own until 4.5; worker 0 at 4.0
    assert path(two, 1) == [("computing", 1, 0, 1.5), ("sending", 1, 1.5, 2.5)]
    assert path(two, 2)[0][:2] == ("computing", 1)
    assert not [cause for cause in split(two) if cause[0] == "wait"]


def test_what_arrives_at_a_busy_server_queues() -> None:
    # both vectors at 2: 0's is received at 2.5, the update made at 3.5; then 1's at 4, and 5
    two = seen(AFedPG(RULE), hardware([1, 1], [1, 1], server=Server(1, 0.5)), updates=2)
    assert path(two, 1) == [
        ("computing", 0, 0, 1),
        ("sending", 0, 1, 2),
        ("queue", SERVER, 2, 2.5),
        ("update", SERVER, 2.5, 3.5),
    ]
    assert path(two, 2) == [("queue", SERVER, 3.5, 4), ("update", SERVER, 4, 5)]
    # worker 0 waits from 2 to 3.5, then computes and sends on; worker 1 from 2 to 5
    assert split(two)["queue", None, SERVER] == [1.5, 3]


def test_a_server_that_was_busy_all_along_is_what_is_waited_for() -> None:
    # vectors at 1, 1, 2: received at 2, 3, 4
    one = seen(Synchronous(RULE), hardware([1, 1, 2], server=Server(receive=1)))
    assert path(one) == [("computing", 0, 0, 1), ("queue", SERVER, 1, 4)]
    # at 1, 3 and 8: received at 2, 4 and 9
    one = seen(Synchronous(RULE), hardware([1, 3, 8], server=Server(receive=1)))
    assert path(one) == [("computing", 2, 0, 8), ("queue", SERVER, 8, 9)]


def test_a_shared_ingress_is_a_queue() -> None:
    cluster = hardware([1, 1], [2, 2])
    one = seen(Synchronous(RULE), replace(cluster, network=replace(cluster.network, slots=1)))
    # worker 0 sends from 1 to 3, worker 1 from 1 to 5, of which 2 s are in the queue
    assert path(one) == [("computing", 1, 0, 1), ("queue", SERVER, 1, 3), ("sending", 1, 3, 5)]
    assert split(one)["queue", None, SERVER] == [0, 2]
    assert split(one)["wait", "sending", 1] == [2, 0]


def test_lookaheads_on_their_way_and_failures_are_told_apart() -> None:
    cluster = hardware([1, 1])
    cluster = replace(
        cluster,
        network=replace(cluster.network, downlink=np.array([1.0, 3.0])),
        failures=PlannedFailures(2, "paused", [[], [(3.5, 5.5)]]),
    )
    one = seen(Synchronous(RULE), cluster)
    assert path(one) == [
        ("lookahead", 1, 0, 3),
        ("computing", 1, 3, 3.5),
        ("down", 1, 3.5, 5.5),
        ("computing", 1, 5.5, 6),
    ]
    assert split(one) == {
        ("used", None, SERVER): [1, 1],
        ("down", None, SERVER): [0, 2],
        ("lookahead", None, SERVER): [1 + 1, 3],  # 0 has nothing to do from 2 on
        ("wait", "computing", 1): [1, 0],
        ("wait", "down", 1): [2, 0],
    }


def test_updates_of_several_arrivals_hang_on_the_last() -> None:
    one = seen(FedBuff(RULE, 3), hardware([1, 4]))
    assert path(one) == [("computing", 0, k, k + 1) for k in range(3)]


def test_vectors_that_queue_wait_for_each_other() -> None:
    # both arrive at 2, received at 2.5 and 3
    one = seen(FedBuff(RULE, 2), hardware([1, 1], [1, 1], server=Server(receive=0.5)))
    queue = [("queue", SERVER, 2, 2.5), ("queue", SERVER, 2.5, 3)]
    assert path(one) == [("computing", 0, 0, 1), ("sending", 0, 1, 2), *queue]


def test_who_is_not_asked_waits_for_nobody() -> None:
    found = split(seen(Fastest(RULE, 1), hardware([1, 2])))
    assert found == {("used", None, SERVER): [1, 0], ("left out", None, SERVER): [0, 1]}


@pytest.mark.parametrize("server", [FREE, Server(receive=0.125)])
def test_a_timeout_is_not_the_servers_work(server: Server) -> None:
    one = seen(Synchronous(RULE, timeout=3.0), hardware([1, 1, 10], server=server))
    assert path(one)[:2] == [("computing", 1, 0, 1), ("timeout", SERVER, 1, 3)]


class InTurn(Algorithm):
    """Sends the workers something one after the other."""

    def run(self, cluster: Cluster) -> Process[None]:
        now = self.rule.start(cluster.initial_point)
        for worker in cycle(range(cluster.size)):
            cluster.dispatch(worker, now.lookahead)
            task = yield from cluster.arrival()
            now = yield from cluster.update(self.rule.step, now, cluster.gradient(task))


def test_who_is_sent_nothing_waits_for_no_lookahead() -> None:
    made = hardware([1, 2])
    downlinks = replace(made, network=replace(made.network, downlink=np.array([0.5, 0.0])))
    assert split(seen(InTurn(RULE), downlinks, updates=2)) == {
        ("used", None, SERVER): [1, 2],
        ("lookahead", None, SERVER): [0.5, 0],
        ("held back", None, SERVER): [2, 1.5],
    }


def test_a_lookahead_on_its_way_at_the_end_is_one() -> None:
    """Worker 1's comes at 3.5 s; its next one is sent then, 0.5 s before the end."""
    made = hardware([1, 0.5])
    downlinks = replace(made, network=replace(made.network, downlink=np.array([0.0, 3.0])))
    assert split(seen(AFedPG(RULE), downlinks, updates=5)) == {
        ("used", None, SERVER): [4, 0.5],
        ("lookahead", None, SERVER): [0, 3.5],
    }
    slow = replace(made, network=replace(made.network, downlink=np.array([0.1, 0.1])))
    assert not any(cause[0] == "held back" for cause in split(seen(AFedPG(RULE), slow, updates=9)))


SECONDS = st.one_of(st.integers(1, 16).map(lambda k: k / 4), st.floats(0.01, 5.0))


@st.composite
def clusters(draw: st.DrawFn) -> Hardware:
    n = draw(st.integers(1, 5))
    lists = st.lists(SECONDS, min_size=n, max_size=n)
    preemptions: list[Preemption] = ["cancel", "finish"]
    collectives: list[Collective] = ["gather", "allreduce"]
    made = hardware(
        draw(lists),
        draw(lists),
        draw(st.sampled_from(preemptions)),
        draw(st.sampled_from(collectives)),
        draw(st.just(FREE) | st.builds(Server, update=SECONDS, receive=SECONDS)),
    )
    network = made.network
    if network.collective == "gather" and draw(st.booleans()):
        network = replace(network, slots=draw(st.integers(1, 2)))
    if draw(st.booleans()):
        network = replace(network, downlink=np.array(draw(lists)))
    failures = None
    if draw(st.booleans()):
        losses: list[Loss] = ["lost", "paused"]
        running = draw(st.sampled_from(losses))
        failures = RandomFailures(n, running, between=40.0, repair=5.0, seed=0)
    cost = draw(st.just(0.0) | SECONDS) if made.preemption == "cancel" else 0.0
    return replace(made, network=network, failures=failures, stop_cost=cost)


DOES = {
    "computing": {State.COMPUTE, State.DISCARD},
    "sending": {State.SEND},
    "down": {State.DOWN},
    "lookahead": {State.IDLE, State.DOWN},
}


@given(drawn(), clusters())
@settings(max_examples=60, deadline=None)
def test_shares_add_up_and_paths_tile_the_time(method: Algorithm, cluster: Hardware) -> None:
    if method.misfit(cluster.compute.workers, "fixed"):
        return
    try:
        of = seen(method, cluster, updates=12)
    except StalledError:
        return
    elapsed = of.run.elapsed
    pieces = critical_path(of)
    edges = [0.0, *(piece.end for piece in pieces)]
    assert [piece.start for piece in pieces] == pytest.approx(edges[:-1])
    assert edges[-1] == elapsed
    ends = {piece.update: piece.end for piece in pieces}
    assert all(ends[update] == of.times[update - 1] for update in ends)
    for piece in pieces:
        assert (piece.worker == SERVER) == (piece.what in {"queue", "update", "timeout"})
        if piece.worker != SERVER:
            middle, rows = (piece.start + piece.end) / 2, of.intervals
            mine = (rows.worker == piece.worker) & (rows.start <= middle) & (middle <= rows.end)
            gather = cluster.network.collective == "gather" and cluster.preemption == "cancel"
            if piece.what != "sending" or gather or not of.in_rounds:
                assert {*rows.state[mine].tolist()} & DOES[piece.what]
    taken = gradients(of, 12)
    for row in of.run.history.rows if cluster.failures is None else ():
        delays = [row.update - 1 - one.taken for one in taken if one.used == row.update]
        assert np.mean(delays) == pytest.approx(row.delay)
    found = shares(of, pieces)
    assert all((seconds >= -1e-9 * elapsed).all() for seconds in found.seconds.values())
    total = np.sum([*found.seconds.values()], axis=0)
    np.testing.assert_allclose(total, elapsed, rtol=1e-9)
    known = [found.of(cause) for cause in found.seconds]
    assert sum(known) == pytest.approx(1.0)
    if of.in_rounds is False:
        assert not found.waits(), "only the server makes them wait"
        if cluster.server is FREE and not cluster.network.shared:
            assert found.of(QUEUE) == pytest.approx(0.0, abs=1e-9)
    assert Cause("wait", "timeout") not in found.seconds or hasattr(method, "timeout")
