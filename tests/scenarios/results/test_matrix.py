"""Methods side by side: times relative to the best, on runs that jump at a known second."""

import math
from pathlib import Path

import numpy as np

from scenarios.pictures.matrix import draw
from scenarios.results.judging.matrix import column, matrix_sheet, methods_of
from scenarios.runs.store.stored import StoredRun


def run(label: str, seed: int, at: float) -> StoredRun:
    """Return a run of 100 seconds that jumps from 0 to 1 at second ``at``; never if infinite."""
    made = StoredRun(Path(), {"label": label, "seed": seed, "title": "steps", "status": "done"})
    made.info["totals"] = {"elapsed": 100.0}  # type: ignore[typeddict-item]
    jump = min(at, 100.0)
    made.__dict__["history"] = {
        "time": np.array([jump * (1 - 1e-12), jump]),
        "objective": np.array([0.0, float(math.isfinite(at))]),
    }
    return made


def runs(**times: float) -> list[StoredRun]:
    """Return five seeds of each method, later by 0.1 s each."""
    return [run(name, seed, at + seed / 10) for name, at in times.items() for seed in range(5)]


NEVER = math.inf
FIRST = column(runs(slow=40.0, fast=20.0, other=21.0, idle=NEVER), "first")
SECOND = column([*runs(fast=60.0), *runs(slow=30.0)], "second")


def test_cells_are_times_over_those_of_the_best() -> None:
    # medians 40.2, 20.2, 21.2; pairs of seeds differ by 20 and by 1
    interval = FIRST.factor("slow")
    assert interval is not None
    assert round(interval.value, 6) == round(40.2 / 20.2, 6)
    assert not FIRST.text("slow").startswith("~")
    rows = {row[0]: row[1:] for row in matrix_sheet([FIRST, SECOND], "m").rows}
    assert rows["fast"][0] == "1"
    assert rows["slow"][1] == "1"
    assert rows["slow"][0].startswith("1.99 [")
    assert rows["fast"][1].startswith("1.99 [")  # 60.2 / 30.2
    assert rows["idle"] == ("never", "-")


def test_methods_come_in_the_order_of_their_geometric_means() -> None:
    # other 1.05; slow sqrt(1.99 * 1); fast sqrt(1 * 1.993); idle never gets there
    assert methods_of([FIRST, SECOND]) == ["other", "slow", "fast", "idle"]
    # who is best once and never gets there otherwise comes after who is slow twice
    here, there = runs(patchy=10.0, steady=80.0), runs(patchy=NEVER, steady=80.0, best=10.0)
    panels = [column(here, "here"), column(there, "there")]
    assert methods_of(panels) == ["best", "steady", "patchy"]


def test_the_best_is_not_surely_ahead_of_its_equal() -> None:
    panel = column(
        [*runs(one=20.0), *(run("two", k, 20.0 + x) for k, x in enumerate((0.1, 3, 0.2, -2, 2)))],
        "equals",
    )
    assert [row[1][0] for row in matrix_sheet([panel], "m").rows] == ["1", "~"]


def test_a_panel_in_which_nobody_rises_has_no_numbers() -> None:
    flat = column(runs(one=NEVER, two=NEVER), "flat")
    assert flat.factor("one") is None
    assert matrix_sheet([flat], "m").rows == []


def test_a_panel_in_which_the_median_is_never_half_way_up_says_who_is_first_by_area() -> None:
    two_of_five = [run("one", seed, 20.0 if seed < 2 else NEVER) for seed in range(5)]
    panel = column([*two_of_five, *runs(two=NEVER)], "rarely")
    assert matrix_sheet([panel], "m").rows == [("one", "first by area"), ("two", "~ never")]


def test_a_picture_has_a_text_for_each_cell() -> None:
    (ax,) = draw([FIRST, SECOND], "times").axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["other", "slow", "fast", "idle"]
    assert [text.get_text()[:4] for text in ax.texts] == [
        *("1.05", "-"),
        *("1.99", "1"),
        *("1", "1.99"),
        *("neve", "-"),
    ]
