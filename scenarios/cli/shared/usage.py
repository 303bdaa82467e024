"""Mistakes on the command line, a line each: what is wrong, and what would be accepted."""

import difflib
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer

from scenarios.format.words.errors import finite, meant, short, short_name

UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""Of typer, which keeps it to itself."""


def strict(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that takes no number that is not finite."""

    @functools.wraps(command)
    def checked(**given: Any) -> None:  # noqa: ANN401
        from scenarios.runs.store.arrow import spare_pandas

        for name, value in given.items():
            values = value if isinstance(value, list | tuple) else [value]
            finite(
                _option(command, name), *(number for number in values if isinstance(number, float))
            )
        spare_pandas()
        command(**given)

    return checked


def explained(
    error: Any,  # noqa: ANN401 - typer's own kinds are private
    commands: Mapping[str, Callable[..., None]],
    arguments: list[str],
) -> str:
    """Return what is wrong with a command line.

    Args:
        error: what typer raised.
        commands: by name.
        arguments: the command line.
    """
    name = next((argument for argument in arguments if argument in commands), "")
    help_ = f"see `straggler {name} --help`" if name else "see `straggler --help`"
    start = f"{name}: " if name else ""
    parameter, kind = getattr(error, "param", None), type(error).__name__
    if kind == "NoSuchOption":
        near = sorted(
            error.possibilities or (), key=lambda other: -_likeness(error.option_name, other)
        )
        asked = f"did you mean {near[0]!r}? " if near else ""
        wrong = f"{short_name(error.option_name)}: no such option"
        return f"{start}{wrong}; {asked}accepted: others, {help_}"
    if kind == "BadOptionUsage" and name:
        command, option = commands[name], error.option_name
        own = next((p for p in get_type_hints(command) if option in _options(command, p)), "")
        is_flag = get_type_hints(command).get(own) is bool
        accepted = _accepted(command, own) if own else "one"
        wrong = (
            f"takes no value; accepted: {option} alone"
            if is_flag
            else f"needs a value; accepted: {accepted}"
        )
        return f"{start}{option}: {wrong}; {help_}"
    if parameter is not None:
        option = max(parameter.opts, key=len)
        called = option if option.startswith("-") else parameter.metavar or option.upper()
        accepted = _accepted(commands[name], parameter.name) if name else "another value"
        wrong = "is missing" if kind == "MissingParameter" else _got(error)
        return f"{start}{called.strip('{}')}: {wrong}; accepted: {accepted}; {help_}"
    unknown = next((argument for argument in arguments if not argument.startswith("-")), "")
    if not name and unknown:
        similar = meant(unknown, commands)
        return f"{short_name(unknown)}: no such command; {similar}accepted: {', '.join(commands)}"
    said = error.format_message().strip().rstrip(".")
    usage = " ".join(error.ctx.get_usage().split()).partition(": ")[2] if error.ctx else help_
    return f"{start}{said[:1].lower()}{said[1:]}; accepted: {usage}"


def _options(command: Callable[..., None], parameter: str) -> list[str]:
    """Return the options that set a parameter of a command, the one to name first."""
    hint = get_args(get_type_hints(command, include_extras=True)[parameter])
    info: Any = hint[1] if hint else None
    declared = [getattr(info, "default", None), *(getattr(info, "param_decls", None) or ())]
    given = [name for name in declared if isinstance(name, str) and name.startswith("-")]
    return [*given, f"--{parameter.replace('_', '-')}"]


def _option(command: Callable[..., None], parameter: str) -> str:
    return _options(command, parameter)[0]


def _got(error: Exception) -> str:
    mistakes: list[Any] = getattr(error.__cause__, "errors", list)()
    return f"got {short(mistakes[0]['input'])}" if mistakes else str(error).strip().rstrip(".")


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _accepted(command: Callable[..., None], name: str) -> str:
    """Say in words what a parameter takes: numbers by their bounds, others by their help."""
    annotation = get_type_hints(command, include_extras=True)[name]
    kind, info = get_args(annotation)[:2]
    kinds = [k for k in get_args(kind) or [kind] if k is not type(None)]
    for literal in (k for k in (kind, *kinds) if get_origin(k) is Literal):
        return ", ".join(map(repr, get_args(literal)))
    inner = get_args(kinds[0]) if get_origin(kinds[0]) in {list, tuple} else (kinds[0],)
    if inner[0] not in {int, float}:
        return str(
            info.help or info.metavar or ("a path" if inner[0] is Path else "a text")
        ).rstrip(".")
    noun = "whole number" if inner[0] is int else "number"
    least = "" if info.min is None else f" of at least {info.min:g}"
    least += "" if info.max is None else f" and at most {info.max:,}"
    several = len(inner) > 1
    return f"{f'{len(inner)} {noun}s' if several else f'a {noun}'}{least}"
