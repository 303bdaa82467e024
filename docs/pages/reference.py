"""References that are read from the code: the scenario's tables, the commands, Python's names."""

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typer.cli import get_docs_for_click

import straggler
from algorithms import METHODS, RULES
from scenarios.cli.app import app
from scenarios.format.method import Decaying, Method
from scenarios.format.own.open import Open
from scenarios.format.scenario import Scenario
from scenarios.format.words.slot import Slot

FILLED_IN = "filled in"
"""Begins the description of keys that nobody writes."""


def parts() -> dict[str, str | bytes]:
    """Return the generated parts by their names."""
    return {"schema.md": schema(), "commands.md": commands(), "python.md": names()}


def commands() -> str:
    """Return what the command line says of itself, as Markdown."""
    group = typer.main.get_command(app)
    text = get_docs_for_click(obj=group, ctx=typer.Context(group), name="straggler")
    general, _, each = (
        text.partition("\n")[2].replace("$ straggler", "straggler").partition("\n## ")
    )
    return f"{general.partition('**Commands**')[0]}\n## {each}"  # the list there is cut short


def schema() -> str:
    """Return a section for every table of a scenario: its keys, what they take, their defaults."""
    return "\n".join(_sections(Scenario, "", "The file", set()))


def _sections(model: type[BaseModel], path: str, title: str, seen: set[object]) -> Iterator[str]:
    if model in seen:
        return
    seen.add(model)
    yield from _section(title, model)
    fields = {key: Slot.of_field(field) for key, field in model.model_fields.items()}
    doors = (m for m in model.__mro__[1:] if issubclass(m, Open) and "door" in vars(m))
    shared = {key for door in doors for key in door.model_fields}
    tag = _tag(model)
    for key in sorted(fields, key=lambda key: (fields[key].shape is list, key in shared)):
        of = f" of `{tag[1]}`" if tag and key not in shared else ""
        yield from _below(fields[key], f"{path}.{key}".strip("."), of, seen)


def _below(slot: Slot, path: str, of: str, seen: set[object]) -> Iterator[str]:
    """Yield the sections of the tables that a key holds."""
    kind = slot.kind
    if isinstance(kind, type) and issubclass(kind, Method):
        yield from _methods(path)
    elif isinstance(kind, type) and issubclass(kind, Open):
        for name, ours in kind.door.ours.items():
            yield from _sections(ours, path, f'{path}: {kind.door.tag} = "{name}"', seen)
        page = {"problem": "a-problem", "cluster.network": "a-network"}.get(path, "compute-times")
        yield f"### {path}: a class of your own\n"
        yield f'`{kind.door.tag} = "package.module:Class"`: [how](own.md#{page}).\n'
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        tag = _tag(kind)
        title = f'{path}: {tag[0]} = "{tag[1]}"' if tag else path
        yield from _sections(kind, path, title + of, seen)
    elif slot.shape is list:
        yield from _below(slot.item, f"{path}[]", of, seen)
    else:
        for choice in slot.choices:
            if choice.kind is not kind:
                yield from _below(choice, path, of, seen)


def _tag(model: type[BaseModel]) -> tuple[str, str] | None:
    """Return the key and value by which a table says what it is."""
    for key, field in model.model_fields.items():
        values = get_args(field.annotation)
        if field.is_required() and get_origin(field.annotation) is not None and len(values) == 1:
            return (key, values[0]) if isinstance(values[0], str) else None
    return None


def _section(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"{'##' if '.' not in title and ':' not in title else '###'} {title}\n"
    words = inspect.cleandoc(model.__doc__ or "").partition("Attributes:")[0].strip()
    yield words.replace("*", "\\*") + "\n"
    yield "| key | takes | default |\n|---|---|---|"
    for key, field in model.model_fields.items():
        if not (field.description or "").startswith(FILLED_IN):
            yield _row(key, field)
    yield ""


def _row(key: str, field: FieldInfo) -> str:
    default = "required"
    if not field.is_required():
        value = field.get_default(call_default_factory=True)
        default = "-" if value in (None, PydanticUndefined, [], ()) else f"`{toml(value)}`"
    said = Slot.of_field(field).words().replace("|", "\\|")
    return f"| `{key}` | {said} | {default} |"


def toml(value: Any) -> str:  # noqa: ANN401
    """Return a value as a scenario says it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(one)}' for key, one in value.items())} }}"
    return f'"{value}"' if isinstance(value, str) else str(value).replace("'", '"')


def _methods(path: str) -> Iterator[str]:
    """Yield a section for methods: the keys of each aggregation and of each rule."""
    yield f"## {path}\n"
    yield "An aggregation, and a rule in its name or in a key of its own.\n"
    kinds: dict[str, dict[str, Any]] = {"name": {**METHODS}, "rule": {**RULES}}
    for tag, ours in kinds.items():
        yield f"| `{tag}` | key | takes | default |\n|---|---|---|---|"
        for name, kind in ours.items():
            fields = Method.model_of({"name": "afedpg", tag: name}).model_fields
            keys = [field.name for field in dataclasses.fields(kind) if field.name != "rule"]
            link = f"[`{name}`](methods/{name if tag == 'name' else 'rules'}.md)"
            yield from (f"| {link} {_row(key, fields[key])}" for key in keys)
            if not keys:
                yield f"| {link} | - | | |"
        yield ""
    yield from _section(f"{path}.step_size: a table", Decaying)


def names() -> str:
    """Return what ``import straggler`` offers, by kind, for autodoc to describe."""
    beside = ("list", "open")  # which `import *` leaves to Python
    every = sorted([*straggler.__all__, *beside], key=str.lower)
    offered = [(name, getattr(straggler, name)) for name in every]
    text = ["## Functions\n"]
    text += _autodoc("function", [name for name, one in offered if inspect.isfunction(one)])
    text += ["## Classes\n"]
    text += _autodoc("class", [name for name, one in offered if inspect.isclass(one)])
    text += ["## Types with bounds\n", "| type | takes |\n|---|---|"]
    text += [f"| `{n}` | {Slot.of(kind).words()} |" for n, kind in offered if is_bounded(kind)]
    return "\n".join([*text, ""])


def is_bounded(kind: object) -> bool:
    """Return whether a name is of a type with bounds."""
    return get_origin(kind) is Annotated


def _autodoc(kind: str, listed: list[str]) -> Iterator[str]:
    yield "```{eval-rst}"
    for name in listed:
        yield f".. auto{kind}:: straggler.{name}"
        if kind == "class":
            yield "   :members:\n   :exclude-members: __init__"
        yield ""
    yield "```\n"


def as_text(lines: list[str]) -> list[str]:
    """Return a docstring whose indented blocks and bars are taken as they stand.

    Pseudocode is indented after an empty line; sections such as ``Args:`` are not after one.
    """
    out: list[str] = []
    inside = False
    for line in lines:
        indented = line.startswith("    ")
        if indented and not inside and out and not out[-1]:
            out += ["::", ""]
            inside = True
        elif line and not indented:
            inside = False
        out.append(line if indented else line.replace("|", r"\|"))
    return out
