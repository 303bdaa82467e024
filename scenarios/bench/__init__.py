"""Measurements that anyone can repeat."""

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from scenarios.format.words.errors import BadInputError

if TYPE_CHECKING:
    from scenarios.bench.measure import Measurement


ROUNDS = {"events": (1, 20.0), "rollouts": (8, 2.5), "methods": (12, 1.5)}
"""Tables that a benchmark makes, for all environments; and seconds that a round of one takes."""

SET_UP = 6.0
"""Seconds for the environments of a table of rollouts."""


def forecast(what: str, envs: Sequence[str], rounds: int) -> tuple[int, float]:
    """Return how many rounds a benchmark has in all, and about how many seconds they take.

    ``events`` has a table, ``methods`` twelve an environment, and ``rollouts`` two.
    """
    tables, seconds = ROUNDS.get(what, (0, 0.0))
    if envs and what != "events":
        tables = len(envs) * (2 if what == "rollouts" else tables)
    set_up = SET_UP * tables if what == "rollouts" else 0.0
    return tables * rounds, tables * rounds * seconds + set_up


def measured(
    what: str, envs: Sequence[str], rounds: int, on_round: Callable[[], None] = lambda: None
) -> "Iterator[tuple[str, list[Measurement]]]":
    """Return groups of measurements with their titles, each made when it is asked for.

    Args:
        what: ``events``, ``rollouts`` or ``methods``.
        envs: Gymnasium environments; the default ones if empty.
        rounds: how many.
        on_round: called after each.

    Raises:
        BadInputError: there is no such benchmark, or no such MuJoCo environment; or what it is
            measured against is not installed: wheels are without it.
    """
    if what == "events" and envs:
        raise BadInputError(f"--env {envs[0]}: goes with rollouts and methods")
    if what == "events":
        return _measured(what, envs, rounds, on_round)
    if what not in {"rollouts", "methods"}:
        raise BadInputError(f"bench {what}: not there; accepted: events, rollouts, methods")
    if find_spec(f"scenarios.bench.{what}") is None:
        raise BadInputError(
            f"bench {what}: its rivals are in the repository only; accepted: events"
        )
    _check(envs)
    return _measured(what, envs, rounds, on_round)


def _measured(
    what: str, envs: Sequence[str], rounds: int, on_round: Callable[[], None]
) -> "Iterator[tuple[str, list[Measurement]]]":
    if what == "events":
        from scenarios.bench.events import bench_events  # noqa: PLC0415

        yield "events", bench_events(rounds, on_round)
        return
    from scenarios.bench.methods import bench_methods  # noqa: PLC0415
    from scenarios.bench.rollouts import ENVIRONMENTS, EPISODES, bench_rollouts  # noqa: PLC0415

    if what == "methods":
        for env in envs or ENVIRONMENTS[:1]:
            for name, group in bench_methods(env, rounds, on_round):
                yield f"{env}, {name}", group
        return
    for env in envs or ENVIRONMENTS:
        for points, episodes in EPISODES.items():
            title = f"{env}, {episodes} episodes at {points} point{'s' * (points > 1)}"
            yield title, bench_rollouts(env, points, rounds, on_round)


def _check(envs: Sequence[str]) -> None:
    from simulator.problems.control.environment import (  # noqa: PLC0415
        UnsuitableEnvironmentError,
        make_environment,
    )
    from simulator.problems.control.rollouts.bodies.known import body_of  # noqa: PLC0415

    for env in envs:
        try:
            environment = make_environment(env)
        except UnsuitableEnvironmentError as error:
            raise BadInputError(f"--env {env}: {error}") from error
        environment.close()
        if body_of(environment.unwrapped) is None:
            raise BadInputError(f"--env {env}: accepted: a MuJoCo environment of Gymnasium")
