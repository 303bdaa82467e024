"""Update rules against numbers worked out by hand."""

import numpy as np
import pytest

from algorithms import NIGT, PG, Iterate
from simulator import DivergedError


def test_nigt_by_hand() -> None:
    rule = NIGT(step_size=0.5, momentum=0.25)
    now = Iterate.start(np.array([1.0, 1.0]))
    np.testing.assert_array_equal(now.lookahead, [1.0, 1.0])

    now = rule.step(now, np.array([3.0, 4.0]))  # d_0 = g_0, |d_0| = 5
    np.testing.assert_allclose(now.point, [1.3, 1.4])
    np.testing.assert_allclose(now.lookahead, [1.3 + 3 * 0.3, 1.4 + 3 * 0.4])  # (1 - eta)/eta = 3

    now = rule.step(now, np.array([-9.0, 4.0]))  # d_1 = 3/4 (3, 4) + 1/4 (-9, 4) = (0, 4)
    assert now.direction is not None
    np.testing.assert_allclose(now.direction, [0.0, 4.0])
    np.testing.assert_allclose(now.point, [1.3, 1.9])
    np.testing.assert_allclose(now.lookahead, [1.3, 1.9 + 3 * 0.5])


def test_nigt_with_full_momentum_is_normalised_gradient_ascent() -> None:
    rule = NIGT(step_size=2.0, momentum=1.0)
    now = rule.step(rule.step(Iterate.start(np.zeros(2)), np.array([1.0, 0.0])), np.array([0, 9.0]))
    np.testing.assert_allclose(now.point, [2.0, 2.0])
    np.testing.assert_array_equal(now.lookahead, now.point)


def test_a_zero_gradient_moves_nothing() -> None:
    now = NIGT(step_size=1.0, momentum=0.5).step(Iterate.start(np.ones(2)), np.zeros(2))
    np.testing.assert_array_equal(now.point, [1.0, 1.0])


def test_pg_by_hand() -> None:
    now = PG(step_size=0.5).step(Iterate.start(np.array([1.0, 2.0])), np.array([2.0, -2.0]))
    np.testing.assert_array_equal(now.point, [2.0, 1.0])
    np.testing.assert_array_equal(now.lookahead, now.point)


def test_a_direction_that_cannot_be_measured_is_divergence() -> None:
    with pytest.raises(DivergedError, match="not finite"), np.errstate(over="ignore"):
        NIGT(step_size=1.0, momentum=0.5).step(Iterate.start(np.ones(2)), np.full(2, 1e200))


def test_steps_leave_their_input_alone() -> None:
    start, gradient = Iterate.start(np.ones(2)), np.array([1.0, 2.0])
    NIGT(step_size=1.0, momentum=0.5).step(start, gradient)
    np.testing.assert_array_equal(start.point, [1.0, 1.0])
    np.testing.assert_array_equal(gradient, [1.0, 2.0])
