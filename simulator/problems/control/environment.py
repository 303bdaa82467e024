"""Which Gymnasium environments can be used, without torch: scenario files are checked with it."""

import contextlib
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium
import mujoco
import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.wrappers import OrderEnforcing, TimeLimit

from simulator.one_line import one_line

STEPS_TRIED = 5
"""Of an environment of the user's, when a scenario is read."""


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
    if isinstance(acted, Box):
        _check_box(name, acted, accepted)


def _check_box(name: str, acted: Box, accepted: str) -> None:
    with np.errstate(over="ignore"):  # the largest floats stand for no bounds
        if not (acted.is_bounded() and np.isfinite(acted.high - acted.low).all()):
            raise UnsuitableEnvironmentError(f"{name}'s action space has no bounds; {accepted}")
    if not np.issubdtype(acted.dtype, np.floating):
        raise UnsuitableEnvironmentError(
            f"{name}'s actions are {acted.dtype}; {accepted} of floats"
        )


@contextlib.contextmanager
def _mujoco_warnings_as_python_ones() -> Iterator[None]:
    """Let warnings of MuJoCo's compiler be filtered; it prints them itself otherwise."""
    mujoco.set_mju_user_warning(warnings.warn)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(None)


def first_steps(environment: gymnasium.Env[Any, Any], seed: int) -> list[np.ndarray]:
    """Return what an environment says in its first steps, checking its form: numbers of each.

    Args:
        environment: as Gymnasium makes it.
        seed: of its reset.

    Raises:
        TypeError: reset or step returns something else than Gymnasium's.
        ValueError: an observation has another shape than its space says; a reward, or whether an
            episode ends, has a shape.
    """
    while isinstance(environment, TimeLimit | OrderEnforcing):  # as the class itself answers
        environment = environment.env
    parts = ("observation", "reward", "terminated", "truncated", "info")
    environment.action_space.seed(0)
    said: Any = environment.reset(seed=seed)
    if not (isinstance(said, tuple) and len(said) == len(("observation", "info"))):
        raise TypeError("reset returns something else; accepted: (observation, info)")
    seen = [np.array(said[0], dtype=float)]
    for _ in range(STEPS_TRIED):
        said = environment.step(environment.action_space.sample())
        if not (isinstance(said, tuple) and len(said) == len(parts)):
            raise TypeError(f"step returns something else; accepted: ({', '.join(parts)})")
        for name, number in zip(parts[1:4], said[1:4], strict=True):
            if shape := np.shape(number):
                raise ValueError(f"step returns {name} of shape {shape}; accepted: one number")
        rest = [float(said[1]), bool(said[2]), bool(said[3])]
        seen += [np.array(said[0], dtype=float), np.array(rest, dtype=float)]
        if said[2] or said[3]:
            break
    wanted = environment.observation_space.shape
    for observation in (seen[0], *seen[1::2]):
        if observation.shape != wanted:
            raise ValueError(
                f"an observation has shape {observation.shape}; accepted: {wanted}, as its space "
                "says"
            )
    return seen


def flat_size(space: gymnasium.Space[Any]) -> int:
    """Return how many numbers an element of a Box has."""
    return math.prod(space.shape or ())
