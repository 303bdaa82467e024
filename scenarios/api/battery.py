"""What every method has to pass, ours and those of users."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from algorithms import Algorithm
from scenarios.api.shown import Shown
from scenarios.format.words.accepted import Values
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.results.sheet import Sheet
from scenarios.studies.contract import Line, battery

BESIDE_A_RULE = "rennala"
"""The aggregation that a rule is tried with, unless another is named."""

Method = Annotated[
    str | Algorithm,
    Field(
        description="a name, 'package.module:Class', or an object of a class derived from Algorithm"
    ),
]

Class = Annotated[str, Field(description="a name, or 'package.module:Class'")]


class Battery(Shown):
    """The checks of a method, made when they are first looked at.

    ``print`` it, or go through its lines as they are made: ``line.text``, ``line.passed``.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._made: list[Line] = []
        self._coming = lines
        self._error: BaseException | None = None

    def __iter__(self) -> Iterator[Line]:
        """Yield a line per check.

        Raises:
            BadInputError: there is no such method or rule, or a value does not fit; each time.
        """
        yield from self._made
        while True:
            if self._error is not None:
                raise self._error
            try:
                line = next(self._coming)
            except StopIteration:
                return
            except BaseException as error:  # else what was not made would count as passed
                self._error = error
                raise
            self._made.append(line)
            yield line

    @property
    def passed(self) -> bool:
        """Whether the method passes all of them."""
        return all(line.passed for line in self)

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return [str(line) for line in self]


@checked_call
def check_method(
    method: Method | None = None, values: Values | None = None, *, rule: Class | None = None
) -> Battery:
    """Put a method, or a rule, through the battery that ours pass.

    Args:
        method: a name of ours or of an entry point, ``package.module:Class``, or an object; may be
            left out where a rule is given.
        values: for keys without a default, where the first that fits does not do.
        rule: that the method is combined with, such as ``package.module:Class``.

    Raises:
        BadInputError: there is no such method or rule, or a value does not fit; when the lines are
            looked at.
    """
    given = dict(values or {}) | ({"rule": rule} if rule is not None else {})
    if method is None and rule is None:
        raise BadInputError("check_method: accepted: a method, a rule, or both")
    if isinstance(method, Algorithm) and given:
        raise BadInputError("check_method: an object has its rule and values; accepted: it alone")
    return Battery(battery(BESIDE_A_RULE if method is None else method, given))
