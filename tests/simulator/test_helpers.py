"""Several processes for one run: the same bits, and failures with a reason."""

import itertools
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import environments
import numpy as np
import pytest

from scenarios.format.own.where import raised_at
from scenarios.format.problem import COPIES
from simulator import Request
from simulator.problems.control.control import Control
from simulator.problems.control.rollouts.batch import (
    Batch,
    Trajectories,
    Underway,
    joined,
    whole,
)
from simulator.problems.control.rollouts.helpers import Answer, Crew, Ended, HelperError
from simulator.problems.control.rollouts.rollouts import Rollouts
from simulator.problems.control.rollouts.sampler import SLOTS, Sampler
from simulator.problems.control.rollouts.sharing import JOBS


def control(processes: int, env: str = "Hopper-v4", **options: Any) -> Control:
    return Control(env, 60, 0.99, (8,), seed=3, processes=processes, **options)


def requests(problem: Control, shares: list[int]) -> list[Request]:
    """Cut the same 24 trajectories at four points into requests."""
    points = [problem.initial_point() + 0.01 * k for k in range(4)]
    return [
        Request(points[k % 4], np.full(share, k), np.arange(share), np.ones(share))
        for k, share in enumerate(shares)
    ]


def fields(trajectories: Trajectories) -> list[Any]:
    return [trajectories.lengths, trajectories.rewards, trajectories.u, trajectories.observations]


def sampled(problem: Control, parts: list[Request]) -> list[Any]:
    return fields(problem._sample(parts))


def assert_same(got: list[Any], want: list[Any]) -> None:
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, other)


def crew_of(problem: Control) -> Crew:
    crew = problem._rollouts._crew
    assert crew is not None
    return crew


def helper_of(problem: Control) -> Any:
    return crew_of(problem).helpers[0]._process


def place(rollouts: Rollouts, batch: Batch) -> list[int]:
    """Announce a batch, and return the rows that it has in the table."""
    rows = [rollouts._place_next() for _ in rollouts.announce(batch)]
    return [row for row in rows if row is not None]


def untaken() -> None:
    """Take no row from the queue."""


def nothing(*_: object) -> list[Any]:
    """Sample nothing."""
    return []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("env", ["Hopper-v4", "CartPole-v1"])
def test_helpers_and_batches_change_no_bit(env: str, dtype: str) -> None:
    alone, crew = control(1, env, dtype=dtype), control(3, env, dtype=dtype)
    parts = requests(alone, [7, 1, 11, 5])
    expected = sampled(alone, parts)
    assert expected[2].dtype == dtype
    assert len(set(expected[0])) > 1  # episodes of different lengths
    assert_same(sampled(crew, parts), expected)
    for problem in (alone, crew):  # a table with room for five trajectories, at two points
        del problem._rollouts._rows[5:], problem._rollouts._places[2:]
        assert_same(sampled(problem, parts), expected)
    one_by_one = [sampled(alone, [part]) for part in parts]
    assert_same([np.concatenate(columns) for columns in zip(*one_by_one, strict=True)], expected)
    crew.close()
    alone.close()


@pytest.mark.parametrize("env", ["Hopper-v4", "CartPole-v1"])
def test_a_gradient_is_the_same_with_helpers(env: str) -> None:
    answers = []
    for processes in (1, 2):
        problem = control(processes, env)
        answers.append(problem.estimate(requests(problem, [9, 4])))
        problem.close()
    for one, two in zip(*answers, strict=True):
        np.testing.assert_array_equal(one.gradient, two.gradient)
        np.testing.assert_array_equal(one.returns, two.returns)


class Idle:
    """Others that are idle with a probability, and keep what they are given."""

    def __init__(self, probability: float) -> None:
        self.rng, self.probability = np.random.default_rng(0), probability
        self.given: list[Underway] = []

    def idle(self) -> bool:
        return self.rng.random() < self.probability

    def give(self, episodes: Sequence[Underway]) -> None:
        self.given += pickle.loads(pickle.dumps(list(episodes)))  # noqa: S301 - our own


def finish(
    sampler: Sampler, take: Callable[[], int | None], others: Idle, parts: dict[int, list[Any]]
) -> None:
    """Sample until nothing is live here; keep the steps that were made here."""
    while True:
        before = len(others.given)
        ended = sampler.advance(take, others)
        for episode in others.given[before:]:
            parts[episode.row].append(episode.steps)
        for row, steps in ended:
            parts[row].append(steps)
        if not sampler.busy and not ended:
            return


@pytest.mark.parametrize("probability", [0.03, 0.5, 1.0])
def test_episodes_that_change_hands_at_any_time_are_the_same(probability: float) -> None:
    """Two samplers take turns; whoever goes on with what the other gave gives again."""
    problem, other = control(1), control(1)
    batch = problem._batch(requests(problem, [7, 1, 11, 5]))
    rollouts = problem._rollouts
    want = rollouts.sample(batch)
    rows = place(rollouts, batch)
    one, two = rollouts.sampler, other._rollouts.sampler
    two.table, one.table.share = one.table, 10
    others, hands = Idle(probability), 0
    parts: dict[int, list[Any]] = {row: [] for row in rows}
    take = partial(next, iter(rows), None)
    finish(one, take, others, parts)
    while others.given:
        hands += len(others.given)
        one, two = two, one
        one.inbox, others.given = others.given[:SLOTS], others.given[SLOTS:]
        finish(one, take, others, parts)
    assert hands > 10
    assert_same(fields(joined([whole(parts[row]) for row in rows])), fields(want))
    problem.close()
    other.close()


@pytest.mark.parametrize(("env", "horizon"), [("Reacher-v4", 50), ("Swimmer-v4", 60)])
def test_an_episode_that_soon_ends_stays(
    env: str, horizon: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others that are idle when fewer than eight steps are left are given nothing."""
    for from_step, expected in [(horizon - 8, 1), (horizon - 7, 0)]:
        problem, others = control(1, env), Idle(0.0)
        asked = iter(range(horizon + 1))
        monkeypatch.setattr(
            others, "idle", partial(lambda steps, at: next(steps) == at, asked, from_step)
        )
        rows = place(problem._rollouts, problem._batch(requests(problem, [2])))
        parts: dict[int, list[Any]] = {row: [] for row in rows}
        finish(problem._rollouts.sampler, partial(next, iter(rows), None), others, parts)
        assert len(others.given) == expected
        lengths = [sum(len(part.rewards) for part in parts[row]) for row in rows]
        assert sorted(lengths) == [horizon - 8 * expected, horizon]
        problem.close()


def sample_until(
    enough: Callable[[], bool], crew: Control, parts: list[Request], expected: list[Any]
) -> None:
    """Sample again: on a busy machine a process may be late, and find that all is done."""
    for _ in range(100):
        assert_same(sampled(crew, parts), expected)
        if enough():
            return
    pytest.fail("too little changed hands")


def given_to_the_parent(rollouts: Rollouts, monkeypatch: pytest.MonkeyPatch) -> list[Underway]:
    """Return a list that grows with the episodes that helpers give to this process."""
    given: list[Underway] = []
    hear = rollouts._hear

    def watched(messages: list[Answer]) -> None:
        for message in messages:
            given.extend([] if isinstance(message, Ended) else message)
        hear(messages)

    monkeypatch.setattr(rollouts, "_hear", watched)
    return given


def given_to_helpers(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> list[Underway]:
    """Return a list that grows with the episodes that this process gives to helpers."""
    given: list[Underway] = []
    give = crew.give

    def watched(episodes: Sequence[Underway]) -> None:
        given.extend(episodes)
        give(episodes)

    monkeypatch.setattr(crew, "give", watched)
    return given


def test_a_parent_that_finds_nothing_to_take_is_given_half(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, crew = control(1, "Swimmer-v4"), control(2, "Swimmer-v4")
    parts = requests(alone, [3, 3])
    expected, _ = sampled(alone, parts), sampled(crew, parts)  # the helper has started
    given = given_to_the_parent(crew._rollouts, monkeypatch)
    monkeypatch.setattr(crew_of(crew).queue, "take", untaken)
    sample_until(lambda: len(given) >= 3, crew, parts, expected)
    crew.close()
    alone.close()


def test_a_helper_that_finds_nothing_to_take_is_given_half(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, crew = control(1, "Swimmer-v4"), control(2, "Swimmer-v4")
    parts = requests(alone, [3, 3])
    expected, _ = sampled(alone, parts), sampled(crew, parts)  # the helper has started
    given = given_to_helpers(crew_of(crew), monkeypatch)
    rows: list[int] = []  # for the parent alone
    monkeypatch.setattr(crew_of(crew).queue, "put", rows.append)
    monkeypatch.setattr(crew_of(crew).queue, "take", lambda: rows.pop() if rows else None)
    sample_until(lambda: len(given) >= 3, crew, parts, expected)
    crew.close()
    alone.close()


def test_several_helpers_give_to_the_parent_and_are_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The parent takes nothing from the queue."""
    alone, crew = control(1, "Swimmer-v4"), control(3, "Swimmer-v4")
    parts = requests(alone, [6, 6])
    expected, _ = sampled(alone, parts), sampled(crew, parts)  # the helpers have started
    monkeypatch.setattr(crew_of(crew).queue, "take", untaken)
    there = given_to_helpers(crew_of(crew), monkeypatch)
    back = given_to_the_parent(crew._rollouts, monkeypatch)
    sample_until(lambda: bool(there and back), crew, parts, expected)
    crew.close()
    alone.close()


@pytest.mark.parametrize("processes", [1, 3])
@pytest.mark.parametrize("env", ["Reacher-v4", "CartPole-v1"])
def test_what_is_announced_is_sampled_in_any_order(env: str, processes: int) -> None:
    alone, problem = control(1, env), control(processes, env)
    batch = problem._batch(requests(problem, [7, 1, 11, 5]))
    want = alone._rollouts.sample(batch).each()
    rollouts = problem._rollouts
    announced = rollouts.announce(batch)
    order = np.random.default_rng(processes).permutation(24).tolist()
    for k in order[:12]:  # one after the other
        assert_same(fields(rollouts.wait_for([announced[k]])[0]), fields(want[k]))
    rollouts.drop([announced[k] for k in order[12:18]])
    again = rollouts.announce(batch)  # more while others are under way
    for k, got in zip(
        order[18:], rollouts.wait_for([announced[k] for k in order[18:]]), strict=True
    ):
        assert_same(fields(got), fields(want[k]))
    for got, one in zip(rollouts.wait_for(again), want, strict=True):
        assert_same(fields(got), fields(one))
    problem.close()
    alone.close()


@pytest.mark.parametrize("processes", [1, 2])
def test_what_is_dropped_is_not_sampled_to_its_end(
    processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reacher's episodes have 50 steps; the ends tell with how many they came."""
    problem = control(processes, "Reacher-v4")
    rollouts = problem._rollouts
    steps: list[int] = []
    end = rollouts._end

    def watched(episodes: Sequence[tuple[int, Trajectories]]) -> None:
        steps.extend(len(one.rewards) for _, one in episodes)
        end(episodes)

    monkeypatch.setattr(rollouts, "_end", watched)
    kept = rollouts.announce(problem._batch(requests(problem, [1])))
    lost = rollouts.announce(problem._batch(requests(problem, [0, 40])))
    interrupt = iter([None] * 10)

    def drop_after_ten_steps() -> None:
        if next(interrupt, True):
            rollouts.drop(lost)

    rollouts.wait_for(kept, drop_after_ten_steps)
    rollouts.wait_for(rollouts.announce(problem._batch(requests(problem, [0, 0, 1]))))
    assert rollouts.pending == 0
    assert sum(steps) < 50 * 42 - 40 * 20
    problem.close()


@pytest.mark.parametrize("processes", [1, 2])
def test_after_an_error_what_is_announced_is_begun_again(processes: int) -> None:
    class GivenUpError(Exception):
        pass

    alone, problem = control(1), control(processes)
    rollouts, batch = problem._rollouts, problem._batch(requests(problem, [7, 1, 11, 5]))
    want = alone._rollouts.sample(batch).each()
    calls = iter([None] * 20)

    def give_up() -> None:
        if next(calls, True):
            raise GivenUpError

    announced = rollouts.announce(batch)
    with pytest.raises(GivenUpError):
        rollouts.wait_for([announced[23]], give_up)
    for got, one in zip(rollouts.wait_for(announced[:23]), want, strict=False):
        assert_same(fields(got), fields(one))
    assert announced[23].trajectory is None
    assert rollouts.pending == 0
    problem.close()
    alone.close()


def test_a_helper_ends_with_a_parent_that_is_killed_in_a_batch() -> None:
    """It must not go on with what it reads from a queue that nobody will fill again."""
    code = (
        "import sys; sys.path[:0] = ['tests', 'tests/simulator']\n"
        "from test_helpers import control, requests\n"
        "problem = control(2, 'CartPole-v1')\n"
        "while True:\n"
        "    problem.estimate(requests(problem, [500]))\n"
        "    print(problem._rollouts._crew.helpers[0]._process.pid, flush=True)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    helper = int(parent.stdout.readline())
    time.sleep(0.05)  # in the second batch
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 60
    while time.monotonic() < until and Path(f"/proc/{helper}").exists():
        time.sleep(0.02)
    with pytest.raises(ProcessLookupError):
        os.kill(helper, signal.SIGKILL)


class TooLarge:
    """Larger than any memory where it is received."""

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return bytearray, (1 << 62,)


def test_a_helper_without_memory_is_told_from_one_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = control(2)
    monkeypatch.setattr(problem._rollouts.sampler, "setting", TooLarge())
    monkeypatch.setattr(problem._rollouts.sampler, "advance", nothing)  # only the helper must
    with pytest.raises(MemoryError, match="in a helper process: MemoryError"):
        problem.estimate(requests(problem, [8]))
    problem.close()


def test_what_a_helper_cannot_make_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = control(2)
    monkeypatch.setattr(problem._rollouts.sampler, "setting", "no setting")
    monkeypatch.setattr(problem._rollouts.sampler, "advance", nothing)  # only the helper must
    with pytest.raises(HelperError, match=r"in a helper process:(.|\n)*has no attribute 'make'"):
        problem.estimate(requests(problem, [8]))
    problem.close()


def test_a_helper_that_dies_is_named() -> None:
    problem = control(2)
    parts = requests(problem, [8])
    problem.estimate(parts)
    process = helper_of(problem)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with pytest.raises(HelperError, match=r"a helper process ended \(exit code -9\)"):
        problem.estimate(parts)
    problem.close()


@pytest.mark.parametrize("env", ["Reacher-v4", "CartPole-v1"])
def test_after_a_helper_was_killed_in_a_batch_there_is_a_new_crew(env: str) -> None:
    alone, problem = control(1, env), control(3, env)
    batch = problem._batch(requests(problem, [20, 20]))
    want = fields(alone._rollouts.sample(batch))
    rollouts = problem._rollouts
    assert_same(fields(rollouts.sample(batch)), want)
    old = helper_of(problem)
    calls = iter([None] * 10)

    def kill() -> None:
        if next(calls, True):
            old.kill()

    with pytest.raises(HelperError, match=r"a helper process ended \(exit code -9\)"):  # noqa: PT012
        while True:  # it may have done all that it took
            rollouts.sample(batch, kill)
    for _ in range(3):
        assert_same(fields(rollouts.sample(batch)), want)
    assert helper_of(problem) is not old
    assert len(rollouts._rows) == JOBS
    assert len(rollouts._places) == len(rollouts.sampler.table.points)
    problem.close()
    alone.close()


def test_a_message_that_is_larger_than_a_socket_holds_is_heard_of() -> None:
    """200 steps of HumanoidStandup-v4 are 300 kB, and this process has others to sample."""
    problem = Control("HumanoidStandup-v4", 200, 0.99, (8,), seed=3, processes=2)
    rollouts = problem._rollouts
    rollouts.sample(problem._batch(requests(problem, [2])))  # the helper has started
    announced = rollouts.announce(problem._batch(requests(problem, [40])))
    assert crew_of(problem).helpers[0].connection.poll(60)
    steps = itertools.count()
    rollouts.wait_for(announced[:1], partial(next, steps))
    assert next(steps) < 20
    problem.close()


def test_an_error_in_a_helper_comes_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = control(2, env="environments:Fragile-v0")  # breaks wherever it is first stepped
    with pytest.raises((HelperError, RuntimeError), match="fragile"):
        problem.estimate(requests(problem, [8]))
    monkeypatch.setattr(problem._rollouts.sampler, "advance", nothing)  # a helper must
    with pytest.raises(HelperError, match=r"in a helper process:(.|\n)*fragile") as caught:
        problem.estimate(requests(problem, [8]))
    problem.close()
    file, _, line = str(raised_at(caught.value)).rpartition(":")
    assert Path(file).name == "environments.py"
    assert "fragile" in Path(environments.__file__).read_text().splitlines()[int(line) - 1]


def test_memory_is_estimated_for_what_a_process_holds() -> None:
    problem = control(1)
    held = len(problem._rollouts.sampler.table.points) + SLOTS
    assert held == COPIES
    problem.close()


def test_helpers_end_with_their_problem() -> None:
    problem = control(2)
    problem.estimate(requests(problem, [4]))
    process = helper_of(problem)
    problem.close()
    assert process.returncode == -signal.SIGKILL
