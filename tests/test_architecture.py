"""Floors and rooms, arrows downwards; what is public; what a wheel holds."""

import ast
import functools
import graphlib
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import algorithms
import simulator
import straggler

ROOT = Path(__file__).parent.parent
FLOORS = ("simulator", "algorithms", "scenarios")
PACKAGES = (*FLOORS, "straggler")
"""What a wheel holds: the floors, and the front door."""

ROOMS = (
    "cli",
    "api",
    "report",
    "films",
    "live",
    "pictures",
    "explain",
    "studies",
    "results",
    "runs",
    "format",
)
"""Of the top floor: a room uses itself and those to its right."""

BESIDE = {"bench": "results", "plans": "studies"}
"""A room that may use what its neighbour may, and whose neighbour may not use it."""

SOURCES = [file for floor in PACKAGES for file in sorted((ROOT / floor).rglob("*.py"))]


@functools.cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@functools.cache
def imports(file: Path) -> frozenset[tuple[str, str]]:
    """Return (module, name) of every import, wherever it stands; name is "" for whole modules."""
    found = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found |= {(str(node.module), alias.name) for alias in node.names}
    return frozenset(found)


def floor_of(file: Path) -> str:
    return file.relative_to(ROOT).parts[0]


ABOVE = {
    "simulator": {"algorithms", "scenarios", "straggler"},
    "algorithms": {"scenarios", "straggler"},
    "scenarios": {"straggler"},
}


def upward(file: Path) -> Iterator[str]:
    """Yield a line for each import that no file of its floor should have."""
    for module, name in imports(file):
        top, line = module.split(".")[0], f"{file} imports {module}: {name}"
        if top in ABOVE.get(floor_of(file), set()):
            yield line
        if floor_of(file) == "algorithms":
            if top in {"simpy", "gymnasium", "mujoco"}:
                yield line
            if top == "simulator" and (module != "simulator" or name not in simulator.__all__):
                yield line
        if top == "simpy" and file.name not in {"clock.py", "cluster.py", "events.py"}:
            yield line


def test_arrows_point_downwards() -> None:
    wrong = [line for file in SOURCES for line in upward(file)]
    assert not wrong, "\n".join(wrong)


def room_of(parts: Sequence[str]) -> str | None:
    return parts[1] if parts[0] == "scenarios" and len(parts) > 2 else None


def below(room: str) -> set[str]:
    """Return the rooms that a room may use."""
    place = ROOMS.index(BESIDE.get(room, room))
    reachable = set(ROOMS[place + 1 :]) | {room}
    return reachable | {b for b, neighbour in BESIDE.items() if neighbour in reachable - {room}}


def into_other_rooms(file: Path) -> Iterator[str]:
    """Yield a line for each import of a room that a file should not use."""
    room = room_of(file.relative_to(ROOT).parts)
    outside = file.parent.name in {"straggler", "scenarios"}
    for module, _ in imports(file):
        other = room_of((*module.split("."), ""))
        if room is not None and other is not None:
            if other not in below(room):
                yield f"{file} imports {module}"
        elif not outside and (module == "scenarios" or other is not None):
            yield f"{file} stands in no room"


def test_rooms_use_only_rooms_to_their_right() -> None:
    wrong = [line for file in SOURCES for line in into_other_rooms(file)]
    assert not wrong, "\n".join(wrong)


def test_every_folder_of_the_top_floor_is_a_room() -> None:
    folders = {f.parent.name for f in (ROOT / "scenarios").glob("*/*.py")}
    assert folders == {*ROOMS, *BESIDE}


MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in SOURCES
}


def when_imported(node: ast.AST) -> Iterator[str]:
    """Yield the modules that are imported with a module, and not when a function is called."""
    for inner in ast.iter_child_nodes(node):
        for_types = isinstance(inner, ast.If) and ast.unparse(inner.test) == "TYPE_CHECKING"
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            whole = str(inner.module)
            parts = (f"{whole}.{alias.name}" for alias in inner.names)
            yield from (part if part in MODULES else whole for part in parts)
        elif not (for_types or isinstance(inner, ast.expr | ast.FunctionDef)):
            yield from when_imported(inner)


def needed(module: str) -> Iterator[str]:
    """Yield the modules of ours that one imports, and the other packages that they are in."""
    for name in MODULES.keys() & set(when_imported(tree(MODULES[module]))):
        yield name
        folders = name.split(".")[:-1]
        around = (".".join(folders[:depth]) for depth in range(1, len(folders) + 1))
        yield from (package for package in around if not f"{module}.".startswith(f"{package}."))


def test_modules_can_be_imported_in_any_order() -> None:
    """A module that needs itself can be imported after some others only."""
    graphlib.TopologicalSorter({module: needed(module) for module in MODULES}).prepare()


def test_files_are_short() -> None:
    wrong = [str(f) for f in SOURCES if len(f.read_text(encoding="utf-8").splitlines()) > 300]
    assert not wrong, "\n".join(wrong)


def test_public_names() -> None:
    assert sorted(simulator.__all__) == [
        "Checkpoint",
        "Cluster",
        "ComputeModel",
        "ComputeTimes",
        "Count",
        "DivergedError",
        "Estimate",
        "Evaluation",
        "Factor",
        "Hardware",
        "History",
        "Indices",
        "Intervals",
        "Iterate",
        "Kept",
        "Moment",
        "Momentum",
        "Network",
        "NetworkModel",
        "OwnFactors",
        "Positive",
        "Problem",
        "Process",
        "Request",
        "Round",
        "Run",
        "SimulatedCluster",
        "Staleness",
        "StalledError",
        "State",
        "Task",
        "Transfers",
        "Trials",
        "Update",
        "Variants",
        "Vector",
        "When",
        "Whole",
        "power_law",
        "simulate",
    ]
    parts = (*algorithms.METHODS.values(), *algorithms.RULES.values())
    ours = {part.__name__ for part in parts}
    others = {
        "Algorithm",
        "COMBINED",
        "Clock",
        "Iterate",
        "METHODS",
        "RULES",
        "Rule",
        "Schedule",
    }
    assert set(algorithms.__all__) == ours | others, "every part is exported"
    for module in (simulator, algorithms, straggler):
        assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize(
    ("module", "spared"),
    [
        ("scenarios.cli.app", ["numpy", "pyarrow", "pydantic"]),
        ("straggler", ["pandas", "ray", "imageio_ffmpeg"]),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(module: str, spared: list[str]) -> None:
    code = f"import sys, {module}; print([m for m in sys.modules if '.' not in m])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    for heavy in ("torch", "mujoco", "gymnasium", "matplotlib", "jinja2", *spared):
        assert f"'{heavy}'" not in loaded


RIVALS = {f"scenarios/bench/{name}.py" for name in ("methods", "plain", "rivals", "rollouts")}
"""Comparisons with other tools: in the repository only."""


def test_the_wheel_holds_the_floors_and_the_front_door(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("straggler-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    expected = {str(f.relative_to(ROOT)) for f in SOURCES}
    expected |= {f"{floor}/py.typed" for floor in PACKAGES}
    expected |= {str(f.relative_to(ROOT)) for f in (ROOT / "scenarios/library").rglob("*.toml")}
    expected |= {str(f.relative_to(ROOT)) for f in (ROOT / "scenarios/report/templates").iterdir()}
    assert expected - names == RIVALS
    for file in SOURCES:  # nothing else needs them, but where `bench` asks whether they are there
        name = str(file.relative_to(ROOT))
        needed = {f"{module.replace('.', '/')}.py" for module, _ in imports(file)}
        assert name in RIVALS | {"scenarios/bench/__init__.py"} or not needed & RIVALS


def test_no_room_is_crowded() -> None:
    """A room has a dozen files at most, and a file 300 lines."""
    files = [file for file in SOURCES if file.name != "__init__.py"]
    rooms = Counter(str(file.parent.relative_to(ROOT)) for file in files)
    assert {room: n for room, n in rooms.items() if n > 12} == {}
    lines = {str(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {file: n for file, n in lines.items() if n > 300} == {}
