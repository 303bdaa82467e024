"""What users write is shown as they wrote it: neither markup nor a formula."""

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

from rich.console import Console

from scenarios.format.load import load
from scenarios.pictures.style import Picture
from scenarios.runs.progress import Progress


def test_a_dollar_sign_begins_no_formula() -> None:
    figure = Picture(layout="constrained")
    ax = figure.subplots()
    ax.plot([1, 1000], [1, 2], label=r"$\frac{$")
    ax.set_xscale("log")
    ax.set_xlabel(r"$x$")
    ax.legend()
    for _ in range(2):
        figure.savefig(io.BytesIO(), format="png")
    assert not ax.xaxis.label.get_parse_math()
    ticks = [tick for tick in ax.get_xticklabels() if tick.get_text()]
    assert ticks  # these are formulas of matplotlib's
    assert all(tick.get_parse_math() for tick in ticks)


def test_characters_that_no_svg_may_hold_are_replaced() -> None:
    figure, sink = Picture(), io.BytesIO()
    figure.subplots().set_title("a\x01b\x1b[31m\nc")
    figure.savefig(sink, format="svg")
    assert ET.fromstring(sink.getvalue()).tag.endswith("svg")  # noqa: S314 - our own
    assert figure.axes[0].get_title() == "a\ufffdb\ufffd[31m\nc"


def test_names_in_bars_are_no_markup(tmp_path: Path) -> None:
    state = {"time": 1.0, "update": 2, "value": 0.5, "events": 0}
    (tmp_path / "progress.json").write_text(json.dumps(state))
    sink = io.StringIO()
    console = Console(file=sink, force_terminal=True, force_jupyter=False, width=80)
    progress = Progress(console)
    progress.begin({"a[/b]": (tmp_path, load("quadratic-stragglers"))})
    with progress:
        progress.poll()
    assert "a[/b]" in sink.getvalue()
