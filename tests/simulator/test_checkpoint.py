"""A run that is resumed anywhere gives the same as one that was never disturbed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from io import BytesIO
from typing import Any, Literal

import numpy as np
import pytest
from methods import BATTERY, method

from algorithms import NIGT, Algorithm, Local, Schedule
from simulator import (
    Checkpoint,
    ComputeModel,
    Estimate,
    Hardware,
    Network,
    Problem,
    Request,
    Run,
    SimulatedCluster,
    Variants,
    simulate,
)
from simulator.hardware.failures import Loss, RandomFailures
from simulator.hardware.hardware import Preemption
from simulator.hardware.jitter import Jitter
from simulator.problems.control.control import Control
from simulator.problems.mdp import grid_world
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.problems.tabular import Tabular
from simulator.promises.checkpoint import SoFar
from simulator.types import Indices, Vector

NETWORKS = {
    "gather": Network(np.array([0.1, 0.3, 0.2, 0.0])),
    "ring": Network(np.array([0.1, 0.3, 0.2, 0.0]), "allreduce", topology="ring"),
    "slots": Network(np.full(4, 0.4), slots=1, downlink=np.array([0.0, 0.1, 0.2, 0.3])),
}
VARIANTS = Variants(("near", "far"), np.array([0, 1, 1, 0]))


def hardware(
    preemption: Preemption,
    network: Network = NETWORKS["gather"],
    running: Loss = "lost",
    *,
    per_step: bool = False,
) -> Hardware:
    """Return workers whose times are random and who fail; new each time, as in a new process."""
    n = len(network.transfer)
    seconds = np.resize([1.0, 2.0, 3.0, 4.0], n) * (0.1 if per_step else 1.0)
    return Hardware(
        ComputeModel(seconds, Jitter("exponential", 1.0, seed=4), per_step=per_step),
        network,
        preemption,
        stop_cost=0.05 if preemption == "cancel" else 0.0,
        failures=RandomFailures(n, running, between=4.0, repair=1.0, seed=5),
    )


class Asked(Problem):
    """Remembers what another problem is asked for."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.dimension, self.variants = problem.dimension, problem.variants
        self.log: list[object] = []

    def initial_point(self) -> Vector:
        return self.problem.initial_point()

    def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
        keys = [plain((r.point, r.workers, r.tasks, r.baseline)) for r in requests]
        self.log.append(keys)
        return self.problem.estimate(requests)

    def sample(self, point: Vector, workers: Indices, tasks: Indices) -> tuple[Indices, Vector]:
        self.log.append((point.tolist(), workers.tolist(), tasks.tolist()))
        return self.problem.sample(point, workers, tasks)

    def remember(self, memory: Vector | None, answer: Estimate) -> Vector | None:
        return self.problem.remember(memory, answer)

    def baseline(self, memory: Vector) -> Vector:
        return self.problem.baseline(memory)

    def exact(self, point: Vector) -> tuple[float, float] | None:
        self.log.append(point.tolist())
        return self.problem.exact(point)

    def exact_by_variant(self, point: Vector) -> Vector | None:
        return self.problem.exact_by_variant(point)


@dataclass
class Attempt:
    """A run, its checkpoint at every new update, and what the problem was asked until then."""

    run: Run
    log: list[object]
    checkpoints: list[Checkpoint] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)


def test_a_list_that_grows_is_seen_as_it_was() -> None:
    whole = [1, 2, 3]
    then = SoFar(whole)
    whole += [4, 5]
    assert (len(then), list(then), then[-1], then[1:9], then[:-4]) == (3, [1, 2, 3], 3, [2, 3], [])
    with pytest.raises(IndexError):
        then[3]


def saved_and_loaded(checkpoint: Checkpoint) -> Checkpoint:
    file = BytesIO()
    checkpoint.save(file)
    file.seek(0)
    return Checkpoint.load(file)


def attempt(
    algorithm: Algorithm,
    problem: Problem,
    cluster: Hardware,
    updates: int,
    past: Checkpoint | None = None,
) -> Attempt:
    past, asked = past or Checkpoint(), Asked(problem)
    checkpoints: list[Checkpoint] = []
    counts: list[int] = []

    def on_update(cluster: SimulatedCluster, _: Vector) -> None:
        checkpoints.append(saved_and_loaded(cluster.checkpoint()))
        counts.append(len(asked.log))

    run = simulate(
        algorithm.run,
        asked,
        cluster,
        updates=updates,
        past=past,
        on_update=on_update,
    )
    return Attempt(run, asked.log, checkpoints, counts)


def plain(thing: Any) -> Any:
    """Return a thing that can be compared: arrays as their type and numbers."""
    if isinstance(thing, np.ndarray):
        return thing.dtype, thing.tolist()
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(value) for value in thing]
    return [plain(getattr(thing, f.name)) for f in fields(thing)] if is_dataclass(thing) else thing


def assert_same(resumed: Run, calm: Run) -> None:
    assert resumed.history.rows == calm.history.rows
    for f in fields(Run):
        if f.name not in {"history", "timeline"}:
            assert plain(getattr(resumed, f.name)) == plain(getattr(calm, f.name)), f.name
    assert plain(resumed.intervals) == plain(calm.intervals)


def assert_resumable(
    algorithm: Algorithm,
    problem: Callable[[], Problem],
    cluster: Callable[[], Hardware],
    updates: int,
    *,
    first: int = 1,
    every: int = 1,
) -> list[Checkpoint]:
    """Resume at updates, and see that nothing is different, or asked for again."""
    calm = attempt(algorithm, problem(), cluster(), updates)
    without = simulate(algorithm.run, problem(), cluster(), updates=updates)
    assert_same(calm.run, without)
    saved = plain(calm.checkpoints)
    for k in range(first, updates + 1, every):
        resumed = attempt(algorithm, problem(), cluster(), updates, calm.checkpoints[k - 1])
        assert_same(resumed.run, calm.run)
        assert resumed.log == calm.log[calm.asked[k - 1] :]
        assert plain(resumed.checkpoints) == saved[k:]
    return calm.checkpoints


def quadratic() -> Problem:
    return Quadratic(3, [Bowl()], noise=0.5, seed=0)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("preemption", ["cancel", "finish"])
@pytest.mark.parametrize("name", BATTERY)
def test_every_method_is_resumable(name: str, preemption: Preemption, network: str) -> None:
    running: Loss = "paused" if network == "ring" else "lost"

    def cluster() -> Hardware:
        return hardware(preemption, NETWORKS[network], running)

    turn = BATTERY.index(name) + [*NETWORKS].index(network) + (3 if preemption == "finish" else 0)
    # a method's six clusters have all turns, so that it is resumed at every update
    assert_resumable(method(name), quadratic, cluster, updates=12, first=1 + turn % 4, every=4)


@pytest.mark.parametrize("by", ["updates", "seconds"])
@pytest.mark.parametrize("name", ["afedpg", "malenia"])
def test_a_schedule_goes_on_where_it_was(name: str, by: Literal["updates", "seconds"]) -> None:
    rule = NIGT(Schedule(0.5, 0.5, after=3.0, by=by), Schedule(1.0, 0.8, after=2.0, by=by))
    constant = replace(method(name), rule=NIGT(0.5, 1.0))
    decaying = replace(method(name), rule=rule)
    final = assert_resumable(decaying, quadratic, lambda: hardware("cancel"), updates=12)[-1]
    other = attempt(constant, quadratic(), hardware("cancel"), 12).checkpoints[-1]
    assert final.rows[-1].objective != other.rows[-1].objective


@pytest.mark.parametrize(
    ("name", "preemption"), [("afedpg", "cancel"), ("ringmaster-nigt", "finish")]
)
def test_more_gradients_under_way_than_a_batch_holds(name: str, preemption: Preemption) -> None:
    def cluster() -> Hardware:
        return hardware(preemption, Network(np.full(50, 0.2)))

    checkpoints = assert_resumable(method(name), quadratic, cluster, updates=60, every=7)
    assert max(len(c.points) for c in checkpoints) > 25
    assert 25 < max(len(c.ahead) for c in checkpoints) <= 50  # nothing of what was discarded


@pytest.mark.parametrize("preemption", ["cancel", "finish"])
@pytest.mark.parametrize("name", BATTERY)
def test_durations_that_depend_on_trajectories(name: str, preemption: Preemption) -> None:
    worlds = [grid_world(2, 3, (1, 1), slip=0.2), grid_world(2, 3, (0, 2), slip=0.4)]

    def problem() -> Problem:
        return Tabular(worlds, 15, 0.9, seed=1, variants=VARIANTS)

    def cluster() -> Hardware:
        return hardware(preemption, per_step=True)

    first = 1 + (BATTERY.index(name) + (preemption == "finish")) % 2  # together at every update
    checkpoints = assert_resumable(method(name), problem, cluster, updates=8, first=first, every=2)
    assert len(checkpoints[-1].trajectories) > 8
    extra = checkpoints[-1].rows[-1].extra
    assert {"return_average", "length_used", "objective_far"} <= extra.keys()


@pytest.mark.parametrize("baseline", [False, True])
@pytest.mark.parametrize("name", ["afedpg", "rennala-nigt", "local"])
def test_a_control_problem(name: str, baseline: bool) -> None:  # noqa: FBT001
    def problem() -> Problem:
        return Control("Reacher-v4", 10, 0.99, (8,), seed=0, linear_baseline=baseline)

    algorithm = method(name)
    if isinstance(algorithm, Local):
        algorithm = replace(algorithm, local_step_size=1e-4)  # longer ones diverge here
    checkpoints = assert_resumable(algorithm, problem, lambda: hardware("cancel"), updates=5)
    assert (checkpoints[-1].memory is not None) == baseline


def test_a_diverging_run_fails_at_the_same_update() -> None:
    algorithm = method("rennala-pg")
    algorithm = replace(algorithm, rule=replace(algorithm.rule, step_size=1e100))
    calm = attempt(algorithm, quadratic(), hardware("cancel"), 9)
    assert calm.run.failure == "update 4: theta is not finite"
    for past in calm.checkpoints:
        assert_same(attempt(algorithm, quadratic(), hardware("cancel"), 9, past).run, calm.run)


def test_another_runs_checkpoint_is_noticed() -> None:
    past = attempt(method("afedpg"), quadratic(), hardware("cancel"), 4).checkpoints[-1]
    with pytest.raises(ValueError, match=r"update 1 is made at .*, but was saved at"):
        attempt(method("rennala-pg"), quadratic(), hardware("cancel"), 4, past)


def test_a_saved_checkpoint_is_the_same_to_the_last_bit() -> None:
    rows = attempt(method("afedpg"), quadratic(), hardware("cancel"), 3).run.history.rows
    rows[1] = replace(rows[1], objective=0.1 + 0.2, extra={"a": None, "b": 1e-320, "c": 3})
    thirds = np.array([1 / 3, -0.0, np.inf])
    estimate = Estimate(thirds, np.array([1 / 7], np.float32), np.array([4]), np.array([2]))
    checkpoint = Checkpoint(
        rows=rows,
        trajectories=[(4.0, 1 / 3), (2.0, -1e300)],
        points={0: thirds, 7: thirds / 3},
        ahead={(2, 9): (7, estimate), (0, 1): (0, estimate)},
        iterate={"point": thirds, "lookahead": thirds / 9},
        about={"k": [1, None, "x"]},
    )
    for original in (checkpoint, Checkpoint()):
        assert plain(saved_and_loaded(original)) == plain(original)
