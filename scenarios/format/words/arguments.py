"""What users pass to functions: checked as a file's tables are, with the same one-line errors."""

import functools
import inspect
import reprlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import (
    Annotated,
    Any,
    TypeVar,
    cast,
    get_args,
    get_type_hints,
    is_typeddict,
)

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from scenarios.format.words.errors import BadInputError
from scenarios.format.words.explain import lines
from scenarios.format.words.plain import plain
from scenarios.format.words.slot import Slot

Function = TypeVar("Function", bound=Callable[..., Any])


def checked_call(function: Function) -> Function:
    """Let a function check what it is given, by its annotations.

    NumPy's numbers and arrays become Python's; types are not converted otherwise. What an argument
    takes in words is the ``description`` of its ``Field``.

    Raises:
        BadInputError: by the function, when an argument is none of its own, of another type, or
            missing; a line each.
    """

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401
        parts = _parts_of(function)
        given = parts.named(args, named)
        try:
            checked = parts.model.model_validate(given, context={"folder": Path()})
        except ValidationError as error:
            told = (f"{parts.name}: {line}" for line in _lines(error, parts, given))
            raise BadInputError(*told) from None
        values = {key: getattr(checked, key) for key in checked.model_fields_set}
        several = values.pop(parts.several, ()) if parts.several else ()
        return function(*args[: parts.skipped], *several, **values)

    return cast("Function", call)


FORMER = {"workers_per_run": "processes_per_run", "store": "out"}
"""Arguments under names that they had before; accepted where the present one is."""


class _Parts:
    """A function's parameters, and the model of what it takes by name."""

    def __init__(self, function: Callable[..., Any]) -> None:
        parameters = list(inspect.signature(function).parameters.values())
        self.name = function.__name__
        self.skipped = int("self" in inspect.signature(function).parameters)
        self.positional: list[str] = []
        self.several: str | None = None
        fields: dict[str, Any] = {}
        extra = "forbid"
        for one in parameters[self.skipped :]:
            kind = one.annotation
            if one.kind is one.VAR_POSITIONAL:
                several = Annotated[list[kind], Field(description=Slot.of(kind).words())]  # type: ignore[valid-type]
                self.several, fields[one.name] = one.name, (several, [])
            elif one.kind is one.VAR_KEYWORD:
                options = next(iter(get_args(kind)), None)  # of Unpack
                if not is_typeddict(options):
                    extra = "allow"  # another function looks at them
                    continue
                hints = get_type_hints(options, include_extras=True)
                fields |= {key: (hint, None) for key, hint in hints.items()}
            else:
                fields[one.name] = (kind, ... if one.default is one.empty else None)
                if one.kind is one.POSITIONAL_OR_KEYWORD:
                    self.positional.append(one.name)
        self.kinds = {name: kind for name, (kind, _) in fields.items()}
        config = ConfigDict(strict=True, extra=extra, arbitrary_types_allowed=True)  # type: ignore[typeddict-item]
        self.model: type[BaseModel] = create_model(self.name, __config__=config, **fields)

    def named(self, args: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """Return all arguments by name."""
        args = args[self.skipped :]
        named = {self._today(key): value for key, value in named.items()}
        if self.several:
            return {self.several: list(args), **plain(named)}
        first = dict(zip(self.positional, args, strict=False))
        if len(args) > len(self.positional):
            wrong = reprlib.repr(args[len(self.positional)])
            keys = ", ".join(f"{key}=" for key in self.model.model_fields if key not in first)
            raise BadInputError(f"{self.name}: {wrong}: accepted: by name, as one of {keys}")
        if twice := sorted(first.keys() & named):
            raise BadInputError(f"{self.name}: {twice[0]}: is given twice; accepted: once")
        values: dict[str, Any] = plain(first | named)
        return values

    def _today(self, key: str) -> str:
        now = FORMER.get(key, key)
        return now if now in self.kinds and key not in self.kinds else key


_parts_of = functools.cache(_Parts)


def _lines(error: ValidationError, parts: _Parts, given: dict[str, Any]) -> Iterator[str]:
    told, kinds = set[str](), parts.kinds
    for mistake in error.errors(include_url=False):
        key = str(mistake["loc"][0])
        if key in given and key in kinds and key not in told:
            told.add(key)
            yield f"{key}: {reprlib.repr(given[key])}; accepted: {Slot.of(kinds[key]).words()}"
    for line in lines(error, parts.model, given):
        if not any(line.startswith((f"{key}:", f"{key}[", f"{key}.")) for key in told):
            yield line
