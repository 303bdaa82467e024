"""Wrong answers, and what the exercises say of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lessons import check
from lessons.checking import EXERCISES
from lessons.cluster import WANTED
from lessons.hasty import Fresh
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


def explicit(seconds: list[float]) -> dict[str, Any]:
    """Return a cluster of workers with these times, free to send."""
    compute = {"model": "explicit", "seconds": seconds}
    return {"workers": len(seconds), "compute": compute}


def weights_that_empty_their_list(workers: list[int]) -> list[float]:
    counts = {worker: workers.count(worker) for worker in workers}
    found = []
    while workers:
        found.append(1 / len(counts) / counts[workers.pop(0)])
    return found


def weights_in_another_order(workers: list[int]) -> list[float]:
    workers.sort()
    return [1 / len(set(workers)) / workers.count(worker) for worker in workers]


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
    ("2.2", lambda h, k: h[k], "Your function fails on (1, 2, 4), (0.5, 0.5, 0.5): IndexError: "),
    ("2.2", lambda h, _: max(h) + 0.5, "It is wrong in 3 of 4 cases. The first on (1, 2, 4), "),
    ("2.3", lambda h, _: sum(1 / x for x in h), "Your workers send for nothing"),
    ("2.3", lambda h, k: 1 / np.sum(1 / np.add(h, k)), "seconds per update; updates per second"),
    ("2.4", 16, "Worker 1 makes updates as well"),
    ("2.4", 48, "48 updates is too large by a factor of 2."),
    (
        "3.1",
        [6, 3, 1],
        "The count of worker 1 is wrong: 3 is too large. Those before",
    ),
    ("3.2", lambda m, batch: sum(m) >= batch, "That is Rennala"),
    ("3.2", lambda m, _: min(m) >= 1, "One gradient from each is not enough."),
    ("3.2", lambda m, batch: batch * sum(1 / k for k in m) <= len(m) ** 2, "ZeroDivisionError"),
    ("3.3", lambda *_: 0, "That is where Malenia ends"),
    ("3.3", lambda h, _: (h[0] - h[1]) / sum(h), "You weigh by speed."),
    ("3.4", lambda h, _: max(h), "the first gradient of the slowest worker"),
    ("3.4", lambda h, batch: max(h) * -(-batch // len(h)), "fast ones may make up for it"),
    ("4.1", lambda _, curvature: 2 / curvature, "That is the limit without delay."),
    ("4.1", lambda n, _: 2 * np.sin(np.pi / (4 * n - 2)), "curvature L makes gradients L times"),
    ("4.2", lambda _, after, __: after, "nothing is transported"),
    ("4.2", lambda b, a, e: np.subtract(b, np.subtract(a, b) * (1 - e) / e), "It is wrong in 3 of"),
    ("4.3", 24, "Three numbers are wanted: worker, update, delay."),
    ("4.3", [2, 24, 23], "The worker is not 2. Look for a bar that is used although"),
    ("4.3", [3, 25, 23], "The update is not 25. It is the number in that bar"),
    ("4.3", [3, 24, 24], "The delay is not 24. Count the updates"),
    ("4.4", Fresh, "With oldest = 1, update 2 uses a delay of 1."),
    ("5.1", {"workers": 3}, "It is refused: "),
    ("5.1", explicit([1.0] * 4), "It has 4 workers."),
    ("5.1", explicit([0.5] * 4 + [2.0, 3.0]), "h of worker 5 is 3 s."),
    ("5.1", explicit([0.5] * 4 + [2.0] * 2), "kappa of worker 0 is 0 s."),
    ("5.1", {**WANTED, "ingress": None}, "The server receives any number of vectors at a time."),
    ("5.1", {**WANTED, "preemption": "cancel"}, "Your workers drop what they do"),
    ("5.2", lambda h, k: max(h) + sum(k), "sent while others still compute"),
    ("5.2", lambda h, k: np.max(np.add(h, k)), "Nobody waits for the server with you"),
    ("5.3", lambda h, _: len(h), "All of them is not always best"),
    ("5.4", lambda *_: 0.5, "It is wrong in 5 of 6 cases."),
    ("6.1", lambda h, k: np.sort(h)[(len(h) + 1) // 2 - 1] + max(k), "not contributed does not"),
    ("6.1", lambda h, _: np.sort(h)[(len(h) + 1) // 2 - 1], "The vectors have to be sent."),
    ("6.2", 3, "A class derived from straggler.Algorithm is wanted"),
    ("6.2", OfAll, "Update 1 has objective "),
    ("6.3", OfAll, "Update 1 has time 1, not 4, with h = (1, 2, 4) and kappa = (0, 0, 0)."),
    ("6.3", Algorithm, "It cannot be made with {'backup': 0}: "),
    ("6.4", lambda workers: [1.0] * len(workers), "The weights of gradients of workers (0, 1, 0)"),
    ("6.4", lambda workers: [1 / len(workers)] * len(workers), "so a fast worker weighs more"),
    ("6.4", lambda _: 0.5, "A list is wanted, not 0.5."),
    ("6.4", lambda workers: [None] * len(workers), "Numbers are wanted for the gradients of"),
    ("6.4", weights_in_another_order, "It is wrong in 3 of 4 cases. The first on (0, 1, 0): "),
    (
        "7.1",
        lambda h, k, batch: batch / sum(1 / x for x in h) + max(k),
        "come one by one",
    ),
    ("7.1", lambda h, *_: max(h), "It is wrong in "),
    ("7.2", lambda h, *_: len(h), "with few samples the slow ones only cost"),
    ("7.3", lambda *_: 1.0, "It is wrong in 3 of 3 cases."),
    ("8.1", lambda noise, signal: max(1, int(np.ceil(noise / signal))), "with the root of M"),
    ("8.2", lambda finals: np.std(finals, ddof=1), "That is the spread of single seeds"),
    ("8.2", lambda finals: np.std(finals) / len(finals) ** 0.5, "Divide by n - 1"),
    ("8.3", lambda *_: 2 / 3, "It is wrong in "),
]


@pytest.mark.parametrize(("number", "answer", "why"), WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(
    number: str, answer: Any, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check(number, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"{number}: not yet. ")
    assert why in said


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("1.3", [-0.14, 12.8]),  # of -0.1422 and 12.837
        ("2.2", lambda h, kappa: (h + kappa).max()),
        ("2.3", lambda h, kappa: (1 / (h + kappa)).sum()),
        ("4.2", lambda before, after, eta: after + (1 - eta) / eta * (after - before)),
        ("4.3", np.array([3, 24, 23])),
        ("6.4", weights_that_empty_their_list),
    ],
)
def test_right_answers_are_right_in_other_forms(
    number: str, answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    check(number, answer)
    assert capsys.readouterr().out.startswith(f"{number}: right. ")


def test_every_exercise_has_a_wrong_answer_here() -> None:
    assert {number for number, _, _ in WRONG} == EXERCISES.keys()
