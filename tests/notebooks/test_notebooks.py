"""The lessons: executed from a clean state, their committed outputs, exercises right and wrong."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from lessons import check
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


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_from_a_clean_state_and_says_what_is_committed(name: str) -> None:
    committed = read(name)
    assert texts(executed(ROOT / "notebooks" / name)) == texts(committed)


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
