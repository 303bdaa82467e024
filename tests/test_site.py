"""The site of the documentation: what is generated agrees with the code, and its examples work."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pages import clocks, contents, facts, reference, rooms
from test_docs import ROOT, blocks

import straggler as front
from algorithms import METHODS
from scenarios.cli.app import FORMER, app
from scenarios.format.load import library
from scenarios.studies.grid import load_sweep

PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/methods/index.md",
    "docs/methods/rules.md",
    *sorted(str(file.relative_to(ROOT)) for file in (ROOT / "docs").glob("*.md")),
]
OWN_TESTS = {"README.md", "docs/own.md", "docs/python.md", "docs/scenarios.md"}
"""Pages whose code ``test_docs`` runs."""


@pytest.mark.parametrize("event", clocks.events(), ids=lambda event: event.row)
def test_events_are_simulated_as_they_were_worked_out(event: clocks.Event) -> None:
    assert event.simulated().history()["update"].tolist() == [*range(1, len(event.times) + 1)]


def test_an_event_that_was_worked_out_wrongly_is_an_error() -> None:
    wrong = clocks.Event("task", "", [2.0, 5.0], {"compute": [2]}, {"name": "synchronous"})
    with pytest.raises(ValueError, match=r"task: simulated \[2.0, 4.0\], by hand \[2.0, 5.0\]"):
        wrong.simulated()


def test_every_event_of_the_page_about_time_has_a_picture() -> None:
    text = (ROOT / "docs/time.md").read_text(encoding="utf-8")
    table = text.partition("| event | rule |\n|---|---|\n")[2].partition("\n\n")[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()]
    assert len(rows) > 15
    drawn = [event.row for event in clocks.events()]
    missing = [row for row in rows if row not in drawn]
    assert not missing, "draw it: docs/pages/events.toml"


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_a_page_and_its_clock_a_picture(name: str) -> None:
    page = ROOT / f"docs/methods/{name}.md"
    text = page.read_text(encoding="utf-8")
    for part in ("facts", "code", "clock", "measured"):
        assert f"../generated/{part}-{name}.md" in text
    assert name in {event.method["name"] for event in clocks.events()}
    index = (ROOT / "docs/methods/index.md").read_text(encoding="utf-8")
    assert f"\n{name}\n" in index


def test_facts_of_a_method_are_those_of_its_class() -> None:
    said = "\n".join(facts.facts("rennala", METHODS["rennala"]))
    assert "| `batch` | M, gradients per update; a whole number of at least 1; required |" in said
    # with h_i = sqrt(i) and M = 20 the 20th completion comes at 5, and a vector takes 0.5
    assert "`rennala-nigt`, ten workers, h_i = sqrt(i), kappa_i = 0.5 | 5.5: M-th" in said
    code = facts.beside(METHODS["ringleader"])
    assert code.partition("```text\n")[2].startswith(" 1  send theta_0 to all workers")
    assert "10  go to line 2" in code.partition("```text\n")[2].partition("```")[0]


def keys_used(table: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield each table's path, as the reference writes it, and each of its keys."""
    for key, value in table.items():
        yield path, key
        here = f"{path}.{key}".strip(".")
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from keys_used(inner, here + "[]" * isinstance(value, list))


def test_the_reference_has_every_key_that_our_scenarios_use() -> None:
    sections: dict[str, str] = {}
    for part in re.split(r"^##+ ", reference.schema(), flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        path = re.split(r":| of `", title)[0].replace("The file", "")
        sections[path] = sections.get(path, "") + text
    apart = {"base", "name", "label", "rule"}  # of the file's own rules, and of methods
    for file in library().values():
        for path, key in keys_used(tomllib.loads(file.read_text(encoding="utf-8")), ""):
            said = sections[path.replace("].momentum", "].step_size")]  # they decay alike
            assert key in apart or f"`{key}` |" in said, (file.name, path, key)


def test_the_reference_says_what_an_error_message_would() -> None:
    rows = reference.schema().splitlines()
    assert "| `collective` | 'gather', 'allreduce' | `\"gather\"` |" in rows
    assert "| `updates` | a whole number of at least 1 | - |" in rows
    assert any(
        row.startswith("| [`rennala`](methods/rennala.md) | `batch` | a whole") for row in rows
    )
    assert not [row for row in rows if row.startswith("| `digest`")]  # filled in


def test_the_page_of_commands_has_all_of_them() -> None:
    text = reference.commands()
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        section = text.partition(f"## `straggler {name}`")[2].partition("\n## ")[0]
        for parameter in command.params:
            assert parameter.opts[0] in section or parameter.metavar in section, name


def test_the_reference_of_python_has_every_name() -> None:
    page = (ROOT / "docs/python-reference.md").read_text(encoding="utf-8") + reference.names()
    for name in [*front.__all__, "list", "open"]:
        assert f"straggler.{name}\n" in page or f"`{name}" in page, name


def test_pseudocode_of_a_docstring_is_taken_as_it_stands() -> None:
    lines = ["Does |x|.", "", "    1  a", "    2  b", "", "Args:", "    x: the |x|."]
    assert reference.as_text(lines) == [
        r"Does \|x\|.",
        "",
        "::",
        "",
        *lines[2:6],
        "    x: the |x|.",
    ]


def test_a_new_page_is_in_the_contents(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("start", "plan", "mine"):
        (docs / f"{name}.md").write_text("")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/01_a.ipynb").write_text("see ../docs/time.md")
    parts = contents.parts(docs)
    tree = str(parts["contents.md"])
    assert [line for line in tree.splitlines() if line.startswith((":c", "/"))] == [
        ":caption: Learn",
        "/start",
        ":caption: Use",
        "/methods/index",
        "/plan",
        ":caption: More",
        "/mine",
    ]
    assert "/notebooks/01_a\n" in str(parts["notebooks.md"])
    assert contents.notebooks(docs) == {"01_a.ipynb": "see ../time.md"}


def test_rooms_are_told_by_their_packages_and_imports() -> None:
    rows = str(rooms.parts()["rooms.md"]).splitlines()
    (row,) = [row for row in rows if row.startswith("| `scenarios/cli` |")]
    name, words, _, used = (cell.strip() for cell in row.strip("|").split("|"))
    assert words == "The door: parse, call, print."
    assert "`api`" in used
    assert "`cli`" not in used
    assert name == "`scenarios/cli`"


@pytest.mark.parametrize("page", [page for page in PAGES if page not in OWN_TESTS])
def test_code_of_the_pages_works(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, text in enumerate(blocks(page, "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        if "[[axes]]" in text:
            assert load_sweep(str(file)).points
        else:
            front.load(str(file))
    code = "\n".join(blocks(page))
    exec(compile(code, page, "exec"), {"__name__": page})  # noqa: S102 - our own


def commands_of(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of ours that a page shows."""
    shown = re.findall(r"`(straggler [^`]*)`", text)
    shown += re.findall(r"^(?:    |\$ )(?:\.venv/bin/)?(straggler .*)$", text, re.MULTILINE)
    for command in shown:
        for part in re.split(r"&&|;|\||>", command.partition("  #")[0]):
            if part.strip().startswith("straggler "):
                yield shlex.split(part)[1:]


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_pages_exist(page: str) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, *words in commands_of((ROOT / page).read_text(encoding="utf-8")):
        if name.isupper() or name.startswith("-"):
            continue
        assert name in commands, f"straggler {name}"
        known = {opt for p in commands[name].params for opt in p.opts} | {"--help", *FORMER}
        for word in words:
            option = word.partition("=")[0].rstrip(",.:")
            assert not option.startswith("--") or option in known, f"straggler {name} {option}"
