"""The problem of a stored run, built anew; this imports torch, and classes that the run names."""

from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from scenarios.format.problem import ProblemTable
from scenarios.format.words.errors import BadInputError
from scenarios.format.words.explain import lines

if TYPE_CHECKING:
    from simulator.problems.control.control import Control


def problem_of(content: Any, seed: int) -> "Control":  # noqa: ANN401 - JSON
    """Return the problem of a run's content for a seed.

    Raises:
        BadInputError: a class that it names has changed, or cannot be imported.
    """
    model = ProblemTable.model_of(content["problem"])
    try:
        table = model.model_validate(content["problem"])
    except ValidationError as error:
        raise BadInputError(*lines(error, model, content["problem"])) from None
    return cast("Control", table.build(seed, int(content["cluster"]["workers"])))
