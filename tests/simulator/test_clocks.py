"""Timelines worked out by hand; all times are binary fractions, so equality is exact."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clusters import RULE, Factors, Recorder, assert_accounting_closes, hardware, run, times

from algorithms import (
    METHODS,
    PG,
    AFedPG,
    Algorithm,
    Asynchronous,
    Fastest,
    FedBuff,
    Local,
    Malenia,
    MindFlayer,
    Rennala,
    Ringleader,
    Ringmaster,
    Synchronous,
)
from simulator import Cluster, Estimate, Process, Request, StalledError, State, simulate
from simulator.hardware.hardware import Preemption
from simulator.hardware.server import Server

VECTOR = 3 * 4
"""Bytes of a vector: coordinates, bytes of each."""


def test_rennala_takes_the_first_m_from_anyone() -> None:
    # worker 0 ends at 1 and 2, worker 1 at 2: three gradients at 2, then everyone starts anew
    result = run(Rennala(RULE, 3), hardware([1, 2]), updates=4)
    assert times(result) == [2, 4, 6, 8]
    assert result.gradients_used.tolist() == [8, 4]
    # worker 0's task that started and was stopped at 2.0 never ran
    assert [row.discarded for row in result.history.rows] == [0, 0, 0, 0]


def test_a_task_that_never_ran_leaves_its_random_numbers_to_the_next() -> None:
    # worker 0's third task was stopped at 2, as it began: the first of round 2 takes four times
    # h_0, until 6. Worker 1's of round 2 end at 4 and 6
    factors = Factors([1, 1, 4, 1, 1, 1, 1], [1] * 5)
    assert times(run(Rennala(RULE, 3), hardware([1, 2], factors=factors), updates=2)) == [2, 6]


def test_rennala_initial_batch_counts_in_the_first_update_only() -> None:
    result = run(Rennala(RULE, batch=1, batch_init=4), hardware([1, 2]), updates=3)
    # 1, 2, 2, 3 | 4 | 5
    assert times(result) == [3, 4, 5]
    assert [row.gradients for row in result.history.rows] == [4, 1, 1]


def test_synchronous_waits_for_the_slowest_sum() -> None:
    result = run(Synchronous(RULE), hardware([1, 2], [1, 3]), updates=3)
    assert times(result) == [5, 10, 15]  # max(1 + 1, 2 + 3)


def test_synchronous_allreduce_waits_for_both_maxima() -> None:
    gather = run(Synchronous(RULE), hardware([1, 2], [3, 1]), updates=2)
    assert times(gather) == [4, 8]  # max(1 + 3, 2 + 1)
    allreduce = run(Synchronous(RULE), hardware([1, 2], [3, 1], collective="allreduce"), updates=2)
    assert times(allreduce) == [5, 10]  # 2 + 3


def test_backup_workers_are_not_waited_for() -> None:
    # vectors at 1 + 4, 2 + 1 and 3 + 1: the first two are workers 1's and 2's
    cluster = hardware([1, 2, 3], [4, 1, 1])
    result = run(Synchronous(RULE, backup=1), cluster, updates=2)
    assert times(result) == [4, 8]
    assert result.gradients_used.tolist() == [0, 2, 2]
    # worker 0 has computed until 1, and its vector is given up at 4
    assert result.gradients_discarded.tolist() == [2, 0, 0]
    assert result.vectors_sent.tolist() == [0, 2, 2]
    assert result.seconds[State.SEND].tolist() == [6, 2, 2]
    assert result.seconds[State.DISCARD].tolist() == [2, 0, 0]
    # all-reduce: the first two complete at 2, and everyone's link is waited for
    together = hardware([1, 2, 3], [4, 1, 1], collective="allreduce")
    result = run(Synchronous(RULE, backup=1), together, updates=2)
    assert times(result) == [6, 12]
    assert result.gradients_used.tolist() == [2, 2, 0]


def test_of_two_vectors_that_arrive_together_a_round_may_give_up_the_second() -> None:
    # both at 2 and 4; by (time, worker) worker 0's comes first, and worker 1's is no more received
    result = run(Synchronous(RULE, backup=1), hardware([1, 1], [1, 1]), updates=2)
    assert times(result) == [2, 4]
    assert result.vectors_sent.tolist() == [2, 0]
    assert result.seconds[State.SEND].tolist() == [2, 2]
    assert result.bytes_sent == (2 + 4) * VECTOR


def test_a_backup_worker_that_is_late_finishes_its_task_under_finish() -> None:
    # worker 1's of round 1 ends at 3, stale in round 4; its next would end at 6
    result = run(Synchronous(RULE, backup=1), hardware([1, 3], preemption="finish"), updates=6)
    assert times(result) == [1, 2, 3, 4, 5, 6]
    assert result.gradients_used.tolist() == [6, 0]
    assert result.gradients_discarded.tolist() == [0, 2]
    # all-reduce: each completes once; worker 1 does at 3, beside the sending, and waits for round 2
    slow = hardware([1, 3], [4, 4], "finish", "allreduce")
    result = run(Synchronous(RULE, backup=1), slow, updates=2)
    assert times(result) == [5, 10]
    assert result.gradients_discarded.tolist() == [0, 2]


def test_a_timeout_matters_only_if_too_few_have_completed() -> None:
    for timeout, expected in ((1.5, 2), (2.5, 4)):
        # at 1.5 only worker 0 has completed, whose vector is there at 2; at 2.5 two have
        method = Synchronous(RULE, timeout=timeout, backup=1)
        assert times(run(method, hardware([1, 2, 3], [1, 2, 2]), updates=1)) == [expected]


def test_a_timeout_that_comes_too_late_changes_nothing() -> None:
    cluster = hardware([1, 2, 4], [2, 0, 1])
    late = run(Synchronous(RULE, timeout=100), cluster, updates=9)
    assert late.history.rows == run(Synchronous(RULE), cluster, updates=9).history.rows


def test_afedpg_steps_on_every_completion() -> None:
    result = run(AFedPG(RULE), hardware([1, 2]), updates=4)
    assert times(result) == [1, 2, 2, 3]
    assert [row.delay for row in result.history.rows] == [0, 0, 2, 1]
    assert result.gradients_used.tolist() == [3, 1]


def test_afedpg_restarts_a_worker_only_after_its_upload() -> None:
    result = run(AFedPG(RULE), hardware([1, 2], [1, 0.5]), updates=6)
    assert times(result) == [2, 2.5, 4, 5, 6, 7.5]
    assert [row.delay for row in result.history.rows] == [0, 1, 1, 1, 1, 1]
    assert result.vectors_sent.tolist() == [3, 3]
    # worker 1's third arrival ends the run: nothing is sent back
    assert result.vectors_received.tolist() == [4, 3]
    assert result.bytes_sent == (6 + 7) * VECTOR


@pytest.mark.parametrize(("adaptive", "last"), [(False, 1), (True, 0.5)])
def test_asynchronous_steps_shrink_when_the_delay_exceeds_n(*, adaptive: bool, last: float) -> None:
    # worker 1's gradient of theta_0 comes at 4, after four updates of worker 0's: 2 / 4
    result = run(Asynchronous(RULE, adaptive), hardware([1, 4]), updates=5)
    assert times(result) == [1, 2, 3, 4, 4]
    assert [row.delay for row in result.history.rows] == [0, 0, 0, 0, 4]
    points = []
    simulate(
        Asynchronous(PG(step_size=1), adaptive).run,
        Recorder(),  # all gradients are 1
        hardware([1, 4]),
        updates=5,
        on_update=lambda _, point: points.append(point[0]),
    )
    assert np.diff(points).tolist() == [1, 1, 1, last]


def test_fedbuff_steps_on_every_kth_arrival_and_nobody_waits_for_it() -> None:
    # the arrivals of AFedPG, at 2, 2.5, 4, 5, 6, 7.5, two by two; worker 0 is sent theta_0 again
    # at 2, theta_1 at 4, theta_2 at 6; worker 1 is sent theta_1 at 2.5, theta_2 at 5
    result = run(FedBuff(RULE, 2), hardware([1, 2], [1, 0.5]), updates=3)
    assert times(result) == [2.5, 5, 7.5]
    assert [row.gradients for row in result.history.rows] == [2, 2, 2]
    assert [row.delay for row in result.history.rows] == [0, 0.5, 0.5]
    assert result.gradients_used.tolist() == [3, 3]


def test_rennala_gather_waits_for_contributors_only() -> None:
    # worker 0 alone makes the batch at 1 and sends for 1; worker 1 computed for nothing
    result = run(Rennala(RULE, 1), hardware([1, 2], [1, 3]), updates=2)
    assert times(result) == [2, 4]
    assert [row.discarded for row in result.history.rows] == [1, 1]
    assert result.vectors_sent.tolist() == [2, 0]
    assert result.vectors_received.tolist() == [2, 2]
    assert result.bytes_sent == (2 + 4) * VECTOR
    assert result.seconds[State.COMPUTE].tolist() == [2, 0]
    assert result.seconds[State.SEND].tolist() == [2, 0]
    assert result.seconds[State.DISCARD].tolist() == [0, 2]
    assert result.seconds[State.IDLE].tolist() == [0, 2]


def test_rennala_allreduce_waits_for_the_slowest_link() -> None:
    result = run(Rennala(RULE, 1), hardware([1, 2], [1, 3], collective="allreduce"), updates=2)
    assert times(result) == [4, 8]
    assert result.vectors_sent.tolist() == [2, 2]
    # everyone has the sum, and makes the update alone
    assert result.vectors_received.tolist() == [0, 0]
    assert result.bytes_sent == 2 * (2 * 2) * VECTOR


def test_rennala_finish_drops_stale_tasks_on_completion() -> None:
    # At 2.0 worker 0 completes and restarts before worker 1 completes the batch: it is stale
    # until 3. Update 2: worker 0 at 4, 5 and worker 1 at 4. At 5 worker 1 is stale until 6.
    # Update 3: worker 0 at 6, 7, 8; worker 1's task [6, 8] comes second at 8: stale.
    # Update 4: worker 0 at 9, 10 and worker 1, which started anew at 8, at 10.
    result = run(Rennala(RULE, 3), hardware([1, 2], preemption="finish"), updates=4)
    assert times(result) == [2, 5, 8, 10]
    assert [row.discarded for row in result.history.rows] == [0, 1, 1, 1]
    assert result.gradients_used.tolist() == [9, 3]
    assert result.seconds[State.DISCARD].tolist() == [1, 4]


def test_rennala_finish_computes_on_while_vectors_travel() -> None:
    # The batch is there at 2, the vectors at 5. Meanwhile worker 0 completes at 3 and 4 and
    # worker 1 at 4, all for nothing. The broadcast at 5 comes before worker 0's completion at 5.
    # Update 2: worker 0 at 6, 7, 8 (before worker 1 at 8), and sends for 1.
    cluster = hardware([1, 2], [1, 3], preemption="finish")
    result = run(Rennala(RULE, 3), cluster, updates=2)
    assert times(result) == [5, 9]
    assert [row.discarded for row in result.history.rows] == [3, 3]
    # a vector that travels while its worker computes takes none of the worker's time
    assert result.seconds[State.SEND].tolist() == [0, 0]
    # both are sent the second lookahead, though worker 0 is busy then
    assert result.vectors_sent.tolist() == [2, 1]
    assert result.vectors_received.tolist() == [2, 2]
    assert result.bytes_sent == (3 + 4) * VECTOR


def test_malenia_waits_until_the_harmonic_mean_is_enough() -> None:
    # M = 4 wants 1/M_0 + 1/M_1 <= 1; at 4 worker 0 has 4 and then worker 1 has 2: 3/4
    result = run(Malenia(RULE, 4), hardware([1, 2]), updates=2)
    assert times(result) == [4, 8]
    assert result.gradients_used.tolist() == [8, 4]


@pytest.mark.parametrize("preemption", ["cancel", "finish"])
def test_mindflayer_gives_up_what_takes_too_long(preemption: Preemption) -> None:
    # two trials of worker 0, of 1.5 at most, and one of worker 1, of 3 at most. Round 1: 1, then
    # given up at 2.5; 2. Round 2 from 2.5: at 3 and 4; given up at 5.5. In round 3 nobody
    # succeeds until 8.5, at once comes round 4, in which everyone does: 9.5, 10.5; 10.5
    factors = Factors([1, 4, 0.5, 1, 2, 2, 1, 1], [1, 2, 4, 1])
    cluster = hardware([1, 2], preemption=preemption, factors=factors)
    result = run(MindFlayer(RULE, 3, patience=1.5), cluster, updates=3)
    assert times(result) == [2.5, 5.5, 10.5]
    assert [row.gradients for row in result.history.rows] == [2, 2, 3]
    assert [row.discarded for row in result.history.rows] == [1, 1, 3]
    assert result.seconds[State.COMPUTE].tolist() == [1 + 1.5 + 2, 2 + 0 + 2]
    assert result.seconds[State.DISCARD].tolist() == [1.5 + 0 + 3, 0 + 3 + 3]
    assert result.seconds[State.IDLE].tolist() == [1.5, 0.5]
    points = [0.0]
    method, note = MindFlayer(PG(step_size=3), 3, 1.5), lambda _, point: points.append(point[0])
    simulate(method.run, Recorder(), cluster, updates=3, on_update=note)
    np.testing.assert_allclose(np.diff(points), [2, 2, 3])  # all gradients are 1, of 3 trials


def test_a_vector_that_waits_for_the_end_of_the_run_has_arrived() -> None:
    """For a straggler whom the run does not wait for, and for a server that is busy."""
    result = run(Synchronous(RULE), hardware([1, 100], [0.5, 0.5]), time_limit=50)
    assert result.seconds[State.SEND].tolist() == [0.5, 0]
    assert result.seconds[State.IDLE].tolist() == [48.5, 0]
    assert result.vectors_sent.tolist() == [1, 0]
    assert result.bytes_sent == 4 * 3 * (2 + 1)
    assert_accounting_closes(result)
    slow = hardware([1, 1], [0.5, 0.5], server=Server(update=10))
    result = run(AFedPG(RULE), slow, time_limit=8)
    assert result.seconds[State.SEND].tolist() == [0.5, 0.5]
    assert result.vectors_sent.tolist() == [1, 1]
    assert result.server_seconds == 0
    assert_accounting_closes(result)


@pytest.mark.parametrize(("limit", "arrived"), [(39, [1, 0]), (41, [1, 0]), (60, [1, 1])])
def test_what_had_arrived_before_the_end_counts_in_a_reduce_too(
    limit: float, arrived: list[int]
) -> None:
    """Worker 0's vector is there at 2 s, worker 1's, which the reduce waits for, at 60 s."""
    result = run(Synchronous(RULE), hardware([1, 40], [1, 20]), time_limit=limit)
    assert result.vectors_sent.tolist() == arrived


def test_what_the_server_had_received_before_the_end_counts_too() -> None:
    """Four vectors are there at 1 s, and received at 2, 3, 4 and 5 s."""
    result = run(Synchronous(RULE), hardware([1] * 4, server=Server(receive=1.0)), time_limit=4.5)
    assert result.vectors_sent.tolist() == [1] * 4
    assert result.server_seconds == 3


def test_giving_up_costs_what_stopping_does() -> None:
    cluster = replace(hardware([1], factors=Factors([9, 1])), stop_cost=0.5)
    result = run(MindFlayer(RULE, 2, patience=2), cluster, updates=1)
    assert times(result) == [2 + 0.5 + 1]
    assert result.seconds[State.DISCARD].tolist() == [2.5]


def test_fastest_waits_for_the_slowest_of_the_fastest() -> None:
    # by h + kappa: 4, 2, 5; worker 0 takes 3 + 1; worker 2 would be second by h alone
    result = run(Fastest(RULE, 2), hardware([3, 2, 2], [1, 0, 3]), updates=2)
    assert times(result) == [4, 8]
    assert result.gradients_used.tolist() == [2, 2, 0]
    assert result.vectors_received.tolist() == [2, 2, 0]


class Numbered(Recorder):
    """A problem whose gradients are 100 worker + task."""

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        values = [request.weights @ (100 * request.workers + request.tasks) for request in requests]
        return [Estimate(np.array([value])) for value in values]


def test_ringleader_gives_each_worker_a_turn_once_all_have_sent() -> None:
    # until 4: a0..a3, b0, b1, c0, all at theta_0. Worker 2's turn is at once, then come a4 at 5
    # and b2 at 6. a5 came just before b2, after its turn: it waits for the next round. There
    # a5..a7 are of theta_2, b3 of theta_3 and c1 of theta_1, which comes last, at 8
    cluster = hardware([1, 2, 4])
    result = run(Ringleader(RULE), cluster, updates=4)
    assert times(result) == [4, 5, 6, 8]
    assert [row.gradients for row in result.history.rows] == [7, 1, 1, 5]
    assert [row.delay for row in result.history.rows] == [0, 1, 2, (3 * 1 + 0 + 2) / 5]
    assert result.gradients_discarded.tolist() == [0, 0, 0]
    # who computes on where it is is sent nothing: theta_0 for all, and one for each turn but the
    # last; worker 0 sends each second, and comes at 8 before the last turn
    assert result.vectors_received.tolist() == [2, 2, 2]
    assert result.vectors_sent.tolist() == [8, 4, 2]
    assert result.bytes_sent == (6 + 14) * VECTOR
    points = [0.0]
    method, note = Ringleader(PG(step_size=3)), lambda _, point: points.append(point[0])
    simulate(method.run, Numbered(), cluster, updates=4, on_update=note)
    # the sums of the workers' means
    sums = [1.5 + 100.5 + 200, 2 + 100.5 + 200, 2 + 101 + 200, 6 + 103 + 201]
    np.testing.assert_allclose(np.diff(points), sums)


def test_ringmaster_drops_what_is_too_old() -> None:
    # worker 1's gradient of 2.0 comes after worker 0's updates 1 and 2: dropped, as that of 4.0 is
    result = run(Ringmaster(RULE, 1), hardware([1, 2], preemption="finish"), updates=4)
    assert times(result) == [1, 2, 3, 4]
    assert [row.discarded for row in result.history.rows] == [0, 0, 1, 0]
    assert result.gradients_used.tolist() == [4, 0]


def test_ringmaster_finish_waits_for_what_it_will_drop() -> None:
    # R = 2: worker 1's gradient of 3.5 has delay 1, update 2; those of 7 and 10.5 have delay 2
    cluster = hardware([2, 3.5], preemption="finish")
    result = run(Ringmaster(RULE, 2), cluster, updates=8)
    assert times(result) == [2, 3.5, 4, 6, 8, 10, 12, 14]
    assert [row.discarded for row in result.history.rows] == [0, 0, 0, 0, 1, 0, 1, 0]
    assert result.gradients_discarded.tolist() == [0, 3]
    assert result.seconds[State.DISCARD].tolist() == [0, 3 * 3.5]


def test_ringmaster_cancel_stops_what_it_would_drop() -> None:
    # worker 1 is stopped at 6, by update 4, and computes from there: 9.5, delay 1, update 6.
    # It is stopped again at 12, by update 8, which ends the run.
    result = run(Ringmaster(RULE, 2), hardware([2, 3.5]), updates=8)
    assert times(result) == [2, 3.5, 4, 6, 8, 9.5, 10, 12]
    assert [row.discarded for row in result.history.rows] == [0, 0, 0, 0, 1, 0, 0, 0]
    assert [row.delay for row in result.history.rows] == [0, 1, 1, 0, 0, 1, 1, 0]
    assert result.gradients_used.tolist() == [6, 2]
    assert result.gradients_discarded.tolist() == [0, 2]
    assert result.seconds[State.DISCARD].tolist() == [0, 2.5 + 2.5]
    # two at the start, one after each update but the last, one to whom update 4 stopped
    assert result.bytes_sent == (8 + 2 + 7 + 1) * VECTOR


def test_ringmaster_stops_calculations_but_no_vectors_on_their_way() -> None:
    # worker 1 completes at 1 and sends until 3.5; update 2 comes at 2, and it arrives too old
    result = run(Ringmaster(RULE, 2), hardware([1, 1], [0, 2.5]), updates=4)
    assert times(result) == [1, 2, 3, 4]
    assert [row.discarded for row in result.history.rows] == [0, 0, 0, 1]
    assert result.vectors_sent.tolist() == [4, 1]


def test_stopping_a_calculation_has_its_price() -> None:
    # R = 1: worker 1 is stopped at 2 and busy stopping until 2.5: its next would end at 5.5
    cluster = replace(hardware([2, 3]), stop_cost=0.5)
    result = run(Ringmaster(RULE, 1), cluster, updates=2)
    assert times(result) == [2, 4]
    assert result.seconds[State.DISCARD].tolist() == [0, 2.5 + 1.5]


@pytest.mark.parametrize("aggregation", METHODS.values())
def test_every_aggregation_has_a_timeline_by_hand(aggregation: type[Algorithm]) -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    call = f"run({aggregation.__name__}(RULE"
    assert call in here, "add a timeline, worked out by hand, to this file"


def test_synchronous_does_not_depend_on_preemption() -> None:
    for preemption in ("cancel", "finish"):
        cluster = hardware([0.5, 1, 4], [2, 1, 0.25], preemption)
        assert times(run(Synchronous(RULE), cluster, updates=3)) == [4.25, 8.5, 12.75]


def test_local_steps_end_in_one_vector() -> None:
    # worker 0 completes at 1 and 2, its vector is there at 5; worker 1's at 2, 4 and 5
    result = run(Local(RULE, 2, 0.5), hardware([1, 2], [3, 1]), updates=2)
    assert times(result) == [5, 10]
    assert result.gradients_used.tolist() == [4, 4]
    assert [row.gradients for row in result.history.rows] == [4, 4]
    assert result.vectors_sent.tolist() == [2, 2]
    assert result.seconds[State.SEND].tolist() == [6, 2]
    assert result.seconds[State.IDLE].tolist() == [0, 0]
    together = hardware([1, 2], [3, 1], collective="allreduce")
    assert times(run(Local(RULE, 2, 0.5), together, updates=2)) == [7, 14]  # 2 * 2 + 3


SERVER = Server(update=0.25, receive=0.5)


def test_a_server_receives_the_vectors_of_a_round_one_after_the_other() -> None:
    # both arrive at 2, and are received until 2.5 and 3; then the update takes 0.25
    result = run(Synchronous(RULE), hardware([1, 2], [1, 0], server=SERVER), updates=2)
    assert times(result) == [3.25, 6.5]
    assert result.server_seconds == 2 * (2 * 0.5 + 0.25)
    assert result.seconds[State.SEND].tolist() == [2, 0]  # worker 0 is idle from 2 on
    assert result.seconds[State.IDLE].tolist() == [2.5, 2.5]
    # Rennala: computing ends at 2; the vectors arrive at 3 and 5, and the server waits for the last
    result = run(Rennala(RULE, 3), hardware([1, 2], [1, 3], server=SERVER), updates=2)
    assert times(result) == [5.75, 11.5]
    # an all-reduce brings the server nothing: 2 + 3 + 0.25
    together = hardware([1, 2], [1, 3], collective="allreduce", server=SERVER)
    result = run(Synchronous(RULE), together, updates=1)
    assert times(result) == [5.25]
    assert result.server_seconds == 0.25


def test_arrivals_wait_for_a_server_that_is_busy() -> None:
    # worker 0 arrives at 1: received at 1.5, an update at 1.75; it arrives again at 2.75
    # worker 1 arrives at 2: received at 2.5, an update at 2.75; it arrives again at 4.75
    # worker 0: received at 3.25, an update at 3.5; arrives at 4.5: 5, 5.25
    # worker 1 waits from 4.75 to 5.25: 5.75, 6
    result = run(AFedPG(RULE), hardware([1, 2], server=SERVER), updates=5)
    assert times(result) == [1.75, 2.75, 3.5, 5.25, 6]
    assert [row.delay for row in result.history.rows] == [0, 1, 1, 0, 2]
    assert result.server_seconds == 5 * 0.75


def test_workers_compute_while_the_server_updates_under_finish() -> None:
    # update from 1 to 2.5; worker 0's next at 2 is discarded, its third at 3 is stale, and so is
    # worker 1's; both begin at 3, and worker 0's at 4 ends the round
    cluster = hardware([1, 3], preemption="finish", server=Server(update=1.5))
    result = run(Rennala(RULE, 1), cluster, updates=2)
    assert times(result) == [2.5, 5.5]
    assert [row.discarded for row in result.history.rows] == [1, 3]


def test_backup_workers_wait_in_the_servers_queue_in_vain() -> None:
    # arrivals at 1, 1.25, 3; received at 2, 3: then the round is over
    method, server = Synchronous(RULE, backup=1), Server(receive=1.0)
    result = run(method, hardware([1, 1.25, 2], [0, 0, 1], server=server), updates=1)
    assert times(result) == [3]
    assert result.gradients_used.tolist() == [1, 1, 0]


def test_an_update_that_the_server_does_not_finish_uses_nothing() -> None:
    result = run(Synchronous(RULE), hardware([1], server=Server(update=1)), time_limit=3.5)
    assert times(result) == [2]
    assert result.gradients_used.tolist() == [1]
    assert result.gradients_discarded.tolist() == [1]
    assert result.seconds[State.DISCARD].tolist() == [1]
    assert result.server_seconds == 1


def test_equal_times_are_handled_in_the_order_of_workers() -> None:
    result = run(Rennala(RULE, 2), hardware([1, 1, 1]), updates=2)
    assert times(result) == [1, 2]
    assert result.gradients_used.tolist() == [2, 2, 0]
    # worker 2 computed both rounds to the end, and came third
    assert result.gradients_discarded.tolist() == [0, 0, 2]
    assert result.seconds[State.DISCARD].tolist() == [0, 0, 2]


def test_ties_of_arrivals_are_handled_in_the_order_of_workers() -> None:
    # worker 1 completes first, but both arrive at 3
    result = run(AFedPG(RULE), hardware([2, 1], [1, 2]), updates=4)
    assert times(result) == [3, 3, 6, 6]
    assert [row.delay for row in result.history.rows] == [0, 1, 1, 1]


def test_an_arrival_comes_before_a_completion_at_its_time() -> None:
    # worker 1's vector arrives at 3, when worker 0 completes and, sending for free, arrives too
    result = run(AFedPG(RULE), hardware([3, 1], [0, 2]), updates=1)
    assert times(result) == [3]
    assert result.gradients_used.tolist() == [1, 0]


def test_explicit_times_of_three_workers() -> None:
    # 0.5: w0 | 1: w0, w1 | 1.5: w0 | 2: w0, w1: that is 6 gradients; w2 needs 3 in vain
    result = run(Rennala(RULE, 6), hardware([0.5, 1, 3]), updates=2)
    assert times(result) == [2, 4]
    assert result.gradients_used.tolist() == [8, 4, 0]


def test_the_time_limit_includes_its_own_instant() -> None:
    result = run(Rennala(RULE, 3), hardware([1, 2]), time_limit=4)
    assert times(result) == [2, 4]
    assert result.elapsed == 4


def test_an_interrupted_round_is_accounted_up_to_the_limit() -> None:
    # round 2 computes from 5 to 7 and would send until 10; the end comes at 7.5
    result = run(Rennala(RULE, 3), hardware([1, 2], [1, 3]), time_limit=7.5)
    assert times(result) == [5]
    assert result.elapsed == 7.5
    assert result.seconds[State.COMPUTE].tolist() == [2, 2]
    assert result.seconds[State.DISCARD].tolist() == [2, 2]  # no update used round 2
    assert result.seconds[State.SEND].tolist() == [1 + 0.5, 3 + 0.5]
    assert result.seconds[State.IDLE].tolist() == [2, 0]
    assert result.vectors_sent.tolist() == [1, 1]


def test_what_runs_at_the_end_counts_as_discarded() -> None:
    # updates at 2 and 4, each of two gradients of worker 0, stop worker 1; both run at 4.5
    result = run(Rennala(RULE, 2), hardware([1, 3]), time_limit=4.5)
    assert [row.discarded for row in result.history.rows] == [1, 1]
    assert result.gradients_discarded.tolist() == [1, 3]


def test_intervals_are_recorded_in_order() -> None:
    result = run(Rennala(RULE, 1), hardware([1, 2], [1, 3]), updates=1)
    rows = result.intervals
    assert rows is not None
    columns = (rows.worker, rows.start, rows.end, rows.state)
    assert list(zip(*(c.tolist() for c in columns), strict=True)) == [
        (0, 0, 1, State.COMPUTE),
        (1, 0, 1, State.DISCARD),
        (0, 1, 2, State.SEND),
        (1, 1, 2, State.IDLE),
    ]


def test_times_that_are_no_binary_fractions_stay_exact_sums() -> None:
    # now + (t - now) is not always t: the clock must still show the sums themselves
    result = run(AFedPG(RULE), hardware([0.1, 0.7]), updates=50)
    expected = {0: 0.0, 1: 0.0}
    for time in times(result):
        worker = min(expected, key=lambda w: (expected[w] + (0.1, 0.7)[w], w))
        expected[worker] += (0.1, 0.7)[worker]
        assert time == expected[worker]


def test_waiting_for_nobody_is_an_error() -> None:
    def method(cluster: Cluster) -> Process[None]:
        yield from cluster.arrival()

    said = "nothing will happen any more, from the start, until 0 .*; accepted: a cluster on which"
    with pytest.raises(StalledError, match=said):
        simulate(method, Recorder(), hardware([1]), updates=1)


def test_a_run_needs_a_limit() -> None:
    with pytest.raises(ValueError, match="time_limit"):
        run(Synchronous(RULE), hardware([1]))


def test_parameters_that_are_not_finite_end_the_run_with_a_reason() -> None:
    rule = type(RULE)(step_size=1e308, momentum=0.5)
    result = run(Synchronous(rule), hardware([1]), updates=10)
    assert result.failure is not None
    assert result.failure.startswith("update 2: ")
    assert result.failure.endswith("is not finite")
    assert len(result.history.rows) == 1
    assert np.isclose(sum(s.sum() for s in result.seconds.values()), result.elapsed)
