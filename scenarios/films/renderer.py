"""A process of its own that draws: OpenGL is chosen before MuJoCo is imported, and may crash."""

import contextlib
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from scenarios.films.shots import Script
from scenarios.format.words.errors import BadInputError
from simulator import Variants, Vector
from simulator.one_line import one_line
from simulator.threads import one_thread_per_process

INSTALL = (
    "apt-get install libegl1 libgl1-mesa-dri, or apt-get install libosmesa6; MUJOCO_GL=egl or "
    "osmesa chooses one"
)

Shown = tuple[int, float, Any]
"""Steps that an actor has made, their rewards, and the picture; None: it is the one before."""


def backends() -> list[str]:
    """Return what is tried, as MuJoCo's variable MUJOCO_GL names it."""
    if given := os.environ.get("MUJOCO_GL"):
        return [given]
    return ["egl", "osmesa"] if sys.platform.startswith("linux") else [""]


@dataclass(frozen=True)
class Part:
    """One actor's part, as it is sent to the process that draws.

    Attributes:
        content: what decides the run, as JSON has it.
        seed: of the run, which decides theta_0.
        thetas: shape (d,) each, by moment; None: theta_0.
    """

    content: Any
    seed: int
    thetas: Sequence[Vector | None]


@dataclass(frozen=True)
class Order:
    """All that is to be drawn.

    Attributes:
        parts: of the actors.
        tasks: keys of the episodes, by moment.
        seed: of the episodes.
        worker: whose variant of the environment they are in.
        width: of a picture, in pixels.
        height: the same.
    """

    parts: Sequence[Part]
    tasks: Sequence[int]
    seed: int
    worker: int
    width: int
    height: int


def order_of(script: Script, size: tuple[int, int]) -> Order:
    """Return what has to be drawn for a film."""
    parts = [
        Part(
            actor.content,
            int(actor.run.info["seed"]),
            [actor.policy(moment).theta for moment in script.moments],
        )
        for actor in script.actors
    ]
    tasks = [script.task(moment) for moment in script.moments]
    return Order(parts, tasks, script.seed, script.worker, *size)


class Renderer:
    """The process, seen from outside.

    Attributes:
        lengths: steps of each actor's episode, by moment.

    Raises:
        BadInputError: no OpenGL works, or an environment cannot be drawn.
    """

    def __init__(self, order: Order) -> None:
        failures = []
        for backend in backends():
            self._start(backend)
            self._connection.send((order, list(sys.path)))
            kind, answer = self._receive()
            if kind == "ready":
                self.lengths: list[list[int]] = answer
                return
            self.close()
            if kind == "input":
                raise BadInputError(*answer)
            failures.append(f"{backend or 'OpenGL'}: {answer}")
        raise BadInputError(
            f"watch: no OpenGL works here ({'; '.join(failures)}); accepted: {INSTALL}"
        )

    def draw(self, steps: Sequence[Sequence[int]]) -> Iterator[list[Shown]]:
        """Yield what each actor does after these steps, moment by moment.

        Raises:
            BadInputError: an environment cannot be drawn, or OpenGL crashed.
        """
        self._connection.send(steps)
        for _ in range(sum(map(len, steps))):
            kind, answer = self._receive()
            if kind != "shown":
                lines = answer if kind == "input" else [f"watch: {answer}; accepted: {INSTALL}"]
                raise BadInputError(*lines)
            yield answer

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def _start(self, backend: str) -> None:
        ours, theirs = socket.socketpair()
        command = "from scenarios.films.renderer import serve; serve()"
        chosen = {"MUJOCO_GL": backend} if backend else {}
        with one_thread_per_process():
            self._process = subprocess.Popen(  # noqa: S603 - our own code
                [sys.executable, "-P", "-c", command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what Mesa says of drivers that it has not
                env={**os.environ, **chosen},
                start_new_session=True,  # Ctrl-C is the parent's business
            )
        theirs.close()
        self._connection = Connection(ours.detach())

    def _receive(self) -> tuple[str, Any]:
        try:
            answer: tuple[str, Any] = self._connection.recv()
        except (EOFError, OSError):
            return "crash", f"its process ended (exit code {self._process.wait()})"
        return answer


def serve() -> None:
    """Draw what one order says: the main function of the process."""
    connection = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError, OSError):
        order, sys.path[:] = connection.recv()
        try:
            _serve(connection, order)
        except BadInputError as error:
            connection.send(("input", error.lines))
        except ImportError as error:  # of OpenGL's libraries
            connection.send(("crash", one_line(error)))
        except Exception as error:  # noqa: BLE001 - the parent says it
            connection.send(("crash", f"{one_line(error)} {_last_frame()}"))
    os._exit(0)  # OSMesa's own end would fail aloud


def _last_frame() -> str:
    frame = traceback.extract_tb(sys.exc_info()[2])[-1]
    return f"({os.path.basename(frame.filename)}:{frame.lineno})"  # noqa: PTH119


def _serve(connection: Connection, order: Order) -> None:
    from simulator.problems.control.environment import (  # noqa: PLC0415
        UnsuitableEnvironmentError,
    )
    from simulator.problems.control.screen import NoPictureError  # noqa: PLC0415

    try:
        screens, episodes = _prepare(order)
        for screen, episode in zip(screens, episodes[0], strict=True):
            screen.begin(episode)
            screen.picture()
        connection.send(("ready", [[len(one.actions) for one in row] for row in episodes]))
        for row, steps in zip(episodes, connection.recv(), strict=True):
            before = [-1] * len(screens)
            for screen, episode in zip(screens, row, strict=True):
                screen.begin(episode)
            for step in steps:
                shown: list[Shown] = []
                for k, screen in enumerate(screens):
                    screen.go_to(step)
                    picture = None if screen.made == before[k] else screen.picture()
                    before[k] = screen.made
                    shown.append((screen.made, screen.reward, picture))
                connection.send(("shown", shown))
    except (NoPictureError, UnsuitableEnvironmentError) as error:
        env = order.parts[0].content["problem"]["env"]
        reason = str(error).partition("; accepted")[0]
        raise BadInputError(
            f"watch: {env} cannot be drawn: {reason}; accepted: an environment with "
            "render_mode 'rgb_array', and what it needs for it"
        ) from error


def _keyed_as(variants: Variants | None, worker: int) -> int:
    """Return whose key an evaluation's episodes have: the first worker with the same variant."""
    if variants is None:
        return 0
    return int(np.argmax(variants.of_worker == variants.of_worker[worker]))


def _prepare(order: Order) -> tuple[list[Any], list[list[Any]]]:
    """Return where each actor is drawn, and the episodes, by moment and actor."""
    from scenarios.films.problems import problem_of  # noqa: PLC0415 - torch

    screens, columns = [], []
    for part in order.parts:
        own, world = (problem_of(part.content, seed) for seed in (part.seed, order.seed))
        screens.append(world.screen(order.worker, order.width, order.height))
        column = []
        for theta, task in zip(part.thetas, order.tasks, strict=True):
            point = own.initial_point() if theta is None else theta
            column.append(world.episode(point, _keyed_as(world.variants, order.worker), task))
        columns.append(column)
        own.close()
        world.close()
    return screens, [list(row) for row in zip(*columns, strict=True)]
