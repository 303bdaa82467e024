"""The committed results are of the scenarios beside them, draw, and are what the page says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from commands import straggler

from scenarios.format.load import library, load
from scenarios.results.published import published
from scenarios.runs.spec import expand
from scenarios.studies.findings import FINDINGS
from scenarios.studies.grid import load_sweep
from scenarios.studies.paper import FIGURES, is_sweep

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
MAKE = (ROOT / "Makefile").read_text()
PENDING = re.findall(r"^PENDING := (.*)$", MAKE, re.MULTILINE)
MADE = sorted(FIGURES.keys() - set(" ".join(PENDING).split()))
SOURCES = sorted({source for name in MADE for source in FIGURES[name].sources()})
MAKES = re.compile(r"<!-- (straggler .*?) -->\n(.*?)\n<!-- end -->", re.DOTALL)


@pytest.mark.parametrize("source", SOURCES)
def test_results_are_of_the_scenario_as_it_is(source: str) -> None:
    stem = Path(source).name
    runs = published(RESULTS / f"{stem}.parquet")
    if is_sweep(source):
        scenarios = [point.scenario for point in load_sweep(stem).points]
    else:
        scenarios = [load(library()[source])]
    planned = [spec for scenario in scenarios for spec in expand(scenario)]
    wanted = sorted(json.dumps(spec.content(), sort_keys=True) for spec in planned)
    assert sorted(json.dumps(r.info["content"], sort_keys=True) for r in runs) == wanted
    for run in runs:
        assert run.is_done
        assert len(run.history["time"]) == run.totals["updates"]
        assert run.info["versions"]["mujoco"]
        assert run.info["platform"]["python"]


def test_a_run_of_two_figures_was_made_twice_to_the_same_bits() -> None:
    """M = 30 of figure 10 (a) is Rennala of figure 1 (b): made by other code, somewhere else."""
    first, again = (
        {run.info["seed"]: run.history for run in published(RESULTS / name) if run.label == label}
        for name, label in (
            ("figure1b.parquet", "rennala-nigt"),
            ("figure10a.parquet", "rennala-30"),
        )
    )
    assert first.keys() == again.keys() == {0, 1, 2, 3, 4}
    for seed, history in first.items():
        assert len(history["time"]) > 500
        for name, values in history.items():
            np.testing.assert_array_equal(values, again[seed][name], err_msg=name)


def test_make_knows_all_figures() -> None:
    (names,) = re.findall(r"^FIGURES := (.*)$", MAKE, re.MULTILINE)
    assert sorted(names.split()) == sorted(FIGURES)


def test_results_are_small() -> None:
    """Times and returns of 1.7 million updates of AFedPG, to the last bit, are most of it."""
    assert sum(f.stat().st_size for f in RESULTS.rglob("*") if f.is_file()) < 40e6


@pytest.mark.parametrize("name", MADE)
def test_each_figure_is_drawn_from_them(name: str, tmp_path: Path) -> None:
    drawn = straggler("figure", name, "--from", str(RESULTS), cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    (picture,) = (tmp_path / "figures").iterdir()
    assert picture.stat().st_size > 20_000
    assert (ROOT / "docs" / "figures" / picture.name).exists()
    if name == "crossover":
        said = " ".join((ROOT / "README.md").read_text().split())
        found = (
            r"to -[\d.]+: ([\d.]+) \(90% interval: .* to ([\d.]+)\); .*: ([\d.]+); predicted times"
        )
        (numbers,) = re.findall(found, drawn.stdout)
        level, most, predicted = map(float, numbers)
        assert f"below {np.ceil(10 * most) / 10:.1f} times that of computing" in said
        assert "From three times on, collecting is surely sooner" in said
        assert 2 < most <= 3
        assert f"the estimate is {level:.1%} of it, and the clocks predict {predicted:.1%})" in said


@pytest.mark.parametrize("page", ["reproduction.md", "reproduction-tables.md"])
def test_pages_say_what_their_commands_print(page: str) -> None:
    made = MAKES.findall((ROOT / "docs" / page).read_text())
    assert made
    for command, text in made:
        arguments = command.split()[1:]
        printed = straggler(*arguments, cwd=ROOT)
        assert printed.returncode == 0, printed.stderr
        assert text.strip() == printed.stdout.strip(), command


def test_each_figure_with_results_has_a_finding() -> None:
    assert sorted(FINDINGS) == sorted(MADE)
