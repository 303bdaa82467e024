"""What a film shows is what the runs kept, and what its episodes earn is what stands on it."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from commands import straggler
from PIL import Image, ImageDraw

import straggler as front
from scenarios.api import watch as watching
from scenarios.films.files import check_file, writing
from scenarios.films.lanes import lanes
from scenarios.films.layout import Layout
from scenarios.films.renderer import Order, Renderer, order_of
from scenarios.films.shots import Actor, steps_shown, write_script
from scenarios.format.words.errors import BadInputError
from scenarios.results.recorded import Recorded
from scenarios.runs.execute import Options, execute
from scenarios.runs.spec import expand
from scenarios.runs.store.folder import RunFolder
from scenarios.runs.store.stored import StoredRun

REACHER: dict[str, Any] = {
    "title": "two arms",
    "seeds": [5],
    "updates": 5,
    "evaluation": {"episodes": 2, "every": 3.0, "keep": True},
    "cluster": {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2.0]}},
    "problem": {
        "kind": "control",
        "env": "Reacher-v4",
        "horizon": 3,
        "hidden": [4],
        "variants": [{"name": "weak", "workers": [1], "actuator_gear": 0.5, "reward_scale": 4.0}],
    },
    "methods": [
        {"name": "synchronous-nigt", "momentum": 0.5, "step_size": 4.0},
        {"name": "afedpg", "momentum": 0.5, "step_size": 4.0},
    ],
}


@pytest.fixture(scope="module")
def arms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arms")
    for spec in expand(front.load(REACHER)):
        run = RunFolder(folder / spec.method.folder / "seed-5")
        assert execute(spec, run, Options()) == "done"
    return folder


@pytest.fixture(scope="module")
def runs(arms: Path) -> list[StoredRun]:
    return front.open(arms).runs


@pytest.fixture(scope="module")
def drawn(runs: list[StoredRun]) -> Iterator[tuple[Order, list[Any]]]:
    """Return what was to be drawn, at the start and at 7 s for worker 1, and what was."""
    order = order_of(write_script(runs, [0.0, 7.0], episode=1, worker=1), (32, 32))
    try:
        renderer = Renderer(order)
    except BadInputError as error:
        if "no OpenGL works" in error.lines[0]:
            pytest.skip(error.lines[0])
        raise
    assert renderer.lengths == [[3, 3], [3, 3]]
    yield order, list(renderer.draw([[0, 3], [0, 3, 3]]))
    renderer.close()


def test_the_newest_policy_that_was_kept_is_shown(runs: list[StoredRun]) -> None:
    """Rounds take 2 s: theta is kept after the first, and then after 3, 6 and 9 s."""
    (run,) = (run for run in runs if run.label == "synchronous-nigt")
    actor = Actor(run, "")
    shown = {second: actor.policy(second) for second in (0, 1.9, 2, 5.9, 6, 10)}
    assert {s: (p.update, p.time) for s, p in shown.items()} == {
        0: (0, 0.0),
        1.9: (0, 0.0),
        2: (1, 2.0),
        5.9: (2, 4.0),
        6: (3, 6.0),
        10: (5, 10.0),
    }
    assert shown[6].value == run.history["evaluation"][2]
    assert shown[0].theta is None


def test_seconds_of_races_are_not_called_simulated(
    runs: list[StoredRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a clock wider than its film: that of a race in a narrow one is smaller."""
    texts: dict[str, float] = {}

    def text(_: object, spot: tuple[float, float], words: str, *__: object) -> None:
        texts[words] = spot[0]

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    how = {"race": {"emulate": True, "scale": 0.1}}
    raced = [StoredRun(run.path, cast("Any", run.info | how)) for run in runs]
    for shown, said in (
        (runs, "3 simulated s"),
        (raced, "3 s (real, divided by 0.1)"),
        (raced[:1], "3 s (real, divided by 0.1)"),
        ([runs[0], raced[1]], "3 s (races: real, divided by 0.1)"),
    ):
        texts.clear()
        Layout(write_script(shown, [3.0]), (320, 320)).backdrop(3.0)
        assert texts[said] > 0
    with pytest.raises(BadInputError, match=r"at: -1; accepted: seconds \(real, divided by 0\.1\)"):
        write_script(raced, [-1.0])


def test_episodes_earn_what_the_evaluation_says(
    drawn: tuple[Order, list[Any]], runs: list[StoredRun]
) -> None:
    order, frames = drawn
    ends = [reward for made, reward, _ in frames[-1] if made == 3]
    script = write_script(runs, [7.0])
    earliest = min(int(Actor(run, "").policy(7.0).time // 3) for run in runs)
    for run, earned, part in zip(runs, ends, order.parts, strict=True):
        world = front.load(REACHER).problem.build(5, 2)
        theta = part.thetas[1]
        assert theta is not None
        tasks = 2**40 + 2 * earliest + np.arange(2)
        _, returns = world.sample(theta, np.array([1, 1]), tasks)
        world.close()
        assert earned == pytest.approx(returns[1], rel=1e-12)
        policy = Actor(run, "").policy(7.0)
        if int(policy.time // 3) == earliest:
            column = run.history["evaluation_weak"]
            assert returns.mean() == column[policy.update - 1]
    assert script.task(7.0) == 2**40 + 2 * earliest


def test_all_start_in_the_same_state(drawn: tuple[Order, list[Any]]) -> None:
    start, after, later, last, still = [[one[2] for one in shown] for shown in drawn[1]]
    assert start[0].shape == (32, 32, 3)
    assert start[0].std() > 5, "something is to be seen"
    for frame in (start, after, later):  # theta_0 is the same, too
        np.testing.assert_array_equal(frame[0], frame[1])
    assert (start[0] != after[0]).any()
    assert (last[0] != last[1]).any(), "the policies differ"
    assert still == [None, None], "what is over is not drawn again"


def test_a_film_is_written(arms: Path, tmp_path: Path, drawn: object) -> None:
    assert drawn
    words = ("watch", str(arms), "--at", "0,7", "--size", "32", "--fps", "2", "-o", "a/arms.gif")
    said = straggler(*words, cwd=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout == "written: a/arms.gif\n"
    with Image.open(tmp_path / "a/arms.gif") as film:
        # 4 frames for 3 steps and 1.5 s, twice, at half a second each; Pillow joins what is alike
        durations = []
        for k in range(getattr(film, "n_frames", 1)):
            film.seek(k)
            durations.append(film.info["duration"])
    assert sum(durations) == 2 * (4 + 3) * 500
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["arms.gif"]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # imageio's reader leaves pipes open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.png"])
def test_every_kind_of_file_holds_its_frames(tmp_path: Path, name: str) -> None:
    frames = [np.full((16, 32, 3), shade, np.uint8) for shade in (0, 128, 255)]
    check_file(tmp_path / name)
    with writing(tmp_path / name, 10) as write:
        for frame in frames:
            write(frame)
        assert not (tmp_path / name).exists()
    if name == "a.png":
        with Image.open(tmp_path / name) as strip:
            np.testing.assert_array_equal(np.asarray(strip), np.concatenate(frames))
        return
    import imageio.v2 as imageio  # noqa: PLC0415 - the extra `film`

    plugin: Any = {"format": "FFMPEG"} if name == "a.mp4" else {}
    reader: Any
    with imageio.get_reader(tmp_path / name, **plugin) as reader:
        found = [np.asarray(frame)[..., :3] for frame in reader]
    assert [frame.shape for frame in found] == [(16, 32, 3)] * 3
    np.testing.assert_allclose([frame.mean() for frame in found], [0, 128, 255], atol=6)


def test_an_interrupted_film_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with writing(tmp_path / "a.mp4", 10) as write:
            write(np.zeros((16, 32, 3), np.uint8))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_long_episodes_are_shown_with_a_stride() -> None:
    assert steps_shown([2, 3], most=5) == [0, 1, 2, 3]
    assert steps_shown([1000, 20], most=4) == [0, 250, 500, 750, 1000]
    assert steps_shown([7, 2], most=3) == [0, 3, 6, 7]


def test_workers_stand_in_lanes_with_the_colour_of_their_state() -> None:
    """Worker 0 computes from 0 to 2 and sends until 4; worker 1 is idle from 0 to 4."""
    run = Recorded(
        "",
        worker=np.array([0, 1, 0]),
        start=np.array([0.0, 0.0, 2.0]),
        end=np.array([2.0, 4.0, 4.0]),
        state=np.array([0, 3, 2], np.int8),
        update=np.zeros(3, int),
        updates=np.zeros(0),
        delay=np.zeros(0),
        value=np.zeros(0),
    )
    blue, green, grey, white = (0, 114, 178), (0, 158, 115), (229, 229, 229), (255, 255, 255)
    image = lanes(run, begin=-1.0, until=5.0, width=6, height=4)
    wanted = [white, blue, blue, green, green, white], [white, *[grey] * 4, white]
    assert [tuple(row) for row in image[0]] == wanted[0]
    np.testing.assert_array_equal(image, np.array(wanted, np.uint8)[[0, 0, 1, 1]])
    hundred = np.arange(100)
    many = replace(
        run,
        worker=hundred,
        start=np.zeros(100),
        end=np.arange(1.0, 101.0),
        state=np.zeros(100, np.int8),
    )
    # of 100 workers 4 are shown: 0, 33, 66 and 99, until 1, 34, 67 and 100 s
    shown = (lanes(many, 0.0, 100.0, width=100, height=4) != 255).any(axis=2)
    assert shown.sum(axis=1).tolist() == [1, 34, 67, 100]


def test_what_cannot_be_watched_is_a_line(
    arms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def line(*words: str) -> str:
        said = straggler("watch", *words, cwd=tmp_path)
        assert said.returncode == 2
        assert said.stderr.count("\n") == 1
        assert not said.stdout
        return said.stderr

    assert "x.avi: accepted: a file in .mp4, .gif, .png" in line(str(arms), "-o", "x.avi")
    (tmp_path / "x").touch()
    assert f"x/y.gif: {tmp_path / 'x'} is a file; accepted: a" in line(str(arms), "-o", "x/y.gif")
    assert "at: 11; accepted: simulated seconds, 0 to 10" in line(str(arms), "--at", "1,11")
    assert "--at 1;2: accepted: numbers, such as" in line(str(arms), "--at", "1;2")
    assert "episode: 2; accepted: 0 to 1" in line(str(arms), "--episode", "2")
    assert "worker: 2; accepted: 0 to 1" in line(str(arms), "--worker", "2")
    assert "size: 3; accepted: 32 to 2,000 pixels" in line(str(arms), "--size", "3")
    monkeypatch.setenv("MUJOCO_GL", "nonsense")
    text = line(str(arms), "-o", "x.gif")
    assert "no OpenGL works here (nonsense: " in text
    assert "accepted: apt-get install libegl1" in text
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    assert "accepted: pip install 'straggler[film]', or a .gif" in line(str(arms), "-o", "x.mp4")
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_a_run_that_failed_is_named_beside_the_film(
    arms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def watch(*results: front.Results, **_: Any) -> Path:
        shown.extend(run.label for run in watching._chosen(results[0], (), None))
        return tmp_path / "x.gif"

    monkeypatch.setattr(watching, "watch", watch)
    shutil.copytree(arms, tmp_path / "arms")
    file = tmp_path / "arms/afedpg/seed-5/run.json"
    lost = {"status": "failed", "reason": "update 3:\ndiverged"}
    file.write_text(json.dumps(json.loads(file.read_text()) | lost))
    said = straggler("watch", "arms", "-o", "x.gif", cwd=tmp_path)
    assert (said.returncode, shown) == (0, ["synchronous-nigt"])
    assert said.stderr == "arms/afedpg/seed-5: is not shown: diverged\n"


def test_runs_that_have_no_policies_are_told_so() -> None:
    tabular = {"kind": "tabular", "world": {"model": "random", "states": 3, "actions": 2}}
    with pytest.raises(BadInputError, match="a tabular cannot be watched"):
        front.watch(front.simulate({**REACHER, "problem": tabular}))
    without = {**REACHER, "evaluation": {"episodes": 2, "every": 3.0}, "updates": 1}
    with pytest.raises(BadInputError, match="has kept no theta; accepted: runs of a scenario"):
        front.watch(front.simulate(without))
    with pytest.raises(BadInputError, match="watch: 0 runs; accepted: 1 to 12"):
        front.watch()
