"""Sweeps: grids, identities, tables and pictures."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from commands import straggler, write_scenario
from typer.testing import CliRunner

import straggler as front
from scenarios.cli.app import app
from scenarios.format.words.errors import BadInputError
from scenarios.pictures.sweep import Grid, draw_sweep, grid_of
from scenarios.results.rows import Rows
from scenarios.studies.grid import Sweep, load_sweep
from scenarios.studies.plane import Axis, choose_axes
from scenarios.studies.sweep import runs_of, unique_jobs

HEAD = 'title = "t"\nbase = "two.toml"\n'
P = '[[axes]]\nname = "p"\nkey = "cluster.compute.exponent"\nvalues = [0, 0.5]\n'
KAPPA = '[[axes]]\nname = "kappa"\nkey = "cluster.uplink.scale"\nvalues = [0, 1.5]\n'
POWERS = '[{ model = "power", scale = 1.0 }, { model = "power", scale = 3.0 }]'
STEPS = '[[axes]]\nkey = "methods.*.step_size"\nvalues = [0.5]\n'


def load(folder: Path, text: str, name: str = "sweep.toml") -> Sweep:
    explicit = 'compute = { model = "explicit", seconds = [1.0, 2.0] }'
    power = 'compute = { model = "power", scale = 1.0 }\nuplink = { model = "power", scale = 0.0 }'
    write_scenario(folder, (explicit, power), ("workers = 2", "workers = 3"))
    (folder / name).write_text(HEAD + text)
    return load_sweep(folder / name)


def test_a_grid_is_the_product_of_its_axes(tmp_path: Path) -> None:
    sweep = load(tmp_path, P + KAPPA)
    assert [point.axes for point in sweep.points] == [
        {"p": 0, "kappa": 0},
        {"p": 0, "kappa": 1.5},
        {"p": 0.5, "kappa": 0},
        {"p": 0.5, "kappa": 1.5},
    ]
    # h_i = i**p, kappa_i = kappa * i**exponent: the values arrive in the cluster
    cluster = sweep.points[3].scenario.cluster
    np.testing.assert_allclose(cluster.compute_seconds()[:3], [1, 2**0.5, 3**0.5])
    assert cluster.uplink_seconds(7)[0] == 1.5


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ('key = "time_limit"\nrange = [1, 2, 5]', [1, 1.25, 1.5, 1.75, 2]),
        ('key = "time_limit"\nlog = [0.1, 1000, 5]', [0.1, 1, 10, 100, 1000]),
        ('key = "cluster.workers"\nrange = [2, 6, 3]', [2, 4, 6]),
        ('key = "cluster.workers"\nlog = [1, 1000, 4]', [1, 10, 100, 1000]),
        (
            'key = "updates"\nrange = [1000000000001, 1000000000003, 3]',
            range(10**12 + 1, 10**12 + 4),
        ),
        ('key = "updates"\nlog = [1000000000001, 2000000000002, 2]', [10**12 + 1, 2 * 10**12 + 2]),
        ('key = "updates"\nvalues = [3, 5]', [3, 5]),
        ('keys = ["updates", "cluster.workers"]\nvalues = [[3, 4], [5, 6]]', ["3 4", "5 6"]),
        ('key = "methods.*.step_size"\nvalues = [0.5]', [0.5]),
        ('key = "methods.rennala-nigt.batch"\nvalues = [3, 9]', [3, 9]),
    ],
)
def test_axes_have_lists_ranges_logarithms_and_zips(
    axis: str, values: list[Any], tmp_path: Path
) -> None:
    sweep = load(tmp_path, f'[[axes]]\nname = "x"\n{axis}\n')
    got = [point.axes["x"] for point in sweep.points]
    if isinstance(values[0], str):
        assert got == values
        last = sweep.points[-1].scenario
        assert (last.updates, last.cluster.workers) == (5, 6)
    else:
        np.testing.assert_allclose(got, values, rtol=1e-15)
    if "step_size" in axis:
        assert {m.parameters()["step_size"] for m in sweep.points[0].scenario.methods} == {0.5}
    if "batch" in axis:
        batches = {m.parameters().get("batch") for m in sweep.points[1].scenario.methods}
        assert batches == {9, None}


def test_keys_that_change_a_wider_one_stand_after_it(tmp_path: Path) -> None:
    one = '[[axes]]\nname = "a"\nkey = "methods.afedpg.step_size"\nvalues = [0.25]\n'
    text = P.replace("compute.exponent", "compute").replace("[0, 0.5]", POWERS)
    sweep = load(tmp_path, text + KAPPA.replace("uplink.scale", "compute.exponent") + STEPS + one)
    last = sweep.points[-1].scenario  # 3 i^1.5
    np.testing.assert_allclose(last.cluster.compute_seconds(), [3, 3 * 2**1.5, 3**2.5])
    steps = {method.folder: method.parameters()["step_size"] for method in last.methods}
    assert steps == {"rennala-nigt": 0.5, "synchronous-nigt": 0.5, "afedpg": 0.25}


def test_an_identity_follows_from_the_content(tmp_path: Path) -> None:
    small = {job.folder.path for job in unique_jobs(runs_of(load(tmp_path, P), tmp_path))}
    longer = P.replace("[0, 0.5]", "[0, 0.5, 1]")
    more = {job.folder.path for job in unique_jobs(runs_of(load(tmp_path, longer), tmp_path))}
    assert small < more  # an extended axis keeps its runs
    assert len(more) == 3 * 6  # points, methods and seeds
    other = load(tmp_path, P.replace('name = "p"', 'name = "q"').replace("[0, 0.5]", "[0.5]"))
    assert {job.folder.path for job in unique_jobs(runs_of(other, tmp_path))} < small
    titled = (tmp_path / "two.toml").read_text()
    titled = titled.replace("title = ", 'thresholds = [1.0, 2.0, 3.0]\ntitle = "x" #')
    (tmp_path / "two.toml").write_text(titled)
    again = unique_jobs(runs_of(load_sweep(tmp_path / "sweep.toml"), tmp_path))
    assert {job.folder.path for job in again} < small


def test_points_that_are_the_same_run_are_made_once(tmp_path: Path) -> None:
    sweep = load(tmp_path, '[[axes]]\nname = "x"\nkey = "title"\nvalues = ["a", "b"]\n')
    runs = runs_of(sweep, tmp_path)
    assert (len(runs), len(unique_jobs(runs))) == (12, 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[axes]]\nvalues = [1]\n", "axes[0].key: accepted: either key, or keys"),
        ('[[axes]]\nkey = "a.u"\n', "axes[0].values: accepted: exactly one of values, range, log"),
        ('[[axes]]\nkey = "a.u"\nlog = [0, 1, 3]\n', "accepted: numbers above 0"),
        (
            '[[axes]]\nname = "u"\nkey = "updates"\nvalues = ["x"]\n',
            "u = x: updates: got 'x'; accepted",
        ),
        ('[[axes]]\nkey = "updates"\nvalues = [1]\n', "'updates' is a column of the results"),
        (
            '[[axes]]\nname = "money"\nkey = "updates"\nvalues = [1]\n',
            "'money' is a column of the results; accepted: another name",
        ),
        ("[set]\ncluster.workers = 4\n", "set.cluster: is a table; accepted: quoted dotted keys"),
        (
            '[[axes]]\nkey = "methods.*.batch"\nrange = [1, 2, 20000]\n',
            "of at least 2 and of at most 10,000",
        ),
        (
            '[[axes]]\nkey = "a.u"\nrange = [1, inf, 3]\n',
            "axes[0].range[1]: got inf; accepted: a finite number",
        ),
        ('[[axes]]\nkey = "a.u"\nrange = [1, 3]\n', "[1, 3]; accepted: [from, to, number], eq"),
        ('[[axes]]\nkey = ""\nvalues = [1]\n', "leads nowhere"),
        ('[[axes]]\nkey = "cluster.wurkers"\nvalues = [1]\n', "did you mean 'workers'"),
        ('[[axes]]\nkey = "seeds.x.y"\nvalues = [1]\n', "'seeds.x.y' leads nowhere"),
        ('[[axes]]\nkey = "methods.sgd.batch"\nvalues = [1]\n', "accepted: methods.*.KEY"),
        ('[[axes]]\nkey = "methods.*.bach"\nvalues = [1]\n', "no method has such a key"),
        (
            '[[axes]]\nkey = "methods.afedpg.name"\nvalues = ["afedgp"]\n' + STEPS,
            "at name = afedgp, step_size = 0.5: methods[2].name: unknown 'afedgp'; did you mean",
        ),
        (
            '[set]\n"methods.afedpg.rule" = "adm"\n' + STEPS,
            "at step_size = 0.5: methods[2].rule: unknown 'adm'; did you mean 'adam'? accepted: ",
        ),
        ('methods = ["sgd"]\n', "methods: 'sgd'; accepted: "),
        (
            P + P.replace('"p"', '"q"'),
            "axes[0].key: 'cluster.compute.exponent' is replaced by axes[1].key, 'cluster.c",
        ),
        (
            '[[axes]]\nname = "x"\nkeys = ["updates", "updates"]\nvalues = [[1, 2]]\n',
            "axes[0].keys: 'updates' is replaced by axes[0].keys, 'updates'; accepted: one of them",
        ),
        (
            '[set]\n"cluster.compute.scale" = 2.0\n'
            + P.replace("compute.exponent", "compute").replace("[0, 0.5]", POWERS),
            "is replaced by axes[0].key, 'cluster.compute'; accepted: one of them, or 'cluster.com",
        ),
        (
            '[set]\n"methods.afedpg.step_size" = 0.1\n' + STEPS,
            "set.methods.afedpg.step_size: 'methods.afedpg.step_size' is replaced by axes[0].key, ",
        ),
        (
            "[set]\nseeds = [3]\n",
            "set.seeds: stands in [set]; accepted: seeds beside the title",
        ),
        (
            'seeds = [3]\n[[axes]]\nkey = "seeds"\nvalues = [[1], [2]]\n',
            "seeds: 'seeds' is replaced by axes[0].key, 'seeds'; accepted: one of them",
        ),
        (
            '[set]\n"quick.updates" = 5\n',
            "set.quick.updates: 'quick.updates' is not about the runs of a sweep; accepted: other",
        ),
        (
            '[[axes]]\nkey = "tune.halving"\nvalues = [2, 3]\n',
            "axes[0].key: 'tune.halving' is not about the runs of a sweep; accepted: other keys",
        ),
        (P + P, "axes: two are called 'p'"),
        ('[[axes]]\nkeys = ["a", "b"]\nvalues = [[1]]\n', "lists of 2 each"),
        ('[[axes]]\nkey = "title"\nvalues = ["a", "a"]\n', "values: 'a' stands there twice"),
        ('[[axes]]\nkey = "a.u"\nvalues = [0, -0.0]\n', "axes[0].values: -0.0 stands there twi"),
        ('[[axes]]\nkey = "a.u"\nvalues = [5, 5.0]\n', "axes[0].values: 5.0 stands there twice"),
        ('[[axes]]\nkey = "a.u"\nrange = [1, 1, 3]\n', "axes[0].range: begins and ends at 1"),
        (
            '[[axes]]\nkey = "a.u"\nrange = [10000000000000, 10000000000001, 3]\n',
            "axes[0].range: accepted: values that differ in their first 12 digits",
        ),
        *(
            (f'[[axes]]\nkey = "a.u"\n{ends}\n', ": accepted: 0, or sizes 1e-150 to 1e+150")
            for ends in (f"range = [1, 1{'0' * 400}, 3]", "log = [1e-200, 1e200, 3]")
        ),
        ('[[axes]]\nkey = "a.u"\nrange = []\n', "axes[0].range: got []; accepted: [from, to"),
        (
            '[set]\nmethods = 1\n[[axes]]\nkey = "methods.*.batch"\nvalues = [1]\n',
            "methods is no list of tables; accepted: [[methods]]",
        ),
        ("quick = true\n", "quick: two.toml has no table [quick]; accepted: false"),
        (
            "".join(f'[[axes]]\nkey = "a.{n}"\nrange = [1, 1000, 1000]\n' for n in "uvw"),
            "axes: 1,000 x 1,000 x 1,000 = 1,000,000,000 points; accepted: at most 100,000",
        ),
        ('base2 = "x"\n', "base2: unknown key; did you mean 'base'"),
    ],
)
def test_each_mistake_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        load(tmp_path, text)
    (line,) = caught.value.lines
    assert line.startswith(f"{tmp_path / 'sweep.toml'}: ")
    assert message in line


def test_a_sweep_is_made_extended_and_tabled(tmp_path: Path) -> None:
    load(tmp_path, P + KAPPA)
    plan = straggler("sweep", "sweep.toml", "--dry-run", cwd=tmp_path)
    assert "runs      24, 0 of them are there already" in plan.stdout
    assert "time      about" in plan.stdout
    assert not (tmp_path / "runs").exists()
    first = straggler("sweep", "sweep.toml", cwd=tmp_path)
    assert "24 made, 0 were there already, 0 failed" in first.stdout, first.stderr
    load(tmp_path, P.replace("[0, 0.5]", "[0, 0.5, 1]") + KAPPA)
    partly = "12 of 36 runs are not there yet"
    for command in ("results", "plot"):
        said = straggler(command, "sweep.toml", cwd=tmp_path).stderr
        assert f"sweep.toml: {partly}: `straggler sweep sweep.toml` makes them\n" in said
    found = front.open(tmp_path / "sweep.toml", tmp_path / "runs/store")
    assert partly in found.plot().get_suptitle()
    longer = straggler("sweep", "sweep.toml", cwd=tmp_path)
    assert "12 made, 24 were there already, 0 failed" in longer.stdout
    printed = straggler("results", "sweep.toml", "--csv", "--threshold", "-1e9", cwd=tmp_path)
    assert not printed.stderr
    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert len(rows) == 36
    assert {(row["p"], row["kappa"]) for row in rows} == {
        (p, k) for p in ("0", "0.5", "1") for k in ("0", "1.5")
    }
    for row in rows:  # held from the first update on
        history = pq.read_table(tmp_path / row["path"] / "history.parquet")
        assert float(row["time_to_-1e+09"]) == history["time"][0].as_py()
        assert int(row["updates"]) == len(history)
        assert row["same_code"] == "true"
    index = pq.read_table(tmp_path / "runs/store/index.parquet")
    assert len(index) == 36
    # without the sweep file, the keys that differ are columns
    assert {"cluster.compute.exponent", "cluster.uplink.scale", "methods.batch"} <= set(
        index.column_names
    )
    for arguments in (("plot", "sweep.toml"), ("plot", "sweep.toml", "--at", "p=0.5")):
        assert straggler(*arguments, cwd=tmp_path).returncode == 0
        assert (tmp_path / "figures/sweep.png").stat().st_size > 10_000


def test_one_point_of_a_sweep_is_looked_at_as_any_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, P + KAPPA + "[set]\ntimeline = true\n")
    monkeypatch.chdir(tmp_path)
    results = front.sweep("sweep.toml", jobs=1)
    point = results.at("kappa=1.5", "p=0.5")
    # the first worker computes for 1 s and sends for 1.5 s
    assert point.history("afedpg", seed=0)["time"][0] == 2.5
    assert results.at("p=0.5", "kappa=0").history("afedpg", seed=0)["time"][0] == 1.0
    several = "sweep.toml: runs at several points of a sweep; accepted: one, "
    for look in (results.compare, results.staleness, results.select(seed=0).plot):
        with pytest.raises(BadInputError, match=f"{several}--at p=VALUE --at kappa=VALUE$"):
            look()
    with pytest.raises(BadInputError, match=r"--at p=VALUE is needed; accepted: 0, 0\.5$"):
        results.at("kappa=1.5")
    with pytest.raises(BadInputError, match=r"--at p=0: p is held twice; accepted: once$"):
        results.at("p=0.5", "p=0")
    held = ("--at", "p=0.5", "--at", "kappa=1.5")
    compared = CliRunner().invoke(app, ["compare", "sweep.toml", *held, "--csv"])
    assert compared.stdout == point.compare().csv()
    run = ("--method", "afedpg", "--seed", "0")
    for arguments in (["plot", "--column", "time"], ["timeline", *run], ["explain", *run]):
        command, *options = arguments
        shown = CliRunner().invoke(app, [command, "sweep.toml", *held, *options])
        assert shown.exit_code == 0, shown.output
    for name in ("plot", "timeline"):
        assert (tmp_path / f"figures/{name}.png").stat().st_size > 10_000
    folder = CliRunner().invoke(app, ["compare", "runs/store", "--at", "p=0.5"])
    assert "--at: goes with a sweep, which runs/store is not" in str(folder.exception)


def test_results_of_another_version_are_marked_and_made_again_on_request(tmp_path: Path) -> None:
    load(tmp_path, "")
    assert straggler("sweep", "sweep.toml", cwd=tmp_path).returncode == 0
    file = next((tmp_path / "runs/store").glob("afedpg/*/run.json"))
    info = json.loads(file.read_text())
    file.write_text(json.dumps({**info, "code": "0" * 12}))
    again = straggler("sweep", "sweep.toml", cwd=tmp_path)
    assert "1 results are from another version of the code" in again.stderr
    table = straggler("results", "sweep.toml", "--csv", cwd=tmp_path).stdout
    assert [row["same_code"] for row in csv.DictReader(io.StringIO(table))].count("false") == 1
    assert planned(tmp_path) == ("6, 6 of them are there already", False)
    assert planned(tmp_path, "--recompute") == ("6, 5 of them are there already", True)
    made = straggler("sweep", "sweep.toml", "--recompute", cwd=tmp_path)
    assert "1 made, 5 were there already" in made.stdout
    assert json.loads(file.read_text())["code"] == info["code"]
    file.write_text(json.dumps({**info, "status": "failed", "reason": "lost"}))
    assert planned(tmp_path) == ("6, 5 of them are there already, 1 failed", False)
    assert planned(tmp_path, "--retry-failed") == ("6, 5 of them are there already", True)


def planned(folder: Path, *options: str) -> tuple[str, bool]:
    """Return what a dry run says of the runs, and whether some would be made."""
    said = straggler("sweep", "sweep.toml", "--dry-run", *options, cwd=folder).stdout
    (runs,) = (line for line in said.splitlines() if line.startswith("runs "))
    return runs.removeprefix("runs      "), "time " in said


def test_two_labels_of_one_run_keep_their_names(tmp_path: Path) -> None:
    """Labels are no part of a run's content: two may share runs, also with another sweep's."""
    write_scenario(tmp_path, ("[0, 1]", "[0]"))
    base = (tmp_path / "two.toml").read_text()
    first = base[
        base.index("[[methods]]") : base.index("[[methods]]", base.index("[[methods]]") + 1)
    ]
    both = "".join(
        first.replace("batch = 3", f'batch = {b}\nlabel = "{n}"') for n, b in (("a", 2), ("b", 4))
    )
    (tmp_path / "two.toml").write_text(base[: base.index("[[methods]]")] + both)
    axis = '[[axes]]\nname = "M"\nkey = "methods.*.batch"\nvalues = [2, 4]\n'
    (tmp_path / "sweep.toml").write_text(HEAD + axis)
    made = straggler("sweep", "sweep.toml", cwd=tmp_path)
    assert "2 made, 0 were there already" in made.stdout, made.stderr
    printed = straggler("results", "sweep.toml", "--csv", cwd=tmp_path).stdout
    places = [(row["method"], row["M"]) for row in csv.DictReader(io.StringIO(printed))]
    assert sorted(places) == [("a", "2"), ("a", "4"), ("b", "2"), ("b", "4")]


def test_a_sweep_names_runs_that_another_made_as_it_says_itself(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("[0, 1]", "[0]"))
    named = write_scenario(
        tmp_path,
        ("[0, 1]", "[0]"),
        ("two workers", "those of another"),
        ('name = "afedpg"', 'name = "afedpg"\nlabel = "mine"'),
        name="named.toml",
    )
    axis = '[[axes]]\nname = "M"\nkey = "problem.noise"\nvalues = [0.5]\n'
    for base, method in ((named.name, "mine"), ("two.toml", "afedpg")):
        sweep = HEAD.replace("two.toml", base) + f'methods = ["{method}"]\n{axis}'
        (tmp_path / f"of-{base}").write_text(sweep)
        made = straggler("sweep", f"of-{base}", cwd=tmp_path)
        assert made.returncode == 0, made.stderr
    assert "0 made, 1 were there already" in made.stdout
    results = front.open(tmp_path / "of-two.toml", tmp_path / "runs/store")
    assert results.methods == [row["method"] for row in results.rows().rows] == ["afedpg"]
    assert results.title == "two workers"


def test_a_sweep_may_have_tables_as_values(tmp_path: Path) -> None:
    compute = '{ model = "power", scale = 1.0 }, { model = "explicit", seconds = [1.0, 1.0, 4.0] }'
    load(tmp_path, f'[[axes]]\nkey = "cluster.compute"\nvalues = [{compute}]\n')
    assert straggler("sweep", "sweep.toml", cwd=tmp_path).returncode == 0
    for arguments in (("plot", "sweep.toml"), ("results", "sweep.toml", "--csv")):
        result = straggler(*arguments, cwd=tmp_path)
        assert (result.returncode, result.stderr) == (0, "")


def test_nothing_to_draw_is_one_line(tmp_path: Path) -> None:
    load(tmp_path, P + '[set]\n"methods.*.step_size" = 1e308\n')
    assert straggler("sweep", "sweep.toml", cwd=tmp_path).returncode == 1
    for options, message in (
        ((), "no finished runs there; 12 of them failed"),
        (("--threshold", "1"), "no finished runs there"),
        (("--column", "time"), "--column: goes with a result folder"),
    ):
        result = straggler("plot", "sweep.toml", *options, cwd=tmp_path)
        assert result.returncode == 2
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
    load(tmp_path, P)
    assert straggler("sweep", "sweep.toml", cwd=tmp_path).returncode == 0
    result = straggler("plot", "sweep.toml", "--threshold", "1e9", cwd=tmp_path)
    assert "--threshold 1e+09: no run reaches it; the best is" in result.stderr


def test_runs_without_an_update_never_arrive_and_are_measured_as_the_others(tmp_path: Path) -> None:
    power = 'compute = { model = "power", scale = 1.0 }'
    write_scenario(
        tmp_path,
        ('compute = { model = "explicit", seconds = [1.0, 2.0] }', power),
        ("updates = 40", "time_limit = 60"),
        ("[0, 1]", "[0]"),
    )
    axis = '[[axes]]\nkey = "cluster.compute.scale"\nvalues = [100, 1]\n'
    (tmp_path / "sweep.toml").write_text(HEAD + axis)
    assert straggler("sweep", "sweep.toml", cwd=tmp_path).returncode == 0
    printed = straggler("results", "sweep.toml", "--csv", "--threshold", "-1e9", cwd=tmp_path)
    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert {row["metric"] for row in rows} == {"objective"}
    # M = 3 of two workers takes two gradients' time
    assert {(row["method"], row["scale"]): float(row["time_to_-1e+09"]) for row in rows} == {
        ("rennala-nigt", "1"): 2,
        ("synchronous-nigt", "1"): 1,
        ("afedpg", "1"): 1,
        **{(name, "100"): np.inf for name in ("rennala-nigt", "synchronous-nigt", "afedpg")},
    }
    for command in ("plot", "report"):
        said = straggler(command, "sweep.toml", cwd=tmp_path)
        assert (said.returncode, said.stderr) == (0, "")
    unreached = straggler("plot", "sweep.toml", "--threshold", "1e9", cwd=tmp_path)
    assert "--threshold 1e+09: no run reaches it; the best is" in unreached.stderr
    assert "nan" not in unreached.stderr


def test_an_environment_at_one_point_is_checked_beforehand(tmp_path: Path) -> None:
    text = 'title = "t"\nbase = "figure1a"\n[[axes]]\nkey = "problem.env"\n'
    (tmp_path / "sweep.toml").write_text(text + 'values = ["Hopper-v4", "Nope-v1"]\n')
    with pytest.raises(BadInputError, match="Gymnasium cannot make 'Nope-v1'"):
        load_sweep(tmp_path / "sweep.toml")


def rows(method: str, p: float, times: list[float]) -> list[dict[str, object]]:
    return [
        {"method": method, "p": p, "seed": s, "status": "done", "time_to_1": t}
        for s, t in enumerate(times)
    ]


def test_winners_by_hand() -> None:
    never = float("inf")
    results = Rows(
        [
            *rows("afedpg", 0.0, [10, 11, 12]),
            *rows("rennala-nigt", 0.0, [30, 33, 36]),
            *rows("afedpg", 1.0, [50, 52, never]),  # the band reaches never
            *rows("rennala-nigt", 1.0, [20, 26, 60]),
            *rows("afedpg", 2.0, [never, never, 9]),
            *rows("rennala-nigt", 2.0, [never, never, never]),
        ],
        "objective",
        [1.0],
    )
    grid: Grid = grid_of(results, [Axis("p", [0.0, 1.0, 2.0])])
    best, lead, clear = grid.winners()
    methods = list(grid.times)
    assert [methods[k] if k >= 0 else None for k in best] == ["afedpg", "rennala-nigt", None]
    np.testing.assert_allclose(lead[:2], [3.0, 2.0])
    assert clear.tolist() == [True, False, False]


def test_the_median_of_an_even_number_of_seeds_is_the_mean_of_the_middle_two() -> None:
    never = float("inf")
    results = Rows(
        [*rows("afedpg", 0.0, [10, 20]), *rows("afedpg", 1.0, [9, never])], "objective", [1.0]
    )
    grid = grid_of(results, [Axis("p", [0.0, 1.0])])
    assert grid.median("afedpg").tolist() == [15, never]
    low, middle, high = (ends.tolist() for ends in grid.spread("afedpg"))
    assert (low, middle, high) == ([10, 9], [15, never], [20, never])
    (drawn,) = draw_sweep(grid, "t").axes[0].get_lines()
    np.testing.assert_array_equal(np.asarray(drawn.get_ydata(), float), [15, np.nan])


def test_a_picture_needs_the_other_axes_held(tmp_path: Path) -> None:
    third = '[[axes]]\nname = "n"\nkey = "cluster.workers"\nvalues = [2, 3]\n'
    sweep = load(tmp_path, P + KAPPA + third)
    with pytest.raises(BadInputError, match="--at n=VALUE is needed; accepted: 2, 3"):
        choose_axes(sweep, [], [])
    axes, held = choose_axes(sweep, [], ["kappa=1.50"])
    assert ([axis.name for axis in axes], held) == (["p", "n"], {"kappa": 1.5})
    with pytest.raises(BadInputError, match=r"--at p=7: accepted: p= one of 0, 0\.5"):
        choose_axes(sweep, [], ["p=7"])
    with pytest.raises(BadInputError, match="--axis q: accepted: p, kappa, n"):
        choose_axes(sweep, ["q"], [])


@pytest.mark.parametrize(
    ("former", "said"),
    [
        (("--workers-per-run", "0"), "'--processes-per-run': Input should be greater than or"),
        (("--workers-per-run=0",), "'--processes-per-run': Input should be greater than or"),
        (("--store",), "'--out' requires an argument"),
    ],
)
def test_options_are_known_by_their_former_names(former: tuple[str, ...], said: str) -> None:
    runner = CliRunner()
    refused = runner.invoke(app, ["sweep", "crossover", *former])
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.replace("│", " ").split())
    assert former[0].partition("=")[0] not in runner.invoke(app, ["sweep", "--help"]).output
