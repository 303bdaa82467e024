"""The page: numbers as the tables have them, texts as texts, timelines that are made again."""

import json
import re
import tomllib
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import SCENARIO, straggler, write_scenario

import straggler as front
from scenarios.pictures.sweep import Grid
from scenarios.report.drawing.maps import Maps, Point, maps_table
from scenarios.report.drawing.palette import CONTRAST, INK, PAPER, contrast, legible
from scenarios.report.drawing.svg import apart, numbered, ticks
from scenarios.report.page import facts
from scenarios.report.parts import Part
from scenarios.report.series import round_step
from scenarios.studies.plane import Axis


def data_of(html: str) -> dict[str, Any]:
    (block,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)
    found: dict[str, Any] = json.loads(block)
    return found


@pytest.fixture(scope="module")
def results(two_workers: Path) -> front.Results:
    return front.open(two_workers / "runs/two")


@pytest.fixture(scope="module")
def page(results: front.Results) -> front.Page:
    return front.report(results)


def test_times_to_every_threshold_are_those_of_compare(
    results: front.Results, page: front.Page
) -> None:
    (part,) = data_of(page.html)["parts"]
    (column,) = part["columns"]
    levels = part["levels"][column]
    assert len(levels) > 40
    for index in (0, len(levels) // 2, len(levels) - 1):
        table = results.compare(thresholds=[levels[index]]).table().set_index("method")
        expected = table[table.columns[-1]]
        for label in results.methods:
            times = [r["times"][column][index] for r in part["runs"] if r["label"] == label]
            median = np.median([np.inf if time is None else time for time in times])
            assert median == pytest.approx(expected[label], rel=1e-5)


def test_what_the_table_says_without_the_script_is_so(page: front.Page) -> None:
    (part,) = data_of(page.html)["parts"]
    level = part["levels"]["objective"][part["level"]]
    assert f"<output data-level>{level}</output>" in page.html
    times = [r["times"]["objective"][part["level"]] for r in part["runs"] if r["label"] == "afedpg"]
    assert f">{np.median(times):,.4g}</td><td>2/2</td>" in page.html


def test_the_timeline_by_hand(page: front.Page) -> None:
    # workers need 1 and 2 s; M = 3: two gradients of the first, one of the second, every 2 s
    (part,) = data_of(page.html)["parts"]
    rennala = part["timelines"]["runs"]["rennala-nigt"]
    assert [column[:4] for column in rennala["rows"][0]] == [[0, 1, 2, 3], [0] * 4, [1, 1, 2, 2]]
    assert [column[:2] for column in rennala["rows"][1]] == [[0, 2], [0, 0], [1, 2]]
    assert rennala["updates"]["time"][:3] == [2, 4, 6]
    assert rennala["updates"]["used"][:3] == [3, 6, 9]
    assert rennala["shares"][0][0][:3] == [100, 100, 100]
    # the first one waits for the second every other second
    half = part["timelines"]["runs"]["synchronous-nigt"]
    assert np.mean(half["shares"][0][3]) == pytest.approx(50, abs=1)


def test_results_without_timelines_get_the_same_again(
    results: front.Results, page: front.Page, tmp_path: Path
) -> None:
    list(results.save(tmp_path / "two.parquet"))
    compact = front.report(front.open(tmp_path / "two.parquet"))
    (again,), (kept,) = (data_of(one.html)["parts"] for one in (compact, page))
    for label, run in kept["timelines"]["runs"].items():
        assert run["source"] == "recorded"
        assert again["timelines"]["runs"][label] == {**run, "source": "simulated again"}
    assert "made the same updates at the same times" in compact.html


def test_a_clock_that_is_not_the_same_is_not_shown(results: front.Results, tmp_path: Path) -> None:
    list(results.save(tmp_path / "two.parquet"))
    runs = front.open(tmp_path / "two.parquet").select("afedpg")
    for run in runs:
        run.history["time"][-1] += 1e-9
    assert "afedpg: no timeline: not kept, and the clock has changed since" in (
        front.report(runs).html
    )


EVIL = "<script>alert(1)</script> &amp; $x$ </script><!-- \\u003c"


def test_titles_and_reasons_are_text(tmp_path: Path) -> None:
    write_scenario(
        tmp_path, ("two workers", EVIL.replace("\\", "\\\\")), ("updates = 40", "updates = 3")
    )
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 0
    file = tmp_path / "runs/two/afedpg/seed-1/run.json"
    info = json.loads(file.read_text())
    file.write_text(json.dumps({**info, "status": "failed", "reason": f"because\n{EVIL}"}))
    said = straggler("report", "runs/two", "-o", "page.html", cwd=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    html = (tmp_path / "page.html").read_text()
    assert html.lower().count("<script") == html.lower().count("</script") == 2
    assert "<!--" not in html
    assert data_of(html)["parts"][0]["title"] == EVIL
    assert "<dd>&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; $x$" in html
    assert "5 runs</span>" in html
    assert "1 failed</span>" in html


def test_races_have_real_seconds(results: front.Results) -> None:
    runs = front.open(results.name)
    for run in runs:
        run.info["kind"], run.info["race"] = "race", {"emulate": True, "scale": 0.1}
    html = front.report(runs).html
    assert data_of(html)["parts"][0]["clock"] == "seconds (real, divided by 0.1)"
    assert "6 of them races" in html
    assert re.findall("data-unit>(.*?)<", html) == ["seconds"]
    first = runs.timeline("rennala-nigt", 0)
    xlabel = first.axes[0].get_xlabel()
    assert xlabel.startswith("seconds (real, divided by 0.1)")
    assert runs.plot().axes[0].get_xlabel() == "seconds (real, divided by 0.1)"


def test_a_billion_environment_steps_are_a_number_without_a_power(results: front.Results) -> None:
    run = front.open(results.name).runs[0]
    for steps, words in ((1_234_567_890, "1,230"), (12_345, "0.0123")):
        run.totals["environment_steps"] = steps
        assert facts([run], 0)[-1] == f"{words} million environment steps"


def test_a_clock_of_many_workers_has_bands_and_no_curves() -> None:
    content = tomllib.loads(SCENARIO)
    content["cluster"] = {"workers": 41, "compute": {"model": "power", "scale": 2.0}}
    scenario = front.load(content | {"problem": {"kind": "clock"}})
    html = front.report(front.simulate(scenario, "synchronous-nigt")).html
    (part,) = data_of(html)["parts"]
    assert "nothing to be learned" in html
    assert part["timelines"]["lanes"][:2] == ["0 to 4", "5 to 8"]  # tenths of 41
    assert part["timelines"]["exact"] == 0
    assert part["timelines"]["runs"]["synchronous-nigt"]["shares"][0][0] == [100] * 160
    assert front.load(tomllib.loads(part_scenario(html))).cluster == scenario.cluster


def part_scenario(html: str) -> str:
    (text,) = re.findall(
        r'<summary>The scenario</summary>\s*<pre tabindex="0">(.*?)</pre>', html, re.DOTALL
    )
    return unescape(text)


def test_money_is_what_the_bill_says(two_workers: Path, tmp_path: Path) -> None:
    write_scenario(tmp_path, ("workers = 2", "workers = 2\nprice = 1.8"))
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 0
    html = front.report(front.open(tmp_path / "runs/two")).html
    runs = data_of(html)["parts"][0]["runs"]
    # two workers for 80 s, 1.8 an hour each
    assert [r["money"] for r in runs if r["label"] == "synchronous-nigt"] == pytest.approx(
        [0.08] * 2
    )
    assert tomllib.loads(part_scenario(html))["cluster"]["price"] == 1.8
    unpaid = data_of(front.report(front.open(two_workers / "runs/two")).html)["parts"][0]["runs"]
    assert {run["money"] for run in unpaid} == {None}


def test_what_makes_it_again(two_workers: Path, tmp_path: Path) -> None:
    said = straggler("report", "runs/two", "-o", str(tmp_path / "a b.html"), cwd=two_workers)
    assert said.stdout.startswith("written: ")
    html = (tmp_path / "a b.html").read_text()
    assert "straggler run two.toml --out runs/two " in html
    assert unescape(html).count(f"straggler report runs/two -o '{tmp_path}/a b.html'") == 1
    (tmp_path / "two.toml").write_text(part_scenario(html))
    made = straggler("run", "two.toml", "--out", str(two_workers / "runs/two"), cwd=tmp_path)
    assert made.stderr.count("is there already") == 6


def commands_of(html: str) -> list[str]:
    (text,) = re.findall(r"<pre[^>]*>(straggler [^<]*)</pre>", html)
    return unescape(text).splitlines()


@pytest.mark.parametrize(
    ("folder", "command"),
    [
        ("runs/two", "straggler run two.toml --out runs/two"),
        ("runs", "straggler run two.toml --out runs/two"),
        ("runs/two/afedpg", "straggler run two.toml --out runs/two --method afedpg"),
        (
            "runs/two/afedpg/seed-1",
            "straggler run two.toml --out runs/two --method afedpg --seed 1",
        ),
    ],
)
def test_a_part_of_a_folder_is_made_again_where_it_is(
    folder: str, command: str, two_workers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two_workers)
    html = front.report(front.open(folder)).html
    assert commands_of(html)[0] == f"{command}   # the scenario, as below"


def test_races_beside_runs_are_made_again_by_race_from_one_scenario(
    two_workers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two_workers)
    both = front.open("runs/two")
    for run in front.open("runs/two/afedpg").runs:
        run.info["label"], run.info["kind"] = "afedpg (race)", "race"
        run.info["race"] = {"emulate": True, "scale": 0.5}
        both.runs.append(run)
    html = front.report(both).html
    assert commands_of(html)[:2] == [
        "straggler run two.toml --out runs/two   # the scenario, as below",
        "straggler race two.toml --out runs/two --emulate --scale 0.5   # the scenario, as below",
    ]
    methods = front.load(tomllib.loads(part_scenario(html))).methods
    assert [method.name for method in methods] == ["rennala-nigt", "synchronous-nigt", "afedpg"]


SWEEP = """
title = "noise"
base = "two.toml"
seeds = [0]
methods = ["afedpg"]
set = { updates = 5 }
axes = [
    { key = "problem.noise", values = [0.1, 1.0] },
    { key = "cluster.preemption", values = ["cancel", "finish"] },
]
"""


def test_a_sweep_is_made_again_in_its_store_and_says_what_is_held(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    (tmp_path / "sweep.toml").write_text(SWEEP)
    asked = ("report", "sweep.toml", "-o", "x.html", "--store", "else")
    early = straggler(*asked, cwd=tmp_path)
    assert (early.returncode, early.stderr) == (
        2,
        "straggler: sweep.toml: no runs are there yet\n",
    )
    assert straggler("sweep", "sweep.toml", "--out", "else", cwd=tmp_path).returncode == 0
    assert straggler(*asked, "--at", "preemption=cancel", cwd=tmp_path).returncode == 0
    html = (tmp_path / "x.html").read_text()
    assert commands_of(html)[0] == "straggler sweep sweep.toml --out else"
    assert data_of(html)["sweep"]["held"] == "; preemption = cancel"
    assert "medians of 1 seed; preemption = cancel. Pale: never." in html


def test_a_corrected_title_makes_no_second_section(two_workers: Path) -> None:
    runs = front.open(two_workers / "runs/two")
    for run in runs:
        run.info["title"] = "two" if run.info["seed"] else "too"
    (part,) = data_of(front.report(runs).html)["parts"]
    assert len(part["runs"]) == 6


def test_what_cannot_be_shown_has_its_own_reason(tmp_path: Path) -> None:
    trace = tmp_path / "log.csv"
    trace.write_text("time,worker,speed\n0,0,1\n0,1,0.5\n")
    content = tomllib.loads(SCENARIO) | {"timeline": False, "seeds": [0]}
    compute = {"model": "trace", "file": str(trace)}
    of_trace = content | {"cluster": {"workers": 2, "compute": compute}}
    results = front.run(of_trace, tmp_path / "runs", methods=["afedpg"])
    assert "(simulated again)" in front.report(results).html  # as long as the trace is there
    trace.write_text("time,worker,speed\n0,0,1\n0,1,2\n")
    why = "no timeline: not kept, and its trace of compute times is not there or another one."
    assert why in front.report(results).html
    del content["updates"]
    none = front.simulate(content | {"time_limit": 0.5}, "afedpg")
    html = front.report(none).html
    assert "No run made an update." in html
    assert "Only the clock" not in html


def test_scenarios_of_one_folder_are_sections(two_workers: Path, tmp_path: Path) -> None:
    write_scenario(tmp_path, ("two workers", "slower"), ("[1.0, 2.0]", "[1.0, 3.0]"))
    assert straggler("run", "two.toml", "--out", "both/b", cwd=tmp_path).returncode == 0
    both = front.report(front.open(two_workers / "runs/two"), front.open(tmp_path / "both"))
    assert [part["title"] for part in data_of(both.html)["parts"]] == ["two workers", "slower"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("two.toml", "two.toml: "),
        ("runs/two --claim x", "claim x: no such method here; accepted: rennala-nigt, "),
        ("runs/two --film two.toml", "--film two.toml: accepted: .mp4, .webm, .gif or .png"),
        ("runs/two --film x.mp4", "x.mp4: "),
        ("runs/two -o page.pdf", "page.pdf: accepted: a file that ends in .html"),
    ],
)
def test_mistakes_are_one_line(arguments: str, line: str, two_workers: Path) -> None:
    said = straggler("report", *arguments.split(), cwd=two_workers)
    assert said.returncode == 2
    assert said.stderr.startswith(f"straggler: {line}")
    assert said.stderr.count("\n") == 1


def test_where_nobody_is_there_no_lead_is_sorted_as_a_number() -> None:
    never = {name: np.full((1, 1, 1), np.inf) for name in "ab"}
    points = [Point((0, 0), Part("", "", [], []))]
    maps = Maps("t", [Axis("p", [1.0])], {}, points, [0])
    (row,) = maps_table(maps, Grid(maps.axes, 1.0, "objective", never), ["a", "b"]).rows
    assert [cell.said for cell in row] == ["1.0", "never", "never", "nobody", "nobody"]
    assert row[-1].value == "-"  # tables.js knows it


def test_numbers_along_a_narrow_axis_can_be_told_apart() -> None:
    narrow = [said for _, said in numbered([1000.00001, 1000.00002])]
    assert narrow == ["1,000.00001", "1,000.00002"]
    assert [said for _, said in numbered([0.0, 1000.5, 2001.0])] == ["0", "1,000.5", "2,001"]
    assert [said for _, said in numbered([1.0001e9, 1.0002e9])] == ["1.0001e+09", "1.0002e+09"]


def test_a_film_is_in_the_page(results: front.Results, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"moving")
    assert 'src="data:video/mp4;base64,bW92aW5n"' in front.report(results, film=film).html


def test_axes_and_labels_by_hand() -> None:
    assert [round_step(x) for x in (0.011, 0.02, 3.0, 70.0)] == [0.02, 0.02, 5.0, 100.0]
    assert ticks(-3.0, 26.0) == [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]
    assert apart([50.0, 52.0, 10.0], 10, 0, 55) == [45.0, 55.0, 10.0]


@pytest.mark.parametrize("paper", [PAPER, INK])
@pytest.mark.parametrize("shade", ["#000000", "#ffffff", "#56B4E9", "#999999"])
def test_lines_stand_out(shade: str, paper: tuple[int, int, int]) -> None:
    made = legible(shade.lower(), paper)
    assert contrast([int(made[k : k + 2], 16) for k in (1, 3, 5)], paper) >= CONTRAST
