"""The lessons: executed from a clean state, their committed outputs, exercises right and wrong."""

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import straggler
from lessons import Picture, check, explore
from lessons.checking import EXERCISES
from lessons.execute import WIDGET, executed, notebooks

ROOT = Path(__file__).parents[2]
NAMES = [str(file.relative_to(ROOT / "notebooks")) for file in notebooks()]
LESSONS = [name for name in NAMES if "/" not in name]
KERNELS = ("01_first_race.ipynb", "02_why_stragglers_hurt.ipynb")
"""A bar that moves, and a slider: only a kernel has them as users do. Each takes four seconds."""


def read(name: str) -> Any:
    return nbformat.read(ROOT / "notebooks" / name, as_version=4)


def texts(book: Any) -> list[list[str]]:
    """Return what each code cell prints or shows, as text; nothing of those that vary."""
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    return [
        [o.get("text") or o["data"].get("text/plain", "") for o in cell.outputs]
        if "varies" not in cell.metadata.get("tags", [])
        else []
        for cell in cells
    ]


@pytest.mark.parametrize("name", KERNELS)
def test_a_lesson_runs_in_a_kernel_of_its_own_and_says_what_is_committed(name: str) -> None:
    assert texts(executed(ROOT / "notebooks" / name)) == texts(read(name))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield what a kernel has inside, with nothing in it, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    kind: Any = type("ZMQInteractiveShell", (InteractiveShell,), {})  # pandas and rich look at it
    new = kind.instance(config=Config(HistoryManager={"enabled": False}))
    with pd.option_context("display.max_columns", 20):  # what pandas has if a kernel imports it
        yield new
    new.restore_sys_module_state()
    kind.clear_instance()


def outputs(shell: Any, source: str) -> list[Any]:
    """Return what a cell prints and shows, in the order in which a notebook has it."""
    found: list[Any] = []
    places: dict[str, int] = {}

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            if all(output is not self for output in found):
                found.append(self)
            return super().write(text)

    def show(data: dict[str, Any], *_: object, **options: Any) -> None:
        key = (options.get("transient") or {}).get("display_id", "")
        if options.get("update"):
            found[places[key]] = data
        elif WIDGET not in data:
            places[key] = len(found)
            found.append(data)

    shell.display_pub.publish = shell.displayhook.write_format_data = show
    shell.displayhook.write_output_prompt = shell.displayhook.finish_displayhook = lambda: None
    with contextlib.redirect_stdout(Stream()), contextlib.redirect_stderr(Stream()):
        shell.run_cell(source, store_history=True).raise_error()
    return [o.getvalue() if isinstance(o, Stream) else o.get("text/plain", "") for o in found]


@pytest.mark.parametrize("name", [name for name in LESSONS if name not in KERNELS])
def test_a_lesson_says_what_is_committed(name: str, shell: Any) -> None:
    book = read(name)
    for cell, expected in zip(
        (cell for cell in book.cells if cell.cell_type == "code"), texts(book), strict=True
    ):
        said = outputs(shell, cell.source)
        assert said == expected or "varies" in cell.metadata.get("tags", []), cell.source


def test_the_lesson_on_humanoids_says_what_its_scenario_has() -> None:
    scenario = straggler.load("figure1b")
    text = " ".join(cell.source for cell in read("08_humanoids.ipynb").cells).replace("\n", " ")
    assert f"31 of its {scenario.time_limit:,.0f} simulated seconds" in text
    steps = {method.name: method.parameters()["step_size"] for method in scenario.methods}
    afedpg, rennala = 1 / steps["afedpg"], 1 / steps["rennala-nigt"]
    assert f"AFedPG's step size was tuned to 1/{afedpg:g}, that of Rennala's" in text
    assert f"batches of thirty to 1/{rennala:g}." in text


@pytest.mark.parametrize("name", LESSONS)
def test_solutions_run_by_themselves_and_say_what_is_committed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    book, names = read(f"solutions/{name}"), {"__name__": "__main__"}
    for cell in (cell for cell in book.cells if cell.cell_type == "code"):
        exec(cell.source, names)  # noqa: S102 - a kernel for each takes four seconds
        assert capsys.readouterr().out == "".join(output["text"] for output in cell.outputs)


@pytest.mark.parametrize("name", NAMES)
def test_committed_outputs_are_whole_small_and_without_errors(name: str) -> None:
    cells = [cell for cell in read(name).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert all(o.output_type != "error" and o.get("name") != "stderr" for o in outputs)
    assert (ROOT / "notebooks" / name).stat().st_size < 400_000


def said(name: str) -> list[str]:
    """Return what the exercises of a notebook say."""
    lines = [text for cell in texts(read(name)) for text in cell]
    return re.findall(r"^\d\.\d: .*$", "\n".join(lines), flags=re.MULTILINE)


@pytest.mark.parametrize("name", LESSONS)
def test_every_exercise_is_open_in_its_lesson_and_solved_in_the_solutions(name: str) -> None:
    numbers = [number for number in EXERCISES if int(number[0]) == int(name[:2])]
    assert [line.split(":")[0] for line in said(name)] == numbers
    assert all(": not yet. " in line for line in said(name))
    solved = said(f"solutions/{name}")
    assert [line.split(":")[0] for line in solved] == numbers
    assert all(": right. " in line for line in solved)


def test_there_is_no_exercise_without_a_lesson() -> None:
    assert {int(number[0]) for number in EXERCISES} == {int(name[:2]) for name in LESSONS}


@pytest.mark.parametrize("number", EXERCISES)
def test_an_exercise_without_an_answer_says_so(
    number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check(number)
    there_is_none = f"{number}: not yet. There is no answer. Put yours in the place of `...`.\n"
    assert capsys.readouterr().out == there_is_none


def test_pictures_stand_where_no_kernel_moves_the_slider(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("IPython.display.display", shown.append)

    def draw(value: int) -> Picture:
        figure = Picture(figsize=(1, 1))
        figure.subplots().plot([0, value])
        return figure

    explore(draw, "height", [1, 2, 3], still=2)
    first, last, box = shown
    slider, picture = box.children
    assert picture.value == first.data
    slider.value = "3"
    assert picture.value == last.data != first.data
    slider.value = "2"
    assert picture.value not in {first.data, last.data}
