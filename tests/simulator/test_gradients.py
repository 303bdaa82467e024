"""Laziness, batching and keyed randomness change no result."""

from collections.abc import Sequence

import numpy as np
import pytest
from clusters import RULE, Recorder, hardware, run

from algorithms import PG, AFedPG, Algorithm, Local, Rennala, Synchronous
from simulator import (
    Cluster,
    ComputeModel,
    Estimate,
    Hardware,
    Iterate,
    Network,
    Problem,
    Process,
    Request,
    Vector,
    simulate,
)
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.randomness import Stream, generator


def test_discarded_gradients_are_never_computed() -> None:
    problem = Recorder()
    result = run(Rennala(RULE, 3), hardware([1, 2, 100]), updates=4, problem=problem)
    computed = [key for batch in problem.batches for key in batch]
    assert len(computed) == result.gradients_used.sum() == 12
    assert {worker for worker, _ in computed} == {0, 1}
    assert [len(batch) for batch in problem.batches] == [3, 3, 3, 3]  # a round is one batch


def test_asynchronous_gradients_are_computed_together_and_once() -> None:
    problem = Recorder()
    result = run(AFedPG(RULE), hardware([1, 2, 3]), updates=12, problem=problem)
    computed = [key for batch in problem.batches for key in batch]
    assert len(computed) == len(set(computed))
    assert len(problem.batches) < 12
    assert problem.batches[0] == [(0, 0), (1, 0), (2, 0)]  # all that is under way
    assert 12 <= len(computed) <= 12 + len(result.gradients_used)


def test_task_indices_count_every_task_that_ran() -> None:
    problem = Recorder()
    run(Rennala(RULE, 2), hardware([1, 1, 1]), updates=2, problem=problem)
    assert problem.batches == [[(0, 0), (1, 0)], [(0, 1), (1, 1)]]
    problem = Recorder()
    run(Rennala(RULE, 1), hardware([2, 1]), updates=2, problem=problem)
    assert problem.batches == [[(1, 0)], [(1, 1)]]


def test_a_cancelled_task_uses_up_its_index() -> None:
    # worker 1 ends at 1 and makes the first batch; worker 0 was half-way, and its next task is 1
    problem = Recorder()
    run(Rennala(RULE, 3, batch_init=1), hardware([2, 1]), updates=2, problem=problem)
    assert problem.batches == [[(1, 0)], [(1, 1), (0, 1), (1, 2)]]


def test_neighbouring_tasks_share_no_numbers() -> None:
    draws = [set(generator(0, 0, task).random(200).tolist()) for task in range(3)]
    assert len(draws[0] | draws[1] | draws[2]) == 600


def test_an_unused_completion_is_thrown_away_by_the_next_broadcast() -> None:
    def wasteful(cluster: Cluster) -> Process[None]:
        now = Iterate.start(cluster.initial_point)
        for _ in range(2):
            round = cluster.broadcast(now.lookahead, keep_going=False)
            tasks = yield from round.completions(2)
            gradient = yield from round.reduce(tasks[:1], [1.0])
            now = yield from cluster.update(RULE.step, now, gradient)

    result = simulate(wasteful, Recorder(), hardware([1, 2]), updates=2)
    assert result.gradients_used.tolist() == [2, 0]
    assert result.gradients_discarded.tolist() == [0, 2]


def test_a_task_that_never_began_leaves_its_key_but_not_its_gradient() -> None:
    values: list[float] = []

    def twice(cluster: Cluster) -> Process[None]:
        now = Iterate.start(cluster.initial_point)
        for worker in (0, 1):
            cluster.dispatch(worker, now.lookahead)
        task = yield from cluster.arrival()
        gradient = cluster.gradient(task)  # worker 1's is computed with it, at theta_0
        now = yield from cluster.update(RULE.step, now, gradient)
        assert cluster.preempt(1).tolist() == [1]  # the lookahead is still on its way to it
        cluster.dispatch(1, now.point + 100)
        task = yield from cluster.arrival()
        assert (task.worker, task.index) == (1, 0)
        values.append(float(cluster.gradient(task)[0]))
        yield from cluster.update(RULE.step, now, gradient)

    problem = Quadratic(1, [Bowl()], noise=0.0, seed=0)
    cluster = Hardware(
        ComputeModel(np.ones(2)), Network(np.zeros(2), downlink=np.array([0.0, 3.0]))
    )
    simulate(twice, problem, cluster, updates=2)
    assert values[0] < -9  # (1 - x) / 10, at about 100


@pytest.mark.parametrize("wait", ["completions", "reduce"])
def test_a_round_ends_with_the_next_broadcast(wait: str) -> None:
    def nostalgic(cluster: Cluster) -> Process[None]:
        first = cluster.broadcast(cluster.initial_point, keep_going=True)
        tasks = yield from first.completions(1)
        cluster.broadcast(cluster.initial_point, keep_going=True)
        yield from (first.completions(1) if wait == "completions" else first.reduce(tasks, [1.0]))

    with pytest.raises(RuntimeError, match="the round is over"):
        simulate(nostalgic, Recorder(), hardware([1, 2]), updates=1)


def test_methods_meet_the_same_random_numbers() -> None:
    # with one worker, Rennala with M = 1, synchronous and AFedPG are the same method
    results = [
        [row.objective for row in run(m, hardware([1]), updates=20).history.rows]
        for m in (Rennala(RULE, 1), Synchronous(RULE), AFedPG(RULE))
    ]
    assert results[0] == results[1] == results[2]


def test_randomness_is_a_function_of_its_key() -> None:
    def draw(seed: int, worker: int, task: int, stream: Stream = Stream.TASK) -> float:
        return float(generator(seed, worker, task, stream).standard_normal())

    assert draw(1, 2, 3) == draw(1, 2, 3)
    keys = [(1, 2, 3), (2, 2, 3), (1, 3, 3), (1, 2, 4)]
    draws = {draw(*key) for key in keys} | {draw(1, 2, 3, Stream.INITIAL_POINT)}
    assert len(draws) == 5


def test_quadratic_gradient_is_the_derivative_of_its_objective() -> None:
    problem = Quadratic(dimension=5, bowls=[Bowl(condition=100)], noise=0, seed=3)
    x = problem.initial_point()
    request = Request(x, np.array([0]), np.array([0]), np.array([1.0]))
    (estimate,) = problem.estimate([request])
    differences = [
        (problem.exact(x + h)[0] - problem.exact(x - h)[0]) / 2e-3 for h in 1e-3 * np.eye(5)
    ]
    np.testing.assert_allclose(estimate.gradient, differences, rtol=1e-9)
    # closed form: A diagonal with eigenvalues from 1/100 to 1, b = A 1
    eigenvalues = np.array([100 ** (k / 4 - 1) for k in range(5)])
    np.testing.assert_allclose(estimate.gradient, eigenvalues * (1 - x), rtol=1e-12)
    assert problem.exact(np.ones(5)) == (0.5 * eigenvalues.sum(), 0.0)


def test_quadratic_noise_has_the_stated_size_and_no_bias() -> None:
    problem = Quadratic(dimension=4, bowls=[Bowl(condition=1)], noise=2.0, seed=0)
    x = np.ones(4)  # the exact gradient is zero here
    requests = [Request(x, np.array([0]), np.array([k]), np.array([1.0])) for k in range(4000)]
    noise = np.array([answer.gradient for answer in problem.estimate(requests)])
    # E|xi|^2 = 4 with standard error 4 sqrt(2/4/4000) = 0.045; each mean has 1/sqrt(4000) = 0.016
    assert abs((noise**2).sum(axis=1).mean() - 4.0) < 5 * 0.045
    assert (abs(noise.mean(axis=0)) < 5 * 0.016).all()


def test_weights_multiply_each_gradient() -> None:
    problem = Quadratic(dimension=2, bowls=[Bowl(condition=3)], noise=1.0, seed=1)
    x = problem.initial_point()
    keys = np.array([0, 1, 1]), np.array([5, 5, 6])
    (together,) = problem.estimate([Request(x, *keys, np.array([0.5, -1.0, 2.0]))])
    single = problem.estimate(
        [Request(x, keys[0][[k]], keys[1][[k]], np.array([1.0])) for k in range(3)]
    )
    expected = 0.5 * single[0].gradient - single[1].gradient + 2 * single[2].gradient
    np.testing.assert_allclose(together.gradient, expected, rtol=1e-12)


class Short(Recorder):
    """Answers all but the last of several requests."""

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        return super().estimate(requests)[: max(1, len(requests) - 1)]


class Scalar(Recorder):
    """Its point has two coordinates; its gradients have one, which would fit any."""

    dimension = 2

    def initial_point(self) -> Vector:
        return np.zeros(2)


class Bare(Recorder):
    """Forgets to say that its gradients are estimates."""

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        return [one.gradient for one in super().estimate(requests)]  # type: ignore[misc]


class Writes(Recorder):
    """Centres the point in place."""

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        for request in requests:
            request.point[:] -= 1.0
        return super().estimate(requests)


class Known(Recorder):
    """Says exactly what it is told to."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer

    def exact(self, point: Vector) -> tuple[float, float] | None:
        if self.answer == "writes":
            point += 1
        return self.answer  # type: ignore[return-value]


@pytest.mark.parametrize("answer", [-1.0, (1.0,), (1.0, 2.0, 3.0), "writes"])
def test_what_is_exact_are_two_numbers_at_a_point_that_is_only_read(answer: object) -> None:
    message = "accepted: two numbers" if answer != "writes" else "read-only"
    with pytest.raises((RuntimeError, ValueError), match=message):
        run(AFedPG(RULE), hardware([1, 2]), updates=2, problem=Known(answer))


@pytest.mark.parametrize(
    ("method", "problem", "message"),
    [
        (AFedPG(RULE), Bare(), "estimate returns ndarray; accepted: an Estimate for each request"),
        (AFedPG(RULE), Short(), "estimate returns 2 answers to 3 requests; accepted: one each"),
        (AFedPG(RULE), Writes(), "estimate writes into the point of a request, which is the run's"),
        (Rennala(RULE, 3), Writes(), "estimate writes into the point of a request"),
        (AFedPG(RULE), Scalar(), r"a gradient of shape \(1,\); accepted: \(2,\), as the request"),
        (Rennala(RULE, 3), Scalar(), r"a gradient of shape \(1,\); accepted: \(2,\)"),
        (Local(PG(0.01), 3, 0.001), Scalar(), r"a gradient of shape \(1,\); accepted: \(2,\)"),
    ],
    ids=["bare", "answers", "writes", "writes in a round", "alone", "round", "local"],
)
def test_estimates_of_another_shape_are_no_gradients(
    method: Algorithm, problem: Problem, message: str
) -> None:
    with pytest.raises((RuntimeError, TypeError), match=message):
        run(method, hardware([1, 2, 3]), updates=3, problem=problem)
