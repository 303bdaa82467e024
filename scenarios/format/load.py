"""From a file, a name or a dict to a checked scenario."""

import codecs
import contextlib
import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.format.compute import TraceTimes
from scenarios.format.own.where import told
from scenarios.format.problem import ControlProblem
from scenarios.format.scenario import Scenario
from scenarios.format.words.base import merged, only_methods
from scenarios.format.words.errors import BadInputError, short, short_name
from scenarios.format.words.explain import checked
from scenarios.format.words.plain import plain
from simulator.one_line import one_line

LIBRARY = Path(__file__).parent.parent / "library"


TOML = 'accepted: lines such as title = "mine", tables such as [cluster]'


def library(folder: Path = LIBRARY) -> dict[str, Path]:
    """Return the files that come with the package, by name (``paper/figure1a``)."""
    files = sorted(folder.rglob("*.toml"))
    return {file.relative_to(folder).with_suffix("").as_posix(): file for file in files}


def find(name: str, kind: str = "scenario", folder: Path = LIBRARY, beside: Path = Path()) -> Path:
    """Return the file called ``name``: a path, or a library name without its folder.

    Args:
        name: what somebody wrote.
        kind: what it should be, for messages.
        folder: the library.
        beside: what a path may be relative to, other than the working directory.

    Raises:
        BadInputError: there is none.
    """
    for path in (beside / name, Path(name)):
        if _is_file(path):
            return path
    named = library(folder)
    matches = [key for key in named if name in {key, key.rpartition("/")[2]}]
    if len(matches) == 1:
        return named[matches[0]]
    last = {key.rpartition("/")[2]: key for key in named}
    near = difflib.get_close_matches(name[:80].rpartition("/")[2], last, n=3, cutoff=0.5)
    if _is_file(beside / f"{name}.toml"):
        near = [f"{name}.toml"]
    meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    raise BadInputError(
        f"{short_name(name)}: no such file or {kind}; {meant}accepted: a TOML file, or a name from "
        "`straggler list`"
    )


def _is_file(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):  # a name that no file can have
        return path.is_file()
    return False


def load(source: str | Path | Mapping[str, Any], *, environment: bool = True) -> Scenario:
    """Return a scenario.

    Args:
        source: a file, a name from ``straggler list``, or what a file would say as a dict.
        environment: also build its problem, to see whether that works.

    Raises:
        BadInputError: it cannot be read, or it is wrong; a line per mistake.
    """
    if isinstance(source, Mapping):
        where, name, folder = "scenario", None, Path()
        content = _with_base(plain(source), Path(where), ())
    else:
        path = find(str(source))
        where, name, folder = str(path), path.stem, path.parent
        content = read_scenario(path)
        if {"axes", "set"} & content.keys():
            raise BadInputError(f"{path}: is a sweep; accepted: a scenario, or `straggler sweep`")
    scenario = checked(Scenario, content, where, folder)
    if environment:
        check_problem(where, scenario)
    return scenario.named(name)


def read_scenario(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return what a scenario file says, merged into its ``base`` if it has one.

    Args:
        path: the file.
        above: files that have it as their base, the nearest last.

    Raises:
        BadInputError: the file or its base cannot be read.
    """
    return _with_base(read_toml(path), path, above)


def find_base(path: Path, name: object) -> Path:
    """Return the file that ``path`` calls its base: one beside it, or a scenario by name.

    Raises:
        BadInputError: there is none.
    """
    if not isinstance(name, str):
        raise BadInputError(f"{path}: base: {short(name)}; accepted: a scenario: a file or a name")
    try:
        return find(name, beside=path.parent)
    except BadInputError as error:
        raise BadInputError(f"{path}: base: {error.lines[0]}") from error


def read_base(path: Path, name: object, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return what the base of a file says; it is a whole scenario itself.

    Raises:
        BadInputError: there is none, it is wrong, or it has ``path`` as its own base.
    """
    base = find_base(path, name)
    chain = (*above, path)
    if base.resolve() in [file.resolve() for file in chain]:
        circle = " -> ".join(map(str, (*chain, base)))
        raise BadInputError(f"{path}: base: {circle} is a circle; accepted: another scenario")
    content = read_scenario(base, chain)
    scenario = checked(Scenario, content, str(base), base.parent)
    compute = scenario.cluster.compute
    if isinstance(compute, TraceTimes):  # its path was relative to the base
        content["cluster"]["compute"]["file"] = compute.file
    return content


def _with_base(own: dict[str, Any], path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """Return what a file says, merged into its base if it has one.

    The base's ``[tune]`` is not passed on: it is about the base's own methods and limits.
    """
    if "base" not in own:
        return own
    base = read_base(path, own.pop("base"), above)
    base.pop("tune", None)
    labels = own.get("methods")
    if isinstance(labels, list) and labels and all(isinstance(name, str) for name in labels):
        own["methods"] = only_methods(base["methods"], labels, str(path))
    return merged(base, own)


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says.

    Raises:
        BadInputError: it cannot be read, or is none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnicodeDecodeError) or b"\0" in content[:2]:
            wide = b"\0" in content[:4] or content.startswith(
                (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            )
            kind = "UTF-16" if wide else "another encoding"
            raise BadInputError(f"{path}: is in {kind}; accepted: text saved as UTF-8") from error
        raise BadInputError(f"{path}: is not valid TOML: {one_line(error)}; {TOML}") from error


def check_problem(where: str, scenario: Scenario) -> None:
    """Build what can only be checked by building it; check that a run fits into memory.

    Raises:
        BadInputError: it cannot be built, or does not fit.
    """
    problem = scenario.problem
    try:
        problem.size(scenario.cluster.workers).check()
        if isinstance(problem, ControlProblem) and problem.source is not None:
            with told(f"problem.env: {problem.env!r}"):
                _try_environment(problem.env)
    except ValueError as error:
        raise BadInputError(f"{where}: {error}") from error


def _try_environment(name: str) -> None:
    """Look at some steps in an environment of the user's, twice with the same seed."""
    from simulator.problems.control.environment import (  # noqa: PLC0415 - a third of a second
        first_steps,
        make_environment,
    )

    with contextlib.closing(make_environment(name)) as environment:
        once, _, again = (first_steps(environment, seed) for seed in (0, 1, 0))
        if len(once) != len(again) or not all(map(_same, once, again)):
            raise ValueError(
                "the same seed and actions give something else after another episode; accepted: an "
                "environment that keeps nothing over reset(seed=...)"
            )


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - arrays
    return np.array_equal(one, other, equal_nan=True)
