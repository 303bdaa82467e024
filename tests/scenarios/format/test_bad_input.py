"""Mistakes of the user: one line, exit code 2, nothing written."""

from pathlib import Path

import gymnasium
import pytest
from commands import straggler, write_scenario

from scenarios.format.load import load
from scenarios.format.words.errors import BadInputError

QUADRATIC = 'kind = "quadratic"\ndimension = 10\nnoise = 0.5'

MISTAKES = {
    "patience where nothing varies": (
        ('rennala-nigt"', 'mindflayer-nigt"\npatience = 0.5'),
        "methods[0].patience: 0.5 h_i, and gradients take h_i; accepted: at least 1",
    ),
    "misspelt key": (
        ("workers = 2", "wokers = 2"),
        "cluster.wokers: unknown key; did you mean 'workers'? accepted: price, power",
    ),
    "negative time": (
        ("[1.0, 2.0]", "[1.0, -2.0]"),
        "cluster.compute.seconds[1]: got -2.0; accepted: a number above 0",
    ),
    "negative limit": (
        ("updates = 40", "time_limit = -1.0"),
        "time_limit: got -1.0; acc",
    ),
    "thresholds that fall": (
        ("updates = 40", "updates = 40\nthresholds = [1.0, 3.0, 2.0]"),
        "thresholds: are not three that rise; accepted: such as [200.0, 260.0, 320.0]",
    ),
    "no thresholds": (("updates = 40", "updates = 40\nthresholds = []"), "thresholds: are not"),
    "zero workers": (("workers = 2", "workers = 0"), "cluster.workers: got 0; accepted: a whole"),
    "unknown method": (
        ("rennala-nigt", "renala"),
        "methods[0].name: unknown 'renala'; did you mean",
    ),
    "a method in capitals": (
        ('"rennala-nigt"', '"RENNALA-NIGT"'),
        "methods[0].name: unknown 'RENNALA-NIGT'; did you mean 'rennala-nigt'? acc",
    ),
    "a hash of code that is ours": (
        ("batch = 3", 'batch = 3\nsource = "1"'),
        "methods[0].source: is of code of one's own; accepted: no such key",
    ),
    "zero batch": (("batch = 3", "batch = 0"), "methods[0].batch: got 0; accepted: a whole"),
    "a number of updates with a point": (
        ("updates = 40", "updates = 40.0"),
        "two.toml: updates: got 40.0; accepted: a whole number of at least 1",
    ),
    "a limit that never comes": (
        ("updates = 40", "time_limit = inf"),
        "time_limit: got inf; accepted: a finite number above 0: simulated seconds",
    ),
    "a time that never passes": (
        ('"explicit", seconds = [1.0, 2.0]', '"power", scale = inf'),
        "cluster.compute.scale: got inf; accepted: seconds of worker 1, above 0, finite",
    ),
    "a number for true": (
        ("updates = 40", "updates = 40\ntimeline = 1"),
        "timeline: got 1; accepted: true or false: record every interval, not only the sums",
    ),
    "a number for a list": (
        ("[0, 1]", "3"),
        "seeds: got 3; accepted: a list of at least 1 of whole numbers of at least 0",
    ),
    "a text for a table": (
        ("workers = 2", 'workers = 2\nnetwork = "slow"'),
        "cluster.network: got 'slow'; accepted: a table { model }: instead of all that connects",
    ),
    "an unknown precision": (
        (QUADRATIC, 'kind = "control"\nenv = "Pendulum-v1"\ndtype = "float16"'),
        "problem.dtype: got 'float16'; accepted: 'float32', 'float64': precision of the policy",
    ),
    "a batch that 64 bits do not hold": (
        ("batch = 3", f"batch = 1{400 * '0'}"),
        "accepted: a whole number of at least 1 and below 9,223,372,036,854,775,808",
    ),
    "missing batch": (
        ("batch = 3", ""),
        "methods[0].batch: is missing; accepted: a whole number of at least 1",
    ),
    "wrong type": (
        ("batch = 3", 'batch = "3"'),
        "methods[0].batch: got '3'; accepted: a whole",
    ),
    "momentum above one": (
        ("momentum = 0.1", "momentum = 1.5"),
        "methods[0].momentum: got 1.5; accepted: a finite number above 0 and of at most 1, or a ta",
    ),
    "a schedule from a momentum above one": (
        ("momentum = 0.1", "momentum = { start = 1.5, power = 0.5, after = 10 }"),
        "methods[0].momentum.start: got 1.5; accepted: a number above 0 and of at most 1",
    ),
    "a schedule that grows": (
        ("momentum = 0.1", "momentum = { start = 1.0, power = -0.5, after = 10 }"),
        "methods[0].momentum.power: got -0.5; accepted: a number of at least 0",
    ),
    "a schedule by hours": (
        ("momentum = 0.1", 'momentum = { start = 1.0, power = 0.5, after = 1.5, by = "hours" }'),
        "methods[0].momentum.by: got 'hours'; accepted: 'updates', 'seconds'",
    ),
    "unknown environment": (
        (QUADRATIC, 'kind = "control"\nenv = "Humanoi-v4"'),
        "problem.env: Gymnasium cannot make 'Humanoi-v4'",
    ),
    "observations that are no Box": (
        (QUADRATIC, 'kind = "control"\nenv = "FrozenLake-v1"'),
        "problem.env: FrozenLake-v1's observation space is Discrete; accepted: a Box",
    ),
    "not TOML": (("title = ", "title "), "is not valid TOML"),
    "times for other workers": (
        ("workers = 2", "workers = 3"),
        "cluster.compute.seconds: has 2 numbers for 3 workers; accepted: one each",
    ),
    "no limit": (("updates = 40", ""), "time_limit: it or updates is missing"),
    "a seed twice": (("[0, 1]", "[0, 0]"), "seeds: a seed stands there twice"),
    "a method twice, with one label": (
        ("synchronous-nigt", 'rennala-nigt"\nbatch = 2\nlabel = "other'),
        "methods: 'rennala-nigt' stands there 2 times, whatever the case; accepted: each with",
    ),
    "no version": (
        (QUADRATIC, 'kind = "control"\nenv = "Humanoid"'),
        "problem.env: 'Humanoid' has no version; accepted: such as Humanoid-v4",
    ),
    "a number in the place of a table": (
        ('{ model = "explicit", seconds = [1.0, 2.0] }', "3"),
        "cluster.compute: got 3; accepted: a table of seconds per gradient",
    ),
    "no kind": (
        ('kind = "quadratic"\n', ""),
        "problem.kind: is missing; accepted: 'control', 'quadratic', ",
    ),
    "a method twice": (
        ("synchronous-nigt", 'rennala-nigt"\nbatch = 2\nlabel = "rennala-nigt'),
        "methods: 'rennala-nigt' stands there 2 times, whatever the case; accepted: each with",
    ),
    "infinite times": (
        ('"explicit", seconds = [1.0, 2.0]', '"power", scale = 1e300, exponent = 1e300'),
        "cluster.compute: gives times that are not finite and above 0",
    ),
    "a variant of nobody": (
        (QUADRATIC, QUADRATIC + '\n[[problem.variants]]\nname = "far"\nworkers = [2]'),
        "problem.variants[0].workers: there is no worker 2; accepted: 0 to 1",
    ),
    "others where nobody is left": (
        (
            QUADRATIC,
            QUADRATIC
            + '\n[[problem.variants]]\nname = "far"\nworkers = "0-1"'
            + '\n[[problem.variants]]\nname = "near"\nworkers = "others"',
        ),
        "problem.variants: nobody has ['near']; accepted: some workers",
    ),
    "a worker in two variants": (
        (QUADRATIC, QUADRATIC + 2 * '\n[[problem.variants]]\nname = "far"\nworkers = "0-1"'),
        "problem.variants[1].workers: worker 0 stands there twice",
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
        "problem.world.goal: [2, 0] is outside; accepted: below [rows, columns]",
    ),
    "a grid that is its goal": (
        (
            QUADRATIC,
            'kind = "tabular"\nworld = { model = "grid", rows = 1, columns = 1, goal = [0, 0] }',
        ),
        "problem.world.rows, columns: one cell is the goal; accepted: a second one to start",
    ),
    "a spread that does not fit": (
        ("seconds = [1.0, 2.0] }", 'seconds = [1.0, 2.0], random = { distribution = "pareto" } }'),
        "cluster.compute.random.tail: does not fit pareto; accepted: tail",
    ),
    "a spread without end": (
        (
            "seconds = [1.0, 2.0] }",
            'seconds = [1, 2], random = { distribution = "gamma", cv = 30 } }',
        ),
        "cluster.compute.random.cv: 30; accepted for gamma: 0.001 to 10",
    ),
    "a schedule that goes back": (
        (
            "seconds = [1.0, 2.0] }",
            "seconds = [1.0, 2.0], schedule = [{ times = [0.0, 5.0, 4.0], speeds = [1.0] }] }",
        ),
        "cluster.compute.schedule[0].times: got [0.0, 5.0, 4.0]; accepted: ascending from 0",
    ),
    "a worker below zero": (
        (
            "seconds = [1.0, 2.0] }",
            "seconds = [1.0, 2.0], schedule = [{ workers = [-1], times = [0], speeds = [1] }] }",
        ),
        "cluster.compute.schedule[0].workers[0]: got -1; accepted: a whole number of at least 0",
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
        "cluster.compute.groups: has 3 numbers for 2 workers",
    ),
    "failures of nobody": (
        ("workers = 2", 'workers = 2\nfailures = { model = "windows", windows = [[2, 0.0, 1.0]] }'),
        "cluster.failures.windows: has worker 2; accepted: 0 to 1",
    ),
    "failures that overlap": (
        (
            "workers = 2",
            'workers = 2\nfailures = { model = "windows", windows = [[1, 3, 5], [1, 0, 3.5]] }',
        ),
        "cluster.failures.windows: [1, 3.0, 5.0] is empty or overlaps; accepted: [worker",
    ),
    "a failure that takes no time": (
        ("workers = 2", 'workers = 2\nfailures = { model = "windows", windows = [[1, 2, 2]] }'),
        "cluster.failures.windows: [1, 2.0, 2.0] is empty or overlaps",
    ),
    "an ingress of two kinds": (
        ("workers = 2", "workers = 2\ningress = { slots = 1, bandwidth = 1.0 }"),
        "cluster.ingress.slots: or bandwidth is wanted; accepted: one of them",
    ),
    "a server that takes less than no time": (
        ("workers = 2", "workers = 2\nserver = { update = -1.0 }"),
        "cluster.server.update: got -1.0; accepted: a number of at least 0: seconds for an update",
    ),
    "an ingress without a gather": (
        ("workers = 2", 'workers = 2\ncollective = "allreduce"\ningress = { slots = 1 }'),
        "cluster.ingress: is of no meaning with allreduce",
    ),
    "steps of a quadratic": (
        ('{ model = "explicit"', '{ per = "step", model = "explicit"'),
        "cluster.compute.per = 'step': a quadratic has no steps",
    ),
    "a label that is a path": (
        ("batch = 3", 'batch = 3\nlabel = "../up"'),
        "methods[0].label: got '../up'; accepted: up to 80 letters, digits, '.', '_', '-'",
    ),
    "a text, neither of a union's": (
        ("workers = 2", 'workers = 2\npreemption = "stop"'),
        "cluster.preemption: got 'stop'; accepted: 'cancel', 'finish', or a table { rule }",
    ),
    "in the table of a union": (
        ("workers = 2", 'workers = 2\npreemption = { rule = "cancel", cost = inf }'),
        "cluster.preemption.cost: got inf; accepted: a finite number of at least 0: seconds for",
    ),
    "a number of a union": (
        ("workers = 2", 'workers = 2\nuplink = { model = "link", bandwidth = 0.0 }'),
        "cluster.uplink.bandwidth: got 0.0; accepted: bytes per second above 0, one finite number",
    ),
    "in the list of a union": (
        ("workers = 2", 'workers = 2\nuplink = { model = "link", bandwidth = [1.0, -1.0] }'),
        "cluster.uplink.bandwidth[1]: got -1.0; accepted: a number above 0",
    ),
    "an empty list": (("[0, 1]", "[]"), "seeds: has no entries; accepted: at least 1: whole num"),
    "labels that differ in case": (
        ("batch = 3", 'batch = 3\nlabel = "Synchronous-NIGT"'),
        "methods: 'Synchronous-NIGT' stands there 2 times, whatever the case; accepted: each",
    ),
    "more workers than there are": (
        ('"rennala-nigt"\nbatch = 3', '"fastest-nigt"\nm = 5'),
        "methods[0].m: 5 of 2 workers; accepted: 1 to 2",
    ),
    "as many backup workers as there are": (
        ('"rennala-nigt"\nbatch = 3', '"synchronous-nigt"\nlabel = "few"\nbackup = 2'),
        "methods[0].backup: 2 of 2 workers; accepted: 0 to 1",
    ),
    "fewer backup workers than none": (
        ('"rennala-nigt"\nbatch = 3', '"synchronous-nigt"\nlabel = "few"\nbackup = -1'),
        "methods[0].backup: got -1; accepted: a whole number of at least 0",
    ),
    "a range without an end": (
        (QUADRATIC, QUADRATIC + '\n[[problem.variants]]\nname = "far"\nworkers = "0-"'),
        "problem.variants[0].workers: '0-' names nobody; accepted: a list of numbers",
    ),
    "a huge range": (
        (QUADRATIC, QUADRATIC + '\n[[problem.variants]]\nname = "far"\nworkers = "0-999999999999"'),
        "problem.variants[0].workers: there is no worker 999999999999; accepted: 0 to 1",
    ),
    "a huge group": (
        (
            '{ model = "explicit", seconds = [1.0, 2.0] }',
            '{ model = "groups", groups = [{ count = 9223372036854775807, seconds = 1.0 }] }',
        ),
        "cluster.compute.groups: has 9,223,372,036,854,775,807 numbers for 2 workers; accepted",
    ),
    "a problem that fits into no machine": (
        (
            QUADRATIC,
            'kind = "tabular"\nworld = { model = "random", states = 10000000, actions = 2 }',
        ),
        # 10^7 x 2 x 10^7 transitions of 8 bytes, and their sums: 3.2e15 bytes = 2,980,232 GiB
        "problem.world: 10,000,000 states and 2 actions need at least 2,980,232 GiB of memory; acc",
    ),
    "a policy that fits into no machine": (
        (QUADRATIC, 'kind = "control"\nenv = "Pendulum-v1"\nhidden = [1000000000000]'),
        # (3 + 1) x 10^12 and twice 10^12 + 1 coordinates, each 4 x 8 + 16 x 4 bytes
        "problem.hidden: layers of [1000000000000], 6,000,000,000,002 coordinates, need at least",
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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("title = 'zwei für'".encode("latin-1"), "is in another encoding; accepted: text saved"),
        ("title = 'two'".encode("utf-16"), "is in UTF-16; accepted: text saved as UTF-8"),
        ("title = 'two'".encode("utf-16-le"), "is in UTF-16; accepted: text saved as UTF-8"),
        (b"title = 3 4", "is not valid TOML: TOMLDecodeError: Expected newline"),
    ],
)
def test_what_is_no_text_in_utf_8(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    file.write_bytes(content)
    with pytest.raises(BadInputError) as caught:
        load(file)
    assert caught.value.lines[0].startswith(f"{file}: {message}")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load(file).title == "two workers"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0,0,inf\n0,1,1\n", "has times or speeds that cannot be; accepted: finite, at least 0"),
        ("0,0,1\n", "has no speed of worker 1; accepted: rows of all workers, 0 to 1"),
        ("0,0,1\n0,7,1\n", "has worker 7; accepted: 0 to 1"),
    ],
)
def test_mistakes_in_a_trace_name_its_key(rows: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"time,worker,speed\n{rows}")
    model = '{ model = "trace", file = "t.csv" }'
    file = write_scenario(tmp_path, ('{ model = "explicit", seconds = [1.0, 2.0] }', model))
    with pytest.raises(BadInputError) as caught:
        load(file)
    assert caught.value.lines == (f"{file}: cluster.compute.file: t.csv: {message}",)


class Asserts(gymnasium.Env[int, int]):
    def __init__(self) -> None:
        raise AssertionError


def test_an_exception_without_words_is_named_by_its_kind(tmp_path: Path) -> None:
    if "Asserts-v0" not in gymnasium.registry:
        gymnasium.register("Asserts-v0", entry_point=lambda **_: Asserts())
    file = write_scenario(tmp_path, (QUADRATIC, 'kind = "control"\nenv = "Asserts-v0"'))
    with pytest.raises(BadInputError) as caught:
        load(file)
    said = "problem.env: Gymnasium cannot make 'Asserts-v0': AssertionError; accepted: an environ"
    assert caught.value.lines[0].startswith(f"{file}: {said}")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('"' + "x" * 100_000 + '"', "(100,000 letters); accepted: a whole"),
        (str([1] * 30_000), "got [1, 1, 1, 1, 1, 1, ...] (30,000 entries); accepted: a whole"),
    ],
)
def test_long_values_are_cut(value: str, shown: str, tmp_path: Path) -> None:
    file = write_scenario(tmp_path, ("batch = 3", f"batch = {value}"))
    with pytest.raises(BadInputError) as caught:
        load(file)
    (line,) = caught.value.lines
    assert shown in line
    assert len(line) < 250 + len(str(file))


def test_many_mistakes_are_counted() -> None:
    with pytest.raises(BadInputError) as caught:
        load({"seeds": [-1] * 1000})
    assert len(caught.value.lines) == 21
    # 1000 seeds; title, cluster, problem and methods are missing
    assert caught.value.lines[-1] == "scenario: and 984 more mistakes"


def test_nobody_is_fastest_where_episodes_decide(tmp_path: Path) -> None:
    file = write_scenario(
        tmp_path,
        ('{ model = "explicit"', '{ per = "step", model = "explicit"'),
        (QUADRATIC, 'kind = "control"\nenv = "Pendulum-v1"'),
        ('"rennala-nigt"\nbatch = 3', '"fastest-nigt"\nm = 1'),
    )
    with pytest.raises(BadInputError) as caught:
        load(file)
    said = "methods[0].m: who is fastest depends on the lengths of episodes"
    assert caught.value.lines[0].startswith(f"{file}: {said}")


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
        (["check", "two.toml", "--value", "batch=3"], "--value: is of a method; accepted: with"),
        (
            ["timeline", ".", "--perfetto", "x.json.gz", "--from", "1"],
            "--perfetto: writes a whole run, and no picture; accepted: alone",
        ),
        (["figure", "99"], "figure 99: not there; accepted: 1"),
        (["run", "two.toml", "--out", "two.toml"], "two.toml"),
        (["run", "two.toml", "--save", "two.toml"], "run: --save: dir 'two.toml' is a file"),
        (["run", "x" * 300], "'xxx"),
    ],
)
def test_bad_arguments_are_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    write_scenario(tmp_path)
    result = straggler(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"straggler: {message}")
    assert result.stderr.count("\n") == 1
