"""Other values in the text of a scenario file, whose comments stay."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w

HEADER = re.compile(r"\s*\[")
METHOD = re.compile(r"\s*\[\[\s*methods\s*\]\]")
LINE = re.compile(r"(?P<before>\s*(?P<key>[\w-]+)\s*=\s*)(?P<value>[^#]*?)(?P<after>\s*(#.*)?)")


def with_values(
    text: str, methods: Sequence[Mapping[str, Any]], thresholds: Sequence[float] | None
) -> str:
    """Return a file's text with other values of methods, and with thresholds below its limits.

    Only keys on lines of their own are found: whether the result says what it should is for the
    caller to see.

    Args:
        text: TOML.
        methods: what each ``[[methods]]`` says, in their order.
        thresholds: of the scenario; None leaves them as they are.
    """
    values: Mapping[str, Any] = {} if thresholds is None else {"thresholds": list(thresholds)}
    later, lines = iter(methods), []
    for line in text.splitlines():
        if HEADER.match(line):
            values = next(later, {}) if METHOD.match(line) else {}
        found = LINE.fullmatch(line)
        if found and str(found["key"]) in values:
            new = inline(values[str(found["key"])])
            lines.append(f"{found['before']}{new}{found['after']}")
        else:
            lines.append(line)
    return "\n".join(_with_thresholds(lines, thresholds)) + "\n"


def _with_thresholds(lines: list[str], thresholds: Sequence[float] | None) -> list[str]:
    """Return the lines with thresholds after the first limit, unless they stand there already."""
    top = next((k for k, line in enumerate(lines) if HEADER.match(line)), len(lines))
    keys = [found["key"] if (found := LINE.fullmatch(line)) else None for line in lines[:top]]
    if thresholds is None or "thresholds" in keys:
        return lines
    after = next((k for k, key in enumerate(keys) if key in {"time_limit", "updates"}), top - 1)
    new = f"thresholds = {inline(list(thresholds))}"
    return [*lines[: after + 1], new, *lines[after + 1 :]]


def inline(value: object) -> str:
    """Return a value as TOML in one line; a mapping becomes an inline table."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {inline(part)}' for key, part in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(inline, value))}]"
    return tomli_w.dumps({"x": value}).partition(" = ")[2].rstrip("\n")
