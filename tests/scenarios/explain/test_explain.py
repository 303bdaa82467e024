"""What `straggler explain` says of planted bottlenecks, and what it says would help."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import numpy as np
import pytest
import tomli_w
from commands import straggler
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

import straggler as front
from algorithms import AFedPG
from scenarios.explain.explain import Explained
from scenarios.explain.helps import Help, Pace
from scenarios.pictures.shares import WAITS, draw_shares

ONES = [1.0] * 10


def scenario(method: str = "synchronous-nigt", **cluster: Any) -> dict[str, Any]:
    batch = {"batch": 5} if method.startswith("rennala") else {}
    content = {"workers": 10, "compute": {"model": "explicit", "seconds": ONES}} | cluster
    return {
        "title": "planted",
        "seeds": [0],
        "updates": 20,
        "cluster": content,
        "problem": {"kind": "quadratic", "dimension": 4, "noise": 0.1},
        "methods": [{"name": method, "momentum": 0.5, "step_size": 0.1, **batch}],
    }


def explicit(seconds: float, worker: int, other: float) -> dict[str, Any]:
    values = [seconds] * 10
    values[worker] = other
    return {"model": "explicit", "seconds": values}


def said(content: dict[str, Any]) -> tuple[str, dict[str, float]]:
    """Return the bottleneck, and the seconds per update of each change."""
    (one,) = front.explain(content).methods
    return list(one.lines())[1], {help_.words: help_.pace.seconds for help_ in one.helps}


def test_waits_for_many_workers_look_different_from_each_other() -> None:
    methods = []
    for k in range(20):
        one = create_autospec(Explained, instance=True, label=str(k))
        one.mean.return_value = {f"waiting for worker {k} to compute": 1.0}
        methods.append(one)
    (legend,) = draw_shares(methods, "t").legends
    looks = {(patch.get_facecolor(), patch.get_hatch()) for patch in legend.get_patches()}
    assert len(looks) == 20


def test_a_link_a_hundred_times_slower_is_named() -> None:
    line, helps = said(scenario(uplink=explicit(0.1, 3, 10.0)))
    # a round takes 11 s; nine workers wait 9.9 of them
    assert line == (
        "Worker 3's link: updates hang on it 91% of the time, and 81% of all worker time is spent "
        "waiting for this worker."
    )
    assert helps["a link twice as fast for worker 3"] == pytest.approx(6)
    assert helps["all links twice as fast"] == pytest.approx(6)
    assert helps["worker 3 computes twice as fast"] == pytest.approx(10.5)


def test_what_a_coloured_bar_says_stays_black_on_a_dark_page() -> None:
    picture = front.explain(scenario(uplink=explicit(0.1, 3, 10.0))).plot().dark()
    (ax,) = picture.axes
    inks = {
        to_hex(bar.get_facecolor()): to_hex(text.get_color())
        for text in ax.texts
        for bar in ax.patches
        if isinstance(bar, Rectangle) and bar.get_bbox().contains(*text.get_position())
    }
    assert inks[WAITS[0].lower()] == "#000000"  # the wait for worker 3's link
    assert set(inks.values()) == {"#000000", "#ffffff"}  # of what is done


def test_a_worker_that_computes_slowly_is_named() -> None:
    line, helps = said(scenario(compute=explicit(1.0, 7, 5.0)))
    assert line.startswith("Worker 7's computing: updates hang on it 100% of the time, and 72% of")
    assert helps["worker 7 computes twice as fast"] == pytest.approx(2.5)
    assert helps["without worker 7, the slowest"] == pytest.approx(1)


@pytest.mark.parametrize("method", ["synchronous-nigt", "rennala-nigt", "afedpg"])
def test_a_server_whose_updates_take_long_is_named(method: str) -> None:
    line, helps = said(scenario(method, server={"update": 4.0}))
    assert line.startswith("The server:")
    before = 4.0 if method == "afedpg" else 5.0  # arrivals wait for the server; rounds take 1 s
    assert helps["a server that makes updates twice as fast"] == pytest.approx(before - 2)


def test_a_server_that_receives_and_updates_is_named_for_both() -> None:
    line, _ = said(scenario(server={"update": 0.7, "receive": 0.07}))  # of 1 + 0.7 + 0.7 s
    assert line.startswith("The server: 58% of the time")


def test_equal_workers_are_not_blamed() -> None:
    line, _ = said(scenario())
    assert line.startswith("Computing: 100% of the time, and no single worker")
    random = {"random": {"distribution": "exponential"}}
    line, _ = said(scenario(compute=scenario()["cluster"]["compute"] | random))
    assert "whoever is last" in line


def test_methods_are_changed_as_well() -> None:
    # M = 5 at 1 s; then all send for 1 s
    slow = scenario("rennala-nigt", uplink={"model": "power", "scale": 1.0})
    _, helps = said(slow)
    assert helps == pytest.approx(
        {
            "a batch of 10": 2,  # all ten end at 1
            "a batch of 2": 2,
            "all links twice as fast": 1.5,
            "a link twice as fast for worker 4": 2,
            "worker 4 computes twice as fast": 2,
            "without worker 9, the slowest": 2,
            "`allreduce` instead of `gather`": 2,
            "`finish` instead of `cancel`": 2,
        }
    )
    (one,) = front.explain(slow).methods
    best, *_ = one.helps
    assert (best.words, best.per_gradient, best.saved) == ("a batch of 10", True, 0.5)


def test_updates_that_come_a_lap_at_a_time_are_looked_at_for_two() -> None:
    compute = {"model": "explicit", "seconds": [1.0] * 700}
    equal = scenario("afedpg", workers=700, compute=compute) | {"updates": 5_000}
    (one,) = front.explain(equal).methods
    assert len(one.seen.times) >= 1_400
    assert one.helps[0].base.seconds == pytest.approx(1 / 700)  # 700 at each second
    turns = {"model": "explicit", "seconds": [1.0] * 19 + [20.0]}
    slow = scenario("ringleader-nigt", workers=20, compute=turns) | {"updates": 10_000}
    slow["problem"]["variants"] = [{"name": "far", "workers": [19], "optimum": 2.0}]
    (one,) = front.explain(slow).methods
    assert one.helps[0].base.seconds == pytest.approx(1)  # 20 updates in 20 s
    assert all(np.isfinite(help_.saved) for help_ in one.helps)


def test_an_update_may_take_as_many_events_as_it_has_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 150 workers each ends a task in an update; 80 events were the limit, 100 of changes."""
    monkeypatch.setattr("scenarios.explain.explain.EVENTS", 4)
    monkeypatch.setattr("scenarios.explain.helps.EVENTS", 1)
    compute = {"model": "power", "scale": 1.0}
    (one,) = front.explain(scenario(workers=150, compute=compute)).methods
    assert one.seen.times.tolist() == [*range(1, 11)]
    assert one.helps[0].base.seconds == 1


def test_who_makes_no_update_is_not_told_to_use_an_option_of_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Worker 1 fails each second, and takes 60 s for a gradient."""
    monkeypatch.setattr("scenarios.explain.explain.EVENTS", 20)
    compute = {"model": "explicit", "seconds": [0.1, 60.0]}
    failures = {"model": "random", "between": 1.0, "repair": 1.0}
    with pytest.raises(front.BadInputError) as error:
        front.explain(scenario(workers=2, compute=compute, failures=failures))
    assert str(error.value).startswith("synchronous-nigt: no update in 400 events, from the start")
    assert str(error.value).endswith("; accepted: a cluster on which the method gets on")


def test_a_seed_is_not_negative() -> None:
    random = {"random": {"distribution": "exponential"}}
    content = scenario(compute=scenario()["cluster"]["compute"] | random)
    with pytest.raises(front.BadInputError, match="explain: seed: -1; accepted: a whole num"):
        front.explain(content, seed=-1)


def test_nothing_is_known_to_be_saved_where_all_updates_fall_at_one_instant() -> None:
    none = Help("x", Pace(1.0, 1.0), Pace(0.0, 1.0))
    assert none.matters
    assert np.isnan(none.saved)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    made = front.run(scenario(uplink=explicit(0.1, 3, 10.0)), folder / "mine", jobs=1)
    list(made.save(folder / "mine.parquet"))
    return folder


def test_runs_and_compact_results_are_explained_alike(runs: Path) -> None:
    whole = straggler("explain", "mine", cwd=runs)
    assert whole.returncode == 0
    assert "synchronous-nigt: 20 updates, one every 11 s" in whole.stdout
    for other in ("mine/synchronous-nigt/seed-0", "mine.parquet"):
        assert straggler("explain", other, cwd=runs).stdout == whole.stdout
    csv = straggler("explain", "mine", "--csv", cwd=runs).stdout.splitlines()
    assert csv[0] == "method,update,start,end,what,worker"
    assert csv[2] == "synchronous-nigt,1,1.0,11.0,sending,3"
    assert len(csv) == 1 + 2 * 20
    recorded = front.open(runs / "mine").history()["time"]
    assert front.explain(runs / "mine").path().groupby("update")["end"].max().tolist() == [
        *recorded
    ]


def test_runs_of_a_trace_are_known_as_long_as_it_is_there(tmp_path: Path) -> None:
    trace = tmp_path / "log.csv"
    trace.write_text("time,worker,speed\n0,0,1\n0,1,0.5\n")
    other = tmp_path / "other.toml"
    content = scenario("rennala-nigt", workers=2, compute={"model": "trace", "file": str(trace)})
    other.write_text(tomli_w.dumps(scenario("rennala-nigt")))
    results = front.run(content, tmp_path / "runs")
    (one,) = front.explain(tmp_path / "runs").methods
    first, *_ = one.lines()
    assert first == "rennala-nigt: 20 updates, one every 4 s"  # the fifth of 1, 2, 2, 3, 4
    assert not front.predict(results, other).table().empty
    assert str(trace) in front.report(results).html  # the scenario that makes the runs again
    trace.write_text("time,worker,speed\n0,0,1\n0,1,2\n")
    wrong = straggler("explain", "runs", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert f"rennala-nigt: its trace, {trace}, is not there or another one; " in wrong.stderr


def test_a_method_that_was_an_object_is_not_taken_for_that_of_the_scenario() -> None:
    asked = scenario("synchronous-nigt")
    run = front.simulate(asked, AFedPG(rule=front.PG(step_size=0.1)))
    (table,) = run.runs[0].info["content"]["methods"]
    assert table["name"] == "algorithms.afedpg:AFedPG"
    assert table["rule"] == "PG(step_size=0.1)"
    for use in (front.explain, lambda its: front.predict(its, asked)):
        with pytest.raises(front.BadInputError, match="AFedPG was given as an object"):
            use(run)


def test_a_race_is_not_simulated_anew(runs: Path) -> None:
    raced = front.open(runs / "mine")
    raced.runs = [replace(run, info={**run.info, "kind": "race"}) for run in raced.runs]
    with pytest.raises(front.BadInputError, match="a race took real seconds; accepted: runs of"):
        front.explain(raced)
    raced.runs = [replace(run, info={**run.info, "label": "other"}) for run in raced.runs]
    raced.runs += front.open(runs / "mine").runs
    (one,) = front.explain(raced, methods=["synchronous-nigt"]).methods  # the race is not asked for
    assert one.label == "synchronous-nigt"
    with pytest.raises(front.BadInputError, match="a race took real seconds"):
        front.explain(raced)
    with pytest.raises(front.BadInputError, match="accepted: other, synchronous-nigt"):
        front.explain(raced, methods=["x"])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nothing"], "nothing: no such file or scenario; did you mean"),
        (["mine", "--method", "x"], "x: no such method here; accepted: synchronous-nigt"),
        (["mine", "--seed", "7"], "mine: no run of seed 7; accepted: synchronous"),
        (
            ["mine", "--updates", "3", "-o", "a.png"],
            "--updates: is about the computation tree; acc",
        ),
        (["mine", "--csv", "--markdown"], "--csv: does not go with --markdown; accepted: one"),
    ],
)
def test_mistakes_are_one_line(runs: Path, words: list[str], line: str) -> None:
    told = straggler("explain", *words, cwd=runs)
    assert told.returncode == 2
    (only,) = told.stderr.splitlines()
    assert line in only


def test_a_scenario_is_explained_until_its_time_limit(tmp_path: Path) -> None:
    """Ten workers compute until 3 s; three rounds of one gradient each fit in, none of 40."""
    rows = "".join(f"0,{worker},1\n3,{worker},0\n" for worker in range(10))
    (tmp_path / "t.csv").write_text(f"time,worker,speed\n{rows}")
    content = scenario(compute={"model": "trace", "file": str(tmp_path / "t.csv")})
    late = {"name": "rennala-nigt", "momentum": 0.5, "step_size": 0.1, "batch": 40}
    content["methods"].append(late)
    found = front.explain(content | {"time_limit": 5.0, "updates": None})
    (one,) = found.methods
    assert next(one.lines()) == "synchronous-nigt: 3 updates, one every 1 s"
    assert one.shares.elapsed == 3.0
    assert {help_.base.seconds for help_ in one.helps} == {1.0}
    assert found.note == "rennala-nigt: no update until 5 s; accepted: more time"
    with pytest.raises(front.BadInputError, match="rennala-nigt: no update until 5 s"):
        front.explain(content | {"time_limit": 5.0, "updates": None}, methods=["rennala-nigt"])


def test_a_run_that_stands_still_at_its_end_is_said_to() -> None:
    failures = {"model": "windows", "windows": [[0, 5.0, 9.0], [1, 20.0, 1000.0]]}
    content = scenario(workers=3, failures=failures) | {"updates": 1000, "time_limit": 100.0}
    content["cluster"]["compute"] = {"model": "explicit", "seconds": [1.0] * 3}
    (one,) = front.explain(content).methods
    # updates at 1 to 5, at 10, after the pause, and at 11 to 20: until 100 come no more
    first, still, *_ = one.lines()
    assert first == "synchronous-nigt: 16 updates, one every 1.25 s"
    assert still == ("No update in the last 80 s: it stands still, which is in no number below.")
    content["time_limit"] = 20.5
    (one,) = front.explain(content).methods
    assert not one.stands_still
