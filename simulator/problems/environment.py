"""Which Gymnasium environments can be used, without torch: scenario files are checked with it."""

import math
import warnings
from typing import Any

import gymnasium


class UnsuitableEnvironmentError(ValueError):
    """The environment does not exist or cannot be used; the message says what would do."""


def make_environment(name: str) -> gymnasium.Env[Any, Any]:
    """Return the environment, with Box observations and bounded Box actions.

    The paper's ``-v4`` environments are meant: Gymnasium's warning that they are old is silenced.

    Raises:
        UnsuitableEnvironmentError: it cannot be made, or its spaces are of another kind.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is out of date", category=DeprecationWarning)
        try:
            environment: gymnasium.Env[Any, Any] = gymnasium.make(name, disable_env_checker=True)
        except (gymnasium.error.Error, ImportError) as error:
            raise UnsuitableEnvironmentError(
                f"Gymnasium cannot make {name!r}: {str(error).splitlines()[0]}"
            ) from error
    spaces = {
        "observation": environment.observation_space,
        "action": environment.action_space,
    }
    for kind, space in spaces.items():
        if not isinstance(space, gymnasium.spaces.Box):
            raise UnsuitableEnvironmentError(
                f"{name}'s {kind} space is {type(space).__name__}; a Box is needed"
            )
    if not environment.action_space.is_bounded():  # type: ignore[attr-defined]
        raise UnsuitableEnvironmentError(
            f"{name}'s action space has no bounds; a bounded Box is needed"
        )
    return environment


def flat_size(space: gymnasium.Space[Any]) -> int:
    """Return how many numbers an element of a Box has."""
    return math.prod(space.shape or ())
