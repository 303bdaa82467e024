"""Classes that users bring: how they are found, what keys they have, and what tells versions apart.

Nothing is imported here but what a scenario or a command names.
"""

import ast
import dataclasses
import importlib
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Self, cast, get_type_hints

from pydantic import Field, TypeAdapter, create_model, model_validator
from pydantic.errors import PydanticSchemaGenerationError

from scenarios.format.words.installed import installed
from scenarios.format.words.strict import Strict

OURS = {"simulator", "algorithms", "scenarios", "straggler"}
"""Packages whose changes are told by the code's fingerprint."""


class Own(Strict):
    """What tables that name a class of the user's have beside the keys of the class.

    Attributes:
        target: the class.
    """

    target: ClassVar[type]
    source: str | None = Field(None, description="filled in: a hash of the sources of the class")

    @model_validator(mode="after")
    def _remember_its_source(self) -> Self:
        digest = source_of(self.target)
        if self.source not in {None, digest}:
            raise ValueError(f"source: {self.target.__name__} has changed since this was planned")
        object.__setattr__(self, "source", digest)
        return self

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
    if not (module_name and attribute):
        raise ValueError(f"{name!r}: accepted: 'package.module:Class'")
    if module_name == "__main__":
        raise ValueError(f"{name!r}: other processes cannot import a script; accepted: a module")
    module = _imported(module_name, name)
    target = getattr(module, attribute, None)
    if isinstance(target, type) and issubclass(target, base):
        return target
    there = [n for n, kind in vars(module).items() if isinstance(kind, type)]
    fitting = [n for n in there if issubclass(getattr(module, n), base) and n != base.__name__]
    what = f"no class derived from {base.__name__}"
    said = f"{module_name} has {', '.join(fitting)}" if fitting else f"{module_name} has none"
    raise ValueError(f"{name!r}: {what}; accepted: such a class ({said})")


def see_working_directory() -> None:
    """Let modules in the working directory be found, after everything that is installed."""
    here = os.getcwd()  # noqa: PTH109 - as sys.path has it
    if "" not in sys.path and here not in sys.path:
        sys.path.append(here)


@contextmanager
def told(place: str) -> Iterator[None]:
    """Let what a user's class raises be a ValueError of one line.

    Args:
        place: the key and the name, to begin with.
    """
    try:
        yield
    except Exception as error:
        raise ValueError(f"{place} fails: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """Return an error's kind and the first line of its text."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _imported(module: str, name: str) -> Any:  # noqa: ANN401 - a module
    see_working_directory()
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise ValueError(
                f"{name!r}: there is no module {error.name!r}; accepted: one that is installed, or "
                "that lies in the working directory"
            ) from error
        raise ValueError(f"{name!r} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:  # whatever a user's module does
        raise ValueError(f"{name!r} cannot be imported: {one_line(error)}") from error


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
    keys = _keys_of(target, apart, taken={*base.model_fields, *dir(base)})
    model: Any = create_model(target.__name__, __base__=base, **keys)
    model.target = target
    return cast("type[Any]", model)


def _keys_of(target: type, apart: frozenset[str], taken: set[str]) -> dict[str, Any]:
    """Return the fields of a dataclass as pydantic wants them."""
    fields = {f.name: f for f in dataclasses.fields(target)}  # of its bases, if it has none
    try:
        hints = get_type_hints(target, include_extras=True)
    except Exception as error:
        raise ValueError(f"{target.__name__}: its types cannot be told: {error}") from error
    for name in inspect.get_annotations(target):
        if name not in fields and name in _instance_hints(target):
            raise ValueError(f"{target.__name__}.{name}: accepted: a field of a @dataclass")
    keys: dict[str, Any] = {}
    for name, field in fields.items():
        if name in apart or not field.init:
            continue
        if name in taken:
            raise ValueError(f"{target.__name__}.{name}: the name is taken; accepted: another")
        try:
            TypeAdapter(hints[name])
        except PydanticSchemaGenerationError as error:
            raise ValueError(
                f"{target.__name__}.{name}: cannot be a key; accepted: int, float, bool, str, "
                "lists of them, or names for them such as Count"
            ) from error
        keys[name] = (hints[name], _default(field))
    return keys


def _instance_hints(target: type) -> set[str]:
    own = inspect.get_annotations(target)
    return {name for name, hint in own.items() if "ClassVar" not in str(hint)}


def _default(field: "dataclasses.Field[Any]") -> Any:  # noqa: ANN401
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return Field(default_factory=field.default_factory)
    return ...


def source_of(target: type) -> str:
    """Return 16 hexadecimal digits that change with the sources of a class and its bases.

    That is all of its package; for a module that belongs to none, the module and what it imports
    from beside it. Installed packages that it uses are not looked into.
    """
    roots = {m.partition(".")[0] for m in (base.__module__ for base in target.__mro__)}
    files: set[Path] = set()
    for root in sorted(roots - OURS - sys.stdlib_module_names):
        files |= _files_of(root)
    digest = sha256()
    for file in sorted(files):
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def module_source(module: str) -> str:
    """Return the same for a module by name, as in ``mypackage:MyEnv-v0``.

    Raises:
        ValueError: it cannot be imported.
    """
    _imported(module, module)
    digest = sha256()
    for file in sorted(_files_of(module.partition(".")[0])):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files_of(root: str) -> set[Path]:
    module = sys.modules[root]
    folders = [Path(folder) for folder in getattr(module, "__path__", [])]
    if folders:
        return {file for folder in folders for file in folder.rglob("*.py")}
    file = getattr(module, "__file__", None)
    return set(_beside(Path(file))) if file else set()


def _beside(first: Path) -> Iterator[Path]:
    """Yield a module's file and those beside it that it imports, and those that they import."""
    alone = {"site-packages", "dist-packages"} & set(first.parts)
    waiting, seen = [first], {first}
    while waiting:
        file = waiting.pop()
        yield file
        for name in () if alone else _imports(file):
            folder, beside = first.parent / name, first.parent / f"{name}.py"
            found = {beside} if beside.is_file() else set(folder.rglob("*.py"))
            waiting += found - seen
            seen |= found


@cache
def _imports(file: Path) -> frozenset[str]:
    tree = ast.walk(ast.parse(file.read_bytes()))
    names: set[str] = set()
    for node in tree:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return frozenset(names - OURS)
