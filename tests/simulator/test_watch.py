"""Runs that would not end: events counted by hand, and what is said of each kind."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from clusters import RULE, Recorder, hardware, run, times

from algorithms import AFedPG, Algorithm, Malenia, Rennala, Ringmaster, Synchronous
from simulator import (
    Cluster,
    ComputeModel,
    Hardware,
    Indices,
    Network,
    Process,
    StalledError,
    Vector,
    simulate,
)
from simulator.hardware.failures import Failures, PlannedFailures, RandomFailures, Window
from simulator.loop.losses import MANY
from simulator.watch import EVERY, most_events


def failing(h: Sequence[float], failures: Failures) -> Hardware:
    return replace(hardware(h), failures=failures)


def once() -> Hardware:
    return failing([1.0], PlannedFailures(1, "lost", [[(0.5, 1.0)]]))


COUNTED: dict[str, tuple[Algorithm, Callable[[], Hardware], int]] = {
    "a broadcast, five completions, a reduce": (Rennala(RULE, 5), lambda: hardware([1]), 7),
    "a broadcast, two completions, a reduce": (
        Synchronous(RULE),
        lambda: hardware([1, 2], [3, 4]),
        4,
    ),
    # M = 4 wants 1/M_0 + 1/M_1 <= 1: worker 1's second is at 6, worker 0's sixth before it
    "a broadcast, 6 and 2 completions, a reduce": (Malenia(RULE, 4), lambda: hardware([1, 3]), 10),
    "a completion, an arrival": (AFedPG(RULE), lambda: hardware([1.0], [0.5]), 2),
    # a window, the failure in it, no other window, the completion
    "a broadcast, two windows, a failure, a completion, a reduce": (Synchronous(RULE), once, 6),
}


@pytest.mark.parametrize("name", COUNTED)
def test_events_are_counted_exactly(name: str) -> None:
    method, cluster, events = COUNTED[name]
    for limit in (events, events - 1):
        made: list[float] = []

        def go(limit: int, made: list[float]) -> None:
            simulate(
                method.run,
                Recorder(),
                cluster(),
                updates=3,
                max_events=limit,
                on_update=lambda world, _: made.append(world.now),
            )

        if limit == events:
            go(limit, made)
            assert len(made) == 3
        else:
            with pytest.raises(StalledError, match=f"no update in {limit} events, from the start"):
                go(limit, made)
            assert not made


class Endless(Algorithm):
    """Methods of a user's own that never publish."""


class Waits(Endless):
    def run(self, cluster: Cluster) -> Process[None]:
        round = cluster.broadcast(cluster.initial_point, keep_going=True)
        while True:
            yield from round.completion()


class Sends(Endless):
    def run(self, cluster: Cluster) -> Process[None]:
        while True:
            cluster.broadcast(cluster.initial_point, keep_going=True)
        yield from cluster.arrival()


def random_failures(h: float, mean: float, running: str = "lost") -> Hardware:
    kind = RandomFailures(1, running, between=mean, repair=mean, seed=0)  # type: ignore[arg-type]
    return failing([h], kind)


LATE: list[list[Window]] = [[(0.0, 1e300)]] * 2

ENDLESS: dict[str, tuple[Algorithm, Callable[[], Hardware], str]] = {
    "a slow worker": (
        Malenia(RULE, 4),
        lambda: hardware([1e-12, 1e12]),
        "with 999 gradients pending, none of worker 1 (its task ends at 1e+12 s);",
    ),
    "a worker that stands still": (
        Malenia(RULE, 4),
        lambda: hardware([1.0, np.inf, np.inf]),
        "with 999 gradients pending, none of worker 1 (its task never ends) and 1 more;",
    ),
    "times that numbers cannot tell": (
        Malenia(RULE, 4),
        lambda: failing([1.0, 1.0], PlannedFailures(2, "lost", LATE)),
        "until 1e+300 simulated s: the method is in `completion` (malenia.py:",
    ),
    "failures before every completion": (
        Rennala(RULE, 4),
        lambda: random_failures(1.0, 0.01),
        "with 0 gradients pending, none of worker 0 (its task ends at ",
    ),
    "failures that take no time": (
        Rennala(RULE, 4),
        lambda: random_failures(1.0, 1e-300),
        ", lost or given up);",
    ),
    "countless failures within a task": (
        Rennala(RULE, 4),
        lambda: random_failures(1.0, 1e-12, "paused"),
        "the method is in `broadcast` (rennala.py:",
    ),
    "a method that only waits": (
        Waits(RULE),
        lambda: hardware([1.0, 2.0]),
        "`completion` (test_watch.py:",
    ),
    "a method that only broadcasts": (
        Sends(RULE),
        lambda: hardware([1.0, 2.0]),
        "until 0 simulated s: the method is in `broadcast` (test_watch.py:",
    ),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_every_endless_run_is_given_up_with_a_reason(name: str) -> None:
    method, cluster, reason = ENDLESS[name]
    with pytest.raises(StalledError) as caught:
        simulate(method.run, Recorder(), cluster(), updates=3, max_events=1_000)
    text = str(caught.value)
    assert text.startswith("no update in 1,000 events, from the start, until ")
    assert reason in text
    assert text.endswith(
        "accepted: a cluster on which the method gets on, or --retry-failed with "
        "a larger --max-events"
    )
    assert "\n" not in text


class Instant:
    """Tasks that take no time."""

    def factors(self, workers: Indices, tasks: Indices) -> Vector:  # noqa: ARG002
        return np.zeros(len(workers))


def test_updates_at_one_instant_are_given_up() -> None:
    still = Hardware(ComputeModel(np.ones(2), Instant()), Network(np.zeros(2)))
    for limit, updates in ((1_000, 20), (10_000, 100)):  # 10 a worker, or 1 for 100 events
        text = f"{updates + 1} updates at one instant, after update {updates + 1} at 0 s, until 0 "
        with pytest.raises(StalledError, match=text):
            simulate(AFedPG(RULE).run, Recorder(), still, time_limit=1.0, max_events=limit)


def test_equal_workers_may_all_update_at_one_instant() -> None:
    result = simulate(
        AFedPG(RULE).run, Recorder(), hardware([1.0] * 300), updates=900, max_events=301
    )
    assert times(result) == [1.0] * 300 + [2.0] * 300 + [3.0] * 300


def test_the_default_does_for_unequal_speeds_and_for_very_many_workers() -> None:
    assert most_events(10) == 10_000_000
    # a round of Malenia with half of the workers 1,000 times as fast: 500 events a worker
    assert most_events(100_000) == 100_000_000


def test_signs_of_life_come_every_ten_thousand_events() -> None:
    seen: list[tuple[int, int, float]] = []
    with pytest.raises(StalledError):
        simulate(
            Malenia(RULE, 4).run,
            Recorder(),
            hardware([1.0, 1e12]),
            updates=2,
            max_events=25_000,
            on_wait=lambda cluster, events: seen.append(
                (events, cluster.updates_made, cluster.now)
            ),
        )
    # the broadcast is the first event: the 10,000th waits for the 9,999th completion
    assert seen == [(10_000, 0, 9_998.0), (20_000, 0, 19_998.0)]


def test_losses_that_are_taken_together_give_signs_of_life_too() -> None:
    """No task ever completes; a worker loses one in two seconds, so that there are 20 a second."""
    seen: list[tuple[int, float]] = []
    failures = RandomFailures(40, "lost", between=1.0, repair=1.0, seed=0)
    never = Hardware(ComputeModel(np.full(40, 1e6)), Network(np.zeros(40)), failures=failures)
    with pytest.raises(StalledError, match="no update in 65,000 events"):
        simulate(
            Rennala(RULE, 2).run,
            Recorder(),
            never,
            updates=1,
            max_events=65_000,
            on_wait=lambda cluster, events: seen.append((events, cluster.now)),
        )
    events, seconds = np.array(seen).T
    gaps = np.diff([0, *events])
    assert len(gaps) >= 5
    assert (gaps >= EVERY).all()
    assert (gaps < EVERY + 3 * MANY).all()
    np.testing.assert_allclose(seconds, events / 20, rtol=0.1)


def test_an_update_begins_the_count_anew() -> None:
    result = run(Ringmaster(RULE, 1), hardware([1.0, 1.5]), updates=200)
    bounded = simulate(
        Ringmaster(RULE, 1).run, Recorder(), hardware([1.0, 1.5]), updates=200, max_events=20
    )
    assert times(bounded) == times(result)
