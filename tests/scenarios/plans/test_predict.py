"""Predictions from one cluster to another, against runs that were made there."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from commands import straggler

import straggler as front
from scenarios.api.cluster.plan import _confirmed
from scenarios.format.cluster import Cluster
from scenarios.plans.check import Trial, parts_of, summary, trials
from scenarios.plans.needs import needs
from scenarios.plans.predict import doubts
from scenarios.plans.predict import predict as predicted
from scenarios.plans.timed import Learned, timed, timing

HERE = {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2.0]}}
THERE = {
    "workers": 2,
    "compute": {"model": "explicit", "seconds": [1.0, 5.0]},
    "uplink": {"model": "explicit", "seconds": [1.0, 1.0]},
    "price": 1800.0,
}
"""A synchronous round takes 2 s here, 6 s there, at 1 a second."""

QUADRATIC = {"kind": "quadratic", "dimension": 4, "noise": 0.1}


def scenario(cluster: dict[str, Any] = HERE, updates: int = 40, **more: Any) -> dict[str, Any]:
    return {
        "title": "two workers",
        "seeds": [0, 1],
        "updates": updates,
        "cluster": cluster,
        "problem": QUADRATIC,
        "methods": [
            {"name": "synchronous-nigt", "momentum": 0.5, "step_size": 0.1},
            {"name": "afedpg", "momentum": 0.5, "step_size": 0.05},
        ],
    } | more


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of runs on both clusters, and their compact files."""
    folder = tmp_path_factory.mktemp("runs")
    for name, cluster in (("here", HERE), ("there", THERE)):
        made = front.run(scenario(cluster), folder / name, jobs=1)
        made.save(folder / f"{name}.parquet")
    return folder


def test_synchronous_runs_are_predicted_exactly(runs: Path) -> None:
    found = front.predict(runs / "here", scenario(THERE))
    made = front.open(runs / "there")
    table = found.table().set_index("method")
    for row in (table.loc["synchronous-nigt"],):
        mine = made.select("synchronous-nigt").rows([found.target]).rows
        # a curve is a straight line between updates: predictions are whole updates, the next ones
        whole = np.ceil([r[f"time_to_{found.target:g}"] / 6 for r in mine]) * 6
        assert row["seconds"] == np.median(whole)
        assert row["money"] == pytest.approx(row["seconds"])
        assert row["updates"] == row["seconds"] / 6
        assert row["idle"] == pytest.approx(4 / 12)  # worker 0 waits 4 of 6 s, worker 1 never
        assert row["sending"] == pytest.approx(2 / 12)


def test_a_seed_that_never_got_there_never_does(runs: Path) -> None:
    best = front.open(runs / "here").select("afedpg").table()["best"]
    found = front.predict(runs / "here", scenario(THERE), float(best.max()), methods=["afedpg"])
    (row,) = found.rows
    assert row.need.reached == 1
    assert np.isinf(row.seconds).sum() == 1
    assert found.table()["seconds"][0] == np.inf
    assert "1 of 2" in str(found)


def failing(results: front.Results, seed: int) -> front.Results:
    """Return results of which the runs of a seed have failed."""
    lost: Any = {"status": "failed", "reason": "update 7: theta is not finite", "totals": None}
    runs = [replace(r, info={**r.info, **lost}) if r.info["seed"] == seed else r for r in results]
    return front.Results(runs, results.name)


def test_a_seed_that_failed_never_gets_there(runs: Path) -> None:
    """Of two, one: half of them, so the median is never, as `compare` has it."""
    one = failing(front.open(runs / "here"), 0)
    found = front.predict(one, scenario(THERE), methods=["afedpg"])
    (row,) = found.rows
    assert (row.need.seeds, row.need.reached, row.row()["seconds"]) == ([1, 0], 1, np.inf)
    assert "1 of 2" in str(found)
    with pytest.raises(front.BadInputError, match=r"^target: no method reached"):
        front.plan(scenario(), results=one)


def test_the_check_counts_failed_runs_as_never(runs: Path, tmp_path: Path) -> None:
    for name, seed in (("here", 7), ("there", 0)):
        failing(front.open(runs / name), seed).save(tmp_path / f"{name}.parquet")
    for trial in trials(parts_of(tmp_path)):
        failed = "predicted" if trial.source == "there" else "measured"
        assert np.isinf(getattr(trial, failed)), "of the two there one is left"


def test_clocks_of_seeds_that_never_arrived_are_not_simulated(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = needs(list(front.open(runs / "here").select("afedpg")), "here")
    late = replace(found.methods[0], seeds=[7, 8, 9], updates=np.array([np.inf, 4.0, np.inf]))
    seen = []

    def watched(*given: Any) -> Any:
        seen.append(given[2:])
        return timed(*given)

    monkeypatch.setattr("scenarios.plans.predict.timed", watched)
    random = {"distribution": "exponential"}
    cluster = Cluster.model_validate(THERE | {"compute": THERE["compute"] | {"random": random}})  # type: ignore[operator]
    (one,) = predicted(replace(found, methods=[late]), cluster, "there")
    assert seen == [(4, 8)], "4 updates of seed 8"
    assert one.seconds.tolist() == [np.inf, one.clock.times[3], np.inf]


def test_a_plan_whose_runs_failed_is_not_there(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = front.open(runs / "here").select("afedpg")
    planner, one, found = (
        cast("Any", SimpleNamespace(made=lambda _: front.load(scenario()))),
        cast("Any", SimpleNamespace(seconds=20.0)),
        needs(list(made), "here"),
    )
    for results, there in ((made, True), (failing(made, 0), False)):
        monkeypatch.setattr("scenarios.api.cluster.plan.run", lambda *_, given=results: given)
        assert np.isfinite(_confirmed(planner, one, found, tmp_path)) == there


def test_clocks_go_on_at_their_pace() -> None:
    cluster = Cluster.model_validate(THERE)
    (table,) = scenario()["methods"][:1]
    clock = timing(cluster, [table], Learned(QUADRATIC, 4, None), "test")
    whole = timed(clock, "synchronous-nigt", 1000, 0)
    short = timed(clock, "synchronous-nigt", 1000, 0, events=40)
    assert len(short.times) < 30 < len(whole.times) == 1000
    for updates in (1, 7.5, 1000):
        assert short.seconds(updates) == pytest.approx(6 * np.ceil(updates))
        assert short.cost("money", updates) == pytest.approx(6 * np.ceil(updates))


def test_what_may_be_wrong_is_said(runs: Path) -> None:
    found = needs(list(front.open(runs / "here")), "here")
    eight = {**THERE, "workers": 8, "compute": {"model": "power", "scale": 1.0}}
    del eight["uplink"]
    for cluster, words in ((THERE, {}), (eight, {"afedpg": "0.975", "synchronous-nigt": "all 2"})):
        other = Cluster.model_validate(cluster)
        for one in predicted(found, other, "test"):
            said = " ".join(doubts(one, found, other))
            assert words.get(one.need.label, "") in said
            assert bool(said) == bool(words)


def test_clusters_may_stand_alone(runs: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[cluster]\nworkers = 2\ncompute = { model = "power", scale = 3.0 }\n')
    said = straggler("predict", str(runs / "here"), "--cluster", "mine.toml", cwd=tmp_path)
    assert said.returncode == 0
    assert "synchronous-nigt" in said.stdout
    assert "Assumed: as many updates to" in said.stdout
    csv = straggler(
        "predict", str(runs / "here"), "--cluster", "mine.toml", "--csv", cwd=tmp_path
    ).stdout
    assert csv.splitlines()[0].startswith("method,seeds,reached,updates,seconds,seconds_q20")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nothing", "--cluster", "figure1c"], "nothing: not there; accepted: a folder of results"),
        (["{here}"], "predict: --cluster: is missing; accepted: `predict RESULTS --cluster FILE`"),
        (["{here}", "--cluster", "nobody"], "nobody: no such file or scenario; accepted: a TOML"),
        (
            ["{here}", "--cluster", "two.toml"],
            "two.toml: cluster.workers: is missing; accepted: a whole number of at least 1",
        ),
        (
            ["{here}", "--cluster", "figure1c", "--target", "1e6"],
            "no run reached 1e+06; accepted: at",
        ),
        (
            ["{here}", "--cluster", "figure1c", "--method", "x"],
            "x: no such method here; accepted: a",
        ),
        (["--check", "--target", "1"], "--check: goes with RESULTS and --markdown only"),
        (["{here}", "--check"], "here: no compact results; accepted: a folder such as results"),
    ],
)
def test_mistakes_are_one_line(runs: Path, tmp_path: Path, words: list[str], line: str) -> None:
    (tmp_path / "two.toml").write_text('[cluster]\ncompute = { model = "power", scale = 3.0 }\n')
    given = [word.format(here=runs / "here") for word in words]
    said = straggler("predict", *given, cwd=tmp_path)
    assert said.returncode == 2
    (told,) = said.stderr.splitlines()
    assert line in told


def test_variants_have_to_have_their_workers() -> None:
    variants = [{"name": "far", "workers": [1], "optimum": 2.0}]
    made = front.simulate(scenario(problem=QUADRATIC | {"variants": variants}), "afedpg")
    one = {"workers": 1, "compute": {"model": "power", "scale": 1.0}}
    with pytest.raises(front.BadInputError, match="there is no worker 1; accepted: 0 to 0"):
        front.predict(made, scenario(one))


def test_the_check_predicts_every_cluster_from_every_other(runs: Path) -> None:
    found = list(trials(parts_of(runs)))
    assert {(t.source, t.other) for t in found} == {("here", "there"), ("there", "here")}
    synchronous = [trial for trial in found if trial.method == "synchronous"]
    assert [t.limit for t in synchronous] == [240.0, 80.0]
    for trial in synchronous:  # measured within an update, and predicted at its end
        assert 0 <= trial.predicted - trial.measured < trial.limit / 40


def test_the_errors_are_factors() -> None:
    made = [
        Trial(
            "a",
            doubted=False,
            source="x",
            other="y",
            predicted=predicted,
            measured=measured,
            limit=10.0,
        )
        for predicted, measured in ((2.0, 1.0), (1.0, 1.0), (1.0, 4.0), (12.0, np.inf))
    ]
    (row,) = summary(made)
    assert row["off by, median"] == 2.0
    assert row["worst: predicted / measured"] == "0.25, x to y"
    assert (row["predictions"], row["never there"], row["foreseen"]) == (4, 1, 1)
