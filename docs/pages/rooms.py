"""The rooms of the floors, as their packages describe themselves and as they import each other."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLOORS = ("scenarios", "algorithms", "simulator")


def parts() -> dict[str, str | bytes]:
    """Return the generated part by its name."""
    rows = [row for floor in FLOORS for row in _rows(ROOT / floor)]
    head = "| folder | what it is | modules | imports from |\n|---|---|---|---|"
    return {"rooms.md": "\n".join([head, *rows, ""])}


def _rows(floor: Path) -> Iterator[str]:
    for package in sorted({floor, *(file.parent for file in floor.rglob("__init__.py"))}):
        module = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
        words = (ast.get_docstring(module) or "").partition("\n\n")[0].replace("\n", " ")
        files = sorted(package.glob("*.py"))
        own = _room(package.relative_to(ROOT).parts)
        used = sorted({room for file in files for room in imported(file)} - {own})
        others = ", ".join(f"`{room}`" for room in used) or "-"
        number = len([file for file in files if file.name != "__init__.py"])
        yield f"| `{_name(package)}` | {words} | {number} | {others} |"


def _name(package: Path) -> str:
    return str(package.relative_to(ROOT))


def _room(parts: Sequence[str]) -> str:
    """Return the room of the top floor that a module or folder is in, or the floor."""
    return parts[1] if parts[0] == FLOORS[0] and len(parts) > 1 else parts[0]


def imported(file: Path) -> Iterator[str]:
    """Yield the rooms and floors that a module imports from."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            parts = node.module.split(".")
            if parts[0] in FLOORS:
                yield _room(parts)
