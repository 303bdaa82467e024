"""Classes that users bring: how they are found, what keys they have, whether they have changed.

Nothing is imported here but what a scenario or a command names.
"""

import dataclasses
import importlib
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Self,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BeforeValidator, Field, TypeAdapter, create_model, model_validator
from pydantic.errors import PydanticSchemaGenerationError

from scenarios.format.own.installed import installed
from scenarios.format.own.sources import Code, changed_since_import, code_of
from scenarios.format.own.where import in_one_line, told
from scenarios.format.words.errors import SignalError, short
from scenarios.format.words.slot import Slot
from scenarios.format.words.strict import FILLED, Strict


class Sourced(Strict):
    """A table that may name code of the user's. When the code changes, so does the table."""

    source: str | None = Field(None, description=f"{FILLED}: a hash of the sources of the code")

    def code(self) -> Code | None:
        """Return the user's code that it names, if it does."""
        raise NotImplementedError

    def check_source(self) -> None:
        """Check that the code has not changed, neither since this was planned nor since its import.

        Raises:
            ValueError: it has, or there is none; the text begins with the key.
        """
        if (code := self.code()) is None:
            if self.source is None:
                return
            raise ValueError("source: is of code of one's own; accepted: no such key")
        if self.source not in {None, code.digest}:
            raise ValueError(
                f"source: {code.modules[0]} has changed since this was planned; accepted: "
                "load and run it again"
            )
        if changed_since_import(code):
            module = code.modules[0]
            raise ValueError(
                f"source: {module} has changed since this process imported it; accepted: "
                f"importlib.reload({module}), or a new process (in a notebook, a new kernel); "
                "then load again"
            )

    @model_validator(mode="after")
    def _remember_its_source(self) -> Self:
        self.check_source()
        code = self.code()
        object.__setattr__(self, "source", code and code.digest)
        return self


class Own(Sourced):
    """What tables that name a class of the user's have beside the keys of the class.

    Attributes:
        target: the class.
        door: see :class:`Open`.
    """

    target: ClassVar[type]
    door: ClassVar[Any]

    @staticmethod
    def key_for(hint: Any) -> Any:  # noqa: ANN401 - a type
        """Return what a key takes for a field of a type."""
        return hint

    def code(self) -> Code | None:
        """See :class:`Sourced`."""
        return code_of(self.target)

    def own_values(self) -> dict[str, Any]:
        """Return the values of the keys that are fields of the class."""
        mine = {field.name for field in dataclasses.fields(self.target)}
        return {key: getattr(self, key) for key in type(self).model_fields if key in mine}


def find_class(name: str, group: str, base: type) -> type:
    """Return the class called ``module:Class``, or the entry point of that name.

    Raises:
        ValueError: there is none, or it is not derived from ``base``.
    """
    module_name, _, attribute = (name if ":" in name else installed(group)[name]).partition(":")
    if not (module_name and attribute) or module_name.startswith("."):
        raise ValueError(f"{short(name)}: accepted: 'package.module:Class'")
    if module_name == "__main__":
        raise ValueError(
            f"{short(name)}: other processes cannot import a script; accepted: a module"
        )
    module = imported(module_name, name)
    target = getattr(module, attribute, None)
    if isinstance(target, type) and issubclass(target, base):
        if missing := sorted(getattr(target, "__abstractmethods__", ())):
            lacks = " and no ".join(missing)
            raise ValueError(f"{short(name)}: has no {lacks}; accepted: a class that defines it")
        return target
    there = [n for n, kind in vars(module).items() if isinstance(kind, type)]
    fitting = [n for n in there if issubclass(getattr(module, n), base) and n != base.__name__]
    what = f"no class derived from {base.__name__}"
    said = f"{module_name} has {', '.join(fitting)}" if fitting else f"{module_name} has none"
    raise ValueError(f"{short(name)}: {what}; accepted: such a class ({said})")


def see_working_directory() -> None:
    """Let modules in the working directory be found, after everything that is installed."""
    here = os.getcwd()  # noqa: PTH109 - as sys.path has it
    if "" not in sys.path and here not in sys.path:
        sys.path.append(here)


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Leave no bytecode of users' modules: a file that changes within a second would keep it."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def imported(module: str, name: str) -> Any:  # noqa: ANN401 - a module
    """Return a module, which may lie in the working directory.

    Args:
        module: its name.
        name: what the user wrote, for messages.

    Raises:
        ValueError: it cannot be imported.
    """
    see_working_directory()
    try:
        with _no_bytecode():
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise ValueError(
                f"{short(name)}: there is no module {short(error.name)}; accepted: one that is "
                "installed, or that lies in the working directory"
            ) from error
        raise ValueError(f"{short(name)} cannot be imported: {in_one_line(error)}") from error
    except SignalError:
        raise
    except (Exception, SystemExit) as error:  # whatever a user's module does
        raise ValueError(
            f"{short(name)} cannot be imported: {in_one_line(error)}{_remedy(error)}"
        ) from error


def _remedy(error: BaseException) -> str:
    if isinstance(error, TypeError) and "non-frozen dataclass from a frozen one" in str(error):
        return "; accepted: @dataclass(frozen=True), as the class that it is derived from has it"
    return ""


@cache
def own_model(base: type[Own], target: type, apart: frozenset[str] = frozenset()) -> type[Any]:
    """Return the model of tables that name a class, with its fields as keys.

    Args:
        base: has the other keys of such tables.
        target: the class, derived from a dataclass or one itself.
        apart: fields that are no keys.

    Raises:
        ValueError: a field is of no kind that TOML has, its name is taken, or it is none.
    """
    try:
        fields = keys_of(target, apart, taken={*base.model_fields, *dir(base)})
    except ValueError as error:
        raise ValueError(f"{base.door.tag}: {error}") from error
    keys: dict[str, Any] = {k: (base.key_for(hint), value) for k, (hint, value) in fields.items()}
    model: Any = create_model(target.__name__, __base__=base, **keys)
    model.target = target
    return cast("type[Any]", model)


def keys_of(target: type, apart: frozenset[str], taken: set[str]) -> dict[str, Any]:
    """Return the fields of a dataclass as pydantic wants them.

    Args:
        target: the class.
        apart: fields that are no keys.
        taken: names that no field may have.

    Raises:
        ValueError: as for :func:`own_model`.
    """
    if not dataclasses.is_dataclass(target):
        raise ValueError(f"{target.__name__}: is none; accepted: a @dataclass")
    fields = {f.name: f for f in dataclasses.fields(target)}  # of its bases, if it has none
    try:
        hints = get_type_hints(target, include_extras=True)
    except Exception as error:
        raise ValueError(
            f"{target.__name__}: its types cannot be told: {in_one_line(error)}"
        ) from error
    for name in inspect.get_annotations(target):
        if name not in fields and name in _instance_hints(target):
            raise ValueError(f"{target.__name__}.{name}: accepted: a field of a @dataclass")
    keys: dict[str, Any] = {}
    for name, field in fields.items():
        if name in apart or not field.init:
            continue
        if name.startswith("_"):
            raise ValueError(
                f"{target.__name__}.{name}: cannot be a key, as it begins with _; accepted: "
                "another name, or field(init=False)"
            )
        if name in taken:
            raise ValueError(f"{target.__name__}.{name}: the name is taken; accepted: another")
        hint = _from_lists(hints[name])
        try:
            adapter = TypeAdapter(hint)
        except PydanticSchemaGenerationError as error:
            raise ValueError(
                f"{target.__name__}.{name}: cannot be a key; accepted: int, float, bool, str, "
                "lists of them, or names for them such as Count"
            ) from error
        _check_default(f"{target.__name__}.{name}", field, adapter, hints[name])
        keys[name] = (hint, _default(field))
    return keys


def _check_default(
    where: str,
    field: "dataclasses.Field[Any]",
    adapter: TypeAdapter[Any],
    hint: Any,  # noqa: ANN401
) -> None:
    value = field.default
    if field.default_factory is not dataclasses.MISSING:
        with told(f"{where}: its default"):
            value = field.default_factory()
    if value is not dataclasses.MISSING:
        try:
            adapter.validate_python(value, strict=True)
        except ValueError as error:  # pydantic's
            accepted = Slot.of(hint).words()
            raise ValueError(
                f"{where}: its default is {short(value)}; accepted: {accepted}"
            ) from error


def _from_lists(hint: Any) -> Any:  # noqa: ANN401
    """Let a tuple be given as a list, the only kind that TOML and JSON have."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return reduce(or_, map(_from_lists, parts))
    if tuple not in {hint, origin}:
        return hint
    if parts:
        hint = tuple[tuple(part if part is ... else _from_lists(part) for part in parts)]  # type: ignore[misc]
    return Annotated[hint, BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)]


def _instance_hints(target: type) -> set[str]:
    own = inspect.get_annotations(target)
    return {name for name, hint in own.items() if "ClassVar" not in str(hint)}


def _default(field: "dataclasses.Field[Any]") -> Any:  # noqa: ANN401
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return Field(default_factory=field.default_factory)
    return ...
