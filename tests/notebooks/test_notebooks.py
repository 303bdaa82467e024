"""The lessons: executed from a clean state, their committed outputs, exercises right and wrong."""

import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from lessons import Picture, check, explore
from lessons.checking import EXERCISES
from lessons.execute import executed, notebooks

ROOT = Path(__file__).parents[2]
NAMES = [str(file.relative_to(ROOT / "notebooks")) for file in notebooks()]
LESSONS = [name for name in NAMES if "/" not in name]


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


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_in_a_kernel_of_its_own_and_says_what_is_committed(name: str) -> None:
    committed = read(name)
    assert texts(executed(ROOT / "notebooks" / name)) == texts(committed)


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
