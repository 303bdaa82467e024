"""Whether users' classes have changed: a hash of their sources."""

import ast
import operator
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from scenarios.format.own.where import OURS

NAMED = re.compile(r"([A-Za-z_]\w*)(\.\w+)*:[A-Za-z_]")
"""How texts begin that name what a module has, as ``register("Mine-v0", "impl:Mine")`` does."""


@dataclass(frozen=True)
class Code:
    """Code of the user's.

    Attributes:
        digest: 16 hexadecimal digits that change with its sources.
        modules: the names of the modules that were imported, that of the class itself first.
    """

    digest: str
    modules: tuple[str, ...]


def code_of(*targets: type) -> Code:
    """Return the sources of classes and their bases.

    That is all of their packages; for a module that belongs to none, the module and what it
    imports from beside it, or names in a text such as ``"impl:Mine"``. Installed packages that
    they use are not looked into.
    """
    modules = dict.fromkeys(base.__module__ for target in targets for base in target.__mro__)
    theirs = [name for name in modules if _root(name) not in OURS | sys.stdlib_module_names]
    return code_in(*theirs)


def code_in(*modules: str) -> Code:
    """Return the sources of modules that were imported, as in ``mypackage:MyEnv-v0``."""
    digest = sha256()
    for file in sorted({file for name in modules for file in _files_of(_root(name))}):
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return Code(digest.hexdigest()[:16], modules)


_seen: dict[tuple[str, ...], tuple[list[object], str]] = {}
"""By modules: their specs, which change when a module is imported anew, and the digest then."""


def changed_since_import(code: Code) -> bool:
    """Return whether the sources are others than when this process first saw the code."""
    specs = [sys.modules[name].__spec__ for name in code.modules]
    before, digest = _seen.get(code.modules, ([], ""))
    if before and all(map(operator.is_, before, specs)):
        return digest != code.digest
    _seen[code.modules] = list(specs), code.digest
    return False


def _root(module: str) -> str:
    return module.partition(".")[0]


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
        for name in () if alone else _imports(file.read_bytes()):
            folder, beside = first.parent / name, first.parent / f"{name}.py"
            found = {beside} if beside.is_file() else set(folder.rglob("*.py"))
            waiting += found - seen
            seen |= found


@cache
def _imports(source: bytes) -> frozenset[str]:
    names: set[str] = set()
    try:
        tree = ast.parse(source)
    except SyntaxError:  # whoever imports it is told
        return frozenset()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Constant) and (named := NAMED.match(str(node.value))):
            names.add(named[1])
    return frozenset(names - OURS)
