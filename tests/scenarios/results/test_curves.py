"""Curves of made-up histories, against numbers that are worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from scenarios.results.curves import area
from scenarios.runs.store.stored import StoredRun

NAN = float("nan")


def made_up(**columns: list[float]) -> StoredRun:
    run = StoredRun(Path(), {"label": "mine", "seed": 0, "title": "made up", "status": "done"})
    run.__dict__["history"] = {name: np.array(values) for name, values in columns.items()}
    return run


def test_what_is_known_of_theta_is_connected_by_straight_lines() -> None:
    run = made_up(time=[2.0, 3.0, 6.0, 12.0], evaluation=[10.0, NAN, 30.0, 90.0])
    # 10 for 2 s, from 10 to 30 in 4 s, 30 for 4 s: what comes after 10 s is not looked at
    assert area(run, "evaluation", 10.0) == pytest.approx((20 + 80 + 120) / 10)
    assert area(run, "evaluation", 12.0) == pytest.approx((20 + 80 + 360) / 12)
    assert np.isnan(area(run, "evaluation", 1.0))
    assert np.isnan(area(run, "objective", 10.0))


def test_returns_are_averaged_within_bins_of_time() -> None:
    run = made_up(
        time=[25.0, 25.5, 60.0, 101.0],
        return_mean=[1.0, 4.0, 10.0, 99.0],
        return_count=[1.0, 2.0, 1.0, 1.0],
    )
    # bins of 2 s: (1 + 2 * 4) / 3 in that of 24 to 26 and before, 10 in that of 60 to 62 and later
    assert area(run, "return_mean", 100.0) == pytest.approx((30 * 3 + 20 * 10) / 50)


def test_how_often_a_method_steps_does_not_matter() -> None:
    times = np.arange(0.5, 100, 0.5)
    often = made_up(time=[*times], return_mean=[*times], return_count=[1.0] * len(times))
    rarely = made_up(
        time=[*(times[3::4] + 0.5)],  # at 2.5, 4.5, ..., with the returns of the middle of a bin
        return_mean=[*(times[3::4] + 0.5)],
        return_count=[50.0] * len(times[3::4]),
    )
    assert area(often, "return_mean", 100.0) == pytest.approx(50.0, abs=1)
    assert area(rarely, "return_mean", 100.0) == pytest.approx(50.0, abs=1)
