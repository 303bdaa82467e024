"""Tuning: the same budget for every method, and the best is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from commands import write_scenario
from tuning import bowl, made_up, with_table

from scenarios.format.load import load
from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import Options, execute
from scenarios.runs.jobs import Job
from scenarios.runs.spec import expand
from scenarios.studies.grid import load_sweep
from scenarios.studies.tuning.budget import Plan, Rung, plan
from scenarios.studies.tuning.tune import Tuning, ranked, tune
from scenarios.studies.tuning.tuned import verdict
from simulator.problems.quadratic import Bowl, Quadratic


@dataclass
class Maker:
    """Makes runs in this process, and remembers the rungs; all runs of one rung can fail."""

    failing: int | None = None
    rungs: list[list[Job]] = field(default_factory=list)

    def __call__(self, jobs: Sequence[Job]) -> None:
        self.rungs.append(list(jobs))
        for job in jobs:
            if len(self.rungs) == self.failing:
                job.folder.write_info(job.spec, "failed", reason="no luck", totals=None)
            else:
                execute(job.spec, job.folder, Options(continued=True))


def tuned(file: Path, maker: Maker | None = None) -> tuple[Plan, Tuning]:
    planned = plan(file, load(file))
    return planned, tune(planned, file.parent / "store", maker or Maker())


def test_every_method_has_the_same_budget(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    planned = plan(file, load(file))
    assert planned.grids == {"rennala-nigt": 90, "synchronous-nigt": 30, "afedpg": 30}
    assert {name: len(tries) for name, tries in planned.tries.items()} == planned.grids
    assert planned.tries["synchronous-nigt"] == planned.tries["afedpg"]
    names = list(planned.grids)
    assert planned.rungs == [
        Rung(dict(zip(names, (90, 30, 30), strict=True)), None, 20),
        Rung(dict(zip(names, (45, 15, 15), strict=True)), None, 40),
    ]
    assert planned.runs == (90 + 30 + 30 + 45 + 15 + 15) * 2


def test_a_given_number_of_tries_is_that_of_each_method(tmp_path: Path) -> None:
    maker = Maker()
    table = "[tune]\nstep_size = [0.01, 0.1]\nmomentum = [0.1, 0.5]\ntries = 4\n"
    planned, _ = tuned(with_table(tmp_path, f"{table}halving = 3\nrungs = 3\n"), maker)
    assert planned.grids["rennala-nigt"] == 12
    for jobs, number in zip(maker.rungs, (4 * 2, 2 * 2, 1 * 2), strict=True):
        methods = [job.spec.method.name for job in jobs]
        assert [methods.count(name) for name in dict.fromkeys(methods)] == [number] * 3
        assert {job.spec.seed for job in jobs} == {1000, 1001}
    assert [jobs[0].spec.scenario.updates for jobs in maker.rungs] == [4, 13, 40]


def test_limits_and_tries_can_be_said(tmp_path: Path) -> None:
    table = "[tune]\ntries = 7\ntime_limit = 30.0\n[quick]\nseeds = [1000]\n"
    file = with_table(tmp_path, table + "updates = 10\n")
    scenario = load(file)
    seven, four = (dict.fromkeys((m.folder for m in scenario.methods), k) for k in (7, 4))
    assert plan(file, scenario).rungs == [Rung(seven, 15.0, None), Rung(four, 30.0, None)]
    assert plan(file, scenario, quick=True).rungs == [Rung(seven, None, 5), Rung(four, None, 10)]
    assert set(plan(file, scenario, tries=3).rungs[0].tries.values()) == {3}


def test_seeds_are_none_of_those_that_are_reported(tmp_path: Path) -> None:
    quick = "[quick]\nseeds = [1001]\nupdates = 5\n"
    file = write_scenario(tmp_path, ("[0, 1]", "[1000, 1003]"), ("= 40\n", f"= 40\n{quick}"))
    assert plan(file, load(file)).seeds == [1002, 1004]


def test_halving_keeps_what_is_best_when_all_are_tried(tmp_path: Path) -> None:
    steps = [0.1, 1.7, 0.8, 1.25, 0.5, 2.5]  # |1 - step| = 0.9, 0.7, 0.2, 0.25, 0.5, 1.5
    maker = Maker()
    planned, tuning = tuned(bowl(tmp_path, steps, "halving = 3\nrungs = 3"), maker)
    tries = tuning.tries["synchronous-pg"]
    assert [(one.values["step_size"], one.rung) for one in tries] == [
        *((0.8, 3), (1.25, 2)),
        *((0.5, 1), (1.7, 1), (0.1, 1), (2.5, 1)),
    ]
    assert tuning.metric == "objective"
    starts = [Quadratic(1, [Bowl(1.0)], 0.0, seed).initial_point()[0] for seed in planned.seeds]
    for one, updates in ((tries[0], 9), (tries[1], 3), (tries[2], 1)):
        factor = 1 - one.values["step_size"]
        ends = [
            [0.5 - ((1 - x) * factor**k) ** 2 / 2 for k in range(1, updates + 1)] for x in starts
        ]
        # one update a second: as the first until then, then straight lines
        means = [(f[0] + sum((a + b) / 2 for a, b in pairwise(f))) / updates for f in ends]
        np.testing.assert_allclose(one.scores[-1], means, atol=1e-6)
    _, exhaustive = tuned(bowl(tmp_path, steps, "rungs = 1"))
    assert exhaustive.tries["synchronous-pg"][0].values == tries[0].values
    assert [len(jobs) for jobs in maker.rungs] == [12, 4, 2]


@pytest.mark.parametrize("later", ["", "\ntime_limit = 1000.0"])
def test_where_updates_are_limited_a_methods_tries_are_scored_over_the_same_time(
    tmp_path: Path, later: str
) -> None:
    """Two workers take batch / 2 seconds for an update, one for a batch of 1; it ends at 12 s."""
    methods = '\n[[methods]]\nname = "rennala-pg"\nbatch = 2\nstep_size = 0.25\n'
    table = f"updates = 12\nseeds = [7]\nbatch = [32, 8, 1]\nrungs = 1{later}"
    _, tuning = tuned(bowl(tmp_path, [0.25], table, methods))
    x = Quadratic(1, [Bowl(1.0)], 0.0, 7).initial_point()[0]
    f = [0.5 - ((1 - x) * 0.75**k) ** 2 / 2 for k in range(1, 13)]
    means = {
        1: (f[0] + sum((a + b) / 2 for a, b in pairwise(f))) / 12,
        8: (4 * f[0] + 4 * (f[0] + f[1]) / 2 + 4 * (f[1] + f[2]) / 2) / 12,
        32: f[0],  # the lowest first value: its own update comes at 16 s
    }
    tries = tuning.tries["rennala-pg"]
    assert [one.values["batch"] for one in tries] == [1, 8, 32]
    scores = [one.score for one in tries]
    np.testing.assert_allclose(scores, [means[1], means[8], means[32]], atol=1e-6)


def test_an_update_after_the_time_counts_as_the_lowest_first_value(tmp_path: Path) -> None:
    methods = '\n[[methods]]\nname = "rennala-pg"\nbatch = 2\nstep_size = 0.25\n'
    table = "updates = 12\nseeds = [7]\nbatch = [32, 1]\nrungs = 1"
    _, tuning = tuned(bowl(tmp_path, [0.25, 0.5], table, methods))
    x = Quadratic(1, [Bowl(1.0)], 0.0, 7).initial_point()[0]
    late = [one.score for one in tuning.tries["rennala-pg"] if one.values["batch"] == 32]
    np.testing.assert_allclose(late, [0.5 - ((1 - x) * 0.75) ** 2 / 2] * 2, atol=1e-6)


def test_an_exact_objective_is_tuned_by_as_it_is_judged_by(tmp_path: Path) -> None:
    """Discounted by 0.5 a return is below 2; the undiscounted ones of [evaluation] are above."""
    table = "seeds = [7]\nrungs = 1\nmomentum = [1.0]\nbatch = [2]\nstep_size = [0.5]"
    world = 'world = { model = "random", states = 3, actions = 2 }'
    problem = f'kind = "tabular"\ndiscount = 0.5\nhorizon = 10\n{world}'
    file = write_scenario(
        tmp_path,
        ("updates = 40\n", f"updates = 40\n[tune]\n{table}\n"),
        ('kind = "quadratic"\ndimension = 10\nnoise = 0.5', problem),
        ("[problem]", "[evaluation]\nepisodes = 2\nevery = 5.0\n[problem]"),
    )
    _, tuning = tuned(file)
    assert tuning.metric == "objective"
    assert 0 < tuning.thresholds[0] < tuning.thresholds[2] < 2
    assert all(0 < one.score < 2 for tries in tuning.tries.values() for one in tries)


def test_equal_scores_keep_the_order_of_the_grid() -> None:
    tries = [made_up([1.0], index=k, step_size=s) for k, s in enumerate((0.3, 0.1, 0.2))]
    assert [one.index for one in ranked(tries[::-1])] == [0, 1, 2]


def test_diverged_tries_come_last_and_do_not_go_on(tmp_path: Path) -> None:
    maker = Maker()
    _, tuning = tuned(bowl(tmp_path, [1e308, 9e307, 0.01, 1e306], "rungs = 3"), maker)
    tries = tuning.tries["synchronous-pg"]
    assert [one.values["step_size"] for one in tries] == [0.01, 1e308, 9e307, 1e306]
    assert [one.failed for one in tries] == [False, True, True, True]
    assert [len(jobs) for jobs in maker.rungs] == [8, 2, 2]
    assert verdict(tries).endswith("the only try that did not fail")


def test_nothing_is_tried_in_the_place_of_what_fails_late(tmp_path: Path) -> None:
    maker = Maker(failing=2)
    _, tuning = tuned(bowl(tmp_path, [0.1, 0.2, 0.3, 0.4, 0.5], "rungs = 3"), maker)
    assert [len(jobs) for jobs in maker.rungs] == [10, 6, 0]
    ranks = [one.values["step_size"] for one in tuning.tries["synchronous-pg"]]
    assert ranks == [0.2, 0.1, 0.3, 0.4, 0.5]  # the three best failed in the second rung


def test_an_objective_beyond_numbers_is_a_failure(tmp_path: Path) -> None:
    _, tuning = tuned(bowl(tmp_path, [1e100, 0.01], "updates = 2\nrungs = 1"))  # x is 1e200
    assert [one.failed for one in tuning.tries["synchronous-pg"]] == [False, True]


def test_the_table_is_no_part_of_a_run_and_does_not_hinder_sweeps(tmp_path: Path) -> None:
    plain, table = load(write_scenario(tmp_path)), load(with_table(tmp_path, "[tune]\nseeds=[7]"))
    assert [s.identity() for s in expand(plain)] == [s.identity() for s in expand(table)]
    sweep = tmp_path / "sweep.toml"
    sweep.write_text('title = "s"\nbase = "two.toml"\nseeds = [7]\n')
    assert load_sweep(sweep).points[0].scenario.seeds == [7]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("seeds = [5, 1]", "tune.seeds: 1 is reported; accepted: seeds that are not"),
        ("seeds = [5, 5]", "tune.seeds: a value stands there twice; accepted: each once"),
        ("step_size = [0.1, 0.1]", "tune.step_size: a value stands there twice"),
        ("step_size = [0.1, 0.0]", "tune.step_size[1]: got 0.0; accepted: a number above 0"),
        (
            "momentum = [2.0]",
            "tune.momentum[0]: got 2.0; accepted: a number above 0",
        ),
        ("batch = []", "tune.batch: has no entries; accepted: at least 1: whole"),
        ("halving = 1", "tune.halving: got 1; accepted: a whole number of at least 2"),
        ("rung = 2", "tune.rung: unknown key; did you mean 'rungs'? accepted: seeds, step_size"),
        ("tries = 31", "tune.tries: 31: accepted: at most 30, the size of synchronous-nigt's grid"),
    ],
)
def test_mistakes_are_one_line(table: str, message: str, tmp_path: Path) -> None:
    file = with_table(tmp_path, f"[tune]\n{table}\n")
    with pytest.raises(BadInputError) as caught:
        plan(file, load(file))
    (line,) = caught.value.lines
    assert line.startswith(f"{file}: {message}")
