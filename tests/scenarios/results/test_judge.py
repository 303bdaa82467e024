"""Verdicts, against medians, probabilities and intervals that are worked out another way."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.results.judge import Interval, Verdict, judge
from scenarios.results.verdicts import interval_text, markdown, sentence
from scenarios.runs.store.stored import StoredRun


def run(label: str, seed: int, at: float) -> StoredRun:
    """Return a run whose return is 0 before ``at`` and 100 from then on (never if infinite)."""
    made = StoredRun(Path(), {"label": label, "seed": seed, "title": "steps", "status": "done"})
    times = [0.5, at if math.isfinite(at) else 99.0]
    made.__dict__["history"] = {
        "time": np.array(times),
        "return_mean": np.array([0.0, 100.0 if math.isfinite(at) else 0.0]),
        "return_count": np.array([100.0, 100.0]),
        "objective": np.full(2, np.nan),
    }
    return made


def runs(**times: list[float]) -> list[StoredRun]:
    return [run(label, seed, at) for label, row in times.items() for seed, at in enumerate(row)]


def verdict(made: list[StoredRun], *rivals: str) -> Verdict:
    found = judge(made, "hero", rivals, "steps")
    assert found is not None
    return found


def test_speed_up_over_the_better_rival_and_probability_of_being_sooner() -> None:
    one = verdict(runs(hero=[1, 2, 3], far=[2, 4, 6], near=[3, 3, 9]), "far", "near")
    assert one.thresholds == [25, 50, 75]
    assert [time.value for time in one.times["hero"]] == [2, 2, 2]
    assert one.rivals == ["near"] * 3  # a median of 3 s against 4 s
    assert [s.value for s in one.speedups] == [1.5] * 3
    # 1 and 2 are sooner than 3, 3, 9; 3 is sooner than 9 and ties twice
    assert one.improvement.value == pytest.approx((3 + 3 + 1 + 0.5 + 0.5) / 9)


def test_the_interval_is_that_of_all_resamples_of_the_seeds_together() -> None:
    hero, far = np.array([1.0, 2.0, 3.0]), np.array([5.0, 4.0, 9.0])
    draws = [list(draw) for draw in itertools.product(range(3), repeat=3)]
    every = np.sort([np.median(far[draw]) / np.median(hero[draw]) for draw in draws])
    (speedup, *_) = verdict(runs(hero=list(hero), rival=list(far)), "rival").speedups
    assert speedup.low == every[round(0.05 * 26)]
    assert speedup.high == every[round(0.95 * 26)]


def test_who_never_gets_there_is_later_than_all() -> None:
    one = verdict(runs(hero=[math.inf, math.inf, 1], rival=[2, 2, 2]), "rival")
    assert math.isinf(one.times["hero"][0].value)
    assert one.speedups[0].value == 0
    assert one.improvement.value == pytest.approx(1 / 3)
    assert "speed-up 0 [0, 2], 0 [0, 2], 0 [0, 2]; " in sentence(one)


def test_a_rival_that_never_gets_there_is_infinitely_slower() -> None:
    one = verdict(runs(hero=[1, 2, 3], rival=[math.inf] * 3), "rival")
    assert one.rivals == ["-"] * 3
    assert "hero against -: speed-up inf, inf, inf; P(sooner) 1; 3 seeds: holds" in sentence(one)


def test_where_neither_gets_there_nothing_is_known() -> None:
    made = runs(hero=[math.inf] * 2 + [1], rival=[math.inf] * 3)
    one = verdict(made, "rival")
    assert math.isnan(one.speedups[0].value)
    assert (one.speedups[0].low, one.speedups[0].high) == (1, math.inf)
    assert "speed-up - [1, inf]" in sentence(one)


@pytest.mark.parametrize("failed", [1, 3])
def test_a_failed_run_counts_as_never(failed: int) -> None:
    made = runs(hero=[1, 1, 1], rival=[2, 2, 2])
    for one in made:
        if one.label == "rival" and one.info["seed"] < failed:
            one.info["status"] = "failed"
            one.__dict__["history"] = {"time": np.empty(0)}
    found = verdict(made, "rival")
    assert found.seeds == 3
    assert found.improvement.value == 1
    assert found.times["rival"][0].high == math.inf
    assert found.speedups[0].value == (2 if failed == 1 else math.inf)


def test_with_an_even_number_of_seeds_half_of_never_is_never() -> None:
    one = verdict(runs(hero=[1, 1, 1, 1], rival=[2, 2, math.inf, math.inf]), "rival")
    assert one.times["rival"][0].value == math.inf
    assert one.speedups[0].value == math.inf


def test_without_updates_there_is_no_verdict() -> None:
    made = runs(hero=[1], rival=[2])
    for one in made:
        one.__dict__["history"] = {name: np.empty(0) for name in one.history}
    assert judge(made, "hero", ["rival"], "t") is None
    assert judge(made, "hero", ["rival"], "t", "evaluation") is None
    for one in made:
        one.info["status"] = "failed"
    assert judge(made, "hero", ["rival"], "t") is None


@pytest.mark.parametrize(
    ("speedups", "word"),
    [
        ([(1.1, 2.0), (1.2, 3.0), (0.8, 1.2)], "holds"),
        ([(1.1, 2.0), (1.2, 3.0), (0.8, 0.9)], "unclear"),
        ([(1.1, 2.0), (0.9, 3.0), (0.8, 1.9)], "unclear"),
        ([(0.1, 0.9), (0.2, 0.3), (0.8, 1.2)], "fails"),
        ([(0.1, 0.9), (0.2, 0.3), (1.1, 1.2)], "unclear"),
    ],
)
def test_what_a_claim_becomes(speedups: list[tuple[float, float]], word: str) -> None:
    parts: dict[str, Any] = {
        "title": "t",
        "metric": "m",
        "hero": "hero",
        "thresholds": [1.0, 2.0, 3.0],
        "times": {},
        "rivals": ["a", "a", "b"],
        "speedups": [Interval((low + high) / 2, low, high) for low, high in speedups],
        "improvement": Interval(0.5, 0.4, 0.6),
    }
    assert Verdict(seeds=3, **parts).word == word
    assert Verdict(seeds=2, **parts).word == "too few seeds"
    said = sentence(Verdict(seeds=3, **parts))
    assert said.endswith(f"P(sooner) 0.5 [0.4, 0.6]; 3 seeds: {word}")
    assert "hero against a / b: speed-up" in sentence(Verdict(seeds=3, **parts))


def test_numbers_in_tables() -> None:
    assert interval_text(Interval(1.234, 0.5, math.inf)) == "1.23 [0.5, never]"
    assert interval_text(Interval(2.0, 2.0, 2.0)) == "2"
    assert interval_text(Interval(1234.5, 99.6, 2000.0)) == "1,234 [100, 2,000]"
    assert interval_text(Interval(1.2, 1.04, 99.4)) == "1.2 [1.04, 99.4]"
    one = verdict(runs(hero=[1, 2, 3], rival=[2, 4, 6]), "rival")
    lines = list(markdown([("7", one)]))
    # 1 and 3 are sooner than 4 and 6, 1 than 2 and 2 ties with it: 7.5 of 9 pairs
    assert lines[2].startswith("| 7 | steps | hero | rival | 2 | 2 | 2 | 0.833 [")
    assert lines[2].endswith("] | 3 | holds |")
    assert lines[-1].startswith("| 7 | steps | 25, 50, 75 | rival | 4 [2, 6] |")
