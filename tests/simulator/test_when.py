"""What a rule is told of time, on timelines worked out by hand."""

from dataclasses import dataclass, field

import numpy as np
from clusters import hardware, run

from algorithms import PG, AFedPG, Algorithm, Iterate, Rennala
from simulator import Cluster, Process, Vector, When


@dataclass(frozen=True)
class Told(PG):
    """Steps of PG; notes what it is told: (t, seconds, sent after update, sent at second)."""

    notes: list[tuple[float, ...]] = field(default_factory=list)

    def step(self, now: Iterate, gradient: Vector, when: When) -> Iterate:
        self.notes.append((when.now.update, when.now.time, when.sent.update, when.sent.time))
        return super().step(now, gradient, when)


class Pairs(Algorithm):
    """A step for every two arrivals."""

    def run(self, cluster: Cluster) -> Process[None]:
        now = self.rule.start(cluster.initial_point)
        for worker in range(cluster.size):
            cluster.dispatch(worker, now.lookahead)
        while True:
            gradients = []
            for _ in range(2):
                task = yield from cluster.arrival()
                gradients.append(cluster.gradient(task))
                cluster.dispatch(task.worker, now.lookahead)
            now = yield from cluster.update(self.rule.step, now, np.mean(gradients, axis=0))


def test_a_gradient_is_as_old_as_its_lookahead() -> None:
    rule = Told(0.1)
    run(AFedPG(rule), hardware([1, 2.5]), updates=5)
    assert rule.notes == [
        (0, 1.0, 0, 0.0),
        (1, 2.0, 1, 1.0),
        (2, 2.5, 0, 0.0),  # of worker 1, since the beginning
        (3, 3.0, 2, 2.0),
        (4, 4.0, 4, 3.0),
    ]


def test_a_round_has_no_delay_but_takes_time() -> None:
    rule = Told(0.1)
    run(Rennala(rule, 2), hardware([1, 4], [0.5, 0.5]), updates=3)
    assert rule.notes == [(0, 2.5, 0, 0.0), (1, 5.0, 1, 2.5), (2, 7.5, 2, 5.0)]


def test_several_lookaheads_have_a_mean() -> None:
    # arrivals of worker 0 at 1, 2, 3, 4, 5, of worker 1 at 2.5: updates at 2, 3 and 5; those of the
    # last one were sent for after updates 1 and 2, which were made at 2 and 3
    rule = Told(0.1)
    run(Pairs(rule), hardware([1, 2.5]), updates=3)
    assert rule.notes == [(0, 2.0, 0, 0.0), (1, 3.0, 0, 0.0), (2, 5.0, 1.5, 2.5)]
