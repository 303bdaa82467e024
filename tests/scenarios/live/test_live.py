"""What a terminal shows of runs that go on is what their files say; without one there is none."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from commands import straggler, write_scenario
from interrupted import interrupt
from rich.console import Console

from scenarios.format.load import load
from scenarios.format.scenario import Limits
from scenarios.format.words.errors import BadInputError
from scenarios.live.curves import MARGIN, Points, draw
from scenarios.live.live import PATIENCE, LiveProgress, follow
from scenarios.live.view import HEIGHT, View
from scenarios.live.watched import SILENT, Watched, runs_below
from scenarios.runs.execute import Options, execute
from scenarios.runs.spec import RunSpec, expand
from scenarios.runs.store.folder import RunFolder
from scenarios.runs.underway import state_of

BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}


def specs(folder: Path) -> list[RunSpec]:
    return expand(load(write_scenario(folder, ("[0, 1]", "[0]"))))


def begun(spec: RunSpec, out: Path, updates: int) -> RunFolder:
    """Make the first updates of a run, and leave its files as they are on the way."""
    folder = RunFolder(out / spec.method.folder / "seed-0")
    interrupt(spec, folder, updates)
    return folder


def terminal(width: int = 80) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_curve_is_the_mean_of_the_latest_values() -> None:
    points = Points(np.array([1.0, 2.0, 2.5, 6.0]), np.array([10.0, 20.0, 40.0, 8.0]))
    means = points.means(np.array([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]), window=1.0)
    # 20 and 40 in (1.5, 2.5]; 40 alone later, also where a second has none; nothing after 7.5 - 1
    assert means.tolist()[1:7] == [10.0, 30.0, 40.0, 40.0, 40.0, 8.0]
    assert np.isnan(means[[0, 7]]).all()
    assert np.isnan(Points(np.zeros(0), np.zeros(0)).means(np.array([1.0, 2.0]), 1.0)).all()


def test_a_rising_line_is_drawn_with_braille() -> None:
    """Four values in two letters: dots 7 and 6 of the first, 2 and 4 of the second."""
    line = Points(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 2.0, 3.0]))
    row, axis = draw({"a": line}, end=4.0, width=MARGIN + 2, height=1)
    assert row.plain[-2:] == "⡠⠊"
    assert axis.plain.startswith(" " * (MARGIN - 1) + "0")
    step = Points(np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    rows = draw({"a": step}, end=2.0, width=MARGIN + 1, height=2)
    assert [row.plain[-1] for row in rows[:2]] == ["⢸", "⡸"], "joined upright"
    assert [row.plain.split()[0] for row in rows[:2]] == ["1", "0"]
    flat = draw({"a": Points(np.array([1.0]), np.array([5.0]))}, 2.0, MARGIN + 1, 1)
    assert flat[0].plain[-1] == "⣀", "a dot for the second that follows, too"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.75, "0.75"),
        (12345.6, "12346"),
        (-1234567.0, "-1234567"),
        (-12345678.0, "-1.2e+07"),
        (-0.00012345, "-0.00012"),
        (1.23456e-5, "1.23e-05"),
        (-1.23456e-105, "-1e-105"),
        (-1.79e308, "-2e+308"),
    ],
)
def test_no_number_beside_the_curves_is_cut(value: float, said: str) -> None:
    line = Points(np.array([1.0, 2.0]), np.array([0.0, value]))
    rows = draw({"a": line}, end=2.0, width=MARGIN + 1, height=2)
    assert rows[value < 0].plain.split(" │")[0].strip() == said


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["a"], "4 simulated s"),
        (["a (race)", "b (race)"], "4 race s"),
        (["a", "a (race)"], "4 simulated and race s"),
    ],
)
def test_seconds_of_races_are_not_called_simulated(labels: list[str], said: str) -> None:
    line = Points(np.array([1.0]), np.array([5.0]))
    axis = draw(dict.fromkeys(labels, line), end=4.0, width=80, height=1)[-1]
    assert axis.plain.split("0", 1)[1].strip() == said


def test_seconds_of_many_workers_are_reported_in_groups() -> None:
    few = json.loads(state_of(1.0, [], 0, np.arange(15.0).reshape(5, 3)))
    assert few["workers"] == np.arange(15.0).reshape(5, 3).tolist()
    many = json.loads(state_of(1.0, [], 0, np.ones((5, 100))))["workers"]
    # 100 workers in 40 groups of 2 and 3 neighbours, in turn: from 0, 2, 5, 7, 10, ...
    assert many == [[2.0, 3.0] * 20] * 5
    assert "workers" not in json.loads(state_of(1.0, []))


def test_a_run_is_seen_from_its_first_update_to_its_end(tmp_path: Path) -> None:
    spec = specs(tmp_path)[0]
    folder = begun(spec, tmp_path, 10)
    (path,) = runs_below(tmp_path)
    run = Watched(path)
    run.look()
    assert (run.name, run.status, run.update) == ("rennala-nigt/seed-0", "going", 10)
    times, values = run.points()
    assert execute(spec, folder, Options()) == "done"
    history = pq.read_table(folder.path / "history.parquet").to_pydict()
    assert times.tolist() == history["time"][:10], "the checkpoint knows what nobody saw"
    assert values.tolist() == history["objective"][:10]
    assert run.time == times[-1]
    run.look()
    assert (run.status, run.update, run.workers) == ("done", 40, "")
    assert run.points()[0].tolist() == history["time"]
    assert run.value == history["objective"][-1]


@pytest.mark.parametrize(
    "said",
    [
        "[1]",
        "{}",
        '{"time": "now", "update": 1, "value": null, "events": 0}',
        '{"time": 1.0, "update": NaN, "value": null, "events": 0}',
        '{"time": 1.0, "update": 1, "events": 0}',
        '{"time": 1.0, "update": 1, "value": "high", "events": 0}',
        '{"time": 1.0, "update": 1, "value": 2.0, "events": 0, "workers": [[1.0], [2.0, 3.0]]}',
    ],
)
def test_a_file_of_another_program_is_no_run_under_way(said: str, tmp_path: Path) -> None:
    (tmp_path / "progress.json").write_text(said)
    run = Watched(tmp_path)
    run.look()
    assert (run.status, run.time) == ("waiting", 0.0)


def test_workers_have_the_letter_of_what_they_did_lately(tmp_path: Path) -> None:
    run = Watched(tmp_path)
    before = np.array([[5.0, 0, 0], [0, 0, 0], [0, 5, 0], [0, 0, 5], [0, 0, 0]])
    later = before + np.array([[0, 0, 0], [3, 0, 0], [1, 4, 0], [0, 0, 0], [0, 0, 4]])
    for seconds, letters in ((before, "Cs."), (later, "dsx"), (later, "dsx")):
        (tmp_path / "progress.json").write_bytes(state_of(1.0, [], 0, seconds))
        run.look()
        assert run.workers == letters
    os.utime(tmp_path / "progress.json", (0, 0))
    run.look()
    assert run.status == "silent"
    assert SILENT > 1


def test_the_view_fits_into_eighty_columns(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for spec in specs(tmp_path)[:2]:
        begun(spec, out, 10)
    begun(specs(tmp_path)[2], out, 1)
    (out / "afedpg").rename(out / "[red]afedpg")  # text, never markup
    runs = [Watched(path) for path in runs_below(out)]
    for run in runs:
        run.look()
    for width in (80, 40):
        console = terminal(width)
        console.print(View(runs))
        lines = text_of(console).splitlines()
        assert max(map(len, lines)) <= width
        assert sum("│" in line for line in lines) == HEIGHT
        assert sum(bool(BRAILLE & set(line)) for line in lines) <= HEIGHT, "no line is folded"
    text = "\n".join(lines)
    assert BRAILLE & set(text)
    console = terminal()
    console.print(View(runs, end=100.0))
    shown = text_of(console)
    for words in (
        "rennala-nigt/seed-0",
        "[red]afedpg/seed-0",
        "━━ [red]afedpg",
        "100 simulated s",
        "0 done; workers lately",
    ):
        assert words in shown
    console = terminal()
    console.print(View([]))
    assert "0 done" in text_of(console)


def test_bars_have_curves_above_them_in_a_terminal_only(tmp_path: Path) -> None:
    spec = specs(tmp_path)[0]
    folder = begun(spec, tmp_path, 10)
    for console, is_shown in ((terminal(), True), (Console(file=io.StringIO(), width=80), False)):
        progress = LiveProgress(console)
        progress.begin({"a run": (folder.path, spec.scenario)})
        with progress:
            progress.poll()
        assert bool(BRAILLE & set(text_of(console))) is is_shown
        assert ("workers lately" in text_of(console)) is is_shown
        assert ("a run" in text_of(console)) is is_shown


def test_a_run_that_is_made_again_is_not_over_before(tmp_path: Path) -> None:
    spec = specs(tmp_path)[0]
    folder = RunFolder(tmp_path / "out/rennala-nigt/seed-0")
    execute(spec, folder, Options())
    progress = LiveProgress(terminal())
    progress.begin({"a run": (folder.path, spec.scenario)})
    shown = []
    for _ in range(2):
        progress.poll()
        console = terminal()
        console.print(progress.above())
        shown.append(text_of(console))
        folder.set_aside()
        execute(spec, folder, Options())
    assert "0 done" in shown[0]
    assert not BRAILLE & set(shown[0])
    assert "1 done" in shown[1]


def test_without_a_terminal_live_changes_nothing(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("[0, 1]", "[0]"))
    words = ("run", "two.toml", "--method", "afedpg", "--jobs", "1")
    said = straggler(*words, "--live", cwd=tmp_path)
    assert said.returncode == 0
    assert not BRAILLE & set(said.stdout + said.stderr)
    assert said.stderr.startswith("two/afedpg/seed-0  done: 40 updates")
    live = straggler("live", "runs/two", cwd=tmp_path)
    assert live.returncode == 0
    assert live.stdout.startswith("afedpg/seed-0  done: ")
    assert live.stdout.count("\n") == 1
    nothing = straggler("live", "runs/none", cwd=tmp_path)
    assert nothing.returncode == 2
    assert nothing.stderr.startswith("straggler: runs/none: no runs below it; accepted: a folder")


def test_runs_elsewhere_are_followed_until_none_is_under_way(tmp_path: Path) -> None:
    first, second = specs(tmp_path)[:2]
    folder = begun(first, tmp_path, 10)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 1:
            assert execute(first, folder, Options()) == "done"
            os.utime(begun(second, tmp_path, 5).path / "progress.json", (0, 0))

    console = terminal()
    follow(tmp_path, console, wait=wait)
    assert len(waited) == PATIENCE + 1  # one was silent from the second look on
    assert "1 done" in text_of(console)
    with pytest.raises(BadInputError, match="no runs below it"):
        follow(tmp_path / "empty", console)


def test_between_two_runs_the_next_is_waited_for(tmp_path: Path) -> None:
    first, second = specs(tmp_path)[:2]
    folder = begun(first, tmp_path, 10)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 1:
            execute(first, folder, Options())
        elif len(waited) == 3:
            execute(second, RunFolder(tmp_path / "later/seed-0"), Options())

    console = terminal()
    follow(tmp_path, console, wait=wait)
    assert "2 done" in text_of(console)
    assert len(waited) == PATIENCE + 1
    waited.clear()
    follow(tmp_path, console, wait=wait)
    assert not waited, "all were over from the start"


def test_a_run_is_over_with_the_first_of_its_limits() -> None:
    limits = Limits(seeds=[0], time_limit=100.0, updates=10)
    assert [limits.share_done(*at) for at in ((50.0, 2), (10.0, 5), (120.0, 3))] == [0.5, 0.5, 1]
    assert Limits(seeds=[0], updates=10).share_done(1e9, 2) == 0.2
