"""What a method may ask that none of ours asks: clocks and counts, worked out by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
import pytest
from clusters import RULE, Recorder, hardware, run, times

from algorithms import Algorithm, MindFlayer, Synchronous
from simulator import (
    Cluster,
    ComputeModel,
    Hardware,
    Indices,
    Iterate,
    Moment,
    Network,
    Process,
    StalledError,
    State,
    Task,
    Trials,
    Vector,
    When,
    simulate,
)
from simulator.contract import stepped
from simulator.hardware.hardware import Preemption
from simulator.hardware.server import FREE, Server
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.promises.checkpoint import START, Checkpoint


def test_mindflayer_gives_up_nothing_however_late_it_is() -> None:
    """A gradient of 0.05 s that begins at 1e6 s ends, as a difference, after another 0.05 s."""
    result = run(MindFlayer(RULE, 4), hardware([0.05, 0.15], [1e6, 1e6]), updates=8)
    assert [row.gradients for row in result.history.rows] == [4] * 8


def test_a_network_that_is_faster_than_its_links_frees_everyone_at_the_end() -> None:
    class Fast(Network):
        def allreduce_seconds(self, group: Indices) -> float:
            return 0.25 * (len(group) > 0)

    cluster = Hardware(ComputeModel(np.ones(2)), Fast(np.ones(2), "allreduce"))
    assert times(run(Synchronous(RULE), cluster, updates=2)) == [1.25, 2.5]


class Halves(Algorithm):
    """The first two of four workers, then the others, and so on; the round ends with the first."""

    def run(self, cluster: Cluster) -> Process[None]:
        now, halves, heard = self.rule.start(cluster.initial_point), [0, 2], []
        while True:
            half = halves[len(HEARD) % 2]
            group = np.arange(half, half + 2)
            round = cluster.broadcast(now.lookahead, keep_going=False, to=group)
            tasks = yield from round.completions(2 if half else 1)
            heard += [task.worker for task in tasks]
            HEARD.append(heard)
            gradient = yield from round.reduce(tasks, [1 / len(tasks)] * len(tasks))
            now = yield from cluster.update(self.rule.step, now, gradient)


HEARD: list[list[int]] = []


@pytest.mark.parametrize("collective", ["gather", "allreduce"])
def test_who_is_not_of_a_round_computes_nothing_in_it(collective: str) -> None:
    """Worker 1 completes its gradient of the first round, 0.5 s into that of workers 2 and 3."""
    HEARD.clear()
    cluster = hardware([1, 1.5, 4, 4], preemption="finish", collective=collective)  # type: ignore[arg-type]
    result = run(Halves(RULE), cluster, updates=2)
    assert HEARD[-1] == [0, 2, 3]
    assert times(result) == [1, 5]
    assert result.gradients_discarded.tolist() == [0, 1, 0, 0]


class TooSoon(Algorithm):
    """Reduces what one worker has after one of its two steps."""

    def run(self, cluster: Cluster) -> Process[None]:
        now = self.rule.start(cluster.initial_point)
        round = cluster.broadcast(now.lookahead, keep_going=False, steps=2)
        tasks = yield from round.completions(1)
        yield from round.reduce(tasks, [1.0])


def test_half_of_a_workers_steps_cannot_be_reduced() -> None:
    with pytest.raises(RuntimeError, match="worker 0 has not completed all steps of this round"):
        run(TooSoon(RULE), hardware([1, 3], [5, 5]), updates=1)


class Insists(Algorithm):
    """Stops what is two updates old; who arrives late computes once more where it was."""

    def run(self, cluster: Cluster) -> Process[None]:
        now = self.rule.start(cluster.initial_point)
        for worker in range(cluster.size):
            cluster.dispatch(worker, now.lookahead)
        while True:
            task: Task = yield from cluster.arrival()
            if cluster.delay(task) >= 2:
                cluster.drop(task)
                cluster.repeat(task)
                continue
            gradient = cluster.gradient(task)
            now = yield from cluster.update(self.rule.step, now, gradient)
            STOPPED.append(cluster.preempt(2).tolist())
            cluster.dispatch(task.worker, now.lookahead)


STOPPED: list[list[int]] = []


def test_what_is_repeated_can_be_stopped_again() -> None:
    """Worker 1 sends from 1.5 to 5.5 s, is too late then, and computes on: until update 6."""
    STOPPED.clear()
    run(Insists(RULE), hardware([1, 1.5], [0, 4]), updates=8)
    assert [update for update, workers in enumerate(STOPPED, 1) if 1 in workers] == [6]


class Twice(Algorithm):
    """Makes a second update with each gradient."""

    def run(self, cluster: Cluster) -> Process[None]:
        now = self.rule.start(cluster.initial_point)
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=False)
            tasks = yield from round.completions(cluster.size)
            gradient: Vector = yield from round.reduce(tasks, [1 / cluster.size] * cluster.size)
            now = yield from cluster.update(self.rule.step, now, gradient)
            now = yield from cluster.update(self.rule.step, now, gradient)


def test_an_update_may_use_no_new_gradient() -> None:
    rows = run(Twice(RULE), hardware([1, 3]), updates=4).history.rows
    assert [(row.time, row.gradients, row.delay) for row in rows] == [
        *((3, 2, 0), (3, 0, 0), (6, 2, 0), (6, 0, 0))
    ]


Steps = Callable[[Cluster, Any], Process[None]]


@dataclass(frozen=True)
class Does(Algorithm):
    """Does what a test says, from the first iterate on."""

    steps: Steps = field(kw_only=True)

    def run(self, cluster: Cluster) -> Process[None]:
        return self.steps(cluster, self.rule)


def warm(cluster: Cluster, rule: Any) -> Process[None]:
    """Begin with the first gradient of a round; then everyone goes its own way, when it is idle."""
    now = rule.start(cluster.initial_point)
    round = cluster.broadcast(now.lookahead, keep_going=True)
    tasks = yield from round.completions(1)
    gradient = yield from round.reduce(tasks, [1.0])
    while True:
        now = yield from cluster.update(rule.step, now, gradient)
        for worker in cluster.idle.tolist():
            cluster.dispatch(worker, now.lookahead)
        gradient = cluster.gradient((yield from cluster.arrival()))


@pytest.mark.parametrize(
    ("preemption", "moments", "discarded"),
    [("cancel", [1, 2, 2.5, 3], [2, 0, 0, 0]), ("finish", [1, 2, 3, 3.5], [0, 1, 0, 0])],
)
def test_arrivals_after_a_round(
    preemption: Preemption, moments: list[float], discarded: list[int]
) -> None:
    """Worker 1 begins anew at 1 s; under finish at 2 s, since until 1.5 s it is at theta_0."""
    cluster = hardware([1, 1.5, 9], preemption=preemption)
    rows = run(Does(RULE, steps=warm), cluster, updates=4).history.rows
    assert [row.time for row in rows] == moments
    assert [row.discarded for row in rows] == discarded


def test_what_is_dispatched_after_a_round_takes_time_to_send() -> None:
    """Worker 1 ends its late task at 1.5 s, computes from 2 to 3.5 s, and sends until 4 s."""
    result = run(Does(RULE, steps=warm), hardware([1, 1.5], [0, 0.5], "finish"), updates=5)
    assert times(result) == [1, 2, 3, 4, 4]
    assert result.seconds[State.SEND].tolist() == [0, 0.5]
    assert result.seconds[State.IDLE].tolist() == [0, 0.5]


def no_more_trials(cluster: Cluster, rule: Any) -> Process[None]:
    """Go on with the first three gradients, though trials are left."""
    now, trials = rule.start(cluster.initial_point), Trials(np.full(2, 3), np.full(2, 9.0))
    round = cluster.broadcast(now.lookahead, keep_going=True, trials=trials)
    tasks = yield from round.completions(3)
    gradient = yield from round.reduce(tasks, [1.0] * 3)
    yield from cluster.update(rule.step, now, gradient)


@pytest.mark.parametrize("server", [FREE, Server(receive=0.25)])
def test_who_has_trials_left_computes_beside_sending(server: Server) -> None:
    """At 2 s worker 0 has two gradients and rests, worker 1 computes its second one until 3 s."""
    cluster = hardware([1, 1.5], [0.5, 0.75], "finish", server=server)
    result = run(Does(RULE, steps=no_more_trials), cluster, updates=1)
    assert times(result) == [2.75 + server.receive]
    assert result.seconds[State.SEND].tolist() == [0.5, 0]
    assert result.seconds[State.DISCARD].tolist() == [0, 1.25 + server.receive]


def twice_used(cluster: Cluster, rule: Any) -> Process[None]:
    cluster.dispatch(0, rule.start(cluster.initial_point).lookahead)
    task = yield from cluster.arrival()
    cluster.gradient(task)
    cluster.gradient(task)


def used_and_dropped(cluster: Cluster, rule: Any) -> Process[None]:
    cluster.dispatch(0, rule.start(cluster.initial_point).lookahead)
    task = yield from cluster.arrival()
    cluster.gradient(task)
    cluster.drop(task)


def sent_twice(cluster: Cluster, rule: Any) -> Process[None]:
    now = rule.start(cluster.initial_point)
    cluster.dispatch(0, now.lookahead)
    cluster.dispatch(0, now.lookahead)
    yield from cluster.arrival()


def sent_and_repeated(cluster: Cluster, rule: Any) -> Process[None]:
    now = rule.start(cluster.initial_point)
    cluster.dispatch(0, now.lookahead)
    task = yield from cluster.arrival()
    cluster.dispatch(0, now.lookahead)
    cluster.repeat(task)


def repeated_twice(cluster: Cluster, rule: Any) -> Process[None]:
    cluster.dispatch(0, rule.start(cluster.initial_point).lookahead)
    task = yield from cluster.arrival()
    cluster.repeat(task)
    cluster.repeat(task)


def sent_elsewhere(cluster: Cluster, rule: Any) -> Process[None]:
    now = rule.start(cluster.initial_point)
    cluster.dispatch(0, now.lookahead)
    cluster.dispatch(1, now.lookahead + 1)
    yield from cluster.arrival()


def too_many(cluster: Cluster, rule: Any) -> Process[None]:
    round = cluster.broadcast(rule.start(cluster.initial_point).lookahead, keep_going=False)
    yield from round.completions(1)
    yield from round.completions(2)


def written_into(cluster: Cluster, rule: Any) -> Process[None]:
    def step(now: Iterate, gradient: Vector, when: When) -> Iterate:  # noqa: ARG001
        point = now.point
        point += gradient
        return Iterate(point, point)

    now = rule.start(cluster.initial_point)
    yield from cluster.update(step, now, np.ones(3))


def another_class(cluster: Cluster, rule: Any) -> Process[None]:
    @dataclass(frozen=True)
    class Moments(Iterate):
        mean: Vector | None = None

    now = rule.start(cluster.initial_point)
    yield from cluster.update(lambda now, *_: Moments(now.point, now.point), now, np.ones(3))


def kept_and_written(cluster: Cluster, rule: Any) -> Process[None]:
    cluster.dispatch(0, rule.start(cluster.initial_point).lookahead)
    gradient = cluster.gradient((yield from cluster.arrival()), keep=True)
    gradient *= 0.5


def of_a_round(cluster: Cluster, rule: Any) -> Process[None]:
    round = cluster.broadcast(rule.start(cluster.initial_point).lookahead, keep_going=True)
    cluster.gradient((yield from round.completion()))


MISUSES: dict[Steps, str] = {
    of_a_round: "a gradient of worker 0 is of a round, or was discarded with it; accepted: `round",
    twice_used: "a gradient of worker 0 is used or discarded already; accepted: each gradient once",
    used_and_dropped: "a gradient of worker 0 is used or discarded already",
    sent_twice: "dispatch or repeat: worker 0 computes or sends; accepted: one of `cluster.idle`",
    sent_and_repeated: "dispatch or repeat: worker 0 computes or sends",
    repeated_twice: "dispatch or repeat: worker 0 computes or sends",
    sent_elsewhere: "dispatch: another lookahead was sent since the newest update; accepted: one",
    too_many: "2 gradients of this round are waited for after 1 of 2; accepted: as many as will",
    written_into: "read-only",
    another_class: "a step returns Moments where there was Iterate; accepted: the same class",
    kept_and_written: "read-only",
}


@pytest.mark.parametrize("misuse", MISUSES, ids=lambda steps: steps.__name__)
def test_what_no_method_may_do_is_an_error_that_says_so(misuse: Steps) -> None:
    with pytest.raises((RuntimeError, ValueError), match=MISUSES[misuse]):
        run(Does(RULE, steps=misuse), hardware([1, 2]), updates=2)


def test_what_a_step_must_not_write_into_is_the_methods_own_afterwards() -> None:
    now = Iterate.start(np.zeros(2))
    when = When(Moment(0, 1.0), Moment(0, 0.0))
    after = stepped(lambda _now, gradient, _: Iterate(gradient, gradient), now, np.ones(2), when)
    assert after.point.tolist() == [1, 1]
    assert now.point.flags.writeable
    with pytest.raises(ZeroDivisionError):
        stepped(lambda *_: Iterate.start(np.ones(2) * (1 // 0)), now, np.ones(2), when)
    assert now.point.flags.writeable


def kept_and_taken(cluster: Cluster, rule: Any) -> Process[None]:
    now = rule.start(cluster.initial_point)
    cluster.dispatch(0, now.lookahead)
    task = yield from cluster.arrival()
    kept = cluster.gradient(task, keep=True)
    now = yield from cluster.update(rule.step, now, kept)
    mine = cluster.gradient(task)
    mine += 1
    assert (mine == kept + 1).all()
    yield from cluster.update(rule.step, now, mine)


def test_a_kept_gradient_is_the_methods_own_at_last() -> None:
    assert len(times(run(Does(RULE, steps=kept_and_taken), hardware([1]), updates=2))) == 2


def overtaken(cluster: Cluster, rule: Any) -> Process[None]:
    """A dispatched vector is on its way until 2.5 s; a broadcast at 1.6 s gives it up."""
    now = rule.start(cluster.initial_point)
    for worker in (0, 1):
        cluster.dispatch(worker, now.lookahead)
    gradient = cluster.gradient((yield from cluster.arrival()))
    now = yield from cluster.update(rule.step, now, gradient)
    round = cluster.broadcast(now.lookahead, keep_going=False)
    tasks = yield from round.completions(2)
    gradient = yield from round.reduce([task for task in tasks if task.worker == 1], [1.0])
    now = yield from cluster.update(rule.step, now, gradient)
    cluster.dispatch(1, now.lookahead)
    task = yield from cluster.arrival()
    assert task.worker == 1
    yield from cluster.update(rule.step, now, cluster.gradient(task))


def test_what_a_broadcast_gives_up_never_arrives() -> None:
    """Worker 0's vector of the round, which is over by then, comes at 4.1 s."""
    result = run(Does(RULE, steps=overtaken), hardware([1, 1.6], [1.5, 0]), updates=3)
    assert times(result) == pytest.approx([1.6, 3.2, 4.8])


def thrown_away(cluster: Cluster, rule: Any) -> Process[None]:
    now = rule.start(cluster.initial_point)
    round = cluster.broadcast(now.lookahead, keep_going=False)
    yield from round.arrivals(2)
    round = cluster.broadcast(now.lookahead, keep_going=False)
    tasks = yield from round.arrivals(3)
    gradient = yield from round.reduce(tasks, [1.0] * 3)
    yield from cluster.update(rule.step, now, gradient)


def test_what_the_server_receives_of_a_round_in_vain_counts_once() -> None:
    cluster = hardware([1] * 3, [1] * 3, server=Server(receive=1.0))
    assert run(Does(RULE, steps=thrown_away), cluster, updates=1).server_seconds == 5


def one_by_one(cluster: Cluster, rule: Any) -> Process[None]:
    """Use the last worker's gradient in one update, and the second's in another."""
    now = rule.start(cluster.initial_point)
    round = cluster.broadcast(now.lookahead, keep_going=False)
    tasks = yield from round.completions(3)
    for task in tasks[2], tasks[1]:
        gradient = yield from round.reduce([task], [1.0])
        now = yield from cluster.update(rule.step, now, gradient)


@pytest.mark.parametrize("updates", [1, 2])
def test_what_arrives_before_a_reduce_counts_once_though_it_is_not_used(updates: int) -> None:
    """Vectors arrive at 1.5, 2.5 and 3.5 s; three lookaheads were sent, of 3 * 4 bytes each."""
    result = run(Does(RULE, steps=one_by_one), hardware([1, 2, 3], [0.5] * 3), updates=updates)
    assert times(result) == [3.5] * updates
    assert result.vectors_sent.tolist() == [1, 1, 1]
    assert result.bytes_sent == 6 * 12


@pytest.mark.parametrize("trials", [Trials(np.full(1, 3), np.full(1, 9.0)), None])
def test_workers_move_in_a_round_of_trials_as_in_any_other(trials: Trials | None) -> None:
    """The gradient of -x^2 / 2 is -x: from 8 to 4 and 2, with the gradients -8, -4 and -2."""
    found = []

    def steps(cluster: Cluster, rule: Any) -> Process[None]:
        round = cluster.broadcast(
            np.full(1, 8.0), keep_going=True, trials=trials, move=lambda at, g: at + g / 2
        )
        tasks = yield from (round.completions(3) if trials is None else round.successes())
        gradient = yield from round.reduce(tasks, [1.0] * 3)
        found.append(gradient.tolist())
        yield from cluster.update(rule.step, rule.start(cluster.initial_point), gradient)

    problem = Quadratic(dimension=1, bowls=[Bowl(condition=1.0, optimum=0.0)], noise=0.0, seed=0)
    run(Does(RULE, steps=steps), hardware([1]), updates=1, problem=problem)
    assert found == [[-14.0]]


def tried_by_two(cluster: Cluster, rule: Any) -> Process[None]:
    """After a round of all three, two trials each of workers 0 and 1."""
    now, trials = rule.start(cluster.initial_point), Trials(np.full(3, 2), np.full(3, 9.0))
    round = cluster.broadcast(now.lookahead, keep_going=True)
    tasks = yield from round.completions(1)
    while True:
        gradient = yield from round.reduce(tasks, [1.0] * len(tasks))
        now = yield from cluster.update(rule.step, now, gradient)
        round = cluster.broadcast(
            now.lookahead, keep_going=True, to=np.array([0, 1]), trials=trials
        )
        tasks = yield from round.successes()


@pytest.mark.parametrize(("preemption", "moments"), [("cancel", [1, 4]), ("finish", [1, 4.5])])
def test_trials_wait_for_nobody_else(preemption: Preemption, moments: list[float]) -> None:
    """Under finish worker 1 is late until 1.5 s, and worker 2 until 50 s."""
    cluster = hardware([1, 1.5, 50], preemption=preemption)
    assert times(run(Does(RULE, steps=tried_by_two), cluster, updates=2)) == moments


def half_by_half(cluster: Cluster, rule: Any) -> Process[None]:
    """Use the gradients of a round one by one, in an update each."""
    now = rule.start(cluster.initial_point)
    while True:
        round = cluster.broadcast(now.lookahead, keep_going=False)
        for task in (yield from round.completions(cluster.size)):
            gradient = yield from round.reduce([task], [1.0])
            now = yield from cluster.update(rule.step, now, gradient)


def on_and_on(cluster: Cluster, rule: Any) -> Process[None]:
    """Let everyone go on in a round for four updates, if the cluster finishes tasks."""
    now = rule.start(cluster.initial_point)
    for k in count():
        if k % 4 == 0:
            round = cluster.broadcast(now.lookahead, keep_going=True)
        tasks = yield from round.completions(2)
        gradient = yield from round.reduce(tasks, [0.5, 0.5])
        now = yield from cluster.update(rule.step, now, gradient)


def stays(cluster: Cluster, rule: Any) -> Process[None]:
    """Each worker takes gradients at a lookahead until that is three updates old."""
    now = rule.start(cluster.initial_point)
    for worker in range(cluster.size):
        cluster.dispatch(worker, now.lookahead)
    while True:
        task = yield from cluster.arrival()
        now = yield from cluster.update(rule.step, now, cluster.gradient(task))
        if cluster.delay(task) < 3:
            cluster.repeat(task)
        else:
            cluster.dispatch(task.worker, now.lookahead)


@pytest.mark.parametrize("steps", [half_by_half, on_and_on, stays])
def test_a_run_is_resumed_where_a_lookahead_outlives_its_update(steps: Steps) -> None:
    def outcome(past: Checkpoint) -> list[float | None]:
        problem = Quadratic(dimension=3, bowls=[Bowl()], noise=0.5, seed=0)
        result = simulate(
            Does(RULE, steps=steps).run,
            problem,
            hardware([1, 1.5], preemption="finish"),
            updates=12,
            past=past,
            on_update=lambda cluster, _: saved.append(cluster.checkpoint()),
        )
        return [row.objective for row in result.history.rows]

    saved: list[Checkpoint] = []
    whole = outcome(START)
    for past in saved.copy():
        assert outcome(past) == whole


def waits_in_vain(cluster: Cluster, rule: Any) -> Process[None]:
    """The slow one is waited for, and nobody else was sent anywhere."""
    round = cluster.broadcast(
        rule.start(cluster.initial_point).lookahead, keep_going=True, to=np.array([1])
    )
    yield from round.completions(10**9)


def test_a_stalled_run_says_who_has_no_task() -> None:
    cluster = hardware([1, 1e-6])
    with pytest.raises(StalledError, match=r"none of worker 0 \(it has no task\);"):
        simulate(Does(RULE, steps=waits_in_vain).run, Recorder(), cluster, updates=1, max_events=99)


def begun(cluster: Cluster, rule: Any) -> tuple[Iterate, Any]:
    now = rule.start(cluster.initial_point)
    return now, cluster.broadcast(now.lookahead, keep_going=False)


def half_a_gradient(cluster: Cluster, rule: Any) -> Process[None]:
    now, round = begun(cluster, rule)
    tasks = yield from round.completions(1)
    gradient = yield from round.reduce(tasks, [1.0])
    yield from cluster.update(rule.step, now, gradient[:1])


def a_number(cluster: Cluster, rule: Any) -> Process[None]:
    now, _ = begun(cluster, rule)
    yield from cluster.update(rule.step, now, 3.0)  # type: ignore[arg-type]


def no_iterate(cluster: Cluster, rule: Any) -> Process[None]:
    now, _ = begun(cluster, rule)
    yield from cluster.update(lambda *_: None, now, np.zeros(3))  # type: ignore[arg-type]


def too_many_vectors(cluster: Cluster, rule: Any) -> Process[None]:
    _, round = begun(cluster, rule)
    yield from round.arrivals(4, 1.0)


def vectors_once_more(cluster: Cluster, rule: Any) -> Process[None]:
    _, round = begun(cluster, rule)
    yield from round.arrivals(1)
    yield from round.arrivals(2)


def vectors_after_gradients(cluster: Cluster, rule: Any) -> Process[None]:
    _, round = begun(cluster, rule)
    yield from round.completions(2)
    yield from round.arrivals(2)


def nothing_reduced(cluster: Cluster, rule: Any) -> Process[None]:
    _, round = begun(cluster, rule)
    yield from round.reduce([], [])


def dispatched_and_reduced(cluster: Cluster, rule: Any) -> Process[None]:
    """The lookahead of worker 1 is another one than that of the round."""
    now = rule.start(cluster.initial_point)
    round = cluster.broadcast(now.lookahead, keep_going=False, to=np.array([0]))
    tasks = yield from round.completions(1)
    cluster.dispatch(1, now.lookahead + 1)
    tasks.append((yield from cluster.arrival()))
    yield from round.reduce(tasks, [0.5, 0.5])


def too_few_weights(cluster: Cluster, rule: Any) -> Process[None]:
    _, round = begun(cluster, rule)
    tasks = yield from round.completions(2)
    yield from round.reduce(tasks, [1.0])


def nobody(worker: int) -> Callable[[Cluster, Any], Process[None]]:
    def asked(cluster: Cluster, rule: Any) -> Process[None]:
        cluster.dispatch(worker, rule.start(cluster.initial_point).lookahead)
        yield from cluster.arrival()

    return asked


def sent_to(*workers: int) -> Callable[[Cluster, Any], Process[None]]:
    def asked(cluster: Cluster, rule: Any) -> Process[None]:
        at, to = rule.start(cluster.initial_point).lookahead, np.array(workers, dtype=np.int64)
        yield from cluster.broadcast(at, keep_going=True, to=to).completion()

    return asked


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (half_a_gradient, r"update: the gradient has shape \(1,\); accepted: \(3,\)"),
        (a_number, r"update: the gradient has shape \(\); accepted: \(3,\)"),
        (no_iterate, "a step returns NoneType; accepted: an iterate, as `start` returns"),
        (too_many_vectors, "4 vectors of this round are waited for after 0 of 3"),
        (vectors_once_more, "arrivals: 1 gradients of this round were waited for before"),
        (vectors_after_gradients, "arrivals: 2 gradients of this round were waited for before"),
        (nothing_reduced, "reduce: no tasks; accepted: at least one that was completed"),
        (dispatched_and_reduced, "reduce: a gradient of worker 1 is not of this round; accepted"),
        (too_few_weights, "reduce: 1 weights for 2 tasks; accepted: one each"),
        (sent_to(), "broadcast: `to` has nobody"),
        (sent_to(-1), "or a worker that is not there; accepted: some of 0 to 2, each once"),
        (sent_to(1, 3), "or a worker that is not there; accepted: some of 0 to 2, each once"),
        (sent_to(1, 1), "somebody twice"),
        (nobody(-1), "dispatch: there is no worker -1; accepted: 0 to 2"),
        (nobody(3), "dispatch: there is no worker 3; accepted: 0 to 2"),
    ],
)
def test_what_numpy_would_let_pass_is_an_error(
    steps: Callable[[Cluster, Any], Process[None]], message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        run(Does(RULE, steps=steps), hardware([1, 1, 1]), updates=2)
