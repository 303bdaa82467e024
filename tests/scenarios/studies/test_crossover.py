"""Where two methods' times cross, against crossings that are known in closed form."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.pictures.crossover import draw
from scenarios.pictures.style import save
from scenarios.runs.store.record import RunInfo
from scenarios.runs.store.stored import StoredRun
from scenarios.studies.crossover import crossover, overtaken

SCALES = np.array([0.1, 1.0, 10.0, 100.0])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (np.ones(4), np.full(4, 2.0), 0.0),  # always faster
        (np.full(4, 2.0), np.ones(4), math.inf),  # never
        (np.full(4, 5.0), 2.0 * SCALES, 2.5),  # powers of s: exact
        (np.full(4, 5.0), np.array([9.0, 1.0, 9.0, 9.0]), 5 ** (1 / math.log10(9))),  # the last
        (np.array([math.inf, math.inf, 1.0, 1.0]), np.full(4, 2.0), 10.0),
        (np.full(4, 1.0), np.array([0.5, math.inf, 2.0, 2.0]), 1.0),
        # where neither gets there nothing is known
        (np.array([2.0, math.inf, 1.0, math.inf]), np.array([1.0, math.inf, 2.0, math.inf]), 1.0),
        (np.full(4, math.inf), np.full(4, math.inf), math.inf),
    ],
)
def test_the_crossing(first: np.ndarray, second: np.ndarray, expected: float) -> None:
    assert overtaken(SCALES, first, second) == pytest.approx(expected)


def run(label: str, scale: float, seed: int, seconds: float, updates: int) -> StoredRun:
    """Return a run that jumps to 100 at its last of ``updates``, after ``seconds``."""
    batch = {"batch": 4, "batch_init": None} if label == "rennala-nigt" else {}
    content: dict[str, Any] = {
        "seeds": [seed],
        "updates": updates,
        "cluster": {
            "workers": 2,
            "compute": {"model": "power", "scale": 1.0},
            "uplink": {"model": "power", "scale": scale},
        },
        "problem": {"kind": "tabular", "world": {"model": "random", "states": 2, "actions": 2}},
        "methods": [{"name": label, "momentum": 0.1, "step_size": 0.1, **batch}],
    }
    info = RunInfo(label=label, seed=seed, content=content, dimension=4, status="done")
    info["totals"] = {"elapsed": seconds}  # type: ignore[typeddict-item]
    made = StoredRun(Path(), info)
    times = np.linspace(0.0, seconds, updates)
    times[-2] = seconds * (1 - 1e-12)  # between two updates the curve is a straight line
    made.__dict__["history"] = {
        "time": times,
        "objective": np.array([0.0] * (updates - 1) + [100.0]),
    }
    return made


def test_predicted_and_measured_from_runs_that_obey_the_clocks(tmp_path: Path) -> None:
    """Two equal workers, h = 1, kappa = s; Rennala with M = 4: 2 + s; AFedPG: (1 + s) / 2.

    With 10 and 30 updates: 20 + 10 s against 15 + 15 s, which are the same at s = 1.
    """
    runs = [
        run(label, float(scale), seed, seconds, updates)
        for scale in SCALES
        for seed in range(3)
        for label, seconds, updates in (
            ("rennala-nigt", 10 * (2 + scale), 10),
            ("afedpg", 30 * (1 + scale) / 2, 30),
        )
    ]
    found = crossover(runs)
    assert found is not None
    assert found.threshold == 50
    np.testing.assert_allclose(found.predicted["rennala-nigt"], 20 + 10 * SCALES)
    np.testing.assert_allclose(found.predicted["afedpg"], 15 + 15 * SCALES)
    for label, times in found.times.items():
        np.testing.assert_allclose(times, np.repeat(found.predicted[label][:, None], 3, axis=1))
    # the same at s = 1, which does not count as faster
    assert found.expected == pytest.approx(1.0)
    assert found.measured.value == found.measured.low == found.measured.high == found.expected
    assert found.sentence() == (
        "the s from which on rennala-nigt is sooner than afedpg on the way to 50: 1 "
        "(90% interval: 1 to 1); predicted from s = 0.1: 1; predicted times are off the medians by "
        "at most 0.0% (rennala-nigt) and 0.0% (afedpg)"
    )
    wrong = found.predicted["afedpg"] * np.array([1.0, 0.75, 1.125, np.inf])
    off = replace(found, predicted=found.predicted | {"afedpg": wrong}).off()
    assert off["afedpg"] == pytest.approx(0.25)
    save(draw(found, "title"), tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 10_000


def test_a_rival_that_failed_everywhere_is_overtaken_everywhere() -> None:
    runs = [
        run(label, float(scale), seed, 10.0, 5)
        for scale in SCALES
        for seed in range(3)
        for label in ("rennala-nigt", "afedpg")
    ]
    for one in runs:
        if one.label == "afedpg":
            one.info["status"] = "failed"
    found = crossover(runs)
    assert found is not None
    assert found.measured.value == 0
    assert "to 50: below 0.1 (90% interval: below 0.1 to below 0.1)" in found.sentence()
    for one in runs:
        one.info["status"] = "failed"
    assert crossover(runs) is None
