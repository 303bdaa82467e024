"""Predicted against real: numbers worked out by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from scenarios.api.races.calibrate import _compared
from scenarios.format.words.errors import BadInputError
from scenarios.results.races import Prediction, csv, predictions, sheet
from scenarios.runs.store.stored import StoredRun


def run(
    label: str, times: list[float], compute: float, discarded: int, updates: int = 4
) -> StoredRun:
    """Return a run of four updates by two workers, for 10 s each."""
    totals: Any = {
        "elapsed": 10.0,
        "updates": 4,
        "gradients_discarded": discarded,
        "worker_seconds": {"compute": compute, "idle": 20.0 - compute},
    }
    table = pa.table(
        {
            "update": [1, 2, 3, 4],
            "time": times,
            "delay": [0.0, 1.0, 1.0, 3.0],
            "gradients": [1, 1, 1, 3],
            "objective": [-4.0, -3.0, -2.0, -1.0],
        }
    )
    info: Any = {"label": label, "status": "done", "totals": totals}
    return StoredRun(Path("here"), info, table.slice(0, updates))


def test_each_quantity_is_compared_with_the_mean_and_the_range_of_races() -> None:
    simulated = run("m", [1.0, 3.0, 5.0, 10.0], 16.0, 8)
    races = [
        run("m (race)", [2.0, 5.0, 8.0, 10.0], 12.0, 8),
        run("m (race)", [1.0, 3.5, 6.0, 8.5], 8.0, 10),
    ]
    found = {p.quantity: p for p in predictions([simulated], {"m": races})}
    pace = found["seconds per update"]  # 1, 2, 2, 5; 2, 3, 3, 2; 1, 2.5, 2.5, 2.5
    assert (pace.predicted, pace.real, pace.low, pace.high) == (2.0, 2.5, 2.5, 2.5)
    assert pace.error == pytest.approx(0.25)
    assert found["mean seconds"].real == pytest.approx((2.5 + 2.125) / 2)
    used = found["worker time used"]
    assert (used.predicted, used.real, used.low, used.high) == (0.8, 0.5, 0.4, 0.6)
    lost = found["discarded per update"]
    assert (lost.predicted, lost.real, lost.low, lost.high) == (2.0, 2.25, 2.0, 2.5)
    assert found["mean delay"].predicted == pytest.approx(11 / 6)  # weighs 1, 1, 1, 3
    assert found["final"].real == -1.0
    half = found["half way up"]  # -2.5, from -4 to -1: between the second update and the third
    assert half.predicted == pytest.approx(4.0)
    assert (half.real, half.low, half.high) == pytest.approx(((6.5 + 4.75) / 2, 4.75, 6.5))
    (first, *_) = sheet(list(found.values()), "t", 2).rows
    assert first == ("m", "seconds per update", "2", "2.5", "2.5", "2.5", "+25.0%")
    assert csv([pace]).splitlines()[1] == "m,seconds per update,2.0,2.5,2.5,2.5"


def test_a_value_above_a_negative_one_is_an_error_upwards() -> None:
    assert Prediction("m", "final", -4.0, -3.0, -3.0, -3.0).error == 0.25
    assert np.isnan(Prediction("m", "mean delay", 0.0, 1.0, 1.0, 1.0).error)


def test_runs_without_an_update_are_told_and_compared_with_nothing() -> None:
    good = run("good", [1.0, 3.0, 5.0, 10.0], 16.0, 8)
    none = run("none", [1.0, 3.0, 5.0, 10.0], 16.0, 8, updates=0)
    none.totals["updates"] = 0
    checked = _compared([good, none, good, good], 2, "t")
    assert {one.method for one in checked.rows} == {"good"}
    assert checked.failed == ["here: made no update"]
    with pytest.raises(BadInputError, match="here: made no update; accepted: runs that end well, "):
        _compared([good, none], 1, "t")


def test_a_race_that_gains_less_is_never_half_way_up() -> None:
    low = run("m (race)", [1.0, 2.0, 3.0, 10.0], 8.0, 0, updates=2)
    (half,) = (
        one
        for one in predictions([run("m", [1.0, 3.0, 5.0, 10.0], 16.0, 8)], {"m": [low]})
        if one.quantity == "half way up"
    )
    assert sheet([half], "t", 1).rows == [("m", "half way up", "4", "never", "never", "never", "")]
