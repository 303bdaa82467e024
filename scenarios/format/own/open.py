"""Tables that say by one key what they are: one of ours, or a class that the user brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args, get_origin

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from scenarios.format.own.classes import find_class
from scenarios.format.own.installed import installed
from scenarios.format.words.errors import meant, short
from scenarios.format.words.strict import Strict


@dataclass(frozen=True)
class Door:
    """Where the models of a kind of table come from.

    Attributes:
        tag: the key that says what a table is.
        group: the entry points where other packages offer theirs.
        base: what a class of theirs has to be derived from.
        ours: our own models or classes, by name.
        short: the same, by names that are not listed one by one.
        endings: says which names those are.
    """

    tag: str
    group: str
    base: type
    ours: dict[str, type[Any]] = field(default_factory=dict)
    short: dict[str, type[Any]] = field(default_factory=dict)
    endings: str = ""

    def find(self, name: object) -> type[Any]:
        """Return what a tag names: something of ours, or a class of the user's.

        Raises:
            ValueError: it is missing or names nothing; the text begins with the tag.
        """
        ours = {**self.ours, **self.short}
        if isinstance(name, str) and name in ours:
            return ours[name]
        others = installed(self.group)
        listed = ", ".join(map(repr, self.ours)) + self.endings
        names = filter(None, [listed, *map(repr, others), "or 'package.module:Class'"])
        accepted = ", ".join(names).removeprefix("or ")
        if not isinstance(name, str):
            wrong = "is missing" if name is None else f"got {short(name)}"
            raise ValueError(f"{self.tag}: {wrong}; accepted: {accepted}")  # noqa: TRY004
        if ":" not in name and name not in others:
            near = meant(name, [*ours, *others])
            raise ValueError(f"{self.tag}: unknown {short(name)}; {near}accepted: {accepted}")
        try:
            return find_class(name, self.group, self.base)
        except ValueError as error:
            raise ValueError(f"{self.tag}: {error}") from error


class Open(Strict):
    """A kind of table. A class with a ``door`` of its own stands for all that are derived from it.

    Attributes:
        door: where its models come from.
    """

    door: ClassVar[Door]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Register a model of ours by the only value of its tag."""
        kind = None if "door" in cls.__dict__ else cls.model_fields[cls.door.tag].annotation
        if get_origin(kind) is Literal:
            cls.door.ours[get_args(kind)[0]] = cls

    @classmethod
    def model_of(cls, content: Mapping[str, Any]) -> type[Any]:
        """Return the model of a table.

        Raises:
            ValueError: its tag is missing or names nothing, or the class that it names cannot be
                used.
        """
        found = cls.door.find(content.get(cls.door.tag))
        return found if issubclass(found, cls) else cls.model_for(found, content)

    @classmethod
    def model_for(cls, target: type, content: Mapping[str, Any]) -> type[Any]:
        """Return the model of tables that name a class of the user's.

        Raises:
            ValueError: the class has fields that cannot be keys.
        """
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """Let pydantic choose the model by the tag."""
        if "door" not in cls.__dict__:
            return handler(source)

        def chosen(value: object, info: core_schema.ValidationInfo) -> Open:
            if isinstance(value, cls):
                return value
            if not isinstance(value, dict):
                raise PydanticKnownError("model_type", {"class_name": cls.__name__})
            table: Open = cls.model_of(value).model_validate(value, context=info.context)
            return table

        return core_schema.with_info_plain_validator_function(chosen)
