"""Plans: laws, smaller clusters, the search, and the file that is written."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import tomli_w
from commands import straggler

import straggler as front
from scenarios.api.cluster.plan import _confirmed, _planner
from scenarios.format.cluster import Cluster
from scenarios.plans.candidates import SHARED, Choice, methods_of, with_step
from scenarios.plans.law import Law, counting, of_results, of_theory
from scenarios.plans.needs import Need, Needs
from scenarios.plans.plan import Planned, Wishes
from scenarios.plans.reasons import reason
from scenarios.plans.smaller import kept_whole, slowest_first, without_slowest
from scenarios.plans.timed import Learned

SYNCHRONOUS = {"name": "synchronous-nigt", "momentum": 0.5, "step_size": 0.1}


def scenario(seconds: list[float], **more: Any) -> dict[str, Any]:
    cluster = {"workers": len(seconds), "compute": {"model": "explicit", "seconds": seconds}}
    return {
        "title": "one straggler",
        "seeds": [0],
        "updates": 200,
        "cluster": cluster | more.pop("cluster", {}),
        "problem": {"kind": "quadratic", "dimension": 4, "condition": 2.0, "noise": 0.5},
        "methods": [SYNCHRONOUS],
    } | more


STRAGGLER = scenario([1.0, 1.0, 1.0, 20.0], cluster={"price": 3600.0})
"""A synchronous round takes 20 s; without worker 3 it takes 1 s and has three gradients."""


def test_the_law_counts_rounds_delays_and_noise() -> None:
    law = Law(10.0, 5.0, 40.0, "by hand", {"known": 7.0})
    table = {"name": "rennala-nigt", "batch": 4}
    assert law.updates(table, gradients=4, delay=0) == 10 + 40 / 4
    assert law.updates(table, gradients=1, delay=3) == 10 + 15 + 40
    assert counting({"name": "malenia-nigt", "batch": 6}, 50.0, 3) == 6
    assert counting({"name": "malenia-nigt", "batch": 2}, 50.0, 3) == 3, "one each, at least"
    assert counting({"name": "ringleader-pg"}, 1.0, 3) == 3
    assert counting(table, 4.0, 3) == 4


def need(label: str, updates: float, delay: float, gradients: float, **keys: Any) -> Need:
    table = {"name": label, "step_size": 0.1, "momentum": 0.5} | keys
    return Need(label, table, [0], np.array([updates]), delay, gradients, made=50.0)


def needs_of(*methods: Need) -> Needs:
    learned = Learned({"kind": "quadratic", "dimension": 4}, 4, None)
    return Needs(1.0, "objective", list(methods), learned, 4, per_step=False)


def test_the_law_fits_what_runs_needed() -> None:
    # 10 + 2 delay + 40 / gradients
    made = needs_of(
        need("rennala-nigt", 14.0, 0.0, 10.0, batch=10),
        need("synchronous-nigt", 20.0, 0.0, 4.0),
        need("afedpg", 56.0, 3.0, 1.0),
        need("local-pg", np.inf, 0.0, 4.0, local_steps=2),
    )
    law = of_results(made, front.load(STRAGGLER))
    assert (law.rounds, law.delays, law.samples) == pytest.approx((10, 2, 40))
    assert law.updates({"name": "rennala-nigt", "batch": 10, "momentum": 0.5}, 1.0, 9.0) == 14
    assert law.updates(made.methods[3].table, 4.0, 0.0) == 50, "it had so many, and was not there"
    of_five = of_results(made, front.load(scenario([1.0] * 5)))
    assert of_five.known.keys() < law.known.keys(), "synchronous has other updates there"
    synchronous = made.methods[1].table
    assert law.updates(synchronous, 4.0, 0.0) == 20
    assert law.updates(synchronous, 2.0, 0.0) == pytest.approx(30), "two workers are left out"
    one = of_results(needs_of(made.methods[1]), front.load(STRAGGLER))
    theory = of_theory(front.load(STRAGGLER), 0.1)
    assert one.samples / one.rounds == pytest.approx(theory.samples / theory.rounds)
    assert one.rounds + one.samples / 4 == pytest.approx(20)
    half = replace(made.methods[1], updates=np.array([20.0, np.inf]))
    with pytest.raises(
        front.BadInputError, match=r"^target: no method reached 1 in more than half"
    ):
        of_results(needs_of(half), front.load(STRAGGLER))


def test_theory_knows_a_quadratic() -> None:
    loaded = front.load(STRAGGLER)
    problem = loaded.problem.build(0, 4)
    exact, best = problem.exact(problem.initial_point()), problem.exact(np.ones(4))
    assert exact is not None
    assert best is not None
    law = of_theory(loaded, 0.1)
    assert law.rounds == law.delays == pytest.approx((best[0] - exact[0]) / 0.01)
    assert law.samples == pytest.approx(0.25 / 0.01)
    assert "known of the problem" in str(law)


WHOLE = Cluster.model_validate(
    {
        "workers": 3,
        "compute": {"model": "power", "scale": 3.0, "exponent": -1.0},  # 3, 1.5, 1
        "uplink": {"model": "link", "bandwidth": [4.0, 8.0, 2.0]},  # d, d/2, 2 d
        "failures": {"model": "windows", "windows": [[0, 1.0, 2.0], [2, 5.0, 6.0]]},
        "price": [1.0, 2.0, 3.0],
        "power": {"computing": {"groups": [{"count": 2, "each": 5.0}, {"count": 1, "each": 7.0}]}},
    }
)


def test_a_cluster_without_its_slowest_worker() -> None:
    assert slowest_first(WHOLE, 1).tolist() == [0, 2, 1]
    part = without_slowest(WHOLE, 1, 1)
    assert part.compute_seconds().tolist() == [1.5, 1.0]
    assert part.uplink_seconds(1).tolist() == [0.5, 2.0]
    assert part.prices() == {"price": [2.0, 3.0], "power": {"computing": [5.0, 7.0], "idle": 0.0}}
    assert part.failures is not None
    assert part.failures.model_dump()["windows"] == [[1, 5.0, 6.0]]
    assert without_slowest(WHOLE, 2, 1).failures is None
    large = without_slowest(WHOLE, 1, 100)  # now worker 2 is last: 1 + 200 s
    assert large.compute_seconds().tolist() == [3.0, 1.5]


def test_seconds_per_step_count_for_a_whole_trajectory() -> None:
    compute = {"model": "explicit", "seconds": [0.001, 0.02, 0.002], "per": "step"}
    uplink = {"model": "explicit", "seconds": [0.5, 0.0, 0.0]}
    whole = Cluster.model_validate({"workers": 3, "compute": compute, "uplink": uplink})
    assert slowest_first(whole, 1, 1000).tolist() == [1, 2, 0]  # 1.5, 20 and 2 s
    assert without_slowest(whole, 1, 1, 1000).compute_seconds().tolist() == [0.001, 0.002]


def test_a_power_law_stays_one() -> None:
    rising = Cluster.model_validate(
        {"workers": 9, "compute": {"model": "power", "scale": 1.0, "exponent": 0.5}}
    )
    part = without_slowest(rising, 4, 1)
    assert part == rising.model_copy(update={"workers": 5})
    assert kept_whole(rising, varied=False) is None
    assert kept_whole(rising, varied=True) == "workers have variants of the problem"


def test_small_times_are_those_of_the_workers_that_stay() -> None:
    """Of 1, 2, 3, 4 nanoseconds the first go with the worker whose link, or computing, is slow."""
    compute = {"model": "power", "scale": 1e-9, "exponent": 1.0}
    slow = {"model": "explicit", "seconds": [1e-7, 1e-12, 1e-12, 1e-12]}
    whole = Cluster.model_validate({"workers": 4, "compute": compute, "uplink": slow})
    part = without_slowest(whole, 1, 1)
    np.testing.assert_allclose(part.compute_seconds(), [2e-9, 3e-9, 4e-9], rtol=1e-12)
    swapped = whole.model_dump(exclude_none=True) | {"compute": slow, "uplink": compute}
    part = without_slowest(Cluster.model_validate(swapped), 1, 1)
    np.testing.assert_allclose(part.uplink_seconds(1), [2e-9, 3e-9, 4e-9], rtol=1e-12)


@pytest.fixture(scope="module")
def found() -> front.Plans:
    return front.plan(STRAGGLER, methods=["synchronous"])


def test_a_straggler_is_left_out_and_named(found: front.Plans) -> None:
    best = found.plans[0]
    assert (best.choice.without, best.pace) == (1, 1.0)
    law = found.planner.law
    assert best.updates == math.ceil(law.rounds + law.samples / 3)
    assert found.default.seconds == pytest.approx(20 * math.ceil(law.rounds + law.samples / 4))
    assert best.cost("money") == pytest.approx(3 * best.seconds)
    assert "without worker 3, who needs 20 s for a gradient" in found.lines[0]
    # 3 of 4 workers wait 19 of 20 s
    assert "worker 3 holds up every round: 71% of all worker time is waiting" in found.lines[-2]
    assert found.best.cluster.workers == 3


def test_no_worker_is_blamed_where_all_are_equally_slow_or_others_are_waited_for() -> None:
    """Times are random; or the slowest of 1, 1, 10, 20 s is the backup, and 10 s decide."""
    random = {"model": "power", "scale": 1.0, "random": {"distribution": "exponential"}}
    equal = scenario([1.0] * 4, cluster={"workers": 4, "compute": random})
    backup = scenario([1.0, 1.0, 10.0, 20.0], methods=[SYNCHRONOUS | {"backup": 1}])
    for content, who in (
        (equal, "whoever is last"),
        (backup, "whoever is last"),
        (STRAGGLER, "worker 3"),
    ):
        planner = _planner(front.load(content), None, 0.1)
        default = planner.planned(planner.default())
        assert f" s: {who} holds up every round: " in reason(default, default, planner.learned)


def test_the_cheapest_in_time_and_the_soonest_in_budget(found: front.Plans) -> None:
    seconds = [plan.seconds for plan in found.plans]
    assert seconds == sorted(seconds)
    late = front.plan(STRAGGLER, methods=["synchronous", "afedpg"], deadline=100 * seconds[0])
    money = [plan.cost("money") for plan in late.plans]
    assert money == sorted(money)
    assert money[0] < found.plans[0].cost("money")
    poor = Wishes(budget=money[0] * 1.01)
    affordable = min([*found.plans, *late.plans], key=poor.order)
    assert affordable.cost("money") <= money[0] * 1.01 < found.plans[0].cost("money")
    with pytest.raises(front.BadInputError, match="within budget and deadline; accepted: such as"):
        front.plan(STRAGGLER, methods=["synchronous"], budget=money[0] / 2)


def test_measured_seconds_decide_and_money_in_proportion() -> None:
    """Two plans of 10 s for 4 and 8; measured, the first takes 30 s for 12, the second 10 for 8."""

    class Plan:
        seconds, changes = 10.0, 0

        def __init__(self, money: float) -> None:
            self._money = money

        def cost(self, key: str) -> float:
            assert key == "money"
            return self._money

    first, second = cast("list[Planned]", [Plan(4.0), Plan(8.0)])
    cheapest = Wishes(deadline=100.0)
    assert cheapest.order(first) < cheapest.order(second)
    assert cheapest.order(second, 10.0) < cheapest.order(first, 30.0)
    assert Wishes().order(second, 9.0) < Wishes().order(first, 9.1)
    assert not Wishes(budget=10.0).fits(first, 30.0)
    assert Wishes(budget=12.0).fits(first, 30.0)
    assert not Wishes(deadline=29.0).fits(first, 30.0)
    late, never = Wishes(deadline=5.0).order(first), Wishes(deadline=5.0).order(second, math.inf)
    assert late < never


def test_what_is_beyond_the_deadline_is_not_shown(found: front.Plans) -> None:
    seconds = [plan.seconds for plan in found.plans]
    between = (seconds[0] + seconds[1]) / 2
    shown = front.plan(STRAGGLER, methods=["synchronous"], deadline=between).plans
    assert shown
    assert max(plan.seconds for plan in shown) <= between


def test_steps_go_as_far_in_all() -> None:
    table = {"name": "afedpg", "momentum": 0.5}
    assert with_step(table, 40.0, SYNCHRONOUS, 10.0) == 0.025
    assert with_step(SYNCHRONOUS, 40.0, SYNCHRONOUS, 10.0) == 0.1
    decaying = SYNCHRONOUS | {"step_size": {"start": 0.1, "power": 0.5, "after": 9.0}}
    assert with_step(table, 5.0, decaying, 10.0)["start"] == 0.2
    assert with_step(table, 5.0, SYNCHRONOUS, math.inf) == 0.1  # a method that never makes one


def test_who_never_makes_an_update_is_said_and_not_run(tmp_path: Path) -> None:
    """Worker 1 fails each second, and takes 60 s for a gradient."""
    failures = {"failures": {"model": "random", "between": 1.0, "repair": 1.0}}
    alone = scenario([0.1, 60.0], cluster=failures, updates=30, methods=[SYNCHRONOUS])
    found = front.plan(alone, methods=["synchronous"], learn=False)
    assert not np.isfinite(found.default.seconds)
    learned = found.planner.learned
    assert reason(found.default, found.default, learned) == "its updates end, or never begin"
    assert ", instead of none: without worker 1, " in reason(found.plans[0], found.default, learned)
    needed: Any = None
    assert _confirmed(found.planner, found.default, needed, tmp_path) == math.inf


def test_no_plan_is_written_where_none_arrives(tmp_path: Path) -> None:
    """Both workers stand still from 3 s on."""
    rows = "".join(f"0,{worker},1\n3,{worker},0\n" for worker in range(2))
    (tmp_path / "t.csv").write_text(f"time,worker,speed\n{rows}")
    content = STRAGGLER | {
        "cluster": {"workers": 2, "compute": {"model": "trace", "file": str(tmp_path / "t.csv")}}
    }
    with pytest.raises(front.BadInputError, match="no method arrives: its updates end, or never"):
        front.plan(content, methods=["synchronous", "afedpg"])


def test_every_method_that_is_tried_fits_the_cluster() -> None:
    loaded = front.load(STRAGGLER)
    tables = methods_of(loaded, of_theory(loaded, 0.1))
    kinds = {str(table["name"]) for table in tables}
    assert kinds == {f"{name}-nigt" for name in SHARED}
    varied = front.load(
        STRAGGLER
        | {
            "problem": {
                "kind": "quadratic",
                "dimension": 2,
                "variants": [{"name": "far", "workers": [3], "optimum": 2.0}],
            }
        }
    )
    tables = methods_of(varied, of_theory(varied, 0.1))
    assert {str(t["name"]).partition("-")[0] for t in tables} == {
        "synchronous",
        "malenia",
        "ringleader",
    }
    learned = Learned({}, 2, None)
    made = Choice(tables[0], 0, "finish", "allreduce").cluster(varied.cluster, learned)
    assert made.rule == "finish"


def test_runs_confirm_a_plan(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(tomli_w.dumps(STRAGGLER))
    said = straggler("plan", "mine.toml", "--learn", "--method", "synchronous", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "seconds" in said.stdout
    written = tmp_path / "mine-plan.toml"
    assert written.read_text().startswith("# Written by `straggler plan`\n# straggler")
    plan = front.load(written)
    assert plan.cluster.workers < 4
    rows = front.plan(STRAGGLER, learn=True, methods=["synchronous"], out=tmp_path / "runs", jobs=1)
    best, default = rows.rows()[0], rows.rows()[-1]
    assert default["measured"] / best["measured"] > 10  # 20 for a round, and noisier updates
    for row in (best, default):
        assert row["seconds"] == pytest.approx(row["measured"], rel=0.25)
    again = straggler("plan", "mine.toml", "--write", "mine.toml", cwd=tmp_path)
    assert again.returncode == 2
    assert (
        "mine.toml: is there, and not written by plan; accepted: another file, or --force"
        in again.stderr
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nobody"], "nobody: no such file or scenario"),
        (["quadratic-stragglers", "--method", "x"], "--method x: not among them; accepted: renn"),
        (
            ["quadratic-stragglers", "--target", "1"],
            "target: is of results; accepted: with them, or",
        ),
        (
            ["quadratic-stragglers", "--results", "{file}", "--epsilon", "0.1"],
            "epsilon: is of the theory; accepted: without results and learn",
        ),
        (["quadratic-stragglers", "--results", "x"], "x: not there; accepted: a folder of results"),
        (
            ["quadratic-stragglers", "--results", "{file}"],
            "is of another problem: kind is 'control'; accep",
        ),
        (
            ["quadratic-stragglers", "--budget", "5"],
            "budget: the cluster has no prices; accepted: w",
        ),
        (["quadratic-stragglers", "--out", "x"], " out: is for the runs of learn; accepted: with "),
        (
            ["quadratic-stragglers", "--jobs", "3"],
            " jobs: is for the runs of learn; accepted: with",
        ),
        (["quadratic-stragglers", "--deadline", "0"], "--deadline: got '0'; accepted: a numb"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, words: list[str], line: str) -> None:
    compact = Path(__file__).parents[3] / "results/figure1a.parquet"
    said = straggler("plan", *(word.format(file=compact) for word in words), cwd=tmp_path)
    assert said.returncode == 2
    (told,) = said.stderr.splitlines()
    assert line in told
    assert not list(tmp_path.glob("*.toml"))


def test_a_rule_of_ones_own_is_planned_with() -> None:
    rule = {"rule": "own_classes:Clipped", "step_size": 0.5, "longest": 0.25}
    found = front.plan(STRAGGLER | {"methods": [{"name": "rennala", "batch": 6} | rule]})
    assert found.plans[0].choice.aggregation in {"afedpg", "rennala", "ringmaster"}
    for plan in found.plans:
        assert plan.choice.method["rule"] == "own_classes:Clipped"
        assert plan.choice.method["longest"] == 0.25
    assert found.best.methods[0].build().rule.longest == 0.25  # type: ignore[attr-defined]
