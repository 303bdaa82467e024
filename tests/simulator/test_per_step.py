"""Durations that depend on the trajectory, and the bias of waiting for the first."""

from dataclasses import replace

import environments  # noqa: F401 - Gymnasium knows them then
import numpy as np
import pytest
from clusters import RULE, run, times

from algorithms import AFedPG, Rennala, Synchronous
from simulator import ComputeModel, Hardware, Network
from simulator.accounting.selection_bias import SelectionBias
from simulator.problems.control.control import Control
from simulator.problems.quadratic import Bowl, Quadratic


def problem() -> Control:
    return Control("RandomLength-v0", 100, 0.9, (4,), seed=0)


def cluster(seconds: list[float]) -> Hardware:
    h = np.array(seconds)
    return Hardware(ComputeModel(h, per_step=True), Network(np.zeros(len(h))))


def lengths_of(worker: int, tasks: int) -> list[int]:
    """Return the lengths of a worker's first tasks; they do not depend on the policy here."""
    control = problem()
    numbers = np.arange(tasks)
    lengths, _ = control.sample(control.initial_point(), worker + 0 * numbers, numbers)
    return [int(length) for length in lengths]


def test_a_task_takes_as_long_as_its_own_trajectory() -> None:
    lengths = lengths_of(0, 6)
    assert len(set(lengths)) > 1
    result = run(AFedPG(RULE), cluster([0.5]), updates=6, problem=problem())
    assert times(result) == (0.5 * np.cumsum(lengths)).tolist()
    assert [row.steps for row in result.history.rows] == lengths


def test_a_synchronous_round_waits_for_the_longest_episode() -> None:
    first = [lengths_of(worker, 1)[0] for worker in range(3)]
    result = run(Synchronous(RULE), cluster([1.0, 2.0, 0.5]), updates=1, problem=problem())
    assert times(result) == [max(first[0], 2 * first[1], 0.5 * first[2])]


def test_waiting_for_the_first_favours_short_episodes_and_is_reported() -> None:
    result = run(Rennala(RULE, 3), cluster([1.0] * 8), updates=60, problem=problem())
    assert result.bias is not None
    facts = result.bias.summary()
    assert facts["used_count"] == 180
    assert facts["discarded_count"] == result.gradients_discarded.sum()
    assert facts["used_length"] is not None
    assert facts["discarded_length"] is not None
    assert facts["used_length"] < facts["discarded_length"]
    z = facts["length_z"]
    assert z is not None
    assert z > 3
    columns = result.history.columns()
    assert len(columns["length_used"]) == 60
    for used, steps in zip(columns["length_used"], columns["steps"], strict=True):
        assert used is not None
        assert steps is not None
        assert used == pytest.approx(steps / 3)


def test_without_selection_there_is_no_bias() -> None:
    result = run(Synchronous(RULE), cluster([1.0] * 8), updates=20, problem=problem())
    assert result.bias is not None
    assert result.bias.summary()["discarded_count"] == 0
    assert result.bias.summary()["length_z"] is None


def test_a_vector_that_travels_is_not_discarded() -> None:
    # each computes once, then travels for 1000 s: three are pending when the first is used
    hardware = replace(cluster([1.0] * 4), network=Network(np.full(4, 1000.0)))
    result = run(AFedPG(RULE), hardware, updates=4, problem=problem())
    assert result.history.columns()["length_discarded"] == [None] * 4
    assert result.gradients_discarded.sum() == 3  # what began anew after an update


def test_finish_with_everyone_busy_at_a_broadcast() -> None:
    hardware = Hardware(
        ComputeModel(np.array([1.0, 1.0]), per_step=True), Network(np.ones(2)), "finish"
    )
    result = run(Rennala(RULE, 3), hardware, updates=10, problem=problem())
    assert len(times(result)) == 10


def test_welch_by_hand() -> None:
    bias = SelectionBias([(1.0, 5.0), (3.0, 7.0)], [(4.0, 1.0), (6.0, 1.0), (8.0, 1.0)])
    facts = bias.summary()
    assert (facts["used_length"], facts["discarded_length"]) == (2, 6)
    assert (facts["used_length_q50"], facts["discarded_length_q90"]) == (2, 7.6)
    # variances 2 and 4: (6 - 2) / sqrt(2/2 + 4/3)
    assert facts["length_z"] == pytest.approx(4 / np.sqrt(1 + 4 / 3))


def test_durations_cannot_depend_on_what_has_no_steps() -> None:
    quadratic = Quadratic(2, [Bowl()], 0.0, seed=0)
    with pytest.raises(ValueError, match="has no trajectories"):
        run(AFedPG(RULE), cluster([1.0]), updates=1, problem=quadratic)
