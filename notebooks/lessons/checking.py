"""Exercises that check themselves, and say what is wrong."""

import math
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np

Answer = Any
"""What a student gives: anything."""

EXERCISES: dict[str, Callable[[Answer], str]] = {}
"""By number. Each returns what else there is to say of a right answer, or raises Wrong."""

CLOSE = 1e-6
"""Relative difference up to which numbers are the same."""


class Wrong(Exception):  # noqa: N818 - an answer, not an error
    """An answer is not right; says what is wrong."""


def exercise(number: str) -> Callable[[Callable[[Answer], str]], Callable[[Answer], str]]:
    """Enter a function that checks the answer to an exercise."""

    def enter(function: Callable[[Answer], str]) -> Callable[[Answer], str]:
        EXERCISES[number] = function
        return function

    return enter


def check(number: str, answer: Answer = ...) -> None:
    """Say whether an answer is right, and if not, what is wrong with it.

    Args:
        number: of the exercise, such as "1.2".
        answer: yours; what that is, the exercise says.
    """
    try:
        more = EXERCISES[number](given(answer))
    except Wrong as wrong:
        print(f"{number}: not yet. {wrong}")
    else:
        print(f"{number}: right. {more}")


def given(answer: Answer) -> Answer:
    """Return an answer, if it is there."""
    if answer is ... or answer is None:
        raise Wrong("There is no answer. Put yours in the place of `...`.")
    return answer


def called(function: Answer, *arguments: Answer) -> Answer:
    """Return what a student's function returns."""
    if not callable(function):
        raise Wrong(f"A function is wanted, not {function!r}.")
    try:
        return given(function(*(array(value) for value in arguments)))
    except Wrong:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the student is told
        raise Wrong(
            f"Your function fails{on(arguments)}: {type(error).__name__}: {error}"
        ) from None


def array(value: Answer) -> Answer:
    """Return a copy, which may be changed: a list of floats as an array, which adds up."""
    floats = isinstance(value, list) and all(isinstance(one, float) for one in value)
    return np.array(value) if floats else copy(value)


def on(arguments: Sequence[Answer]) -> str:
    """Say what a function was called with."""
    return " on " + ", ".join(said(value) for value in arguments) if arguments else ""


def said(value: Answer) -> str:
    """Say a value in short."""
    if isinstance(value, np.ndarray | list | tuple):
        return "(" + ", ".join(said(one) for one in value) + ")"
    return f"{value:.6g}" if isinstance(value, int | float | np.number) else str(value)


def same(yours: Answer, right: Answer, close: float = CLOSE) -> bool:
    """Whether two numbers, or two lists of numbers, are the same, up to a relative difference."""
    try:
        mine, other = np.asarray(yours, dtype=float), np.asarray(right, dtype=float)
    except (TypeError, ValueError):
        return bool(yours == right)
    return mine.shape == other.shape and bool(np.allclose(mine, other, rtol=close, atol=CLOSE))


def number(yours: Answer, right: float, mistakes: Mapping[str, float], unit: str = "") -> None:
    """Compare a number with the right one, and with those that known mistakes lead to.

    Args:
        yours: the answer.
        right: computed.
        mistakes: what is wrong, and the number that it gives.
        unit: of the number.
    """
    if isinstance(yours, bool) or not isinstance(yours, int | float | np.number):
        raise Wrong(f"A number is wanted, not {yours!r}.")
    if same(yours, right):
        return
    for why, value in mistakes.items():
        if same(yours, value):
            raise Wrong(why)
    way = "small" if yours < right else "large"
    raise Wrong(f"{said(yours)}{unit} is too {way}{by(float(yours), right)}.")


def hint(yours: Answer, right: Answer) -> str:
    """Say on which side of a right number another one is."""
    try:
        return " is too small" if float(yours) < float(right) else " is too large"
    except (TypeError, ValueError):
        return ""


def by(yours: float, right: float) -> str:
    """Say how far off a number is, without giving the right one away."""
    if not math.isfinite(yours) or not yours or not right or yours * right < 0:
        return ""
    ratio = yours / right if abs(yours) > abs(right) else right / yours
    return f" by a factor of {ratio:.3g}"


def function(
    yours: Answer,
    right: Callable[..., Answer],
    cases: Sequence[Sequence[Answer]],
    mistakes: Mapping[str, Callable[..., Answer]],
) -> None:
    """Compare a function with a reference on some arguments, and with known mistakes.

    Args:
        yours: the student's.
        right: the reference.
        cases: lists of arguments; a list of floats comes as an array.
        mistakes: what is wrong, and a function that has this mistake.
    """
    answers = [called(yours, *case) for case in cases]
    wanted = [right(*case) for case in cases]
    wrong = [k for k in range(len(cases)) if not same(answers[k], wanted[k])]
    if not wrong:
        return
    for why, mistaken in mistakes.items():
        if all(same(answers[k], mistaken(*cases[k])) for k in range(len(cases))):
            raise Wrong(why)
    first = wrong[0]
    raise Wrong(
        f"It is wrong in {len(wrong)} of {len(cases)} cases. The first{on(cases[first])}: "
        f"yours is {said(answers[first])}, the reference {said(wanted[first])}."
    )


def as_list(yours: Answer) -> list[Answer]:
    """Return an answer that is a list, an array, a tuple or a column as a list."""
    try:
        return list(yours)
    except TypeError:
        raise Wrong(f"A list is wanted, not {yours!r}.") from None


def sequence(
    yours: Answer, right: Sequence[Answer], what: str, first: int = 1, close: float = CLOSE
) -> None:
    """Compare two lists, and name the first place where they differ; counted from ``first``."""
    listed = as_list(yours)
    for place, (one, other) in enumerate(zip(listed, right, strict=False), first):
        if not same(one, other, close):
            before = ". Those before it are right" if place > first else ""
            raise Wrong(f"{what} {place} is wrong: {said(one)}{hint(one, other)}{before}.")
    if len(listed) != len(right):
        raise Wrong(f"There are {len(listed)}; {len(right)} are wanted.")
