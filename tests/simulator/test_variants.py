"""Workers with different problems: who sees what, and what each method optimises."""

import environments  # noqa: F401 - Gymnasium knows them then
import gymnasium
import numpy as np
import pytest
from clusters import hardware, run

from algorithms import PG, Fastest, Malenia, Rennala, Synchronous
from simulator import Request, Variants
from simulator.problems.control.control import Control
from simulator.problems.control.environment import UnsuitableEnvironmentError, make_environment
from simulator.problems.control.variant import Variant, make_variant
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.types import Vector

BOWLS = [Bowl(condition=4, optimum=1.0), Bowl(condition=9, curvature=2.0, optimum=-3.0)]
VARIANTS = Variants(("near", "far"), np.array([0, 1, 1]))


def bowls(noise: float = 0.0) -> Quadratic:
    return Quadratic(2, BOWLS, noise, seed=0, variants=VARIANTS)


def bowl_gradient(k: int, x: Vector) -> list[float]:
    eigenvalues = ([0.25, 1.0], [2 / 9, 2.0])[k]
    optimum = (1.0, -3.0)[k]
    return [a * (optimum - x[j]) for j, a in enumerate(eigenvalues)]


def test_the_average_objective_is_exact() -> None:
    problem, x = bowls(), np.array([0.5, -1.0])
    gradients = np.array([bowl_gradient(0, x), bowl_gradient(1, x)])
    value, norm = problem.exact(x)
    assert norm == pytest.approx(np.linalg.norm(gradients[0] / 3 + gradients[1] * 2 / 3))
    # J_k(x) = -(1/2) sum a x^2 + sum a x* x, by hand
    near = -0.5 * (0.25 * 0.25 + 1.0) + (0.25 * 0.5 - 1.0)
    far = -0.5 * (2 / 9 * 0.25 + 2.0) - 3 * (2 / 9 * 0.5 - 2.0)
    by_variant = problem.exact_by_variant(x)
    assert by_variant is not None
    np.testing.assert_allclose(by_variant, [near, far])
    assert value == pytest.approx(near / 3 + 2 / 3 * far)


def aggregate(method: type[Malenia] | type[Rennala], batch: int) -> list[float]:
    """Return the expected aggregated gradient at x_0: without noise, one step of PG shows it."""
    problem = bowls()
    points: list[Vector] = []
    result = run(
        method(PG(step_size=1.0), batch),
        hardware([1, 3, 5]),
        updates=1,
        problem=_Watch(problem, points),
    )
    assert result.failure is None
    return list(points[0] - problem.initial_point())


class _Watch(Quadratic):
    """Remembers every published point."""

    def __init__(self, problem: Quadratic, points: list[Vector]) -> None:
        self.__dict__.update(problem.__dict__)
        self._points = points

    def exact(self, point: Vector) -> tuple[float, float]:
        self._points.append(point)
        return super().exact(point)


def test_malenia_is_unbiased_for_the_average_and_rennala_is_not() -> None:
    x = bowls().initial_point()
    near, far = np.array(bowl_gradient(0, x)), np.array(bowl_gradient(1, x))
    for batch in (3, 7, 20):
        np.testing.assert_allclose(aggregate(Malenia, batch), near / 3 + 2 / 3 * far, rtol=1e-12)
    # times 1, 3, 5 and M = 7: 1, 2, 3, 3, 4, 5, 5: worker 0 five times, the others once each
    np.testing.assert_allclose(aggregate(Rennala, 7), 5 / 7 * near + 2 / 7 * far, rtol=1e-12)


@pytest.mark.parametrize("method", [Synchronous(PG(1.0)), Fastest(PG(1.0), 3)])
def test_synchronous_aggregation_is_the_mean(method: Synchronous | Fastest) -> None:
    points: list[Vector] = []
    problem = bowls()
    run(method, hardware([1, 3, 5]), updates=1, problem=_Watch(problem, points))
    x = problem.initial_point()
    near, far = np.array(bowl_gradient(0, x)), np.array(bowl_gradient(1, x))
    np.testing.assert_allclose(points[0] - x, near / 3 + 2 / 3 * far, rtol=1e-12)


def test_the_history_has_each_variant_and_the_average() -> None:
    problem = Control(
        "RandomLength-v0",
        100,
        0.9,
        (4,),
        seed=0,
        environments=[Variant(), Variant(reward_scale=10.0)],
        variants=Variants(("own", "rich"), np.array([0, 1])),
    )
    rule = PG(step_size=1e-3)
    # worker 0 alone makes the first two batches of one; worker 1 joins with M = 3 below
    early = run(Rennala(rule, 1), hardware([1, 2]), updates=2, problem=problem).history.columns()
    assert early["return_count_own"] == [1, 1]
    assert early["return_mean_rich"] == early["return_average"] == [None, None]
    columns = run(Rennala(rule, 3), hardware([1, 2]), updates=2, problem=problem).history.columns()
    assert columns["return_count_own"] == [2, 2]
    assert columns["return_count_rich"] == [1, 1]
    for k in range(2):
        own, rich = columns["return_mean_own"][k], columns["return_mean_rich"][k]
        assert own is not None
        assert rich is not None
        assert columns["return_mean"][k] == pytest.approx((2 * own + rich) / 3)
        assert columns["return_average"][k] == pytest.approx((own + rich) / 2)


def test_worlds_change_the_model_and_nothing_else() -> None:
    base = make_environment("Hopper-v4").unwrapped.model  # type: ignore[attr-defined]
    world = Variant(gravity=0.5, friction=2.0, body_mass=3.0, joint_damping=4.0, actuator_gear=-1.0)
    model = make_variant("Hopper-v4", world).unwrapped.model  # type: ignore[attr-defined]
    np.testing.assert_allclose(model.opt.gravity, [0, 0, -9.81 / 2])
    np.testing.assert_allclose(model.geom_friction, 2 * base.geom_friction)
    np.testing.assert_allclose(model.body_mass, 3 * base.body_mass)
    np.testing.assert_allclose(model.body_subtreemass, 3 * base.body_subtreemass)  # derived
    np.testing.assert_allclose(model.dof_damping, 4 * base.dof_damping)
    np.testing.assert_allclose(model.actuator_gear, -base.actuator_gear)
    np.testing.assert_array_equal(model.jnt_range, base.jnt_range)


def episode(
    env: gymnasium.Env[object, object], steps: int = 20
) -> tuple[list[object], list[float]]:
    rng = np.random.default_rng(0)
    observations, rewards = [env.reset(seed=4)[0]], []
    discrete = isinstance(env.action_space, gymnasium.spaces.Discrete)
    for k in range(steps):
        action = k % 2 if discrete else rng.uniform(-0.4, 0.4, env.action_space.shape)
        observation, reward, *_ = env.step(action)
        observations.append(observation)
        rewards.append(float(reward))
    return observations, rewards


def test_the_default_variant_is_gymnasiums_own() -> None:
    own, same = (
        episode(make_environment("Hopper-v4")),
        episode(make_variant("Hopper-v4", Variant())),
    )
    np.testing.assert_array_equal(own[0], same[0])
    assert own[1] == same[1]


@pytest.mark.parametrize("env", ["Hopper-v4", "CartPole-v1"])
def test_flipped_observations_and_their_flag(env: str) -> None:
    plain = episode(make_environment(env))
    for flip, sign, flag in ((False, 1, 0), (True, -1, 1)):
        seen = episode(make_variant(env, Variant(flip=flip), flags=True))
        np.testing.assert_array_equal(np.array(seen[0])[:, :-1], sign * np.array(plain[0]))
        assert set(np.array(seen[0])[:, -1]) == {flag}
        assert seen[1] == plain[1]
    for flags, more in ((False, []), (True, [0.0])):  # nothing says that it is flipped
        seen = episode(make_variant(env, Variant(flip="untold"), flags=flags))
        expected = [[*-np.array(one), *more] for one in plain[0]]
        np.testing.assert_array_equal(np.array(seen[0]), np.array(expected))


@pytest.mark.parametrize(("env", "size"), [("Hopper-v4", 11), ("CartPole-v1", 4)])
def test_one_flip_gives_everyone_a_flag(env: str, size: int) -> None:
    variants = Variants(("plain", "flipped"), np.array([0, 1]))
    worlds = [Variant(), Variant(flip=True)]
    problem = Control(env, 5, 0.9, (4,), 0, environments=worlds, variants=variants)
    assert problem.policy.observation_size == size + 1
    untold = [Variant(), Variant(flip="untold")]
    other = Control(env, 5, 0.9, (4,), 0, environments=untold, variants=variants)
    assert other.policy.observation_size == size
    keys = np.array([0, 1]), np.array([0, 0])
    (estimate,) = problem.estimate([Request(problem.initial_point(), *keys, np.ones(2))])
    assert len(estimate.returns) == 2


def test_rewards_can_be_scaled_and_velocities_reversed() -> None:
    plain = episode(make_environment("Hopper-v4"))[1]
    scaled = episode(make_variant("Hopper-v4", Variant(reward_scale=-2.0)))[1]
    np.testing.assert_allclose(scaled, [-2.0 * r for r in plain])
    env = make_environment("Hopper-v4")
    env.reset(seed=4)
    rng = np.random.default_rng(0)
    forward = []
    for _ in range(20):
        *_, info = env.step(rng.uniform(-0.4, 0.4, (3,)))
        forward.append(info["x_velocity"])
    backwards = episode(make_variant("Hopper-v4", Variant(target_velocity=-1)))[1]
    np.testing.assert_allclose(backwards, [r - 2 * v for r, v in zip(plain, forward, strict=True)])


@pytest.mark.parametrize(
    ("env", "world", "message"),
    [
        ("Pendulum-v1", Variant(gravity=0.1), "no MuJoCo environment: gravity"),
        ("CartPole-v1", Variant(gravity=0.1), "no MuJoCo environment: gravity"),
        ("Reacher-v4", Variant(target_velocity=-1), "no forward_reward_weight: target_velocity"),
        ("Ant-v4", Variant(target_velocity=-1), "no forward_reward_weight: .* such as Ant-v5"),
    ],
)
def test_impossible_changes_are_named(env: str, world: Variant, message: str) -> None:
    with pytest.raises(UnsuitableEnvironmentError, match=message):
        make_variant(env, world)


@pytest.mark.parametrize("env", ["RandomLength-v0", "RandomChoices-v0", "CartPole-v1"])
def test_variants_keep_each_trajectory_in_its_own_world(env: str) -> None:
    """A batch over both worlds equals the two worlds apart, whatever shares the slots."""
    worlds = [Variant(), Variant(reward_scale=3.0)]
    variants = Variants(("a", "b"), np.array([0, 1] * 10))
    args = (env, 50, 0.9, (4,), 0)
    mixed = Control(*args, environments=worlds, variants=variants, dtype="float64")
    plain = Control(*args, dtype="float64")
    workers = np.arange(20)
    point = mixed.initial_point()
    (both,) = mixed.estimate([Request(point, workers, 0 * workers, np.ones(20))])
    (own,) = plain.estimate([Request(point, workers, 0 * workers, np.ones(20))])
    np.testing.assert_array_equal(both.lengths, own.lengths)
    np.testing.assert_allclose(both.returns, own.returns * np.array([1.0, 3.0] * 10), rtol=1e-6)
