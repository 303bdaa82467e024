"""What methods and problems must not do: an error of one line each that says what is accepted."""

from collections.abc import Callable, Sequence

import numpy as np

from simulator.interface import Iterate, State, When
from simulator.loop.tasks import Task
from simulator.problem import Estimate, Problem, Request
from simulator.types import Indices, Vector


def stepped(
    step: Callable[[State, Vector, When], State], now: State, gradient: Vector, when: When
) -> State:
    """Return the iterate after a step, which may not write into the one before it.

    Workers compute at its lookahead: what is written there would reach them at once.

    Raises:
        RuntimeError: the gradient has not the point's shape, and would be broadcast; the iterate is
            of another class than before.
        ValueError: the step writes into point or lookahead; NumPy's.
    """
    if np.shape(gradient) != now.point.shape:
        raise RuntimeError(
            f"update: the gradient has shape {np.shape(gradient)}; accepted: {now.point.shape}, as "
            "the point has it"
        )
    places = [at for at in (now.point, now.lookahead) if at.base is None and at.flags.writeable]
    for place in places:
        place.setflags(write=False)
    try:
        after = step(now, gradient, when)
    finally:
        for place in places:
            place.setflags(write=True)
    if not hasattr(after, "point"):
        raise RuntimeError(
            f"a step returns {type(after).__name__}; accepted: an iterate, as `start` returns"
        )
    if type(after) is not type(now) and issubclass(type(after), Iterate):
        raise RuntimeError(
            f"a step returns {type(after).__name__} where there was {type(now).__name__}; "
            "accepted: the same class, which `start` of the rule returns as well"
        )
    return after


def estimates(problem: Problem, requests: Sequence[Request]) -> list[Estimate]:
    """Return the problem's answers: an array of another shape would be broadcast in silence.

    Whether points are only read is looked at with workers' first tasks: each time would be slow,
    and torch warns of arrays that cannot be written to.

    Raises:
        RuntimeError: there is not one for each request, or a gradient has not the point's shape, or
            the problem writes into a point.
        TypeError: one is no estimate.
    """
    firsts = [(r.point, r.point.copy()) for r in requests if r.tasks[0] == 0]
    answers = problem.estimate(requests)
    if not all(np.array_equal(now, before, equal_nan=True) for now, before in firsts):
        raise RuntimeError(
            "estimate writes into the point of a request, which is the run's own; accepted: "
            "changes of a copy, as of request.point.copy()"
        )
    if len(answers) != len(requests):
        raise RuntimeError(
            f"estimate returns {len(answers)} answers to {len(requests)} requests; accepted: one "
            "each, in their order"
        )
    for request, answer in zip(requests, answers, strict=True):
        if not isinstance(answer, Estimate):
            raise TypeError(
                f"estimate returns {type(answer).__name__}; accepted: an Estimate for each request"
            )
        if answer.gradient.shape != request.point.shape:
            raise RuntimeError(
                f"estimate returns a gradient of shape {answer.gradient.shape}; accepted: "
                f"{request.point.shape}, as the request's point has it"
            )
    return answers


def exact(problem: Problem, point: Vector) -> tuple[float, float] | None:
    """Return the exact objective and gradient norm at a point, shape (d,), if they are known.

    Raises:
        RuntimeError: the problem returns something else.
        ValueError: it writes into the point, which is the run's own; NumPy's.
    """
    seen = point.view()
    seen.setflags(write=False)
    found = problem.exact(seen)
    if found is None:
        return None
    try:
        objective, norm = map(float, found)
    except (TypeError, ValueError) as error:
        raise RuntimeError(
            f"exact returns {type(found).__name__}; accepted: two numbers, objective and "
            "gradient_norm, or None"
        ) from error
    return objective, norm


def check_steps(workers: Indices, has_all: Callable[[int], bool]) -> None:
    """Check that the gradients of ``workers`` (m,) can be reduced: each sends all of its steps.

    Raises:
        RuntimeError: one has not completed all of its steps.
    """
    for worker in workers.tolist():
        if not has_all(worker):
            raise RuntimeError(
                f"worker {worker} has not completed all steps of this round; accepted: the tasks "
                "that `arrivals` returns"
            )


def check_number(number: int, given: int, most: float, what: str = "gradients") -> None:
    """Check that ``number`` more gradients or vectors of a round will come, of at most ``most``.

    Raises:
        RuntimeError: they will not.
    """
    if number > most - given:
        raise RuntimeError(
            f"{number} {what} of this round are waited for after {given} of {most:g}; accepted: "
            "as many as will come, or keep_going=True"
        )


def check_first(given: int) -> None:
    """Check that the first vectors of a round are waited for before any of its gradients was.

    Raises:
        RuntimeError: ``given`` gradients were: they may be in these vectors.
    """
    if given:
        raise RuntimeError(
            f"arrivals: {given} gradients of this round were waited for before; accepted: "
            "`arrivals` once in a round, before `completions`"
        )


def check_reduced(
    tasks: Sequence[Task], weights: Sequence[float], is_mine: Callable[[Task], bool]
) -> None:
    """Check that there are tasks to reduce, all of one round, each with a weight.

    Raises:
        RuntimeError: there is none, one is not of the round, or there are more or fewer weights.
    """
    if not tasks:
        raise RuntimeError("reduce: no tasks; accepted: at least one that was completed")
    for task in tasks:
        if not is_mine(task):
            raise RuntimeError(
                f"reduce: a gradient of worker {task.worker} is not of this round; accepted: tasks "
                "that the round itself returns"
            )
    if len(weights) != len(tasks):
        raise RuntimeError(
            f"reduce: {len(weights)} weights for {len(tasks)} tasks; accepted: one each"
        )


def check_group(group: Indices, size: int) -> None:
    """Check that a broadcast goes to some of ``size`` workers, each once.

    Raises:
        RuntimeError: it goes to nobody, to one twice, or to one that is not there.
    """
    inside = len(group) and group.min() >= 0 and group.max() < size
    if not inside or len(np.unique(group)) < len(group):
        raise RuntimeError(
            "broadcast: `to` has nobody, somebody twice, or a worker that is not there; accepted: "
            f"some of 0 to {size - 1}, each once"
        )


def check_worker(worker: int, size: int) -> None:
    """Check that there is such a worker among ``size``.

    Raises:
        RuntimeError: there is none.
    """
    if not 0 <= worker < size:
        raise RuntimeError(f"dispatch: there is no worker {worker}; accepted: 0 to {size - 1}")


def check_lookahead(vector: Vector, sent: Vector) -> None:
    """Check that what is dispatched is ``sent``, which was since the newest update: shape (d,).

    A resumed run knows one vector for each update.

    Raises:
        RuntimeError: it is another one.
    """
    if vector is not sent and not np.array_equal(vector, sent):
        raise RuntimeError(
            "dispatch: another lookahead was sent since the newest update; accepted: one for all "
            "workers, such as the iterate's"
        )


def not_idle(worker: int) -> RuntimeError:
    """Return what is said of a dispatch to a worker that is busy, or to compute once more."""
    return RuntimeError(
        f"dispatch or repeat: worker {worker} computes or sends; accepted: one of `cluster.idle`, "
        "such as whose task has arrived"
    )


def unavailable(task: Task) -> RuntimeError:
    """Return what is said of a gradient that cannot be had, or not any more."""
    if not task.lookahead.dispatched:
        return RuntimeError(
            f"a gradient of worker {task.worker} is of a round, or was discarded with it; "
            "accepted: `round.reduce`, each gradient once, before the next broadcast"
        )
    return RuntimeError(
        f"a gradient of worker {task.worker} is used or discarded already; accepted: each gradient "
        "once (`gradient` with keep=True: by later updates again)"
    )
