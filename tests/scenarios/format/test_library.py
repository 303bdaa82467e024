"""The scenarios that come with the package, and every method on every kind of problem."""

import math
from pathlib import Path

import numpy as np
import pytest
from commands import straggler
from methods import BATTERY, keys

from algorithms import METHODS, RULES
from scenarios.format.load import LIBRARY, library, load
from scenarios.format.method import Method
from scenarios.format.scenario import Scenario
from scenarios.format.tabular import ProblemTable
from scenarios.runs.spec import expand
from scenarios.studies.grid import SWEEPS, load_sweep
from simulator import Problem, Request, simulate

PROBLEMS: dict[str, dict[str, object]] = {
    "quadratic": {"kind": "quadratic", "dimension": 4, "noise": 0.1},
    "tabular": {"kind": "tabular", "world": {"model": "random", "states": 3, "actions": 2}},
    "clock": {"kind": "clock", "dimension": 4},
    "clock with steps": {"kind": "clock", "dimension": 4, "steps": 5},
    "two worlds": {
        "kind": "quadratic",
        "dimension": 2,
        "variants": [{"name": "far", "workers": [1], "optimum": 5.0}],
    },
    "control": {"kind": "control", "env": "Reacher-v4", "horizon": 5, "hidden": [4]},
    "cartpole": {"kind": "control", "env": "CartPole-v1", "horizon": 12, "hidden": [4]},
}


def built(name: str) -> Problem:
    table = ProblemTable.model_of(PROBLEMS[name]).model_validate(PROBLEMS[name])
    problem: Problem = table.build(seed=1, workers=3)
    return problem


@pytest.mark.parametrize("name", library())
def test_every_scenario_is_valid(name: str) -> None:
    scenario = load(library()[name])
    assert scenario.title
    assert scenario.quick is None or scenario.shortened().seeds == [0]


@pytest.mark.parametrize("file", sorted((LIBRARY.parents[1] / "next").glob("*.toml")))
def test_every_scenario_that_waits_for_its_results_is_valid(file: Path) -> None:
    waiting, now = load(file), library().get(f"paper/{file.stem}")
    assert waiting.evaluation
    assert now is None or load(now).cluster == waiting.cluster
    assert now is None or waiting.time_limit == 50 * waiting.evaluation.every


def test_figure_1_says_what_the_paper_says() -> None:
    a, b, c = (load(library()[f"paper/figure1{x}"]) for x in "abc")
    roots = np.sqrt(np.arange(1, 11))
    np.testing.assert_array_equal(a.cluster.compute_seconds(), np.ones(10))
    np.testing.assert_array_equal(a.cluster.uplink_seconds(30_498), np.zeros(10))
    np.testing.assert_allclose(b.cluster.compute_seconds(), roots)
    np.testing.assert_allclose(b.cluster.uplink_seconds(30_498), roots)
    np.testing.assert_allclose(c.cluster.uplink_seconds(30_498), roots * 30_498**0.25)
    for scenario in (a, b, c):
        assert [m.name for m in scenario.methods] == ["rennala-nigt", "synchronous-nigt", "afedpg"]


def test_figure_8_has_fast_workers_that_send_slowly() -> None:
    for name in ("figure8a", "figure8b"):
        cluster = load(library()[f"paper/{name}"]).cluster
        np.testing.assert_allclose(cluster.compute_seconds()[[0, 1, 99]], [10.0, 99**0.5, 1.0])
        np.testing.assert_allclose(cluster.uplink_seconds(5)[[0, 1, 99]], [1.0, 2**0.5, 10.0])


@pytest.mark.parametrize("preemption", ["cancel", "finish"])
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("method", BATTERY)
def test_every_method_runs_on_every_problem(method: str, problem: str, preemption: str) -> None:
    scenario = Scenario.model_validate(
        {
            "title": "battery",
            "seeds": [1],
            "updates": 6,
            "cluster": {
                "workers": 3,
                "preemption": preemption,
                "compute": {"model": "power", "scale": 1.0, "exponent": 1.0},
                "uplink": {"model": "power", "scale": 0.5},
            },
            "problem": PROBLEMS[problem],
            "methods": [{"name": method, **keys(method)}],
        }
    )
    (spec,) = expand(scenario)
    results = []
    for _ in range(2):
        instance = scenario.problem.build(spec.seed, scenario.cluster.workers)
        result = simulate(
            spec.method.build().run,
            instance,
            scenario.cluster.hardware(instance.dimension, spec.seed),
            updates=scenario.updates,
        )
        instance.close()
        assert result.failure is None
        results.append(result.history.columns())
    assert results[0] == results[1]
    assert results[0]["update"] == [1, 2, 3, 4, 5, 6]
    if scenario.problem.has_episodes:
        assert all(
            count == used
            for count, used in zip(results[0]["return_count"], results[0]["gradients"], strict=True)
        )


def test_the_batteries_have_every_kind_of_problem() -> None:
    missing = set(ProblemTable.door.ours) - {str(table["kind"]) for table in PROBLEMS.values()}
    assert not missing, "add a table of this kind to PROBLEMS"


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_says_its_size_without_being_made(name: str) -> None:
    table = ProblemTable.model_of(PROBLEMS[name]).model_validate(PROBLEMS[name])
    assert table.size(3).dimension == ProblemTable.size(table, 3).dimension


@pytest.mark.parametrize("name", PROBLEMS)
def test_an_exact_gradient_is_the_slope_of_the_objective(name: str) -> None:
    problem = built(name)
    x = problem.initial_point() + 0.5
    exact = problem.exact(x)
    assert (exact is not None) == (PROBLEMS[name]["kind"] in {"quadratic", "tabular"})
    if exact is not None:
        h = 1e-4 * np.eye(len(x))
        ends = [(problem.exact(x + step), problem.exact(x - step)) for step in h]
        slopes = [(up[0] - down[0]) / 2e-4 for up, down in ends if up and down]
        assert exact[1] == pytest.approx(np.linalg.norm(slopes), rel=1e-6)
    problem.close()


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_gradient_depends_on_its_key_and_not_on_its_company(name: str) -> None:
    problem, other = built(name), built(name)
    x = problem.initial_point()
    workers, tasks, weights = np.array([0, 1, 1]), np.array([5, 5, 6]), np.array([0.5, -1.0, 2.0])
    (together,) = problem.estimate([Request(x, workers, tasks, weights)])
    alone = np.zeros_like(x)
    for k in (2, 0, 1):  # another order, another instance
        key = slice(k, k + 1)
        (one,) = other.estimate([Request(x, workers[key], tasks[key], np.ones(1))])
        alone += weights[k] * one.gradient
    scale = float(np.abs(alone).max())
    np.testing.assert_allclose(together.gradient, alone, rtol=1e-4, atol=1e-5 * scale)
    problem.close()
    other.close()


def test_each_method_has_a_schema_with_its_own_keys() -> None:
    def own(**content: str) -> set[str]:
        return {*Method.model_of(content).model_fields} - {"name", "label", "rule", "source"}

    assert own(name="afedpg") == own(name="afedpg", rule="nigt") == {"step_size", "momentum"}
    assert own(name="rennala-pg") == {"step_size", "batch", "batch_init"}
    assert own(name="rennala", rule="pg") == own(name="rennala-pg")


@pytest.mark.parametrize("name", library(SWEEPS))
def test_every_sweep_of_the_library_has_a_valid_grid(name: str) -> None:
    sweep = load_sweep(name)
    expected = math.prod(len(list(axis.points())) for axis in sweep.file.axes)
    assert len(sweep.points) == expected > 1


def test_list_and_check_describe(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("empty")
    listed = straggler("list", cwd=folder)
    assert listed.returncode == 0
    scenarios, _, rest = listed.stdout.partition("\nsweeps:\n")
    sweeps, _, rest = rest.partition("\nmethods (")
    methods, _, rules = rest.partition("\nrules of any of them, ")
    assert len(scenarios.splitlines()) == len(library())
    assert [line.split()[0] for line in sweeps.splitlines()] == list(library(SWEEPS))
    assert [line.split()[0] for line in methods.splitlines()[1:]][: len(METHODS)] == list(METHODS)
    assert [line.split()[0] for line in rules.splitlines()[1:]][: len(RULES)] == list(RULES)
    checked = straggler("check", "figure1c", cwd=folder)
    assert checked.returncode == 0
    assert "kappa = 13.22 to 41.79 s per vector" in checked.stdout
    assert "d = 30,498 parameters" in checked.stdout
