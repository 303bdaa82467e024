"""A table that says only in what it differs from another."""

from collections.abc import Mapping, Sequence
from typing import Any

from scenarios.format.words.errors import BadInputError

TAGS = {"kind", "model", "distribution", "rule"}
"""A table with one of these says what it is, and is taken whole."""

TOGETHER = ({"time_limit", "updates"}, {"slots", "bandwidth"})
"""Where a table has one of these keys, the base's others do not count."""


def merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table of the base with what ``own`` says differently.

    Tables are merged key by key, but for those that say what they are (:data:`TAGS`); everything
    else replaces what the base has. An empty table takes away what the base has.
    """
    replaced = {key for keys in TOGETHER if keys & own.keys() for key in keys}
    table = {key: value for key, value in base.items() if key not in replaced}
    for key, value in own.items():
        there = table.get(key)
        if value == {}:
            table.pop(key, None)
        elif isinstance(value, dict) and isinstance(there, dict) and not TAGS & value.keys():
            table[key] = merged(there, value)
        else:
            table[key] = value
    return table


def names_of(method: Mapping[str, Any]) -> list[str]:
    """Return what the table of a method goes by: its label, or else its name.

    A name with a module, ``mine:Quorum``, does without it too: that is what its folder is called.
    """
    name = str(method.get("label") or method.get("name"))
    return list(dict.fromkeys([name, name.rpartition(":")[2]]))


def only_methods(methods: Sequence[Any], names: Sequence[str], where: str) -> list[Any]:
    """Return the tables of the methods that go by these names, in the base's order.

    Raises:
        BadInputError: the base has no such method.
    """
    known = [names_of(method) for method in methods]
    for name in names:
        if not any(name in mine for mine in known):
            accepted = ", ".join(mine[-1] for mine in known)
            raise BadInputError(f"{where}: methods: {name!r}; accepted: {accepted}")
    return [method for method, mine in zip(methods, known, strict=True) if {*mine} & {*names}]
