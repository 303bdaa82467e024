"""Who is stale and who is heard, as a table and as a picture: numbers worked out by hand."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from commands import straggler

import straggler as front
from scenarios.pictures.staleness import draw_staleness
from scenarios.results.bands import lanes_of
from scenarios.results.staleness import Lane

METHODS = [
    {"name": "afedpg", "momentum": 0.1, "step_size": 0.1},
    {"name": "rennala-nigt", "batch": 3, "momentum": 0.1, "step_size": 0.1},
]
SMALL: dict[str, Any] = {
    "title": "two workers",
    "seeds": [0, 1],
    "updates": 4,
    "cluster": {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2.0]}},
    "problem": {"kind": "quadratic", "dimension": 2},
    "methods": METHODS,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    front.run(SMALL, out=tmp_path / "small", jobs=1)
    return tmp_path


def cells(line: str) -> list[str]:
    return re.split(r"  +", line.strip())


def test_a_table_says_who_is_stale_and_who_is_heard(folder: Path) -> None:
    # arrivals: worker 0 at 1, 2 and 3 with delays 0, 0, 1; worker 1 at 2 with delay 2, and then one
    # under way; Rennala's rounds take two gradients of worker 0 and one of worker 1
    delays = front.open(folder / "small").staleness()
    rows = [cells(line) for line in str(delays).splitlines() if re.match(r" (afedpg|renn)", line)]
    assert rows == [
        ["afedpg", "0", "3", "75.0%", "0.3333", "0", "1", "1", "0"],
        ["afedpg", "1", "1", "25.0%", "2", "2", "2", "2", "1"],
        ["rennala-nigt", "0", "8", "66.7%", "0", "0", "0", "0", "0"],
        ["rennala-nigt", "1", "4", "33.3%", "0", "0", "0", "0", "0"],
    ]
    printed = straggler("compare", "small", "--staleness", "--csv", cwd=folder)
    table = pd.read_csv(io.StringIO(printed.stdout))
    pd.testing.assert_frame_equal(table, delays.table())
    assert table[table.method == "afedpg"].to_numpy().tolist()[:4] == [
        ["afedpg", 0, 0, 0, 2, 0],
        ["afedpg", 0, 0, 1, 1, 0],
        ["afedpg", 0, 1, 1, 0, 1],
        ["afedpg", 0, 1, 2, 1, 0],
    ]


def test_a_comparison_says_how_stale_and_how_many_are_heard(folder: Path) -> None:
    results = front.open(folder / "small")
    names = ["delay_median", "delay_q95", "workers_heard"]
    table = results.compare(columns=names).table()
    # shares 3/4 and 1/4: one over 9/16 + 1/16; then 2/3 and 1/3
    assert table[names].to_numpy().ravel() == pytest.approx([0, 2, 1.6, 0, 0, 1.8])


def test_a_picture_has_a_bar_for_each_worker_in_the_colours_of_its_delays(folder: Path) -> None:
    figure = front.open(folder / "small").staleness(["rennala-nigt", "afedpg"]).plot()
    rennala, afedpg = figure.axes
    assert (rennala.get_title(), afedpg.get_title()) == ("rennala-nigt", "afedpg")
    bars = [[patch.get_width() for patch in bars] for bars in afedpg.containers]
    assert bars == [[2, 0], [1, 0], [0, 1], [0, 1]]  # delays 0, 1, 2 to 3, discarded
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["0", "1", "2 to 3", "discarded"]
    drawn = straggler("plot", "small", "--staleness", cwd=folder)
    assert drawn.stdout == "drawn: small/staleness.png\n"


def test_the_legend_of_one_method_with_many_delays_lies_within_the_picture() -> None:
    delays = 2 ** np.arange(10)
    one = [Lane(str(k), delays, np.ones(10, int), 4, 1, 0.5) for k in range(2)]
    figure = draw_staleness({"afedpg": one}, "t")
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert len(figure.legends[0].get_texts()) == 1 + 10 + 1


def test_many_workers_are_shown_in_bands() -> None:
    groups = [{"count": 40, "seconds": 1.0}, {"count": 10, "seconds": 4.0}]
    cluster = {"workers": 50, "compute": {"model": "groups", "groups": groups}}
    run = front.simulate(SMALL | {"cluster": cluster, "updates": 160}, "afedpg")
    (fast, slow) = front.Results([run.runs[0]], "many").staleness().sheets[0].rows
    # at four seconds the fast have sent 160, and nobody else has
    assert fast[1:4] == ("0 to 39 1 s per gradient", "4", "100.0%")
    assert slow[1:5] == ("40 to 49 4 s per gradient", "0", "0.0%", "-")


def test_bands_begin_with_more_than_40_workers_and_end_with_more_than_20_groups() -> None:
    assert [band[:2] for band in lanes_of(40, [])] == [(k, k) for k in range(40)]
    # tenths of 41: the first has five, the others four
    assert [band[:2] for band in lanes_of(41, [])][:3] == [(0, 4), (5, 8), (9, 12)]
    for groups, bands in ((20, 20), (21, 10)):
        assert len(lanes_of(3 * groups, [(3, "")] * groups)) == bands


@pytest.mark.parametrize("command", ["compare small --staleness", "plot small --staleness"])
def test_runs_without_delays_say_so_in_a_line(folder: Path, command: str) -> None:
    for file in (folder / "small").rglob("staleness.parquet"):
        file.unlink()
    for file in (folder / "small").rglob("run.json"):
        text = re.sub(r'"staleness": \{.*?\},?', "", file.read_text(), flags=re.DOTALL)
        text = re.sub(r',\s*"staleness.parquet": "\w+"', "", text)
        file.write_text(re.sub(r",\s*\}", "}", text))
    said = straggler(*command.split(), cwd=folder)
    assert said.returncode == 2
    assert said.stderr.count("\n") == 1
    assert "afedpg/seed-0: no staleness.parquet, which older versions" in said.stderr
    compared = straggler("compare", "small", cwd=folder)
    assert compared.returncode == 0, compared.stderr
    assert "heard" not in compared.stdout


def test_what_does_not_go_with_staleness_is_told(folder: Path) -> None:
    for command, wrong in {
        "plot small --staleness --logx": "--staleness: does not go with --logx",
        "plot small small --staleness": "small: accepted with --staleness: one result folder",
        "plot small --staleness --method x": "x: no such method here; accepted: afedpg, rennala",
        "compare small --staleness --columns a": "--staleness: goes with neither --threshold",
    }.items():
        said = straggler(*command.split(), cwd=folder)
        assert said.returncode == 2
        assert said.stderr.startswith(f"straggler: {wrong}")
