"""The battery that every method has to pass: ours, and those that users bring."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from algorithms import Algorithm
from scenarios.format.method import Method, check_object
from scenarios.format.words.errors import BadInputError
from scenarios.format.words.explain import checked
from scenarios.runs.execute import failure
from scenarios.runs.waiting import run_method
from scenarios.studies.trial import Alone, Counted, clusters, fresh, problem
from simulator import (
    Checkpoint,
    Hardware,
    Run,
    SimulatedCluster,
    State,
    Vector,
)

UPDATES = 8
LONGEST = 10_000.0
"""Simulated seconds in which so many updates should be made."""

PATIENCE = 20
"""Real seconds for a run of these; a method that loops without waiting would never end."""

EXAMPLES = (0.1, 3, 0.5, 1.0, 1, 2, 0, True, "a", [1.0], [1])
"""Values for keys without a default: the first that fits is taken."""


@dataclass(frozen=True)
class Line:
    """The outcome of one check."""

    text: str
    passed: bool = True

    def __str__(self) -> str:
        return f"{'ok  ' if self.passed else 'FAIL'}  {self.text}"


class ContractError(Exception):
    """A method does what no method may do; the text says what, and what is accepted."""


class UnusableError(ContractError):
    """A method cannot be run at all, so that no other check would say anything new."""


def battery(method: str | Algorithm, values: Mapping[str, Any]) -> Iterator[Line]:
    """Yield a line per check of a method.

    Args:
        method: the name of one of ours, an entry point, or ``module:Class``; or an object.
        values: for its keys, where it is a name.

    Raises:
        BadInputError: there is no such method, or a value does not fit.
    """
    build: Callable[[], Algorithm]
    if isinstance(method, Algorithm):
        check_object(method)
        build = partial(deepcopy, method)
        yield Line(repr(method))
    else:
        table = _table(method, values)
        build = table.build
        shown = ", ".join(f"{key} = {value}" for key, value in table.parameters().items())
        yield Line(f"{method}: keys and values: {shown}")
    for what, check in CHECKS.items():
        try:
            for cluster, hardware in clusters().items():
                with _patience(), _told(cluster):
                    check(build, hardware)
        except UnusableError as error:
            yield Line(f"{what}: {error}; nothing else was checked", passed=False)
            return
        except ContractError as error:
            yield Line(f"{what}: {error}", passed=False)
        else:
            yield Line(what)


def _table(name: str, values: Mapping[str, Any]) -> Method:
    content = {"name": name, **values}
    try:
        fields = Method.model_of(content).model_fields
    except ValueError as error:
        raise BadInputError(f"--method: {error}") from error
    for key, known in fields.items():
        if known.is_required() and key not in content:
            content[key] = _example(known)
    return checked(Method, content, "--method", Path())


def _example(known: FieldInfo) -> Any:  # noqa: ANN401
    adapter = TypeAdapter(known.rebuild_annotation())
    for value in EXAMPLES:
        with contextlib.suppress(ValidationError):
            return adapter.validate_python(value, strict=True)
    return None


@contextlib.contextmanager
def _told(cluster: str) -> Iterator[None]:
    try:
        yield
    except ContractError as error:
        raise type(error)(f"{error} (on {cluster})") from error
    except Exception as error:
        raise UnusableError(f"{failure(error)} (on {cluster})") from error


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(*_: object) -> None:
        raise UnusableError(
            f"has not ended after {PATIENCE} real seconds; accepted: a loop that waits with "
            "`yield from` for what the cluster does"
        )

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _run(method: Algorithm, hardware: Hardware, **more: Any) -> Run:  # noqa: ANN401
    tried = more.pop("problem", None) or problem()
    run = run_method(method, tried, hardware, updates=UPDATES, time_limit=LONGEST, **more)
    made = len(run.history.rows)
    if made < UPDATES and run.failure is None:
        raise UnusableError(
            f"made {made} updates in {LONGEST:g} simulated s; accepted: {UPDATES}, each with "
            "`yield from cluster.update(...)`"
        )
    return run


def _columns(run: Run) -> dict[str, list[Any]]:
    rows = run.intervals
    intervals = {} if rows is None else {k: v.tolist() for k, v in vars(rows).items()}
    counts = {"used": run.gradients_used.tolist(), "sent": run.vectors_sent.tolist()}
    return run.history.columns() | intervals | counts


def _same(run: Run, other: Run, why: str) -> None:
    mine, theirs = _columns(run), _columns(other)
    for name in mine:
        if mine[name] != theirs[name]:
            raise ContractError(f"{name} differs {why}; accepted: the same numbers")


def _updates(build: Callable[[], Algorithm], hardware: Hardware) -> None:
    method = build()
    counted = Counted(method.rule)

    def watch(cluster: SimulatedCluster, _: Vector) -> None:
        if counted.steps != cluster.updates_made:
            raise ContractError(
                f"update {cluster.updates_made} comes after {counted.steps} steps of the rule; "
                "accepted: one `self.rule.step` for each update"
            )

    _run(replace(method, rule=counted), hardware, on_update=watch)


def _accounting(build: Callable[[], Algorithm], hardware: Hardware) -> None:
    run = _run(build(), hardware)
    spent = np.sum([run.seconds[state] for state in State], axis=0)
    if not np.allclose(spent, run.elapsed, rtol=1e-9):
        raise ContractError(f"workers' seconds are {spent}, not the {run.elapsed:g} that passed")
    used = sum(row.gradients for row in run.history.rows)
    if used != run.gradients_used.sum():
        raise ContractError(
            f"{run.gradients_used.sum()} gradients were used, but updates say {used}; accepted: "
            "each gradient used once, before the update that it belongs to"
        )


def _deterministic(build: Callable[[], Algorithm], hardware: Hardware) -> None:
    method = build()
    first = _run(method, hardware)
    _same(first, _run(method, fresh(hardware)), "when the same object runs again")
    _same(first, _run(build(), fresh(hardware)), "in a second run")


def _resumable(build: Callable[[], Algorithm], hardware: Hardware) -> None:
    method = build()
    whole, checkpoints = _saved(method, hardware, Checkpoint())
    for past in checkpoints[:-1]:
        resumed, _ = _saved(build(), fresh(hardware), past)
        _same(whole, resumed, f"when a run is resumed at update {len(past.rows)}")


def _saved(method: Algorithm, hardware: Hardware, past: Checkpoint) -> tuple[Run, list[Checkpoint]]:
    checkpoints = list[Checkpoint]()

    def save(cluster: SimulatedCluster, _: Vector) -> None:
        checkpoints.append(cluster.checkpoint())

    return _run(method, hardware, past=past, on_update=save), checkpoints


def _batched(build: Callable[[], Algorithm], hardware: Hardware) -> None:
    together = _run(build(), hardware)
    alone = _run(build(), fresh(hardware), problem=Alone(problem()))
    _same(together, alone, "when gradients are computed one by one")


CHECKS: dict[str, Callable[[Callable[[], Algorithm], Hardware], None]] = {
    "makes updates, each of one step of its rule": _updates,
    "every second and every gradient is accounted for": _accounting,
    "the same numbers every time": _deterministic,
    "a run can be resumed from every update": _resumable,
    "batching its gradients changes nothing": _batched,
}
"""Each takes a function that builds the method, and a cluster; it may raise a ContractError."""
