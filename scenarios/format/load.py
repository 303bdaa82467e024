"""From a file or a name to a checked scenario; every mistake becomes one line."""

import contextlib
import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scenarios.format.errors import BadInputError
from scenarios.format.problem import ControlProblem
from scenarios.format.scenario import Scenario

Checked = TypeVar("Checked", bound=BaseModel)

LIBRARY = Path(__file__).parent.parent / "library"


def library(folder: Path = LIBRARY) -> dict[str, Path]:
    """Return the files that come with the package, by name (``paper/figure1a``)."""
    files = sorted(folder.rglob("*.toml"))
    return {file.relative_to(folder).with_suffix("").as_posix(): file for file in files}


def find(name: str, kind: str = "scenario", folder: Path = LIBRARY) -> Path:
    """Return the file called ``name``: a path, or a library name without its folder.

    Raises:
        BadInputError: there is none.
    """
    path = Path(name)
    with contextlib.suppress(OSError):  # a name that no file can have
        if path.is_file():
            return path
    named = library(folder)
    matches = [key for key in named if name in {key, key.rpartition("/")[2]}]
    if len(matches) == 1:
        return named[matches[0]]
    raise BadInputError(
        f"{name}: no such file or {kind}; accepted: a TOML file, {', '.join(named)}"
    )


def load(path: Path, *, environment: bool = True) -> Scenario:
    """Return the scenario in a file.

    Args:
        path: the file.
        environment: also make its Gymnasium environment, to see that this works.

    Raises:
        BadInputError: the file cannot be read, or says what cannot be; a line per mistake.
    """
    scenario = checked(Scenario, read_toml(path), str(path), path.parent)
    if environment:
        check_environment(path, scenario)
    return scenario


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says.

    Raises:
        BadInputError: it cannot be read, or is none.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{path}: is not valid TOML: {error}") from error


def checked(model: type[Checked], content: dict[str, Any], place: str, folder: Path) -> Checked:
    """Return the model of what a file says.

    Args:
        model: what it should be.
        content: what it says.
        place: begins every line of an error.
        folder: what paths in it are relative to.

    Raises:
        BadInputError: it says what cannot be; a line per mistake.
    """
    try:
        return model.model_validate(content, context={"folder": folder})
    except ValidationError as error:
        raise BadInputError(*(f"{place}: {line}" for line in _lines(error, model))) from error


def check_environment(path: Path, scenario: Scenario) -> None:
    """Make the Gymnasium environment of a scenario once, if it has one.

    Raises:
        BadInputError: that does not work.
    """
    if isinstance(scenario.problem, ControlProblem):
        _make_environment(path, scenario.problem, scenario.cluster.workers)


def _make_environment(path: Path, problem: ControlProblem, workers: int) -> None:
    from simulator.problems.control.environment import (  # noqa: PLC0415 - takes a third of a second
        UnsuitableEnvironmentError,
    )

    try:
        problem.check_environment(workers)
    except UnsuitableEnvironmentError as error:
        raise BadInputError(f"{path}: problem.env: {error}") from error


def _lines(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    mistakes = error.errors(include_url=False)
    misspelt = {m["loc"][:-1] for m in mistakes if m["type"] == "extra_forbidden"}
    lines: dict[str, str] = {}
    for mistake in mistakes:
        location = mistake["loc"]
        if mistake["type"] == "missing" and location[:-1] in misspelt:
            continue  # most likely the same mistake seen twice
        keys, owner, place = _walk(location, model)
        name = ".".join(key if key.isprintable() else repr(key) for key in keys)
        if mistake["type"] == "value_error":  # our own checks begin with the key
            own = str(mistake["ctx"]["error"])
            lines[f"{name}.{own}" if name else own] = ""
        else:
            lines[name] = f": {_message(mistake, owner, place)}"
    for name, text in lines.items():
        if not any(other.startswith(f"{name}[") for other in lines):  # the other kind of a union
            yield name + text


def _message(mistake: ErrorDetails, owner: Any, place: Any) -> str:  # noqa: ANN401
    key = str(mistake["loc"][-1])
    match mistake["type"]:
        case "extra_forbidden":
            accepted = list(owner.model_fields)
            near = difflib.get_close_matches(key, accepted, n=1)
            meant = f"did you mean {near[0]!r}? " if near else ""
            return f"unknown key; {meant}accepted: {', '.join(accepted)}"
        case "missing":
            return f"is missing; accepted: {_accepted(owner.model_fields[key])}"
        case "union_tag_invalid":
            return f"unknown {mistake['ctx']['tag']!r}; accepted: {mistake['ctx']['expected_tags']}"
        case "union_tag_not_found":
            tags = ", ".join(repr(tag) for member in _members(place) for tag in _tags(member))
            return f"key {mistake['ctx']['discriminator']} is missing; accepted: {tags}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"should be a table (got {mistake['input']!r})"
    text = mistake["msg"][0].lower() + mistake["msg"][1:]
    return f"{text.replace('input should', 'should')} (got {mistake['input']!r})"


def _accepted(field: FieldInfo) -> str:
    """Say in words what a field takes: its description, or its type and bounds."""
    if field.description:
        return field.description
    words = {int: "a whole number", float: "a number", str: "a text", list: "a list"}
    kind = words.get(get_origin(field.annotation) or field.annotation, "a table")  # type: ignore[arg-type]
    bounds = {"gt": "above", "ge": "of at least", "le": "of at most"}
    limits = [
        f"{word} {getattr(limit, bound)}"
        for limit in field.metadata
        for bound, word in bounds.items()
        if hasattr(limit, bound)
    ]
    return " ".join([kind, " and ".join(limits)]).strip()


def _walk(location: tuple[int | str, ...], model: type[BaseModel]) -> tuple[list[str], Any, Any]:
    """Return the location as the user wrote it, the model of its last key, and that key's type.

    Pydantic's locations also name the member of a union that was chosen; users never wrote that.
    """
    keys: list[str] = []
    owner: Any = model
    place: Any = model
    for part in location:
        owner = place
        if isinstance(place, type) and issubclass(place, BaseModel):
            keys.append(str(part))
            field = place.model_fields.get(str(part))
            place = _bare(field.annotation) if field else None
        elif isinstance(part, int):
            keys[-1] += f"[{part}]"
            place = _bare(get_args(place)[0]) if get_args(place) else None
        else:  # the tag of a union
            place = owner = next((m for m in _members(place) if part in _tags(m)), None)
    return keys, owner, place


def _bare(annotation: Any) -> Any:  # noqa: ANN401
    """Return an annotation without Annotated and Optional."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    members = [m for m in _members(annotation) if m is not type(None)]
    return _bare(members[0]) if len(members) == 1 and members[0] is not annotation else annotation


def _members(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


def _tags(model: Any) -> set[str]:  # noqa: ANN401
    fields = getattr(model, "model_fields", {}).values()
    return {
        tag
        for field in fields
        if field.is_required() and get_origin(field.annotation) is Literal
        for tag in get_args(field.annotation)
    }
