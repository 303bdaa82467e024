"""Update rules against numbers worked out by hand, and against torch's."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from algorithms import NIGT, PG, Adam, HeavyBall, Iterate, Rule, Schedule
from simulator import DivergedError, Moment, Vector, When


def when(update: int, time: float = 0.0, sent: tuple[int, float] | None = None) -> When:
    """Return an update with no delay, or with that since a moment."""
    return When(Moment(update, time), Moment(*(sent or (update, time))))


FIRST = when(0)


def test_nigt_by_hand() -> None:
    rule = NIGT(step_size=0.5, momentum=0.25)
    now = Iterate.start(np.array([1.0, 1.0]))
    np.testing.assert_array_equal(now.lookahead, [1.0, 1.0])

    now = rule.step(now, np.array([3.0, 4.0]), when(0))  # d_0 = g_0, |d_0| = 5
    np.testing.assert_allclose(now.point, [1.3, 1.4])
    np.testing.assert_allclose(now.lookahead, [1.3 + 3 * 0.3, 1.4 + 3 * 0.4])  # (1 - eta)/eta = 3

    now = rule.step(now, np.array([-9.0, 4.0]), when(1))  # d_1 = 3/4 (3, 4) + 1/4 (-9, 4) = (0, 4)
    assert now.direction is not None
    np.testing.assert_allclose(now.direction, [0.0, 4.0])
    np.testing.assert_allclose(now.point, [1.3, 1.9])
    np.testing.assert_allclose(now.lookahead, [1.3, 1.9 + 3 * 0.5])


@pytest.mark.parametrize(
    "rule", [NIGT(step_size=0.5, momentum=0.25), HeavyBall(0.5), Adam(0.5), PG(0.5)]
)
def test_a_method_may_use_the_array_of_its_gradient_again(rule: Rule) -> None:
    gradient = np.array([3.0, 4.0])
    now = rule.step(rule.start(np.ones(2)), gradient, FIRST)
    before = {name: None if part is None else part.copy() for name, part in vars(now).items()}
    gradient[:] = 0.0
    for name, part in vars(now).items():
        np.testing.assert_array_equal(part, before[name])


def test_nigt_with_full_momentum_is_normalised_gradient_ascent() -> None:
    rule = NIGT(step_size=2.0, momentum=1.0)
    now = rule.step(Iterate.start(np.zeros(2)), np.array([1.0, 0.0]), when(0))
    now = rule.step(now, np.array([0, 9.0]), when(1))
    np.testing.assert_allclose(now.point, [2.0, 2.0])
    np.testing.assert_array_equal(now.lookahead, now.point)


def test_a_zero_gradient_moves_nothing() -> None:
    now = NIGT(step_size=1.0, momentum=0.5).step(Iterate.start(np.ones(2)), np.zeros(2), FIRST)
    np.testing.assert_array_equal(now.point, [1.0, 1.0])


def test_pg_by_hand() -> None:
    now = PG(step_size=0.5).step(Iterate.start(np.array([1.0, 2.0])), np.array([2.0, -2.0]), FIRST)
    np.testing.assert_array_equal(now.point, [2.0, 1.0])
    np.testing.assert_array_equal(now.lookahead, now.point)


def test_a_direction_that_cannot_be_measured_is_divergence() -> None:
    with pytest.raises(DivergedError, match="not finite"), np.errstate(over="ignore"):
        NIGT(step_size=1.0, momentum=0.5).step(Iterate.start(np.ones(2)), np.full(2, 1e200), FIRST)


def test_steps_leave_their_input_alone() -> None:
    start, gradient = Iterate.start(np.ones(2)), np.array([1.0, 2.0])
    NIGT(step_size=1.0, momentum=0.5).step(start, gradient, FIRST)
    np.testing.assert_array_equal(start.point, [1.0, 1.0])
    np.testing.assert_array_equal(gradient, [1.0, 2.0])


def path(rule: Rule, gradients: Vector) -> Vector:
    now, points = rule.start(np.ones(3)), []
    for t, gradient in enumerate(gradients):
        np.testing.assert_array_equal(now.lookahead, now.point)
        now = rule.step(now, gradient, when(t))
        points.append(now.point)
    return np.array(points)


FLAGS: Any = {"weight_decay": 0, "maximize": True, "foreach": False}


def adam_of_torch(gradients: Vector, **values: Any) -> Vector:
    """Return the path of torch.optim.Adam; its class would import a compiler, for seconds."""
    theta, mean, square = torch.ones(3).double(), torch.zeros(3).double(), torch.zeros(3).double()
    updates, points = torch.tensor(0.0), []
    for g in torch.from_numpy(gradients):
        adam([theta], [g], [mean], [square], [], [updates], amsgrad=False, **FLAGS, **values)
        points.append(theta.numpy().copy())
    return np.array(points)


def sgd_of_torch(gradients: Vector, **values: Any) -> Vector:
    theta, points = torch.ones(3).double(), []
    velocity: list[torch.Tensor | None] = [None]
    for g in torch.from_numpy(gradients):
        sgd([theta], [g], velocity, **FLAGS, dampening=0, nesterov=False, **values)
        points.append(theta.numpy().copy())
    return np.array(points)


@pytest.mark.parametrize(
    ("rule", "reference"),
    [
        (Adam(0.1), partial(adam_of_torch, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8)),
        (
            Adam(0.03, beta1=0.5, beta2=0.75, epsilon=0.125),
            partial(adam_of_torch, lr=0.03, beta1=0.5, beta2=0.75, eps=0.125),
        ),
        (HeavyBall(0.1), partial(sgd_of_torch, lr=0.1, momentum=0.9)),
        (HeavyBall(0.1, beta=0.0), partial(sgd_of_torch, lr=0.1, momentum=0.0)),
    ],
)
def test_the_steps_of_torch(rule: Rule, reference: Callable[[Vector], Vector]) -> None:
    gradients = np.random.default_rng(0).normal(size=(50, 3)) * [1e-4, 1.0, 1e4]
    gradients[:5, 1] = 0.0
    np.testing.assert_allclose(path(rule, gradients), reference(gradients), rtol=1e-12)


def test_heavy_ball_with_a_step_that_decays_by_hand() -> None:
    # alpha = 8, 4, 2: theta = 0 + 8, 8 + 4 + 8/2, 16 + 2 + 8/2
    rule = HeavyBall(Schedule(8.0, power=1.0, after=1.0), beta=0.5)
    now = rule.start(np.zeros(1))
    for update, point in ((0, 8.0), (1, 16.0), (3, 22.0)):
        now = rule.step(now, np.ones(1), when(update))
        assert now.point.tolist() == [point]


def test_a_schedule_by_hand() -> None:
    by_updates = Schedule(6.0, power=0.5, after=3.0)
    assert [by_updates.at(Moment(t, 99.0)) for t in (0, 9, 24)] == [6.0, 3.0, 2.0]
    by_seconds = Schedule(6.0, power=0.5, after=3.0, by="seconds")
    assert [by_seconds.at(Moment(99, s)) for s in (0.0, 9.0, 24.0)] == [6.0, 3.0, 2.0]
    assert Schedule(6.0, power=0.0, after=3.0).at(Moment(9, 9.0)) == 6.0
    assert 0 < Schedule(6.0, power=1e9, after=3.0).at(Moment(9, 9.0)) < 1e-300


def test_nigt_weighs_a_gradient_as_its_lookahead_was_made() -> None:
    rule = NIGT(step_size=1.0, momentum=Schedule(1.0, power=1.0, after=1.0))  # 1, 1/2, 1/3, 1/4
    now = rule.step(Iterate.start(np.zeros(2)), np.array([1.0, 0.0]), when(0))
    np.testing.assert_allclose(now.lookahead, [2.0, 0.0])  # eta_1 = 1/2: 1 + (1 - eta)/eta
    # taken at that lookahead, and used two updates later
    now = rule.step(now, np.array([-1.0, 8.0]), when(3, sent=(1, 0.0)))
    assert now.direction is not None
    np.testing.assert_allclose(now.direction, [0.0, 4.0])
    np.testing.assert_allclose(now.lookahead, [1.0, 1.0 + 4.0])  # eta_4 = 1/5
