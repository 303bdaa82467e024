"""What is measured against: the plain simulator and the rivals do the same work."""

import json
from pathlib import Path

import numpy as np
import pytest
from commands import straggler

from algorithms import METHODS as ALL
from algorithms import NIGT, Ringmaster
from scenarios import bench
from scenarios.bench.methods import METHODS
from scenarios.bench.plain import PlainCluster, PlainReinforce, plain_run
from scenarios.bench.rollouts import allowed
from scenarios.cli.look import bench as command
from scenarios.format.words.errors import BadInputError
from simulator import ComputeModel, Hardware, Network, Request, power_law, simulate
from simulator.problems.control.control import Control
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.types import Vector

H, KAPPA = power_law(10, 1.0, 0.57), power_law(10, 0.7, 1.0)  # no ties


@pytest.mark.parametrize("name", [*METHODS, "tight ringmaster"])
def test_the_plain_simulator_makes_the_same_updates(name: str) -> None:
    rule = NIGT(step_size=0.1, momentum=0.1)
    method, updates = METHODS.get(name, (Ringmaster(rule, 4), 40))
    problem = Quadratic(5, [Bowl()], noise=0.3, seed=1)

    def gradient(point: Vector, worker: int, task: int) -> Vector:
        request = Request(point, np.array([worker]), np.array([task]), np.ones(1))
        return problem.estimate([request])[0].gradient

    plain = PlainCluster(H, KAPPA, problem.initial_point(), gradient, updates)
    plain_run(method.run, plain)
    points: list[Vector] = []

    class Watched(Quadratic):
        def exact(self, point: Vector) -> tuple[float, float]:
            points.append(point)
            return super().exact(point)

    watched = Watched(5, [Bowl()], noise=0.3, seed=1)
    hardware = Hardware(ComputeModel(H), Network(KAPPA))
    run = simulate(method.run, watched, hardware, updates=updates)
    np.testing.assert_allclose(plain.times, [row.time for row in run.history.rows], rtol=1e-12)
    np.testing.assert_allclose(plain.points, points, rtol=1e-9)
    assert plain.started.sum() == run.gradients_used.sum() + run.gradients_discarded.sum()


def test_the_plain_gradient_is_the_same_gradient() -> None:
    options = ("Hopper-v4", 25, 0.9, (16,), 3)
    problem, plain = Control(*options), PlainReinforce(*options)
    point = problem.initial_point()
    for worker, task in ((0, 0), (2, 5)):
        request = Request(point, np.array([worker]), np.array([task]), np.ones(1))
        (expected,) = problem.estimate([request])
        mine = plain(point, worker, task)
        scale = np.abs(expected.gradient).max()
        np.testing.assert_allclose(mine, expected.gradient, atol=2e-3 * scale)  # float32, chaos
    plain.close()
    problem.close()


def test_rollouts_are_measured_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenarios.bench.rollouts.SECONDS", 0.5)
    arguments = ("bench", "rollouts", "--env", "InvertedPendulum-v4", "--rounds", "1")
    refused = straggler(*arguments, "--json", ".", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "straggler: .: is a folder; accepted: a file\n"
    result = straggler(*arguments, "--json", "out.json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    groups = json.loads((tmp_path / "out.json").read_text())
    assert len(groups) == 2  # at one point, and at ten
    for lines in groups.values():
        rates = {line["name"]: line["rate"] for line in lines}
        assert {"straggler, 2 processes", "one Gymnasium environment and torch"} < rates.keys()
        assert min(rates.values()) > 0
        assert lines[0]["ratio"] == 1
        assert 1 <= lines[-1]["rate"] / rates["straggler, 1 process"] <= 2


def test_two_processes_are_no_faster_than_the_longest_episode_allows() -> None:
    """Batches of 8 and 4 steps take two processes 5 and 2 at least; 5.5 and 2.75 on worse cores."""
    batches = [np.array([5, 1, 2]), np.array([2, 2])]
    assert allowed(batches, 2) == pytest.approx(12 / 7)
    assert allowed(batches, 16 / 11) == pytest.approx(12 / 8.25)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speed"], "bench speed: not there; accepted: events, rollouts, methods"),
        (["rollouts", "--env", "Nowhere-v1"], "--env Nowhere-v1: Gymnasium cannot make"),
        (["methods", "--env", "Pendulum-v1"], "accepted: a MuJoCo environment of Gymnasium"),
    ],
)
def test_a_wrong_benchmark_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = straggler("bench", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_round_of_each_method_is_counted_and_the_help_names_those_without() -> None:
    assert bench.forecast("methods", (), 5)[0] == 5 * len(METHODS)
    assert bench.forecast("methods", ("Hopper-v4", "Ant-v4"), 5)[0] == 10 * len(METHODS)
    measured = {type(method) for method, _ in METHODS.values()}
    missing = [name for name, kind in ALL.items() if kind not in measured]
    assert all(f"`{name}`" in str(command.__doc__) for name in missing)


def test_a_wheel_without_rivals_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "find_spec", lambda _: None)
    with pytest.raises(BadInputError, match="bench rollouts: its rivals are in the repository"):
        next(bench.measured("rollouts", (), 1))
