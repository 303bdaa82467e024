"""What is wrong with what a user wrote: every mistake becomes one line."""

import contextlib
import difflib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scenarios.format.words.errors import BadInputError
from scenarios.format.words.open import Open

Checked = TypeVar("Checked", bound=BaseModel)


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
        raise BadInputError(
            *(f"{place}: {line}" for line in lines(error, model, content))
        ) from None


def lines(error: ValidationError, model: type[BaseModel], content: dict[str, Any]) -> Iterator[str]:
    """Yield a line per mistake in ``content`` that should have been a ``model``."""
    mistakes = error.errors(include_url=False)
    misspelt = {m["loc"][:-1] for m in mistakes if m["type"] == "extra_forbidden"}
    texts: dict[str, str] = {}
    for mistake in mistakes:
        location = mistake["loc"]
        if mistake["type"] == "missing" and location[:-1] in misspelt:
            continue  # most likely the same mistake seen twice
        keys, owner, place = _walk(location, model, content)
        name = ".".join(key if key.isprintable() else repr(key) for key in keys)
        if mistake["type"] == "value_error":  # our own checks begin with the key
            own = str(mistake["ctx"]["error"])
            texts[f"{name}.{own}" if name else own] = ""
        else:
            texts[name] = f": {_message(mistake, owner, place)}"
    for name, text in texts.items():
        if not any(other.startswith(f"{name}[") for other in texts):  # the other kind of a union
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


def _walk(
    location: tuple[int | str, ...],
    model: type[BaseModel],
    content: Any,  # noqa: ANN401
) -> tuple[list[str], Any, Any]:
    """Return the location as the user wrote it, the model of its last key, and that key's type.

    Pydantic's locations also name the member of a union that was chosen; users never wrote that.
    Which model an open table has follows from the content.
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
            content = content.get(part) if isinstance(content, dict) else None
        elif isinstance(part, int):
            keys[-1] += f"[{part}]"
            place = _bare(get_args(place)[0]) if get_args(place) else None
            content = content[part] if isinstance(content, list) else None
        else:  # the tag of a union
            place = owner = next((m for m in _members(place) if part in _tags(m)), None)
        if isinstance(place, type) and issubclass(place, Open) and isinstance(content, dict):
            with contextlib.suppress(ValueError):
                place = place.model_of(content)
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
