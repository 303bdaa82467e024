"""The computation tree and the stacked bars: what they show, worked out by hand."""

from pathlib import Path
from typing import Any

import pytest
import tomli_w
from clusters import RULE, hardware
from commands import straggler
from matplotlib.patches import Rectangle

import straggler as front
from algorithms import AFedPG, Algorithm, Rennala, Ringmaster
from scenarios.explain.seen import see
from scenarios.explain.tree import gradients
from simulator import Hardware
from simulator.problems.timing import Timing


def tree(method: Algorithm, cluster: Hardware, updates: int) -> list[tuple[int, float, int, int]]:
    """Return (worker, start, iterate, update) of each gradient."""
    of = see(lambda: method, cluster, Timing(3), updates, 1000)
    return [(g.worker, g.start, g.taken, g.used) for g in gradients(of, updates)]


def test_gradients_of_arrivals_are_at_the_iterate_that_their_worker_was_sent() -> None:
    # worker 0 arrives at 1, 2, 3, worker 1 at 2.5
    assert tree(AFedPG(RULE), hardware([1, 2.5]), 4) == [
        (0, 0, 0, 1),
        (1, 0, 0, 3),
        (0, 1, 1, 2),
        (0, 2, 2, 4),
        (1, 2.5, 3, 0),
    ]


def test_stopped_tasks_begin_anew_at_the_newest_iterate() -> None:
    # an update at 1 and at 2; then worker 1 is two updates late
    assert tree(Ringmaster(RULE, 2), hardware([1, 2.5]), 3) == [
        (0, 0, 0, 1),
        (1, 0, 0, 0),
        (0, 1, 1, 2),
        (0, 2, 2, 3),
        (1, 2, 2, 0),
    ]


def test_who_finishes_goes_on_at_the_newest_iterate() -> None:
    # updates at 2, 4, 6; worker 1's task ends at 3 and begins anew at theta_1; then at 6
    assert tree(Rennala(RULE, 2), hardware([1, 3], preemption="finish"), 2)[:4] == [
        (0, 0, 0, 1),
        (1, 0, 0, 0),
        (0, 1, 0, 1),
        (0, 2, 1, 2),
    ]


SHORT: dict[str, Any] = {
    "title": "short",
    "seeds": [0],
    "updates": 4,
    "cluster": {
        "workers": 2,
        "compute": {"model": "explicit", "seconds": [1.0, 3.0]},
        "uplink": {"model": "explicit", "seconds": [1.0, 1.0]},
    },
    "problem": {"kind": "quadratic", "dimension": 4, "noise": 0.1},
    "methods": [
        {"name": "synchronous-nigt", "momentum": 0.5, "step_size": 0.1},
        {"name": "afedpg", "momentum": 0.5, "step_size": 0.1},
    ],
}


def test_a_bar_for_each_worker_shows_its_shares() -> None:
    found = front.explain(SHORT, methods=["synchronous-nigt"])
    (ax,) = found.plot().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["all", "0", "1"]
    # a round takes 4 s; worker 0 waits from 2 to 3, and until 4 for the vector
    widths = [bar.get_width() for bar in ax.patches if isinstance(bar, Rectangle)]
    rows = [4 / 8, 2 / 8, 1 / 8, 1 / 8], [1 / 4, 1 / 4, 1 / 4, 1 / 4], [3 / 4, 1 / 4, 0, 0]
    assert widths == pytest.approx([share for row in rows for share in row])
    both = front.explain(SHORT).plot()
    assert [t.get_text() for t in both.axes[0].get_yticklabels()] == ["synchronous-nigt", "afedpg"]


def test_pictures_are_drawn_where_the_command_says(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text(tomli_w.dumps(SHORT))
    words = ("explain", "two.toml", "--method", "afedpg", "--tree", "tree.png", "--out", "why.svg")
    said = straggler(*words, "--updates", "3", "--dark", cwd=tmp_path)
    assert said.returncode == 0
    assert said.stdout.splitlines()[-2:] == ["drawn: tree.png", "drawn: why.svg"]
    assert (tmp_path / "tree.png").stat().st_size > 5_000
    assert "waiting" not in (tmp_path / "why.svg").read_text()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--tree", "x.png"], "tree: 2 methods; accepted: one of synchronous-nigt, afedpg"),
        (["--updates", "3"], "--updates: is about the computation tree; accepted: with --tree"),
        (["--updates", "3", "-o", "a.png"], "--updates: is about the computation tree; accepted: "),
        (["--dark"], "--dark: is about pictures; accepted: with --tree or --out"),
        (["--out", "x.txt"], "x.txt: cannot be a picture; accepted: a file in"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, words: list[str], line: str) -> None:
    (tmp_path / "two.toml").write_text(tomli_w.dumps(SHORT))
    told = straggler("explain", "two.toml", *words, cwd=tmp_path)
    assert told.returncode == 2
    (only,) = told.stderr.splitlines()
    assert line in only
