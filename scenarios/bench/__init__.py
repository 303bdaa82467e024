"""Measurements that anyone can repeat."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from scenarios.format.words.errors import BadInputError

if TYPE_CHECKING:
    from scenarios.bench.measure import Measurement


def measured(
    what: str, envs: Sequence[str], rounds: int
) -> "Iterator[tuple[str, list[Measurement]]]":
    """Yield groups of measurements with their titles, as they are made.

    Args:
        what: ``events``, ``rollouts`` or ``methods``.
        envs: Gymnasium environments; the default ones if empty.
        rounds: how many.

    Raises:
        BadInputError: there is no such benchmark, or no such MuJoCo environment; or what it is
            measured against is not installed: wheels are without it.
    """
    if what == "events" and envs:
        raise BadInputError(f"--env {envs[0]}: goes with rollouts and methods")
    if what == "events":
        from scenarios.bench.events import bench_events  # noqa: PLC0415

        yield "events", bench_events(rounds)
        return
    if what not in {"rollouts", "methods"}:
        raise BadInputError(f"bench {what}: not there; accepted: events, rollouts, methods")
    if find_spec(f"scenarios.bench.{what}") is None:
        raise BadInputError(
            f"bench {what}: its rivals are in the repository only; accepted: events"
        )
    from scenarios.bench.methods import bench_methods  # noqa: PLC0415
    from scenarios.bench.rollouts import ENVIRONMENTS, EPISODES, bench_rollouts  # noqa: PLC0415

    _check(envs)
    if what == "methods":
        for env in envs or ENVIRONMENTS[:1]:
            for name, group in bench_methods(env, rounds):
                yield f"{env}, {name}", group
        return
    for env in envs or ENVIRONMENTS:
        for points, episodes in EPISODES.items():
            title = f"{env}, {episodes} episodes at {points} point{'s' * (points > 1)}"
            yield title, bench_rollouts(env, points, rounds)


def _check(envs: Sequence[str]) -> None:
    from simulator.problems.control.bodies.known import body_of  # noqa: PLC0415
    from simulator.problems.control.environment import (  # noqa: PLC0415
        UnsuitableEnvironmentError,
        make_environment,
    )

    for env in envs:
        try:
            environment = make_environment(env)
        except UnsuitableEnvironmentError as error:
            raise BadInputError(f"--env {env}: {error}") from error
        environment.close()
        if body_of(environment.unwrapped) is None:
            raise BadInputError(f"--env {env}: accepted: a MuJoCo environment of Gymnasium")
