"""What is wrong with what a user wrote: every mistake becomes one line."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from scenarios.format.own.open import Open
from scenarios.format.words.errors import BadInputError, meant, short, short_name
from scenarios.format.words.slot import Slot
from scenarios.format.words.strict import FILLED

Checked = TypeVar("Checked", bound=BaseModel)

MOST_LINES = 20
"""Mistakes that are named; of more, the number is."""


def checked(model: type[Checked], content: dict[str, Any], where: str, folder: Path) -> Checked:
    """Return the model of what a file says.

    Args:
        model: what it should be.
        content: what it says.
        where: begins every line of an error.
        folder: what paths in it are relative to.

    Raises:
        BadInputError: the content is wrong; a line per mistake.
    """
    try:
        return model.model_validate(content, context={"folder": folder})
    except ValidationError as error:
        told = [f"{where}: {line}" for line in lines(error, model, content)]
    if len(told) > MOST_LINES:
        told[MOST_LINES:] = [f"{where}: and {len(told) - MOST_LINES:,} more mistakes"]
    raise BadInputError(*told)


def lines(error: ValidationError, model: type[BaseModel], content: dict[str, Any]) -> Iterator[str]:
    """Yield a line per mistake in ``content`` that should have been a ``model``."""
    mistakes = error.errors(include_url=False)
    misspelt = {m["loc"][:-1] for m in mistakes if m["type"] == "extra_forbidden"}
    texts: dict[str, None] = {}
    for mistake in mistakes:
        if mistake["type"] == "missing" and mistake["loc"][:-1] in misspelt:
            continue  # most likely the same mistake seen twice
        is_short = mistake["type"] == "missing" and isinstance(mistake["loc"][-1], int)
        found = _find(mistake["loc"][: -1 if is_short else None], model, content)
        if found is None:
            continue
        if mistake["type"] == "value_error":  # our own checks begin with the key
            own = str(mistake["ctx"]["error"])
            texts[f"{found.name}.{own}" if found.name else own] = None
        else:
            texts[f"{found.name}: {_message(mistake, found)}"] = None
    yield from texts


def _message(mistake: ErrorDetails, found: "_Found") -> str:
    slot, kind = found.slot, mistake["type"]
    whole = found.is_union or (isinstance(mistake["loc"][-1], int) and kind == "missing")
    if whole:  # no member of a union fits, or a list of fixed length is too short
        return f"got {short(found.content)}; accepted: {slot.words(finite=found.is_union)}"
    match kind:
        case "extra_forbidden":
            key, fields = str(mistake["loc"][-1]), found.owner.model_fields
            accepted = [k for k, f in fields.items() if not str(f.description).startswith(FILLED)]
            near = meant(key, accepted)
            return f"unknown key; {near}accepted: {', '.join(accepted) or 'none'}"
        case "missing":
            return f"is missing; accepted: {slot.words()}"
        case "union_tag_invalid" | "union_tag_not_found":
            tags = ", ".join(repr(tag) for choice in slot.choices for tag in _tags(choice.kind))
            key, tag = mistake["ctx"]["discriminator"], mistake["ctx"].get("tag")
            wrong = f"key {key} is missing" if tag is None else f"unknown {short(tag)}"
            return f"{wrong}; accepted: {tags}"
        case "too_short" | "too_long":
            has, context = mistake["ctx"]["actual_length"], mistake["ctx"]
            bound = context.get("min_length", context.get("max_length"))
            most = "at least" if kind == "too_short" else "at most"
            entries = slot.description or slot.item.words(many=True)
            return f"has {has or 'no'} entries; accepted: {most} {bound}: {entries}"
    bounded_above = kind.startswith("less_than")
    words = slot.words(finite=kind == "finite_number", upper=bounded_above)
    return f"got {short(mistake['input'])}; accepted: {words}"


@dataclass(frozen=True)
class _Found:
    """Where a mistake is, as the user wrote it.

    Attributes:
        name: its dotted key.
        owner: the model of the key's table.
        slot: what may stand there.
        content: what stands there.
        is_union: whether all members of a union are wrong.
    """

    name: str
    owner: Any
    slot: Slot
    content: Any
    is_union: bool = False


def _find(
    location: tuple[int | str, ...],
    model: type[BaseModel],
    content: Any,  # noqa: ANN401
) -> _Found | None:
    """Return where a mistake is; None if it is of a union's member that was not meant.

    Pydantic's locations also name the member of a union that was tried; users never wrote that.
    Which member was meant follows from the content: a table, a list, or neither. So does the model
    of an open table.
    """
    keys: list[str] = []
    owner: Any = model
    slot = _opened(Slot.of(model), content)
    for part in location:
        if isinstance(part, int):
            keys[-1] += f"[{part}]"
            slot = slot.at(part)
            content = content[part] if isinstance(content, list) and part < len(content) else None
        elif len(slot.choices) > 1:
            tagged = [choice for choice in slot.choices if part in _tags(choice.kind)]
            meant = tagged or [c for c in slot.choices if isinstance(content, c.shape)]
            meant = [c for c in meant if tagged or c.shape is not object]
            if len(meant) != 1:
                return _Found(".".join(keys), owner, slot, content, is_union=True)
            if not (tagged or _names(part, meant[0])):
                return None
            (slot,) = meant
        else:
            keys.append(short_name(part))
            owner = slot.kind
            fields = getattr(owner, "model_fields", None)
            slot = slot.item if fields is None else Slot.of_field(fields.get(part))
            content = content.get(part) if isinstance(content, dict) else None
        slot = _opened(slot, content)
    return _Found(".".join(keys), owner, slot, content)


def _opened(slot: Slot, content: Any) -> Slot:  # noqa: ANN401
    """Return the slot of an open table's own model."""
    kind = slot.kind
    if isinstance(kind, type) and issubclass(kind, Open) and isinstance(content, dict):
        with contextlib.suppress(ValueError):
            return Slot.of(kind.model_of(content))
    return slot


def _names(part: str, member: Slot) -> bool:
    """Return whether a part of a location is pydantic's name of a union's member."""
    return "list[" in part if member.shape is list else member.kind.__name__ in part


def _tags(model: Any) -> set[str]:  # noqa: ANN401
    fields = getattr(model, "model_fields", {}).values()
    return {
        tag
        for field in fields
        if field.is_required() and get_origin(field.annotation) is Literal
        for tag in get_args(field.annotation)
    }
