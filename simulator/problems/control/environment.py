"""Which Gymnasium environments can be used, without torch: scenario files are checked with it."""

import contextlib
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium
import mujoco
from gymnasium.spaces import Box, Discrete

from simulator.one_line import one_line


class UnsuitableEnvironmentError(ValueError):
    """The environment does not exist or cannot be used; the message says what would do."""


def make_environment(name: str, **options: Any) -> gymnasium.Env[Any, Any]:  # noqa: ANN401
    """Return the environment, with Box observations and bounded Box or Discrete actions.

    The paper's ``-v4`` environments are meant: Gymnasium's warning that they are old is silenced.
    ``options`` are for ``gymnasium.make``.

    Raises:
        UnsuitableEnvironmentError: it cannot be made, or its spaces are of another kind.
    """
    if not re.search(r"-v\d+$", name):
        raise UnsuitableEnvironmentError(f"{name!r} has no version; accepted: such as Humanoid-v4")
    with warnings.catch_warnings(), _mujoco_warnings_as_python_ones():
        warnings.filterwarnings("ignore", message=".*is out of date", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message="compiler attribute 'settotalmass'")
        try:
            environment: gymnasium.Env[Any, Any] = gymnasium.make(
                name, disable_env_checker=True, **options
            )
        except Exception as error:
            raise UnsuitableEnvironmentError(
                f"Gymnasium cannot make {name!r}: {one_line(error)}; accepted: an environment "
                "that can be made"
            ) from error
    _check_spaces(name, environment)
    return environment


def _check_spaces(name: str, environment: gymnasium.Env[Any, Any]) -> None:
    seen, acted = environment.observation_space, environment.action_space
    if not isinstance(seen, Box):
        raise UnsuitableEnvironmentError(
            f"{name}'s observation space is {type(seen).__name__}; accepted: a Box"
        )
    accepted = "accepted: a bounded Box or Discrete"
    if not isinstance(acted, Box | Discrete):
        raise UnsuitableEnvironmentError(
            f"{name}'s action space is {type(acted).__name__}; {accepted}"
        )
    if isinstance(acted, Box) and not acted.is_bounded():
        raise UnsuitableEnvironmentError(f"{name}'s action space has no bounds; {accepted}")


@contextlib.contextmanager
def _mujoco_warnings_as_python_ones() -> Iterator[None]:
    """Let warnings of MuJoCo's compiler be filtered; it prints them itself otherwise."""
    mujoco.set_mju_user_warning(warnings.warn)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(None)


def flat_size(space: gymnasium.Space[Any]) -> int:
    """Return how many numbers an element of a Box has."""
    return math.prod(space.shape or ())
