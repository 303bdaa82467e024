"""What a user is told when something cannot be done."""

import difflib
import math
import re
import reprlib
from collections.abc import Iterable

WIDTH = 60
"""Letters of a value that a message shows."""

LONGEST_WORD = 200
"""Letters of a path or the like that a message shows whole."""

LONGEST_LINE = 1000
"""Letters of a message; whatever goes into it, nobody reads more."""


class SignalError(SystemExit):
    """A signal ends the command; the code is the exit code, 128 and the signal's number."""


class BadInputError(Exception):
    """A mistake in what the user gave; every line says where it is and what would be accepted."""

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(map(_one_line, lines))
        super().__init__(*self.lines)

    def __str__(self) -> str:
        return "\n".join(self.lines)


class _Shortened(reprlib.Repr):
    """Values as TOML has them, cut without being read to their end."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxdict = 3, 6, 4
        self.maxstring = self.maxother = self.maxlong = WIDTH

    def repr_bool(self, value: bool, _: int) -> str:  # noqa: FBT001 - as the others
        return str(value).lower()


_SHORTENED = _Shortened()


def short(value: object) -> str:
    """Return what somebody gave in about 100 letters at most; of what is longer, its size too."""
    shown = _SHORTENED.repr(value)
    if isinstance(value, str) and len(value) > WIDTH:
        return f"{shown} ({len(value):,} letters)"
    if isinstance(value, list) and len(value) > _SHORTENED.maxlist:
        shown = f"{shown} ({len(value):,} entries)"
    return shown if len(shown) <= 2 * WIDTH else f"{shown[:WIDTH]}...{shown[-WIDTH // 2 :]}"


def short_name(name: str) -> str:
    """Return a key or a name as it is, quoted and cut if it is odd or long."""
    return name if name.isprintable() and 0 < len(name) <= WIDTH else short(name)


def meant(name: str, known: Iterable[str]) -> str:
    """Return a question for the known name that is nearest, if one is near; case does not count."""
    lower = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name[:80].lower(), lower, n=1)
    return f"did you mean {lower[near[0]]!r}? " if near else ""


def finite(name: str, *numbers: float | None) -> None:
    """Check numbers that somebody gave.

    Raises:
        BadInputError: one is infinite or not a number.
    """
    for number in numbers:
        if number is not None and not math.isfinite(number):
            raise BadInputError(f"{name}: got {number}; accepted: a finite number")


def _one_line(text: str) -> str:
    line = " ".join(text.split()) if not text.isprintable() else text
    line = re.sub(rf"\S{{{LONGEST_WORD},}}", lambda word: f"{word[0][:40]}...{word[0][-40:]}", line)
    if len(line) > LONGEST_LINE:
        line = f"{line[: LONGEST_LINE // 2]} ... {line[-LONGEST_LINE // 2 :]}"
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in line)
