"""Theta itself is evaluated at the right times, at the right points, and changes nothing else."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from clusters import hardware
from commands import straggler

from algorithms import NIGT, Synchronous
from scenarios.format.scenario import Scenario
from simulator import (
    Checkpoint,
    Evaluation,
    Problem,
    Run,
    SimulatedCluster,
    Variants,
    Vector,
    simulate,
)
from simulator.problems.mdp import grid_world
from simulator.problems.tabular import Tabular
from simulator.types import Indices

RULE = NIGT(step_size=0.1, momentum=0.5)


POINTS: list[Vector] = []


class Told(Tabular):
    """Remembers at which points it is sampled, and returns numbers that say for whom."""

    def sample(self, point: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:
        POINTS.append(point.copy())
        return np.ones(len(workers), dtype=np.int64), (10 * workers + tasks % 2**40).astype(float)


def problem(kind: type[Tabular] = Tabular, variants: Variants | None = None) -> Tabular:
    world = grid_world(rows=2, columns=2, goal=(1, 1), slip=0.0)
    count = len(variants.names) if variants else 1
    return kind([world] * count, 8, 0.9, 3, variants)


def run(
    world: Problem,
    *,
    every: float | None,
    episodes: int = 2,
    updates: int = 6,
    past: Checkpoint | None = None,
    saved: list[Checkpoint] | None = None,
) -> tuple[Run, list[Vector]]:
    past = past or Checkpoint()
    evaluate = Evaluation(world, episodes, every) if every else None
    thetas: list[Vector] = []

    def on_update(cluster: SimulatedCluster, theta: Vector) -> None:
        thetas.append(theta.copy())
        if evaluate:
            evaluate(cluster, theta)
        if saved is not None:
            saved.append(cluster.checkpoint())

    method = Synchronous(rule=RULE)
    return simulate(
        method.run,
        world,
        hardware([1.0, 2.0]),
        updates=updates,
        past=past,
        on_update=on_update,
    ), thetas


def test_theta_is_evaluated_after_the_first_update_and_then_at_multiples() -> None:
    """Updates come every 2 s; multiples of 5 s: the first is due at 2, then 6, 10 and not 12."""
    POINTS.clear()
    result, thetas = run(problem(Told), every=5.0)
    columns = result.history.columns()
    assert columns["time"] == [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
    # number k plays tasks 2k and 2k + 1: their mean is 2k + 1/2
    assert columns["evaluation"] == [0.5, None, 2.5, None, 4.5, None]
    np.testing.assert_array_equal(POINTS, [thetas[0], thetas[2], thetas[4]])


def test_a_multiple_is_met_whatever_its_rounding() -> None:
    """Three times 0.7 is a little less than the third multiple of 0.7."""
    world = problem(Told)
    result = simulate(
        Synchronous(rule=RULE).run,
        world,
        hardware([0.7]),
        updates=4,
        on_update=Evaluation(world, 2, 0.7),
    )
    columns = result.history.columns()
    assert columns["time"][2] == 0.7 + 0.7 + 0.7 < 2.1
    assert columns["evaluation"] == [2.5, 4.5, 6.5, 8.5]


def test_variants_are_weighted_as_the_workers_are() -> None:
    variants = Variants(("near", "far"), np.array([0, 1, 1]))
    told = problem(Told, variants)
    cluster_of_three = hardware([1.0, 1.0, 1.0])
    evaluate = Evaluation(told, 2, 100.0)
    result = simulate(
        Synchronous(rule=RULE).run,
        told,
        cluster_of_three,
        updates=1,
        on_update=evaluate,
    )
    (row,) = result.history.rows
    # worker 0 returns 0 and 1, worker 1, the first in "far", 10 and 11
    assert row.extra["evaluation_near"] == 0.5
    assert row.extra["evaluation_far"] == 10.5
    assert row.extra["evaluation"] == pytest.approx(0.5 / 3 + 10.5 * 2 / 3)


def test_evaluation_changes_no_other_column() -> None:
    with_it, _ = run(problem(), every=1.0)
    without, _ = run(problem(), every=None)
    stripped = [replace(row, extra={}) for row in with_it.history.rows]
    assert stripped == without.history.rows
    assert all(row.extra["evaluation"] is not None for row in with_it.history.rows)


@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_a_resumed_run_is_evaluated_at_the_same_updates(at: int) -> None:
    saved: list[Checkpoint] = []
    whole, _ = run(problem(), every=5.0, saved=saved)
    resumed, _ = run(problem(), every=5.0, past=saved[at - 1])
    assert resumed.history.rows == whole.history.rows


SCENARIO = """
title = "evaluated"
seeds = [0]
updates = 4
evaluation = { episodes = 3, every = 10.0 }
cluster = { workers = 2, compute = { model = "power", scale = 4.0 } }
problem = { kind = "tabular", world = { model = "random", states = 3, actions = 2 } }
methods = [{ name = "synchronous-nigt", momentum = 0.5, step_size = 0.1 }]
"""


def test_a_quadratic_cannot_be_evaluated_so() -> None:
    with pytest.raises(ValueError, match="a quadratic has no episodes"):
        Scenario.model_validate(
            {
                "title": "",
                "seeds": [0],
                "updates": 1,
                "evaluation": {"episodes": 1, "every": 1.0},
                "cluster": {"workers": 1, "compute": {"model": "power", "scale": 1.0}},
                "problem": {"kind": "quadratic", "dimension": 2},
                "methods": [{"name": "synchronous-pg", "step_size": 0.1}],
            }
        )


def test_the_table_reaches_the_history(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("evaluated")
    (folder / "s.toml").write_text(SCENARIO)
    assert straggler("run", "s.toml", cwd=folder).returncode == 0
    (file,) = folder.glob("runs/s/*/seed-0/history.parquet")
    table = pq.read_table(file).to_pydict()
    assert table["time"] == [4.0, 8.0, 12.0, 16.0]
    assert [value is None for value in table["evaluation"]] == [False, True, False, True]
