"""Values of a scenario, changed by their dotted keys."""

from copy import deepcopy
from typing import Any

from scenarios.format.method import Method
from scenarios.format.words.base import names_of
from scenarios.format.words.errors import BadInputError

NAMING = {"file", "model", "kind", "name", "env", "rule"}
"""Keys that name code or a file, whose hash stands beside them."""


def set_key(content: dict[str, Any], key: str, value: object, where: str) -> list[dict[str, Any]]:
    """Set a dotted key in what a scenario file says, and return the tables in which it is set.

    ``methods.LABEL.KEY`` is about one method, whose name does where it has no label, and
    ``methods.*.KEY`` about all that have such a key; a number is an index of a list.

    Raises:
        BadInputError: the key leads nowhere.
    """
    parts = key.split(".")
    if parts[0] == "methods" and len(parts) > 1:
        label, _, own = key.removeprefix("methods.").rpartition(".")  # labels may have dots
        return _set_in_methods(content["methods"], (label, own), value, f"{where}: {key}")
    table: Any = content
    for part in parts[:-1]:
        if isinstance(table, dict):
            table = table.setdefault(part, {})
        elif isinstance(table, list) and part.isdecimal() and int(part) < len(table):
            table = table[int(part)]
        else:
            table = None
    last = parts[-1]
    if isinstance(table, list) and last.isdecimal() and int(last) < len(table):
        table[int(last)] = deepcopy(value)
        return []
    if isinstance(table, dict) and last:
        table[last] = deepcopy(value)
        return [table]
    raise BadInputError(f"{where}: {key!r} leads nowhere; accepted: a key of the scenario")


def replaces(later: str, earlier: str) -> bool:
    """Return whether setting a dotted key leaves nothing of what an earlier one set.

    A whole table replaces its keys, and a key of all methods that of one.
    """
    if later == earlier or earlier.startswith(f"{later}."):
        return True
    if not (later.startswith("methods.") and earlier.startswith("methods.")):
        return False
    labels, owns = zip(*(key.rpartition(".")[::2] for key in (later, earlier)), strict=True)
    which, before = (label.removeprefix("methods.").rpartition(":")[2] for label in labels)
    return owns[0] == owns[1] and which in {"*", before}


def _set_in_methods(
    methods: Any,  # noqa: ANN401 - what a file says
    key: tuple[str, str],
    value: object,
    where: str,
) -> list[dict[str, Any]]:
    label, own = key
    if not (isinstance(methods, list) and all(isinstance(method, dict) for method in methods)):
        raise BadInputError(f"{where}: methods is no list of tables; accepted: [[methods]]")
    names = [names_of(method) for method in methods]
    if label != "*" and not any(label in mine for mine in names):
        accepted = ", ".join(f"methods.{name}.KEY" for name in ["*", *(mine[-1] for mine in names)])
        raise BadInputError(f"{where}: accepted: {accepted}")
    chosen = [
        method
        for method, mine in zip(methods, names, strict=True)
        if label in mine or (label == "*" and _may_have(method, own))
    ]
    if not chosen:
        raise BadInputError(f"{where}: no method has such a key; accepted: a key of one")
    for method in chosen:
        method[own] = value
    return chosen


def forget_filled_in(table: dict[str, Any], key: str) -> None:
    """Take what was filled in from a table in which a key was set that names what was read.

    That is the hash of the code that it names, or of its trace; other keys leave it as it is.
    """
    if key not in NAMING:
        return
    filled = {"source", "digest"} if table.get("model") == "trace" else {"source"}
    for name in filled - {key}:
        table.pop(name, None)


def _may_have(method: dict[str, Any], key: str) -> bool:
    """Return whether a method has a key; of one that is not known, whoever checks it will tell."""
    try:
        return key in Method.model_of(method).model_fields
    except ValueError:
        return True
