"""Gradients that a problem begins with when they are announced, and asked for one at a time."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from clusters import RULE, Recorder, hardware, run

from algorithms import AFedPG, Algorithm, FedBuff, Rennala, Ringmaster
from simulator import (
    Cluster,
    ComputeModel,
    Estimate,
    Hardware,
    Network,
    Process,
    Request,
    Run,
    simulate,
)
from simulator.loop.tasks import Key
from simulator.problems.control import control
from simulator.problems.control.control import Control


class Beginner(Recorder):
    """Begins with everything, or with the first few, and ``more`` after each answer."""

    def __init__(self, most: int = 1000) -> None:
        super().__init__()
        self.begun: list[Key] = []
        self.forgotten: list[Key] = []
        self.most, self.more = most, 0

    def begin(self, request: Request) -> bool:
        if len(self.begun) == self.most:
            return False
        self.begun.append((int(request.workers[0]), int(request.tasks[0])))
        return True

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        self.most += self.more
        return super().estimate(requests)

    def forget(self, keys: Iterable[Key]) -> None:
        self.forgotten += keys


def test_what_is_dispatched_is_begun_and_asked_for_alone() -> None:
    """Worker 1 is stopped at 2, 4 and 6 s: what follows a task that was stopped is not begun."""
    problem = Beginner()
    run(Ringmaster(RULE, 2), hardware([1.0, 2.5]), updates=6, problem=problem)
    assert problem.begun == [(0, 0), (1, 0), *((0, k) for k in range(1, 6))]
    assert problem.batches == [[(0, k)] for k in range(6)]
    assert problem.forgotten == [(1, 0)]


def test_what_is_not_needed_when_the_run_ends_is_forgotten() -> None:
    problem = Beginner()
    run(AFedPG(RULE), hardware([1.0, 2.5, 2.5]), updates=2, problem=problem)
    assert problem.batches == [[(0, 0)], [(0, 1)]]
    assert problem.begun == [(0, 0), (1, 0), (2, 0), (0, 1)]
    assert sorted(problem.forgotten) == [(1, 0), (2, 0)]


def test_what_a_broadcast_stops_is_forgotten() -> None:
    """At 1 s worker 1 computes, and worker 0 is about to begin its second task."""

    def mixed(cluster: Cluster) -> Process[None]:
        now = RULE.start(cluster.initial_point)
        for worker in (0, 1):
            cluster.dispatch(worker, now.lookahead)
        task = yield from cluster.arrival()
        now = yield from cluster.update(RULE.step, now, cluster.gradient(task))
        cluster.dispatch(0, now.lookahead)
        round = cluster.broadcast(now.lookahead, keep_going=True)
        assert problem.forgotten == [(1, 0), (0, 1)]
        tasks = yield from round.completions(3)
        gradient = yield from round.reduce(tasks, [1 / 3] * 3)
        yield from cluster.update(RULE.step, now, gradient)

    problem = Beginner()
    simulate(mixed, problem, hardware([1.0, 2.5]), updates=2)
    assert problem.begun == [(0, 0), (1, 0), (0, 1)]
    assert problem.batches == [[(0, 0)], [(0, 1), (0, 2), (1, 1)]]


def test_what_ends_after_the_run_is_not_begun() -> None:
    problem = Beginner()
    run(AFedPG(RULE), hardware([1.0, 2.5, 2.0]), time_limit=2.2, problem=problem)
    assert problem.batches == [[(0, 0)], [(0, 1)], [(2, 0)]]
    assert problem.begun == [(0, 0), (2, 0), (0, 1)]
    assert problem.forgotten == []


def test_what_is_not_begun_is_evaluated_together() -> None:
    problem = Beginner(most=1)
    run(AFedPG(RULE), hardware([1.0, 1.5, 1.7]), updates=4, problem=problem)
    assert problem.begun == [(0, 0)]
    assert problem.batches == [[(0, 0)], [(1, 0), (2, 0), (0, 1)]]


def test_what_is_due_first_comes_first() -> None:
    """Worker 2 is due after worker 1, and worker 0 twice before."""
    problem = Beginner(most=0)
    run(AFedPG(RULE), hardware([1.0, 4.5, 4.2]), updates=2, problem=problem)
    assert problem.batches == [[(0, 0), (2, 0), (1, 0)], [(0, 1)]]
    problem = Beginner(most=1)  # worker 0's first; a problem with room for one would take 2's next
    problem.more = 1
    run(AFedPG(RULE), hardware([1.0, 4.5, 4.2]), updates=1, problem=problem)
    assert problem.begun == [(0, 0), (2, 0)]


H = np.array([1.0, 1.1, 1.7, 2.0, 4.0, 4.5])


def hopped(method: Algorithm, processes: int) -> Run:
    problem = Control("Hopper-v4", 60, 0.9, (4,), seed=0, processes=processes)
    result = run(method, Hardware(ComputeModel(H), Network(0.1 * H)), 20, problem=problem)
    assert not problem._begun
    problem.close()
    return result


@pytest.mark.parametrize(
    "method",
    [AFedPG(RULE), Ringmaster(RULE, 3), FedBuff(RULE, 3), Rennala(RULE, 4)],
    ids=["afedpg", "ringmaster", "fedbuff", "rennala"],
)
def test_working_ahead_changes_no_bit(method: Algorithm, monkeypatch: pytest.MonkeyPatch) -> None:
    results = [hopped(method, processes) for processes in (1, 2, 3)]
    monkeypatch.setattr(control, "KEPT_BYTES", 3_000)  # room for one or two trajectories
    results += [hopped(method, processes) for processes in (1, 2)]
    monkeypatch.setattr(Control, "begin", lambda *_: False)
    expected = hopped(method, 1)
    for result in results:
        assert result.history == expected.history


@pytest.mark.parametrize("processes", [1, 2])
def test_more_workers_than_a_problem_begins_with(
    processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slowest are dispatched first; trajectories are begun for 32 or 64 of 90 workers."""
    h = np.linspace(9.0, 1.0, 90)

    def reached(processes: int) -> Run:
        problem = Control("Reacher-v4", 5, 0.9, (4,), seed=0, processes=processes)
        result = run(AFedPG(RULE), Hardware(ComputeModel(h), Network(0 * h)), 150, problem=problem)
        assert not problem._begun
        problem.close()
        return result

    got = reached(processes)
    monkeypatch.setattr(Control, "begin", lambda *_: False)
    assert got.history == reached(1).history


def request(problem: Control, task: int) -> Request:
    return Request(problem.initial_point(), np.array([0]), np.array([task]), np.ones(1))


def test_a_problem_begins_only_with_what_it_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Control("Reacher-v4", 50, 0.9, (4,), seed=0)
    requests = [request(problem, task) for task in range(40)]
    assert [problem.begin(one) for one in requests] == [True] * 32 + [False] * 8
    assert problem.begin(requests[0])  # it is begun already
    problem.estimate([requests[20]])  # the first 21 have the same 50 steps
    assert problem.begin(requests[32])
    monkeypatch.setattr(control, "KEPT_BYTES", 0)
    assert not problem.begin(requests[33])
    problem.forget([(0, task) for task in range(40)])
    problem.estimate([requests[39]])
    assert problem._rollouts.held_bytes == 0
    assert problem.begin(requests[33])
    problem.close()


def test_what_was_begun_at_another_point_is_not_used() -> None:
    problem = Control("Hopper-v4", 60, 0.9, (4,), seed=0)
    here = request(problem, 3)
    there = Request(here.point + 0.5, here.workers, here.tasks, here.weights)
    (expected,) = problem.estimate([there])
    problem.begin(here)
    (got,) = problem.estimate([there])
    np.testing.assert_array_equal(got.gradient, expected.gradient)
    problem.begin(here)
    problem.begin(there)
    (got,) = problem.estimate([there])
    np.testing.assert_array_equal(got.gradient, expected.gradient)
    assert not problem._begun
    problem.close()


def test_what_was_begun_before_an_error_is_sampled_again() -> None:
    class GivenUpError(Exception):
        pass

    def give_up() -> None:
        raise GivenUpError

    problem = Control("Hopper-v4", 60, 0.9, (4,), seed=0)
    requests = [request(problem, task) for task in range(3)]
    expected = problem.estimate(requests)
    for one in requests:
        problem.begin(one)
    problem.interrupt = give_up
    with pytest.raises(GivenUpError):
        problem.estimate(requests[:1])
    problem.interrupt = None
    for got, want in zip(problem.estimate(requests), expected, strict=True):
        np.testing.assert_array_equal(got.gradient, want.gradient)
    assert problem._rollouts.held_bytes == 0
    problem.close()
