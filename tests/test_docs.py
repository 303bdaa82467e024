"""The pages' Python runs, and what they say of the example package is so."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from commands import straggler_process

import straggler as front
from algorithms import METHODS, RULES
from scenarios.format.tabular import ProblemTable
from simulator import Cluster, Round

ROOT = Path(__file__).parent.parent


def blocks(page: str, language: str = "python") -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def test_the_python_page_runs_as_a_script_without_a_guard(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks("docs/python.md")))
    said = subprocess.run(
        [sys.executable, "-W", "error", script.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    for picture in ("lesson.png", "timeline.png", "both.pdf", "sweep.png"):
        assert (tmp_path / picture).stat().st_size > 5_000
    assert said.stdout.count("rennala-nigt") > 3
    assert "\\toprule" in said.stdout


def test_every_function_of_the_front_door_has_an_example() -> None:
    code = "\n".join(blocks("docs/python.md"))
    functions = [name for name in front.__all__ if name[0].islower()] + ["list", "open"]
    own = {"check_method", "figure", "verdict"}  # other pages; not in a wheel
    own |= {"race", "check_race", "calibrate"}  # need Ray
    own |= {"check_predictions"}  # takes minutes
    own |= {"watch"}  # needs OpenGL; docs/film.md
    for name in set(functions) - own:
        assert f"straggler.{name}(" in code, name


def test_the_readme_says_what_works(tmp_path: Path) -> None:
    (block,) = blocks("README.md")
    (mine,) = blocks("README.md", "toml")
    short = mine.replace("time_limit = 900.0", "time_limit = 20.0").replace("[0, 1]", "[0]")
    # an update of the other cluster takes 5 s and 4,610^(1/4) = 8.2 s of sending
    (tmp_path / "mine.toml").write_text(short)
    (tmp_path / "readme.py").write_text(block)
    said = subprocess.run(
        [sys.executable, "readme.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr


def test_the_page_about_ones_own_is_a_module_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quorum, *mine = blocks("docs/own.md")
    source = (ROOT / "examples/quorum/quorum.py").read_text().splitlines()
    assert set(quorum.splitlines()) <= set(source)
    (tmp_path / "mine.py").write_text("\n\n".join(mine))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "examples/quorum")
    monkeypatch.syspath_prepend(tmp_path)
    content = {
        "title": "one's own",
        "seeds": [0],
        "updates": 3,
        "cluster": {
            "workers": 4,
            "compute": {"model": "mine:TwoRacks", "slow": 3.0},
            "network": {"model": "mine:Satellite", "delay": 0.25},
        },
        "problem": {"kind": "mine:Valley", "noise": 0.0},
        "methods": [
            {"name": "quorum:Quorum", "quorum": 3, "rule": "pg", "step_size": 0.5},
        ],
    }
    clipped = {"rule": "mine:Clipped", "step_size": 0.5, "longest": 2**0.5 / 2}
    aggregation = {"name": "rennala", "batch": 6}
    # from (2, 2) in steps of (1/2, 1/2) to (1, 1), where the gradient is no longer too long
    steps = front.simulate(content | {"methods": [aggregation | clipped]}).history()
    assert steps["objective"].tolist() == pytest.approx([-2.25, -1.0, -0.25])
    # workers 0 and 2 take 1 s, 1 takes 3 s, as their third ones: 0, then 1; 8 bytes take 8e-6 s
    history = front.simulate(content).history()
    assert history["time"].tolist() == pytest.approx([3.250008, 6.500016, 9.750024], rel=1e-12)
    assert history["gradients"].tolist() == [6, 6, 6]
    assert "3.25" in next(row for row in str(front.theory(content)).splitlines() if "q-th" in row)
    assert history["objective"].tolist() == pytest.approx([-1.0, -0.25, -0.0625])
    control = {"kind": "control", "env": "mine:Corridor-v0", "hidden": [4], "horizon": 50}
    walked = front.simulate(content | {"problem": control}).history()
    assert walked["steps"].max() <= 6 * 20


def test_the_page_names_all_that_a_method_may_ask_for() -> None:
    page = (ROOT / "docs/own.md").read_text()
    for kind, prefix in ((Cluster, "cluster."), (Round, "round.")):
        offered = {*vars(kind), *kind.__annotations__}
        for name in (name for name in offered if not name.startswith("_")):
            assert f"`{prefix}{name}" in page, name


@pytest.mark.parametrize("name", [*METHODS, *RULES, *ProblemTable.door.ours])
def test_the_page_of_scenarios_has_every_method_rule_and_kind_of_problem(name: str) -> None:
    rows = [line for line in (ROOT / "docs/scenarios.md").read_text().splitlines() if "|" in line]
    first_cells = " ".join(row.split("|")[1] for row in rows if row.startswith("|"))
    assert f"`{name}`" in first_cells, "add a row to the table in docs/scenarios.md"


def test_the_page_of_scenarios_has_the_table_that_list_prints() -> None:
    table = front.list("methods").markdown()
    wanted = f"docs/scenarios.md should have this table:\n{table}"
    assert table in (ROOT / "docs/scenarios.md").read_text(), wanted


def test_the_examples_of_the_page_of_scenarios_are_accepted() -> None:
    page = "docs/scenarios.md"
    whole, based, priced, named, decaying, varied = map(tomllib.loads, blocks(page, "toml"))
    front.load(based)
    problem = {**whole["problem"], **varied["problem"]}
    # a rule of one's own, and so its module, is on a page of its own
    ours = [table for table in named["methods"] if not table.get("rule", "").startswith("mine:")]
    for methods in (whole["methods"], decaying["methods"], ours):
        cluster = {**whole["cluster"], **priced["cluster"]}
        front.load({**whole, "cluster": cluster, "problem": problem, "methods": methods})
    names = {table["name"].partition("-")[0] for table in ours}
    assert names >= METHODS.keys() - {"malenia", "fastest"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the example package is installed in."""
    folder = tmp_path_factory.mktemp("site")
    wheels = tmp_path_factory.mktemp("wheels")
    example = ROOT / "examples/quorum"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=example, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(folder)], check=True)
    return folder


def test_the_example_package_works_as_installed(installed: Path, tmp_path: Path) -> None:
    def straggler(*words: str) -> subprocess.CompletedProcess[str]:
        return straggler_process(*words, cwd=tmp_path, env={"PYTHONPATH": str(installed)})

    text = (ROOT / "examples/quorum/quorum.toml").read_text()
    (tmp_path / "q.toml").write_text(text.replace('"quorum:Quorum"', '"quorum"'))
    run = straggler("run", "q.toml")
    assert run.returncode == 0, run.stderr
    # the 4th of the workers with h_i = i has its first gradient after 4 s; then 8 are there
    assert re.search(r"quorum +60 +4 +480 ", run.stdout)
    checked = straggler("check", "--method", "quorum")
    assert checked.returncode == 0
    page = (ROOT / "docs/own.md").read_text()
    for line in checked.stdout.splitlines():
        assert line.replace("quorum: keys", "quorum:Quorum: keys") in page
    assert "method of quorum:Quorum" in straggler("list").stdout
    assert "Offered by other packages: method quorum." in straggler("--help").stdout
