"""Where a boundary is met exactly, but for rounding."""

import math

import numpy as np
import pytest
from clusters import RULE, run
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms import AFedPG, MindFlayer
from simulator import ComputeModel, Hardware, Network
from simulator.hardware.speed import Profile, Speeds


@given(st.integers(1, 5000).map(lambda k: k / 70), st.integers(1, 10**6), st.integers(-3, 1))
@settings(max_examples=500, deadline=None)
def test_a_period_begins_where_it_ends(period: float, turn: int, ulps: int) -> None:
    """A worker starts some ulps beside it; other profiles have speeds of their own."""
    mine = Profile(np.array([0.0, period / 2]), np.array([1.0, 2.0]), period)
    other = Profile(np.array([0.0, 50.0]), np.array([100.0, 1e-3]))
    speeds = Speeds([other, mine, other], np.array([0, 1, 2]))
    start = np.array([turn * period])
    for _ in range(abs(ulps)):
        start = np.nextafter(start, math.copysign(math.inf, ulps))
    (took,) = speeds.ends(np.array([1]), start, np.array([period / 4])) - start
    assert took == pytest.approx(period / 4, abs=1e-9 * turn * period)


@pytest.mark.parametrize("unit", [0.1, 0.3, 1 / 7])
def test_work_ends_where_a_standstill_begins(unit: float) -> None:
    """80 tasks in the first third of each day; the last of them does not end a day later."""
    day = 240 * unit
    profile = Profile(np.array([0.0, 80 * unit]), np.array([1.0, 0.0]), day)
    compute = ComputeModel(np.array([unit]), speeds=Speeds([profile], np.array([0])))
    rows = run(AFedPG(RULE), Hardware(compute, Network(np.zeros(1))), updates=30 * 80).history.rows
    ends = np.array([row.time for row in rows]).reshape(30, 80)
    expected = np.arange(30)[:, None] * day + np.arange(1, 81) * unit
    np.testing.assert_allclose(ends, expected, rtol=1e-9)


def test_a_gradient_that_takes_what_it_may_is_not_given_up() -> None:
    """One gradient of work at a constant speed of 1 / h_i, as in a trace, takes h_i."""
    h = np.array([0.3, 0.7, 1.1, 1.3])
    constant = [Profile(np.zeros(1), np.array([1 / seconds])) for seconds in h]
    compute = ComputeModel(np.ones(4), speeds=Speeds(constant, np.arange(4)))
    result = run(MindFlayer(RULE, 8), Hardware(compute, Network(np.zeros(4))), updates=50)
    assert result.gradients_discarded.sum() == 0
    assert result.gradients_used.sum() == 400
    ends = [row.time for row in result.history.rows]
    np.testing.assert_allclose(ends, 1.4 * np.arange(1, 51))  # 0.3 k to 1.2, 0.7 k, 1.1, 1.3
