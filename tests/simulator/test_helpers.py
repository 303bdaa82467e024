"""Several processes for one run: the same bits, and failures with a reason."""

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

from simulator import Request
from simulator.problems.control.control import Control
from simulator.problems.control.rollouts import helpers
from simulator.problems.control.rollouts.batch import Steps, Underway, pack
from simulator.problems.control.rollouts.helpers import HelperError
from simulator.problems.control.rollouts.sampler import SLOTS
from simulator.problems.control.rollouts.sharing import Board, shared_file

environments.register()


def control(processes: int, env: str = "Hopper-v4", **options: Any) -> Control:
    return Control(env, 60, 0.99, (8,), seed=3, processes=processes, **options)


def requests(problem: Control, shares: list[int]) -> list[Request]:
    """Cut the same 24 trajectories at four points into requests."""
    points = [problem.initial_point() + 0.01 * k for k in range(4)]
    return [
        Request(points[k % 4], np.full(share, k), np.arange(share), np.ones(share))
        for k, share in enumerate(shares)
    ]


def sampled(problem: Control, parts: list[Request]) -> list[Any]:
    trajectories = problem._sample(parts)
    return [trajectories.lengths, trajectories.rewards, trajectories.u, trajectories.observations]


def helper_of(problem: Control) -> Any:
    crew = problem._rollouts._crew
    assert crew is not None
    return crew.helpers[0]._process


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("env", ["Hopper-v4", "CartPole-v1"])
def test_helpers_and_batches_change_no_bit(
    env: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, crew = control(1, env, dtype=dtype), control(3, env, dtype=dtype)
    parts = requests(alone, [7, 1, 11, 5])
    expected = sampled(alone, parts)
    assert expected[2].dtype == dtype
    assert len(set(expected[0])) > 1  # episodes of different lengths
    for got, want in zip(sampled(crew, parts), expected, strict=True):
        np.testing.assert_array_equal(got, want)
    monkeypatch.setattr(helpers, "LARGEST_BATCH", 5)  # put in five times
    for problem in (alone, crew):
        for got, want in zip(sampled(problem, parts), expected, strict=True):
            np.testing.assert_array_equal(got, want)
    one_by_one = [sampled(alone, [part]) for part in parts]
    for k, want in enumerate(expected):
        np.testing.assert_array_equal(np.concatenate([part[k] for part in one_by_one]), want)
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


@pytest.mark.parametrize("probability", [0.03, 0.5, 1.0])
def test_episodes_that_change_hands_at_any_time_are_the_same(probability: float) -> None:
    """Two samplers take turns; whoever goes on with what the other gave gives again."""
    problem, other = control(1), control(1)
    batch = problem._batch(requests(problem, [7, 1, 11, 5]))
    one, two = problem._rollouts.sampler, other._rollouts.sampler
    indices, others = iter(range(24)), Idle(probability)
    parts, hands = [one.sample(batch, lambda: next(indices, None), 10, others)], 0
    while others.given:
        hands += len(others.given)
        underway, others.given = others.given[:SLOTS], others.given[SLOTS:]
        one, two = two, one
        parts.append(one.sample(batch, lambda: None, 10, others, underway))
    got, want = pack(parts, 24), problem._rollouts.sample(batch)
    assert hands > 10
    for field in ("lengths", "rewards", "u", "observations"):
        np.testing.assert_array_equal(getattr(got, field), getattr(want, field))
    problem.close()
    other.close()


@pytest.mark.parametrize(("env", "horizon"), [("Reacher-v4", 50), ("Swimmer-v4", 60)])
def test_an_episode_that_soon_ends_stays(
    env: str, horizon: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others that are idle when fewer than eight steps are left are given nothing."""
    for from_step, expected in [(horizon - 8, 1), (horizon - 7, 0)]:
        problem, others = control(1, env), Idle(0.0)
        asked = iter(range(horizon))
        monkeypatch.setattr(
            others, "idle", partial(lambda steps, at: next(steps) == at, asked, from_step)
        )
        batch, take = problem._batch(requests(problem, [2])), partial(next, iter([0, 1]), None)
        steps = problem._rollouts.sampler.sample(batch, take, 2, others)
        assert len(others.given) == expected
        assert len(steps.rewards) == 2 * horizon - 8 * expected
        problem.close()


def sample_until(
    enough: Callable[[], bool], crew: Control, parts: list[Request], expected: list[Any]
) -> None:
    """Sample again: on a busy machine a process may be late, and find that all is done."""
    for _ in range(100):
        for got, want in zip(sampled(crew, parts), expected, strict=True):
            np.testing.assert_array_equal(got, want)
        if enough():
            return
    pytest.fail("too little changed hands")


def untaken(*_: object) -> None:
    """Take no number from the queue, or sample nothing."""


def test_a_parent_that_finds_nothing_to_take_is_given_half(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, crew = control(1, "Swimmer-v4"), control(2, "Swimmer-v4")
    parts = requests(alone, [3, 3])
    expected, _ = sampled(alone, parts), sampled(crew, parts)  # the helper has started
    team, sampler = crew._rollouts._crew, crew._rollouts.sampler
    assert team is not None
    sample = sampler.sample
    given: list[Underway] = []

    def watched(*args: Any) -> Steps:
        given.extend(args[4] if len(args) > 4 else [])
        return sample(*args)

    monkeypatch.setattr(sampler, "sample", watched)
    monkeypatch.setattr(team._queue, "take", untaken)
    sample_until(lambda: len(given) >= 3, crew, parts, expected)
    crew.close()
    alone.close()


def test_a_helper_that_finds_nothing_to_take_is_given_half(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, crew = control(1, "Swimmer-v4"), control(2, "Swimmer-v4")
    parts = requests(alone, [3, 3])
    expected, _ = sampled(alone, parts), sampled(crew, parts)  # the helper has started
    team = crew._rollouts._crew
    assert team is not None
    send = team.helpers[0].send
    given: list[Underway] = []

    def watched(message: Any) -> None:
        given.extend(message if isinstance(message, list) else [])
        send(message)

    monkeypatch.setattr(team.helpers[0], "send", watched)
    numbers: list[int] = []  # for the parent alone
    monkeypatch.setattr(team._queue, "put", numbers.extend)
    monkeypatch.setattr(team._queue, "take", lambda: numbers.pop() if numbers else None)
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
    team = crew._rollouts._crew
    assert team is not None
    monkeypatch.setattr(team._queue, "take", untaken)
    there, back = 0, 0
    for helper in team.helpers:
        send, receive = helper.send, helper.receive

        def sent(message: Any, send: Any = send) -> None:
            nonlocal there
            there += isinstance(message, list)
            send(message)

        def received(receive: Any = receive) -> Any:
            nonlocal back
            answer = receive()
            back += isinstance(answer, list)
            return answer

        monkeypatch.setattr(helper, "send", sent)
        monkeypatch.setattr(helper, "receive", received)
    sample_until(lambda: there > 0 and back > 0, crew, parts, expected)
    crew.close()
    alone.close()


def test_who_was_idle_in_an_earlier_turn_is_not_idle() -> None:
    board = Board(shared_file(3))
    other = Board(os.dup(board.file))
    for _ in range(300):  # numbers begin anew after 255
        other.turn = board.next_turn()
        assert board.first_idle(0) == -1
        other.say_idle(2)
        assert board.first_idle(1) == 2
        board.claim(2)
        assert board.first_idle(1) == -1
        assert not other.is_idle(0)
        board.say_idle(0)
        assert other.is_idle(0)
        board.next_turn()
        other.say_idle(1)  # too late
        assert board.first_idle(0) == -1
    other.close()
    board.close()


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


def test_what_a_helper_cannot_make_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = control(2)
    monkeypatch.setattr(problem._rollouts.sampler, "setting", "no setting")
    monkeypatch.setattr(problem._rollouts.sampler, "sample", untaken)  # only the helper must
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


def test_an_error_in_a_helper_comes_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = control(2, env="environments:Fragile-v0")  # breaks wherever it is first stepped
    with pytest.raises((HelperError, RuntimeError), match="fragile"):
        problem.estimate(requests(problem, [8]))
    monkeypatch.setattr(problem._rollouts.sampler, "sample", lambda *_: None)  # a helper must
    with pytest.raises(HelperError, match=r"in a helper process:(.|\n)*fragile"):
        problem.estimate(requests(problem, [8]))
    problem.close()


def test_helpers_end_with_their_problem() -> None:
    problem = control(2)
    problem.estimate(requests(problem, [4]))
    process = helper_of(problem)
    problem.close()
    assert process.returncode == -signal.SIGKILL
