"""Mistakes of the user: one line, exit code 2, nothing written."""

from pathlib import Path

import pytest
from commands import straggler, write_scenario

from scenarios.format.load import load
from scenarios.format.words.errors import BadInputError

QUADRATIC = 'kind = "quadratic"\ndimension = 10\nnoise = 0.5'

MISTAKES = {
    "misspelt key": (
        ("workers = 2", "wokers = 2"),
        "cluster.wokers: unknown key; did you mean 'workers'? accepted: workers, preemption",
    ),
    "negative time": (
        ("[1.0, 2.0]", "[1.0, -2.0]"),
        "cluster.compute.seconds[1]: should be greater than 0 (got -2.0)",
    ),
    "negative limit": (("updates = 40", "time_limit = -1.0"), "time_limit: should be greater"),
    "zero workers": (("workers = 2", "workers = 0"), "cluster.workers: should be greater than or"),
    "unknown method": (
        ("rennala-nigt", "renala"),
        "methods[0].name: unknown 'renala'; did you mean",
    ),
    "zero batch": (("batch = 3", "batch = 0"), "methods[0].batch: should be greater than or"),
    "missing batch": (
        ("batch = 3", ""),
        "methods[0].batch: is missing; accepted: a whole number of at least 1",
    ),
    "wrong type": (("batch = 3", 'batch = "3"'), "methods[0].batch: should be a valid integer"),
    "momentum above one": (("momentum = 0.1", "momentum = 1.5"), "methods[0].momentum: should be"),
    "unknown environment": (
        (QUADRATIC, 'kind = "control"\nenv = "Humanoi-v4"'),
        "problem.env: Gymnasium cannot make 'Humanoi-v4'",
    ),
    "observations that are no Box": (
        (QUADRATIC, 'kind = "control"\nenv = "FrozenLake-v1"'),
        "problem.env: FrozenLake-v1's observation space is Discrete; a Box is needed",
    ),
    "not TOML": (("title = ", "title "), "is not valid TOML"),
    "times for other workers": (
        ("workers = 2", "workers = 3"),
        "cluster.compute.seconds has 2 numbers for 3 workers",
    ),
    "no limit": (("updates = 40", ""), "time_limit or updates is missing"),
    "a seed twice": (("[0, 1]", "[0, 0]"), "seeds has a seed twice"),
    "a method twice, with one label": (
        ("synchronous-nigt", 'rennala-nigt"\nbatch = 2\nlabel = "other'),
        "methods has 'rennala-nigt' 2 times; give each its own label",
    ),
    "no version": (
        (QUADRATIC, 'kind = "control"\nenv = "Humanoid"'),
        "problem.env: 'Humanoid' has no version; accepted: such as Humanoid-v4",
    ),
    "a number in the place of a table": (
        ('{ model = "explicit", seconds = [1.0, 2.0] }', "3"),
        "cluster.compute: should be a table (got 3)",
    ),
    "no kind": (
        ('kind = "quadratic"\n', ""),
        "problem.kind: is missing; accepted: 'control', 'quadratic', 'tabular', or",
    ),
    "a method twice": (
        ("synchronous-nigt", 'rennala-nigt"\nbatch = 2\nlabel = "rennala-nigt'),
        "methods has 'rennala-nigt' 2 times; give each its own label",
    ),
    "infinite times": (
        ('"explicit", seconds = [1.0, 2.0]', '"power", scale = 1e300, exponent = 1e300'),
        "cluster.compute gives times that are not finite and above 0",
    ),
    "a variant of nobody": (
        (QUADRATIC, QUADRATIC + '\n[[problem.variants]]\nname = "far"\nworkers = [2]'),
        "variants: there is no worker 2; accepted: 0 to 1",
    ),
    "a worker in two variants": (
        (QUADRATIC, QUADRATIC + 2 * '\n[[problem.variants]]\nname = "far"\nworkers = "0-1"'),
        "variants: worker 0 stands there twice",
    ),
    "a change that the environment cannot make": (
        (
            QUADRATIC,
            (
                'kind = "control"\nenv = "Pendulum-v1"\n'
                '[[problem.variants]]\nname = "moon"\nworkers = [0]\ngravity = 0.2'
            ),
        ),
        "problem.env: Pendulum-v1 is no MuJoCo environment: gravity cannot change",
    ),
    "a change with a misspelt key": (
        (
            QUADRATIC,
            (
                'kind = "control"\nenv = "Hopper-v4"\n'
                '[[problem.variants]]\nname = "moon"\nworkers = [0]\ngravty = 0.2'
            ),
        ),
        "problem.variants[0].gravty: unknown key; did you mean 'gravity'?",
    ),
    "a goal outside of the grid": (
        (
            QUADRATIC,
            'kind = "tabular"\nworld = { model = "grid", rows = 2, columns = 2, goal = [2, 0] }',
        ),
        "problem.world.goal [2, 0] is outside; accepted: below [rows, columns]",
    ),
    "a spread that does not fit": (
        ("seconds = [1.0, 2.0] }", 'seconds = [1.0, 2.0], random = { distribution = "pareto" } }'),
        "cluster.compute.random.tail does not fit pareto; accepted: tail",
    ),
    "a schedule that goes back": (
        (
            "seconds = [1.0, 2.0] }",
            "seconds = [1.0, 2.0], schedule = [{ times = [0.0, 5.0, 4.0], speeds = [1.0] }] }",
        ),
        "cluster.compute.schedule[0].times = [0.0, 5.0, 4.0]; accepted: ascending from 0",
    ),
    "a worker below zero": (
        (
            "seconds = [1.0, 2.0] }",
            "seconds = [1.0, 2.0], schedule = [{ workers = [-1], times = [0], speeds = [1] }] }",
        ),
        "cluster.compute.schedule[0].workers[0]: should be greater than or equal to 0 (got -1)",
    ),
    "a trace that is not there": (
        ('{ model = "explicit", seconds = [1.0, 2.0] }', '{ model = "trace", file = "no.csv" }'),
        "no.csv: No such file or directory",
    ),
    "groups of other size": (
        (
            '{ model = "explicit", seconds = [1.0, 2.0] }',
            '{ model = "groups", groups = [{ count = 3, seconds = 1.0 }] }',
        ),
        "cluster.compute.groups has 3 numbers for 2 workers",
    ),
    "failures of nobody": (
        ("workers = 2", 'workers = 2\nfailures = { model = "windows", windows = [[2, 0.0, 1.0]] }'),
        "cluster.failures.windows has worker 2; accepted: 0 to 1",
    ),
    "an ingress of two kinds": (
        ("workers = 2", "workers = 2\ningress = { slots = 1, bandwidth = 1.0 }"),
        "cluster.ingress.slots or bandwidth is wanted; accepted: one of them",
    ),
    "an ingress without a gather": (
        ("workers = 2", 'workers = 2\ncollective = "allreduce"\ningress = { slots = 1 }'),
        "cluster.ingress is of no meaning with allreduce",
    ),
    "steps of a quadratic": (
        ('{ model = "explicit"', '{ per = "step", model = "explicit"'),
        "cluster.compute.per = 'step': a quadratic has no steps",
    ),
    "a label that is a path": (
        ("batch = 3", 'batch = 3\nlabel = "../up"'),
        "methods[0].label: string should match pattern",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_one_line_that_names_file_and_key(mistake: str, tmp_path: Path) -> None:
    change, message = MISTAKES[mistake]
    file = write_scenario(tmp_path, change)
    with pytest.raises(BadInputError) as caught:
        load(file)
    (line,) = caught.value.lines
    assert "\n" not in line
    assert line.startswith(f"{file}: ")
    assert message in line


def test_independent_mistakes_are_a_line_each(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, ("workers = 2", "workers = 0"), ("batch = 3", "batch = 0"))
    with pytest.raises(BadInputError) as caught:
        load(file)
    assert len(caught.value.lines) == 2


@pytest.mark.parametrize("mistake", ["misspelt key", "not TOML", "unknown environment"])
def test_the_command_exits_with_2_and_writes_nothing(mistake: str, tmp_path: Path) -> None:
    write_scenario(tmp_path, MISTAKES[mistake][0])
    result = straggler("run", "two.toml", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("straggler: two.toml: ")
    assert result.stderr.count("\n") == 1
    assert [f.name for f in tmp_path.iterdir()] == ["two.toml"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere.toml"], "nowhere.toml: no such file or scenario; accepted: a TOML file"),
        (["run", "two.toml", "--method", "x"], "--method x: not in the scenario; accepted: renn"),
        (["compare", "."], ".: no runs below it; accepted: a folder that run or sweep made"),
        (["figure", "99"], "figure 99: not there; accepted: 1"),
        (["run", "two.toml", "--out", "two.toml"], "two.toml"),
        (["run", "x" * 300], "x"),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    write_scenario(tmp_path)
    result = straggler(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"straggler: {message}")
    assert result.stderr.count("\n") == 1
