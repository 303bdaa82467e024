"""Verdicts, against medians, probabilities and intervals that are worked out another way."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from scenarios.results.judging.aggregate import aggregates, at_once, holm, stratified
from scenarios.results.judging.intervals import Interval, p_above, paired
from scenarios.results.judging.judge import Verdict, judge
from scenarios.results.judging.matrix import column
from scenarios.results.judging.verdicts import in_short, interval_text, markdown, origin, sentences
from scenarios.runs.store.stored import StoredRun

END = 100.0


def run(label: str, seed: int, at: float) -> StoredRun:
    """Return a run that jumps from 0 to 100 at second ``at`` of 100 (never if infinite)."""
    made = StoredRun(Path(), {"label": label, "seed": seed, "title": "steps", "status": "done"})
    made.info["totals"] = {"elapsed": END}  # type: ignore[typeddict-item]
    jump = min(at, END)
    made.__dict__["history"] = {
        "time": np.array([jump * (1 - 1e-12), jump]),
        "objective": np.array([0.0, 100.0 if math.isfinite(at) else 0.0]),
    }
    return made


def runs(**times: list[float]) -> list[StoredRun]:
    return [run(label, seed, at) for label, row in times.items() for seed, at in enumerate(row)]


def verdict(made: list[StoredRun], *rivals: str) -> Verdict:
    found = judge(made, "hero", rivals, "steps")
    assert found is not None
    return found


def test_each_rival_is_judged_on_its_own_by_the_area() -> None:
    hero, far, near = [10.0, 20, 30, 15, 5], [60.0, 50, 80, 45, 55], [12.0, 17, 33, 16, 6]
    one = verdict(runs(hero=hero, far=far, near=near), "far", "near", "absent")
    assert one.thresholds == [25, 50, 75]
    assert [duel.rival for duel in one.duels] == ["far", "near"]
    # the mean of a curve that jumps to 1 at second t of 100 is 1 - t / 100
    np.testing.assert_allclose(one.areas["hero"], [0.9, 0.8, 0.7, 0.85, 0.95])
    for duel, times in zip(one.duels, (far, near), strict=True):
        theirs, mine = np.array(times) / 100, np.array(hero) / 100
        assert duel.area.value == pytest.approx((theirs - mine).mean())
        assert duel.ahead == pytest.approx(stats.ttest_rel(theirs, mine, alternative="greater")[1])
        assert duel.behind == pytest.approx(1 - duel.ahead)
    assert [one.word_against(duel) for duel in one.duels] == ["holds", "unclear"]
    assert one.word == "unclear"
    assert [duel.speedups[0].value for duel in one.duels] == [
        pytest.approx(55 / 15),
        pytest.approx(16 / 15),
    ]
    assert list(sentences(one))[-1] == "hero, the claim: unclear"
    # far is 0.42 apart, near (12 + 17 + 33 + 16 + 6 - 80) / 500: the closest one is said
    assert in_short(one) == "unclear +0.01"


def test_who_ends_early_is_not_behind_who_goes_on() -> None:
    """The hero gains 1/100 a second and ends at 100 s; the rival half of it, until 1000 s."""
    made = runs(hero=[1.0] * 5, rival=[1.0] * 5)
    for one in made:
        slow = one.label == "rival"
        one.info["totals"] = {"elapsed": 1000.0 if slow else 100.0}  # type: ignore[typeddict-item]
        times = np.array([1e-9, 50, 100, 500, 1000]) if slow else np.array([1e-9, 50, 100])
        one.__dict__["history"] = {"time": times, "objective": times / (200 if slow else 100)}
    found = verdict(made, "rival")
    assert found.thresholds == [0.25, 0.5, 0.75]  # of what the hero has at 100 s
    assert [t.value for t in found.times["hero"]] == pytest.approx([25, 50, 75])
    assert [t.value for t in found.times["rival"]] == pytest.approx([50, 100, math.inf])
    assert [s.value for s in found.duels[0].speedups] == pytest.approx([2, 2, math.inf])
    assert found.duels[0].sooner.value == 1
    assert found.duels[0].area.value == pytest.approx(0.25)
    for order in (made, made[::-1]):
        best = column(order, "panel").verdict
        assert best is not None
        assert (best.hero, best.word) == ("hero", "holds")


def test_without_a_seed_that_all_have_nothing_is_said() -> None:
    assert judge([run("hero", 0, 10.0), run("other", 1, 60.0)], "hero", ["other"], "steps") is None


def test_the_interval_of_the_area_says_what_the_word_says() -> None:
    """At 5% it lies above 0; below it at 5% over the number of rivals."""
    apart = np.array([0.3, 0.1, 0.2, 0.05, 0.4])
    above, below = paired(apart, 2), paired(-apart, 2)
    low, _ = stats.t.interval(0.90, 4, apart.mean(), stats.sem(apart))
    assert above.low == pytest.approx(low)
    assert -below.high == pytest.approx(
        stats.t.interval(0.95, 4, apart.mean(), stats.sem(apart))[0]
    )
    assert p_above(np.zeros(5)) == 0.5
    assert p_above(np.ones(5)) == 0
    assert p_above(np.ones(1)) == 1


@pytest.mark.parametrize(
    ("words", "claim"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "unclear"], "unclear"),
        (["holds", "fails"], "fails"),
        (["fails", "unclear"], "fails"),
        (["unclear"], "unclear"),
    ],
)
def test_a_claim_holds_against_each_rival_and_fails_against_one(
    words: list[str], claim: str
) -> None:
    one = verdict(runs(hero=[1.0] * 5, rival=[2.0] * 5), "rival")
    p = {"holds": (0.05, 0.95), "fails": (0.98, 0.02), "unclear": (0.06, 0.94)}
    duels = [replace(one.duels[0], ahead=p[word][0], behind=p[word][1]) for word in words]
    assert replace(one, duels=duels).word == claim
    assert replace(one, duels=duels, seeds=4).word == "too few seeds"
    # 0.03 is enough against one rival, and not against two
    behind = [replace(one.duels[0], ahead=0.97, behind=0.03)]
    assert replace(one, duels=behind).word == "fails"
    assert replace(one, duels=behind * 2).word == "unclear"


def test_the_interval_of_a_speed_up_is_that_of_all_resamples_of_the_seeds_together() -> None:
    hero, far = np.array([1.0, 2.0, 3.0]), np.array([5.0, 4.0, 9.0])
    draws = [list(draw) for draw in itertools.product(range(3), repeat=3)]
    every = np.sort([np.median(far[draw]) / np.median(hero[draw]) for draw in draws])
    (speedup, *_) = verdict(runs(hero=list(hero), rival=list(far)), "rival").duels[0].speedups
    assert speedup.low == pytest.approx(every[round(0.05 * 26)])
    assert speedup.high == pytest.approx(every[round(0.95 * 26)])


def test_the_probability_of_being_sooner_counts_pairs_and_half_of_ties() -> None:
    one = verdict(runs(hero=[1, 2, 3], rival=[3, 3, 9]), "rival")
    assert one.duels[0].sooner.value == pytest.approx((3 + 3 + 1 + 0.5 + 0.5) / 9)


def test_who_never_gets_there_is_later_than_all() -> None:
    one = verdict(runs(hero=[math.inf, math.inf, 1], rival=[2, 2, 2]), "rival")
    assert math.isinf(one.times["hero"][0].value)
    assert one.duels[0].speedups[0].value == 0
    assert one.duels[0].sooner.value == pytest.approx(1 / 3)
    assert one.held["hero"] == [pytest.approx(1 / 3)] * 3
    other = verdict(runs(hero=[1, 2, 3], rival=[math.inf] * 3), "rival")
    assert other.duels[0].speedups[0].value == math.inf
    assert "speed-up inf, inf, inf; P(sooner) 1; 3 seeds: too few" in next(sentences(other))


def test_where_neither_gets_there_nothing_is_known() -> None:
    one = verdict(runs(hero=[math.inf] * 2 + [1], rival=[math.inf] * 3), "rival")
    (speedup, *_) = one.duels[0].speedups
    assert math.isnan(speedup.value)
    assert (speedup.low, speedup.high) == (1, math.inf)
    assert "speed-up - [1, inf]" in next(sentences(one))


@pytest.mark.parametrize("failed", [1, 5])
def test_a_failed_run_is_at_the_lowest_value_and_never_gets_there(failed: int) -> None:
    made = runs(hero=[1] * 5, rival=[2] * 5)
    for one in made:
        if one.label == "rival" and one.info["seed"] < failed:
            one.info["status"] = "failed"
            one.__dict__["history"] = {"time": np.empty(0)}
    found = verdict(made, "rival")
    assert found.seeds == 5
    np.testing.assert_allclose(found.areas["rival"], [0] * failed + [0.98] * (5 - failed))
    assert found.times["rival"][0].high == math.inf
    assert found.duels[0].sooner.value == 1
    # one failure of five leaves the mean uncertain
    assert found.word == ("unclear" if failed == 1 else "holds")


@pytest.mark.parametrize("seed", [0, 4])
def test_a_run_without_an_update_is_at_the_lowest_value_wherever_it_stands(seed: int) -> None:
    made = runs(hero=[1] * 5, rival=[2] * 5)
    for one in made:
        if one.label == "rival" and one.info["seed"] == seed:
            one.__dict__["history"] = {"time": np.empty(0), "objective": np.empty(0)}
    for order in (made, made[::-1]):
        found = verdict(order, "rival")
        expected = [0.98] * 5
        expected[seed] = 0.0
        np.testing.assert_allclose(found.areas["rival"], expected)
        np.testing.assert_allclose(found.finals["rival"], np.ceil(expected))
        assert found.word == "unclear"
        assert found.duels[0].ahead == pytest.approx(
            stats.ttest_rel([0.99] * 5, expected, alternative="greater")[1]
        )


def test_seeds_that_one_method_lacks_are_left_out() -> None:
    made = runs(hero=[1] * 6, rival=[2] * 5)
    assert verdict(made, "rival").seeds == 5


def test_without_updates_or_rivals_there_is_no_verdict() -> None:
    made = runs(hero=[1], rival=[2])
    assert judge(made, "hero", ["absent"], "t") is None
    for one in made:
        names = ("time", "objective", "return_mean", "return_count")
        one.__dict__["history"] = {name: np.empty(0) for name in names}
    assert judge(made, "hero", ["rival"], "t") is None
    assert judge(made, "hero", ["rival"], "t", [1.0, 2.0, 3.0]) is None
    for one in made:
        one.info["status"] = "failed"
    assert judge(made, "hero", ["rival"], "t") is None


def test_thresholds_that_were_fixed_beforehand_are_taken_and_said() -> None:
    made = runs(hero=[1] * 5, rival=[2] * 5)
    fixed = judge(made, "hero", ["rival"], "t", [10.0, 20.0, 30.0])
    assert fixed is not None
    assert fixed.fixed
    # the rise is from 0 to 40: 100 is 2.5 of it, for 99 of 100 s
    np.testing.assert_allclose(fixed.areas["hero"], 2.5 * 0.99)
    assert "| objective 10, 20, 30 |" in "\n".join(markdown([("7", fixed)]))
    assert "25, 50, 75, from these runs" in "\n".join(markdown([("7", verdict(made, "rival"))]))


def test_the_interquartile_mean_over_panels_and_its_interval() -> None:
    # of 1 ... 8 the quarters below and above go: (3 + 4 + 5 + 6) / 4
    found = stratified([np.array([1.0, 8, 3, 6]), np.array([7.0, 2, 5, 4])])
    assert found.value == 4.5
    assert stats.trim_mean(np.arange(1.0, 9), 0.25) == 4.5
    assert 2 < found.low < 4.5 < found.high < 7
    # strata: each panel keeps its own seeds, so panels without spread give no interval
    constant = stratified([np.zeros(4), np.ones(4)])
    assert constant == Interval(0.5, 0.5, 0.5)


def test_an_interval_of_panels_leaves_out_two_and_a_half_percent_at_each_end() -> None:
    # of eight scores the middle four count: there is a one among them only if all three seeds that
    # are drawn are the third, in 1 of 27 resamples, which is more than 2.5% and less than 5%
    found = stratified([np.array([0.0, 0.0, 1.0]), np.zeros(5)])
    assert found == Interval(0.0, 0.0, 0.25)


def test_the_aggregate_of_most_panels_comes_first() -> None:
    two = [verdict(runs(hero=[1, 2, at], rival=[2, 3, 4]), "rival") for at in (3, 9)]
    three = [verdict(runs(hero=[1, 2, at], other=[2, 3, 4]), "other") for at in (3, 6, 9)]
    assert [one.panels for one in aggregates([*two, *three])] == [3, 2]


def test_where_runs_come_from_is_said_in_millions_and_hours() -> None:
    made = runs(hero=[1.0], rival=[2.0, 3.0])
    for one in made:
        one.info["real_seconds"] = 5400.0
        one.info["versions"], one.info["platform"] = {"numpy": "2"}, {"system": "Linux"}
        one.totals["environment_steps"] = 2_000_000
    made[2].info["status"] = "failed"
    assert list(origin(made)) == [
        "3 runs (1 failed), 4 million environment steps, 3.0 process hours.",
        "Versions: numpy 2.",
        "Platform: system Linux.",
    ]


def test_a_panel_of_two_figures_counts_once_in_the_aggregate() -> None:
    one = verdict(runs(hero=[1, 2, 3], rival=[2, 3, 4]), "rival")
    other = verdict(runs(hero=[1, 2, 9], rival=[2, 3, 4]), "rival")
    assert aggregates([one, one]) == []
    (both,) = aggregates([one, other, one])
    assert both.panels == 2
    # 0.99, 0.98, 0.97 and 0.99, 0.98, 0.91 without the lowest and the highest
    assert both.means["hero"].value == pytest.approx((0.97 + 0.98 + 0.98 + 0.99) / 4)


def test_many_claims_at_once() -> None:
    assert holm([0.01, 0.04, 0.03, 0.2]) == [True, False, False, False]  # 0.03 * 3 > 0.05
    assert holm([0.01, 0.012, 0.02, 0.04]) == [True] * 4
    assert holm([math.nan, 0.01, math.nan]) == [False, True, False]  # nothing is known of NaN
    surely = verdict(runs(hero=[1, 2, 3, 4, 5], rival=[52, 51, 54, 53, 55]), "rival")
    barely = verdict(runs(hero=[1, 2, 3, 4, 5], rival=[60, 9, 40, 9, 20]), "rival")
    again = verdict(runs(hero=[1, 2, 3, 4, 6], rival=[60, 9, 40, 9, 20]), "rival")
    assert (surely.word, barely.word, again.word) == ("holds", "holds", "holds")
    # the claim of another figure about the same runs is no other one
    said = at_once([surely, barely, again, barely, replace(barely, seeds=3)])
    assert said.startswith("3 claims at once: were all methods equal, about 0.15 would hold")
    assert "3 hold and 0 fail; " in said
    # two families, each with its 5%: both words together are wrong more often
    assert said.endswith("(with 95% no wrong hold, with 95% no wrong fail) 1 hold and 0 fail")


def test_numbers_in_tables() -> None:
    assert interval_text(Interval(1.234, 0.5, math.inf)) == "1.23 [0.5, never]"
    assert interval_text(Interval(2.0, 2.0, 2.0)) == "2"
    assert interval_text(Interval(1234.5, 99.6, 2000.0)) == "1,234 [100, 2,000]"
    assert interval_text(Interval(1.2, 1.04, 99.4)) == "1.2 [1.04, 99.4]"
    one = verdict(runs(hero=[1, 2, 3], rival=[2, 4, 6]), "rival")
    lines = list(markdown([("7", one)]))
    # 0.02 on average, 0.01 to 0.03: t of 2 degrees is 2.92, sqrt(3) 1.73
    assert lines[2].startswith("| 7 | steps | hero | rival | +0.02 [+0.00, +0.04] | +0.00 [")
    assert "| 2 | 2 | 2 | 0.833 [" in lines[2]
    assert lines[2].endswith("] | 3 | too few seeds | too few seeds |")
    assert lines[-1].startswith(
        "| 7 | steps | objective 25, 50, 75, from these runs | rival | 0.96 |"
    )
    assert lines[-1].endswith("| 4 [2, 6] | 4 [2, 6] | 4 [2, 6] | 100%, 100%, 100% |")
