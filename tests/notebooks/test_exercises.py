"""Wrong answers, and what the exercises say of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lessons import check
from lessons.checking import EXERCISES
from straggler import Algorithm, Cluster, Process


@dataclass(frozen=True)
class OfAll(Algorithm):
    """Takes `batch` gradients, and divides by the number of workers."""

    batch: int = 1
    backup: int = 0

    def run(self, cluster: Cluster) -> Process[None]:
        now = self.rule.start(cluster.initial_point)
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=True)
            tasks = yield from round.completions(self.batch)
            gradient = yield from round.reduce(tasks, [1 / cluster.size] * len(tasks))
            now = yield from cluster.update(self.rule.step, now, gradient)


WRONG: list[tuple[str, Any, str]] = [
    ("1.1", "soon", "A number is wanted, not 'soon'."),
    ("1.1", 30, "its vector has to be sent"),
    ("1.1", 61.5, "with the straggler of the lesson"),
    ("1.1", 63.0, "63 s is too large by a factor of 2."),
    ("1.2", [1, 1, 1, 1], "The scenario is refused: "),
    ("1.2", 3, "Five numbers are wanted"),
    ("1.2", [1, 1, 1, 2, 2], "You have changed 2 workers ((3, 4)); one is allowed."),
    ("1.2", [1, 1, 1, 1, 2], "That makes 80 updates: a round waits 2 s for worker 4."),
    ("1.3", 0.1, "A list is wanted"),
    ("1.3", [1.0, 12.8], "Lead 1 is wrong: 1 is too large."),
    ("2.1", [1, 1.5, 2, 2.5, 3, 3], "Update 4 is wrong: 2.5 is too small. Those before it are"),
    ("2.1", [1, 1.5, 2, 3, 3], "There are 5; 6 are wanted."),
    ("2.2", 4.5, "A function is wanted"),
    ("2.2", lambda h, _: max(h), "Vectors have to be sent as well."),
    ("2.2", lambda h, k: max(h) + max(k), "the slowest computer may not be the last one"),
    ("2.2", lambda h, k: h / k, "Your function fails on (1, 2, 4), (0.5, 0.5, 0.5): TypeError: "),
    ("2.2", lambda h, _: max(h) + 0.5, "It is wrong in 3 of 4 cases. The first on (1, 2, 4), "),
    ("2.3", lambda h, _: sum(1 / x for x in h), "Your workers send for nothing"),
    ("2.3", lambda h, k: 1 / np.sum(1 / np.add(h, k)), "seconds per update; updates per second"),
    ("2.4", 16, "Worker 1 makes updates as well"),
    ("2.4", 48, "48 updates is too large by a factor of 2."),
    ("6.1", lambda h, k: np.sort(h)[(len(h) + 1) // 2 - 1] + max(k), "not contributed does not"),
    ("6.1", lambda h, _: np.sort(h)[(len(h) + 1) // 2 - 1], "The vectors have to be sent."),
    ("6.2", 3, "A class derived from straggler.Algorithm is wanted"),
    ("6.2", OfAll, "Update 1 has objective "),
    ("6.3", OfAll, "Update 1 has time 1, not 4, with h = (1, 2, 4) and kappa = (0, 0, 0)."),
    ("6.3", Algorithm, "It cannot be made with {'backup': 0}: "),
    ("6.4", lambda workers: [1.0] * len(workers), "The weights of gradients of workers (0, 1, 0)"),
    ("6.4", lambda workers: [1 / len(workers)] * len(workers), "so a fast worker weighs more"),
]


@pytest.mark.parametrize(("number", "answer", "why"), WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(
    number: str, answer: Any, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check(number, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"{number}: not yet. ")
    assert why in said


def test_every_exercise_has_a_wrong_answer_here() -> None:
    assert {number for number, _, _ in WRONG} == EXERCISES.keys()
