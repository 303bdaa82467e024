"""The judge has no thumb on the scale, and errs as rarely as it says: small, seeded simulations."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from scenarios.api.claims.verdict import Check
from scenarios.results.judging import check
from scenarios.results.judging.intervals import WRONG
from scenarios.results.published import published

RESULTS = Path(__file__).parents[3] / "results"

REPEATS = 200
MOST = stats.binom.ppf(0.999, REPEATS, WRONG) / REPEATS
"""What chance hardly exceeds if a word is wrong in 5% of panels."""


@pytest.mark.parametrize("column", ["evaluation", "return_mean"])
@pytest.mark.parametrize("name", ["figure8a", "figure1c"])
def test_one_curve_in_time_gives_no_method_an_advantage(name: str, column: str) -> None:
    """The null test, where methods make from 16 to 1,740 updates in the same time."""
    runs = published(RESULTS / f"{name}.parquet")
    repeats = REPEATS if column == "evaluation" else REPEATS // 10
    found = check.null_test(runs, column, repeats, np.random.default_rng(0))
    assert max(found.words) <= (MOST if repeats == REPEATS else 0.2)
    assert found.apart == pytest.approx([0, 0], abs=0.002)
    assert found.speedups == pytest.approx([1, 1], abs=0.005)


@pytest.mark.parametrize("rivals", [1, 2, 3])
@pytest.mark.parametrize("seeds", [5, 10])
def test_equal_methods_are_told_apart_in_five_percent_however_many_rivals(
    rivals: int, seeds: int
) -> None:
    said = check.said(check.areas(np.random.default_rng(4), rivals, seeds))
    assert max(said) < WRONG + 3 * (WRONG / check.REPEATS) ** 0.5


def test_the_check_is_told_and_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "JUDGED", 2)
    monkeypatch.setattr(check, "REPEATS", 200)
    found = Check(dict(check.tables(RESULTS)))
    tables = json.loads(found.json())
    assert [len(rows) for rows in tables.values()] == [4, 18, 8, 8]
    assert {row["seeds"] for row in tables["equal methods: 200 panels"]} == {3, 5, 10}
    assert str(found).count("paired t (it decides)") == 2
