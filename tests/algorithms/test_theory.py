"""Formulas against the simulator, against numbers by hand, and against each other."""

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from clusters import RULE, hardware, run, times
from commands import straggler, write_scenario
from hypothesis import given, settings
from hypothesis import strategies as st
from methods import drawn

from algorithms import (
    AFedPG,
    Algorithm,
    Asynchronous,
    FedBuff,
    Rennala,
    Ringleader,
    Ringmaster,
)
from algorithms.theory import bounds, clocks
from scenarios.format.load import library, load
from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.results.tables import clock_sheet, preference
from scenarios.results.theory import clocks as predicted_clocks
from scenarios.results.theory import constants_of, markdown, rounded, update_times
from scenarios.runs.spec import expand
from scenarios.runs.store.stored import StoredRun
from simulator.hardware.server import Server
from straggler import theory as told

if TYPE_CHECKING:
    from simulator import Hardware

H, KAPPA = np.array([1.0, 2.0, 4.0]), np.array([0.5, 0.0, 3.0])
SECONDS = st.integers(1, 32).map(lambda k: k / 8)


def test_clocks_by_hand() -> None:
    assert clocks.synchronous_round(H, KAPPA) == 7
    assert clocks.synchronous_round(H, KAPPA, allreduce=True) == 7
    assert clocks.fastest_round(H, KAPPA, 2) == 2
    assert clocks.fastest_round(H, KAPPA, 2, allreduce=True) == 2.5
    # completions at 1, 2, 2, 3, 4, 4, 4: the fifth at 4 is worker 0's, worker 2 has none
    assert clocks.rennala_round(H, KAPPA, 5) == 4.5
    assert clocks.rennala_round(H, KAPPA, 7) == 7
    assert clocks.rennala_round(H, KAPPA, 5, allreduce=True) == 7
    # M = 6 wants sum 1/M_i <= 9/6; at 5, counts 5, 2, 1: 1.7; at 6, counts 6, 3, 1: equality
    assert clocks.malenia_round(H, KAPPA, 6) == 6 + 3
    assert clocks.afedpg_interval(H, KAPPA) == pytest.approx(1 / (1 / 1.5 + 1 / 2 + 1 / 7))


@given(
    drawn(),
    st.lists(st.tuples(SECONDS, st.one_of(st.just(0.0), SECONDS)), min_size=1, max_size=8),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_simulated_clocks_equal_their_formulas(
    method: Algorithm,
    pairs: list[tuple[float, float]],
    allreduce: bool,  # noqa: FBT001
) -> None:
    h, kappa = (np.array(column) for column in zip(*pairs, strict=True))
    cluster = hardware(list(h), list(kappa), collective="allreduce" if allreduce else "gather")
    predicted = method.clock(h, kappa, allreduce=allreduce)
    if type(method).clock is Algorithm.clock:  # there is no formula
        return
    assert predicted is not None
    clock = times(run(method, cluster, updates=40))
    np.testing.assert_allclose(clock, predicted.times(40), rtol=1e-9)
    if predicted.updates is not None:
        # each of n workers can be off by one arrival, and Ringmaster's average is over 10,000
        mean = predicted.times(400)[-1] / 400
        assert mean == pytest.approx(predicted.period, rel=0.05 + len(h) / 400)


def test_updates_by_arrivals_are_predicted_to_the_last_bit() -> None:
    h, kappa = [0.1, 0.7, 0.35, 3.3], [0.3, 0.0, 1.1, 0.2]  # no binary fractions: all is rounded
    numbers = np.array(h), np.array(kappa)
    stopping, finishing = hardware(h, kappa, "cancel"), hardware(h, kappa, "finish")
    cases: list[tuple[Algorithm, Hardware, clocks.Clock]] = [
        (method, stopping, method.clock(*numbers))
        for method in (AFedPG(RULE), Asynchronous(RULE), FedBuff(RULE, 3), Ringleader(RULE))
    ]
    for master in (Ringmaster(RULE, 1), Ringmaster(RULE, 2), Ringmaster(RULE, 5)):
        cases.append((master, stopping, master.clock(*numbers)))
        cases.append((master, finishing, master.clock(*numbers, stops=False)))
    for method, cluster, predicted in cases:
        made = times(run(method, cluster, updates=200))
        assert predicted.times(200).tolist() == made
        assert predicted.period == pytest.approx(made[-1] / 200, rel=0.05)


def test_no_update_is_predicted_before_the_first_arrivals() -> None:
    workers, free = np.ones(10), np.zeros(10)
    assert AFedPG(RULE).clock(workers, free).times(12).tolist() == [1.0] * 10 + [2.0] * 2
    # R = 1: the first of ten arrivals at 1 makes an update, and the others are too old
    assert Ringmaster(RULE, 1).clock(workers, free).times(3).tolist() == [1, 2, 3]


def test_a_method_answers_for_its_own_clock() -> None:
    own = [{"name": f"own_classes:{name}", "rule": "pg"} for name in ("Chosen", "Timed")]
    scenario = Scenario.model_validate(
        {
            "title": "",
            "seeds": [0],
            "updates": 1,
            "cluster": {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2.0]}},
            "problem": {"kind": "quadratic", "dimension": 2},
            "methods": [method | {"step_size": 0.1} for method in own],
        }
    )
    sheet = clock_sheet(list(predicted_clocks(scenario, 2)), "cancel")
    assert sheet.rows == [["Chosen", "-", "-", "2"], ["Timed", "sum_i h_i", "3", "2"]]


def test_the_bound_is_of_our_own_rennala_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's class whose module has that name need not have a batch."""
    (tmp_path / "rennala_mine.py").write_text("from own_classes import Chosen\n")
    monkeypatch.syspath_prepend(tmp_path)
    method = {"rule": "pg", "step_size": 0.1, "label": "mine"}
    content = load("quadratic-stragglers").model_dump(exclude_none=True)
    for name, bounded in (("rennala_mine:Chosen", False), ("rennala", True)):
        values = {"batch": 3} if bounded else {}
        own = content | {"methods": [method | values | {"name": name}]}
        assert ("mine: no round computes longer than" in str(told(own, [0.1]))) == bounded


def test_of_many_at_once_only_the_first_send(monkeypatch: pytest.MonkeyPatch) -> None:
    # M = 100,001 of 100,002 workers are used, and not the last one, who would send for 100 s
    kappa = np.zeros(100_002)
    kappa[-1] = 100.0
    assert clocks.rennala_round(np.ones(100_002), kappa, 100_001) == 1
    assert clocks.rennala_round(np.ones(100_002), kappa, 100_002) == 101
    # at 2 s come worker 0's second and worker 1's first gradient: M = 2 uses worker 0's two
    monkeypatch.setattr(clocks, "ONE_BY_ONE", 0)
    assert clocks.rennala_round(np.array([1.0, 2.0]), np.array([0.0, 9.0]), 2) == 2
    assert clocks.rennala_round(np.array([1.0, 2.0]), np.array([0.0, 9.0]), 3) == 11
    assert clocks.rennala_round(np.array([2.0, 1.0]), np.array([9.0, 0.0]), 2) == 11


def test_clocks_of_long_rounds_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    # 3 completions every 2 s: the 3e9th at 2e9 s, to which worker 1 contributes too
    assert clocks.rennala_round(np.array([1.0, 2.0]), KAPPA[1:], 3 * 10**9) == 2e9 + 3
    # M = 4 wants 1/M_0 + 1/M_1 <= 1: the second of the slow worker
    assert clocks.malenia_round(np.array([1e-12, 1e12]), KAPPA[:2], 4) == 2e12 + 0.5
    # R = 1: nobody but the fast worker is ever in time
    assert Ringmaster(RULE, 1).clock(np.array([1.0, 1e12]), KAPPA[1:] * 0).period == 1
    monkeypatch.setattr(clocks, "MOST_ARRIVALS", 50)  # each an update, all after 2 s
    assert Ringmaster(RULE, 10**9).clock(np.full(100, 2.0), np.zeros(100)).period == 2 / 50


@given(
    st.lists(SECONDS, min_size=1, max_size=8), st.integers(1, 60), st.sampled_from([0.0, 0.25, 1.0])
)
@settings(max_examples=60, deadline=None)
def test_bisection_finds_what_counting_one_by_one_does(
    seconds: list[float], batch: int, upload: float
) -> None:
    h = np.array(seconds)
    kappa = np.array([upload * worker for worker in range(len(h))])  # who is not used sends nothing
    counted = clocks.rennala_round(h, kappa, batch), clocks.malenia_round(h, kappa, batch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clocks, "ONE_BY_ONE", 0)
        found = clocks.rennala_round(h, kappa, batch), clocks.malenia_round(h, kappa, batch)
    assert found == pytest.approx(counted, rel=1e-12)


@given(st.lists(SECONDS, min_size=1, max_size=12), st.integers(1, 60))
@settings(max_examples=200, deadline=None)
def test_no_rennala_round_exceeds_the_bound(h: list[float], batch: int) -> None:
    result = run(Rennala(RULE, batch), hardware(h), updates=3)
    bound = bounds.rennala_bound(np.array(h), batch)
    clock = [0.0, *times(result)]
    assert max(b - a for a, b in itertools.pairwise(clock)) <= bound * (1 + 1e-12)


def test_the_bound_by_hand() -> None:
    # m = 1: 2 * 1 * (3 + 1) = 8;  m = 2: 2 / 1.5 * 5 = 6.67;  m = 3: 2 / 1.75 * 6 = 6.857
    assert bounds.rennala_bound(H, 3) == pytest.approx(20 / 3)


def test_complexities_by_hand() -> None:
    c = bounds.Constants(epsilon=0.25, sigma=2.0, smoothness=3.0, hessian=4.0, gap=0.5)
    rounds = 3 * 0.5 / 0.25**2 + 2 * 0.5 / 0.25**1.5  # 24 + 8
    samples = 4 / 0.25**2 + 4 * 2 * 0.5 / 0.25**3.5  # 64 + 512
    assert (rounds, samples) == (32, 576)
    assert c.rounds == pytest.approx(rounds)
    assert c.samples == pytest.approx(samples)
    one = bounds.homogeneous_table(c, np.array([2.0]), np.array([5.0]))
    assert one["rennala-nigt"].computation == pytest.approx(2 * (32 + 576))
    assert one["rennala-nigt"].communication == pytest.approx(5 * 32)
    assert one["synchronous-pg"].computation == pytest.approx(2 * (24 + 4 * 3 * 0.5 / 0.25**4))
    # its workers send each gradient: 2 + 5 seconds, of which 2 compute
    assert one["asynchronous-pg"].computation == pytest.approx(2 * (24 + 4 * 3 * 0.5 / 0.25**4))
    assert one["asynchronous-pg"].total == pytest.approx(7 * (24 + 4 * 3 * 0.5 / 0.25**4))
    two = bounds.heterogeneous_table(c, np.array([2.0, 6.0]), np.array([5.0, 1.0]))
    # its workers take 2 + 5 and 6 + 1 seconds for a gradient at the server
    assert two["ringleader-pg"].total == pytest.approx(7 * 24 + 7 * 4 * 3 * 0.5 / 0.25**4 / 2)
    assert two["ringleader-pg"].computation == pytest.approx(6 * 24 + 4 * 1536 / 2)
    assert two["malenia-nigt"].total == pytest.approx(5 * 32 + 6 * 32 + 4 * 576 / 2)
    # min over m: the fastest alone, 2 (32 + 576), or both, 2 / (1/2 + 1/6) (32 + 576 / 2)
    assert bounds.harmonic_cost(np.array([6.0, 2.0]), 32, 576) == pytest.approx(3 * 320)


def test_complexities_of_two_unequal_workers_by_hand() -> None:
    c = bounds.Constants(epsilon=0.25, sigma=2.0, smoothness=3.0, hessian=4.0, gap=0.5)
    h, kappa = np.array([2.0, 6.0]), np.array([5.0, 1.0])
    first, second = bounds.homogeneous_table(c, h, kappa), bounds.heterogeneous_table(c, h, kappa)
    # 24 rounds and 1,536 samples of PG, 32 and 576 of NIGT; each worker makes half of the samples.
    # n / sum 1/h_i = 2 / (1/2 + 1/6) = 3 s, and 2 / (1/7 + 1/7) = 7 s with the links. AFedPG has
    # 2^(4/3) / eps^(7/3) = 64 and 1/eps^3 = 64
    wanted: dict[str, Any] = {
        "synchronous-pg": pytest.approx((6 * (24 + 768), 5 * (24 + 768))),
        "synchronous-nigt": pytest.approx((6 * (32 + 288), 5 * (32 + 288))),
        "rennala-pg": pytest.approx((3 * (24 + 768), 5 * 24)),
        "asynchronous-pg": pytest.approx((3 * (24 + 768), 4 * (24 + 768))),
        "afedpg": pytest.approx((3 * (64 + 288), 5 * 64)),
        "rennala-nigt": pytest.approx((3 * (32 + 288), 5 * 32)),
    }
    assert {name: (row.computation, row.communication) for name, row in first.items()} == wanted
    # the slowest decides on rounds, the mean h_i, 4 s, on samples; 7 s with the vectors
    wanted = {
        "synchronous-pg": wanted["synchronous-pg"],
        "synchronous-nigt": wanted["synchronous-nigt"],
        "malenia-pg": pytest.approx((6 * 24 + 4 * 768, 5 * 24)),
        "ringleader-pg": pytest.approx((6 * 24 + 4 * 768, 24 + 3 * 768)),
        "malenia-nigt": pytest.approx((6 * 32 + 4 * 288, 5 * 32)),
    }
    assert {name: (row.computation, row.communication) for name, row in second.items()} == wanted


def test_with_equal_workers_the_tables_agree() -> None:
    c, h, kappa = bounds.Constants(epsilon=0.01), np.full(8, 2.0), np.zeros(8)
    first, second = bounds.homogeneous_table(c, h, kappa), bounds.heterogeneous_table(c, h, kappa)
    assert first["rennala-nigt"].total == pytest.approx(second["malenia-nigt"].total)
    assert first["rennala-nigt"].total == pytest.approx(first["synchronous-nigt"].total)


@given(st.floats(1e-3, 0.5), st.floats(0.1, 10.0), st.floats(0.1, 10.0), st.floats(0.01, 10.0))
def test_chosen_parameters_keep_every_error_term_below_epsilon(
    epsilon: float, sigma: float, smoothness: float, hessian: float
) -> None:
    """Lemmas D.1 and D.2, and the rounds of Theorem 4.4."""
    c = bounds.Constants(epsilon, sigma, smoothness, hessian)
    x = bounds.choose_parameters(c)
    tight = 1 + 1e-9
    assert math.sqrt(x.momentum / x.batch) * sigma <= epsilon * tight
    assert hessian * x.step_size**2 / x.momentum**2 <= epsilon * tight
    assert smoothness * x.step_size <= epsilon * tight
    assert sigma / math.sqrt(x.batch_init) <= epsilon * tight
    updates = c.gap / (x.step_size * epsilon)
    assert updates <= 2 * c.rounds * tight
    assert updates * x.batch <= 4 * (c.samples + c.rounds) * tight


def test_the_truncation_horizon() -> None:
    assert bounds.truncation_horizon(0.99, 0.01) == 459  # 0.99^459 <= 0.01 < 0.99^458
    assert 0.99**459 <= 0.01 < 0.99**458
    assert bounds.truncation_horizon(1.0, 0.01) is None


def test_theory_says_where_its_formulas_do_not_fit() -> None:
    stalls = [scenario for scenario in map(load, library().values()) if not scenario.cluster.fixed]
    assert {s.title.split(":")[0] for s in stalls} >= {"Heavy tails", "Spot instances", "Federated"}
    assert load(library()["paper/figure1b"]).cluster.fixed


def test_the_theory_command_prints_clocks_and_both_tables(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("theory")
    write_scenario(folder)
    result = straggler("theory", "two.toml", "--epsilon", "0.05", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "max_i(h_i + kappa_i)" in result.stdout
    assert "Table 1, homogeneous" in result.stdout
    assert "Table 2, heterogeneous" in result.stdout
    assert result.stdout.count("theory prefers") == 2
    assert "sigma = 0.5, L_g = 1, L_h = 0" in result.stdout  # the quadratic knows them


@pytest.mark.parametrize(("dimension", "smoothness"), [(1, 0.25), (2, 1.0)])
def test_the_largest_curvature_is_that_of_the_quadratic(dimension: int, smoothness: float) -> None:
    """In one dimension there is the smallest eigenvalue alone, 1 / condition."""
    problem = {"kind": "quadratic", "dimension": dimension, "condition": 4.0}
    content = load("quadratic-stragglers").model_dump(exclude_none=True)
    constants = constants_of(load(content | {"problem": problem}), [0.1], {})
    assert constants["smoothness"] == smoothness


def test_no_method_is_preferred_to_one_that_is_as_good() -> None:
    rows = {"a": bounds.Complexity(2.0, 1.0), "b": bounds.Complexity(3.0, 0.0)}
    assert preference(rows) == "theory prefers neither a nor b, the best two"
    later = rows | {"b": bounds.Complexity(4.0, 0.5)}
    assert preference(later) == "theory prefers a: 1.5 times faster than b, the next best"


def test_the_tables_as_markdown(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("markdown")
    write_scenario(folder)
    result = straggler("theory", "two.toml", "--epsilon", "0.05", "--markdown", cwd=folder)
    assert result.returncode == 0, result.stderr
    c = bounds.Constants(epsilon=0.05, sigma=0.5, smoothness=1.0, hessian=0.0, gap=5.0)
    row = bounds.homogeneous_table(c, np.array([1.0, 2.0]), np.zeros(2))["rennala-pg"]
    assert f"| rennala-pg | {row.computation:,.0f} | 0 | {row.total:,.0f} |" in result.stdout
    assert result.stdout.count("|---|---|---|---|") == 2


def test_constants_are_said_in_words_with_few_digits() -> None:
    shown = str(told("quadratic-stragglers", [0.25], sigma=2 / 3))
    assert "to |grad J| = 0.25, with sigma = 0.6667, L_g = 1, L_h = 0, Delta = " in shown
    # variance 4/9; eta = eps^2 / variance = 0.140625, M = 1, M_init = ceil(4/9 * 16), alpha = eps
    assert "M = 1, M_init = 8, eta = 0.1406, alpha = 0.25" in shown


def test_seconds_per_step_are_taken_for_a_whole_gradient() -> None:
    compute = {"model": "explicit", "seconds": [0.02, 0.04], "per": "step"}
    whole = load("tabular-gridworld").model_dump(exclude_none=True)  # H = 50, gamma = 0.9
    rennala = whole["methods"][:1]
    scenario = load(whole | {"cluster": {"workers": 2, "compute": compute}, "methods": rennala})
    c = bounds.Constants(epsilon=0.25, sigma=1.0, smoothness=1.0, hessian=1.0, gap=1.0)
    row = bounds.homogeneous_table(c, np.array([0.2, 0.4]), np.zeros(2))["rennala-nigt"]
    shown = "\n".join(markdown(scenario, [0.25], {}))
    assert "(steps a gradient: 10, 1/(1 - gamma))" in shown
    assert f"| rennala-nigt | {rounded(row.computation)} | 0 | {rounded(row.total)} |" in shown
    assert "steps of a gradient are 10: 1/(1 - gamma)." in str(told(scenario, [0.25]))
    short = scenario.with_values({"problem.horizon": 5})
    assert "steps of a gradient are 5: H." in str(told(short, [0.25]))
    clock = load(
        scenario.model_dump(exclude_none=True) | {"problem": {"kind": "clock", "steps": 7}}
    )
    assert "(steps a gradient: 7, steps of a trajectory)" in next(markdown(clock, [0.25], {}))


def test_whole_turns_of_many_equal_workers_are_simulated() -> None:
    tables = [
        {"name": "afedpg", "momentum": 0.5, "step_size": 0.1},
        {"name": "fedbuff-nigt", "buffer": 8, "momentum": 0.5, "step_size": 0.1},
    ]
    compute = {"model": "explicit", "seconds": [1.0] * 16}
    content = load("quadratic-stragglers").model_dump(exclude_none=True)
    cluster = {"workers": 16, "compute": compute}
    single, buffered = predicted_clocks(load(content | {"cluster": cluster, "methods": tables}), 2)
    assert single.simulated == pytest.approx(1 / 16)
    assert buffered.simulated == pytest.approx(1 / 2, rel=0.01)


def test_a_lap_of_very_many_workers_is_not_simulated() -> None:
    content = load("quadratic-stragglers").model_dump(exclude_none=True)
    cluster = {"workers": 30_000, "compute": {"model": "power", "scale": 1.0}}
    tables = [{"name": "afedpg", "momentum": 0.5, "step_size": 0.1}]
    (clock,) = predicted_clocks(load(content | {"cluster": cluster, "methods": tables}), 2)
    assert math.isnan(clock.simulated)


def test_theory_has_no_formula_for_a_server_that_is_not_free() -> None:
    scenario = load("quadratic-stragglers").with_values({"cluster.server": {"receive": 0.5}})
    assert all(clock.formula == "-" for clock in predicted_clocks(scenario, 2))
    assert "no formula where vectors wait for the server" in str(told(scenario, [0.25]))


def test_a_servers_update_comes_after_the_first_round_too() -> None:
    # 3, 1 and 1 s of computing (test_clocks.py), and 0.25 s after each
    method, server = Rennala(RULE, batch=1, batch_init=4), Server(update=0.25)
    assert times(run(method, hardware([1, 2], server=server), updates=3)) == [3.25, 4.5, 5.75]
    predicted = method.clock(np.array([1.0, 2.0]), np.zeros(2)).after(0.25)
    assert predicted.times(3).tolist() == [3.25, 4.5, 5.75]


def test_theory_of_a_trace_takes_its_mean_speeds(tmp_path: Path) -> None:
    """Until 8 s: worker 0 always at 1/2, worker 1 at 1 for 2 of 8 s: h = 2 and 4."""
    (tmp_path / "t.csv").write_text("time,worker,speed\n0,0,0.5\n0,1,1\n2,1,0\n")
    content = load("quadratic-stragglers").model_dump(exclude_none=True)
    limits = {"time_limit": 8.0, "updates": None}
    methods = [{"name": "synchronous-nigt", "momentum": 0.5, "step_size": 0.1}]
    trace = {"model": "trace", "file": str(tmp_path / "t.csv")}
    fixed = {"model": "explicit", "seconds": [2.0, 4.0]}
    said = [
        list(
            markdown(
                load(
                    content
                    | limits
                    | {"methods": methods, "cluster": {"workers": 2, "compute": compute}}
                ),
                [0.25],
                {},
            )
        )
        for compute in (trace, fixed)
    ]
    traced = content | limits | {"methods": methods, "cluster": {"workers": 2, "compute": trace}}
    assert next(predicted_clocks(load(traced), 2)).formula == "-"
    assert said[0][0].endswith("(as if its times were fixed):")
    assert said[0][1:] == said[1][1:]


def test_theory_has_no_formula_where_cancelling_takes_time() -> None:
    """M = 3: worker 0 makes two by 2 s, worker 1 one by 1.5; stopping its next lasts 50 s more."""
    content = load("quadratic-stragglers").model_dump(exclude_none=True)
    cluster = {
        "workers": 2,
        "compute": {"model": "explicit", "seconds": [1.0, 1.5]},
        "preemption": {"rule": "cancel", "cost": 50.0},
    }
    method = {"name": "rennala-nigt", "batch": 3, "momentum": 0.5, "step_size": 0.1}
    scenario = load(content | {"cluster": cluster, "methods": [method]})
    (clock,) = predicted_clocks(scenario, 2)
    assert (clock.formula, math.isnan(clock.predicted)) == ("-", True)
    assert clock.simulated > 2
    said = str(told(scenario, [0.25]))
    assert "There is no formula where cancelling a task takes time." in said
    assert "(the bound)" not in said
    content = expand(scenario)[0].content()
    stored = StoredRun(Path("mine"), {"label": "r", "content": content, "dimension": 2})
    with pytest.raises(BadInputError, match="mine are known for fixed times and 'cancel' at no c"):
        update_times(stored, 5)
    free = scenario.with_values({"cluster.preemption": {"rule": "cancel", "cost": 0.0}})
    assert next(predicted_clocks(free, 2)).predicted == 2
    assert "(the bound)" in str(told(free, [0.25]))


def test_a_servers_update_comes_after_each_round() -> None:
    scenario = load("quadratic-stragglers").with_values({"cluster.server": {"update": 0.5}})
    found = {clock.method: clock for clock in predicted_clocks(scenario, 2)}
    assert {found.pop(name).formula for name in ("afedpg", "ringmaster-nigt")} == {"-"}
    for clock in found.values():
        assert clock.formula.endswith(", + 0.5")
        assert clock.simulated == pytest.approx(clock.predicted)


@pytest.mark.parametrize("name", ["epsilon", "sigma", "smoothness", "hessian", "gap"])
@pytest.mark.parametrize("value", [math.inf, math.nan, 1e-300, -1.0])
def test_constants_out_of_bounds_are_a_line(name: str, value: float) -> None:
    constants = {} if name == "epsilon" else {name: value}
    with pytest.raises(BadInputError, match=rf"{name}s?: .*; accepted: .*(1e-20 to 1e\+20|a)"):
        told("quadratic-stragglers", [value] if name == "epsilon" else [0.1], **constants)
