"""Theory for a scenario's own cluster: predicted clocks, complexities, and what they prefer."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np

from algorithms import Clock
from algorithms.theory import bounds
from scenarios.format.cluster import Cluster
from scenarios.format.foresee import one_update
from scenarios.format.method import Method
from scenarios.format.problem import ClockProblem, ControlProblem, QuadraticProblem
from scenarios.format.scenario import Scenario
from scenarios.format.tabular import TabularProblem
from scenarios.format.words.errors import BadInputError
from scenarios.results import tables
from scenarios.results.sheet import Sheet
from scenarios.runs.spec import OBJECT
from scenarios.runs.store.stored import StoredRun
from simulator import StalledError, Vector, simulate
from simulator.problems.quadratic import Bowl, Quadratic

SIMULATED_UPDATES = 500

MOST_UPDATES = 20_000
"""None are simulated if a single lap takes more."""

SIMULATED_EVENTS = 1_000_000
"""Fewer updates if they take more events than this; none if two take more."""

SMALLEST, LARGEST = 1e-20, 1e20
"""Bounds of the constants: products of their powers stay within what a float can hold."""


def clocks(scenario: Scenario, dimension: int) -> Iterator[tables.Clock]:
    """Yield the clock of each of the scenario's methods."""
    for method in scenario.methods:
        if scenario.cluster.compute.per == "step":
            yield tables.Clock(method.folder, "depends on the episodes", math.nan, math.nan)
            continue
        clock = clock_of(scenario, method, dimension)
        predicted, formula = (clock.period, clock.formula) if clock else (math.nan, "-")
        simulated = _simulated(scenario, method, dimension, predicted)
        yield tables.Clock(method.folder, formula, predicted, simulated)


def _simulated(scenario: Scenario, method: Method, dimension: int, predicted: float) -> float:
    """Return seconds per update after the first, on a problem that costs nothing.

    NaN: it would take too long.
    """
    one = one_update(scenario, method)
    lap = 1 if one is None else one.lap
    # Equal workers' updates come a lap at a time: whole laps tell the pace.
    updates = 1 + lap * max(SIMULATED_UPDATES // lap, 1)
    if updates > MOST_UPDATES:
        return math.nan
    if one is not None and updates * one.events > SIMULATED_EVENTS * one.updates:
        updates = 1 + int(SIMULATED_EVENTS * one.updates / one.events // lap) * lap
    if updates < 2:  # noqa: PLR2004
        return math.nan
    problem = Quadratic(1, [Bowl()], noise=0.0, seed=0)
    hardware = scenario.cluster.hardware(dimension, scenario.seeds[0])
    times: list[float] = []
    with suppress(StalledError):
        simulate(
            method.build().run,
            problem,
            hardware,
            updates=updates,
            time_limit=20 * updates * predicted if predicted > 0 else math.inf,
            max_events=SIMULATED_EVENTS,
            record_timeline=False,
            on_update=lambda cluster, _: times.append(cluster.now),
        )
    return (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else math.nan


def update_times(run: StoredRun, number: int) -> Vector:
    """Return the predicted times of a stored run's first updates, shape (number,)."""
    scenario = known_scenario(run)
    if not _simple(scenario):
        raise BadInputError(
            f"--theory: the clocks of {run.path} are known for fixed times and 'cancel' at no cost "
            "only"
        )
    clock = clock_of(scenario, scenario.methods[0], int(run.info["dimension"]))
    if clock is None:
        where = "" if scenario.cluster.server is None else " behind a server that is not free"
        raise BadInputError(f"--theory: {run.path}: no formula is known for the clock{where}")
    return clock.times(number)


def _simple(scenario: Scenario) -> bool:
    """Return whether the formulas are about such a cluster."""
    cluster = scenario.cluster
    return cluster.fixed and cluster.rule == "cancel" and not cluster.cancel_cost


def clock_of(scenario: Scenario, method: Method, dimension: int) -> Clock | None:
    """Return the predicted clock of one of the scenario's methods; None: there is no formula."""
    cluster, server = scenario.cluster, scenario.cluster.server
    if cluster.cancel_cost or cluster.compute.speeds(cluster.workers) is not None:
        return None
    allreduce = cluster.collective == "allreduce"
    h, kappa = cluster.compute_seconds(), cluster.uplink_seconds(dimension)
    clock = method.build().clock(h, kappa, allreduce=allreduce)
    if clock is None or server is None:
        return clock
    vectors_wait = clock.updates is not None or (server.receive > 0 and not allreduce)
    return clock.after(server.update) if method.is_ours and not vectors_wait else None


def known_scenario(run: StoredRun) -> Scenario:
    """Return a stored run's scenario.

    Raises:
        BadInputError: it names users' classes, which are not imported, or a trace that is not
            there.
    """
    content = run.info["content"]
    cluster, who = content["cluster"], f"{run.path}: {run.label}"
    tables = content["methods"][0], content["problem"], cluster["compute"]
    if tables[0].get("source") == OBJECT:
        raise BadInputError(
            f"{who} was given as an object, which results do not hold; accepted: runs of methods "
            "that a scenario names"
        )
    if cluster.get("network") or any("source" in table for table in tables):
        raise BadInputError(
            f"{who} names classes of its own, which results do not hold; accepted: runs of what "
            "comes with straggler (`explain` takes a scenario as well)"
        )
    if cluster["compute"]["model"] != "trace":
        return Scenario.model_validate({"title": "", **content})
    compute = {**cluster["compute"], "file": run.info.get("trace", "")}
    with_trace = {"title": "", **content, "cluster": {**cluster, "compute": compute}}
    try:
        return Scenario.model_validate(with_trace)
    except ValueError:
        file = compute["file"] or "which is not named"
        raise BadInputError(
            f"{who}: its trace, {file}, is not there or another one; accepted: the scenario, or "
            "the same trace at its place"
        ) from None


def _doubts(cluster: Cluster) -> Iterator[str]:
    """Say where the formulas do not fit a cluster."""
    if not cluster.fixed:
        yield "The formulas take h_i and kappa_i as fixed numbers; this cluster's are not."
    if cluster.compute.speeds(cluster.workers) is not None:
        yield "There is no formula for clocks where speeds change; h_i below are at mean speeds."
    if cluster.cancel_cost:
        yield "There is no formula where cancelling a task takes time."
    if cluster.server is not None:
        yield "There is no formula where vectors wait for the server, and so for each other."


def report(
    scenario: Scenario, epsilons: Sequence[float], given: dict[str, float]
) -> Iterator[Sheet | str]:
    """Yield what ``straggler theory`` prints.

    Args:
        scenario: whose cluster and methods.
        epsilons: gradient norms to reach.
        given: constants of :class:`algorithms.theory.bounds.Constants` that the user knows.
    """
    constants = constants_of(scenario, epsilons, given)
    dimension = scenario.problem.size(scenario.cluster.workers).dimension
    yield scenario.title
    yield tables.clock_sheet(list(clocks(scenario, dimension)), scenario.cluster.rule)
    yield from _doubts(scenario.cluster)
    h, steps, which = _per_gradient(scenario)
    if which:
        number = "not known, and taken as 1" if steps is None else f"{steps:g}: {which}"
        yield f"h_i are seconds per step; the steps of a gradient are {number}."
    kappa = scenario.cluster.uplink_seconds(dimension)
    for method in scenario.methods:
        if method.is_ours and method.name.startswith("rennala") and _simple(scenario):
            values = method.parameters()
            bound = bounds.rennala_bound(h, max(values["batch"], values["batch_init"] or 0))
            yield f"{method.folder}: no round computes longer than {bound:.5g} s (the bound)"
    for epsilon in epsilons:
        c = bounds.Constants(epsilon=epsilon, **constants)
        choice = bounds.choose_parameters(c)
        yield (
            f"\nto |grad J| = {epsilon:g}, with sigma = {c.sigma:.4g}, L_g = {c.smoothness:.4g}, "
            f"L_h = {c.hessian:.4g}, Delta = {c.gap:.4g}:"
        )
        yield (
            f"theory chooses, up to constants: M = {choice.batch:,}, M_init = "
            f"{choice.batch_init:,}, eta = {choice.momentum:.4g}, alpha = {choice.step_size:.4g}"
        )
        if isinstance(scenario.problem, ControlProblem | TabularProblem):
            discount, horizon = scenario.problem.discount, scenario.problem.horizon
            if least := bounds.truncation_horizon(discount, epsilon):
                yield f"gamma^H <= eps from H = {least} steps on; the scenario has H = {horizon}"
        for title, rows in complexities(c, h, kappa):
            yield tables.complexity_sheet(title, rows)
            yield tables.preference(rows)


def _per_gradient(scenario: Scenario) -> tuple[Vector, float | None, str]:
    """Return h_i per gradient, shape (n,), the steps of one, and which number they are.

    Where speeds change, h_i is that at the mean speed. The paper takes h'_i / (1 - gamma), see
    :mod:`algorithms.theory.bounds`; H where that is less. Without times per step there are no
    words; without any number steps are None, and h_i as it is.
    """
    cluster, problem = scenario.cluster, scenario.problem
    h, compute = cluster.compute_seconds(), cluster.compute
    if (speeds := compute.speeds(cluster.workers)) is not None:
        h = h / np.maximum(speeds.mean(scenario.time_limit or math.inf), SMALLEST)
    if compute.per != "step":
        return h, None, ""
    known: list[tuple[float, str]] = []
    if problem.most_steps:
        clock = isinstance(problem, ClockProblem)
        known.append((float(problem.most_steps), "steps of a trajectory" if clock else "H"))
    if (discount := getattr(problem, "discount", 1.0)) < 1:
        known.append((round(1 / (1 - discount), 6), "1/(1 - gamma)"))
    if not known:
        return h, None, "not known"
    steps, which = min(known)
    return steps * h, steps, which


def complexities(
    constants: bounds.Constants, h: Vector, kappa: Vector
) -> Iterator[tuple[str, dict[str, bounds.Complexity]]]:
    """Yield both tables of the paper for a cluster, each with a title."""
    for number, (name, table) in enumerate(bounds.TABLES.items(), start=1):
        title = (
            f"Table {number}, {name} environments: seconds up to constants, "
            f"eps = {constants.epsilon:g}"
        )
        yield title, table(constants, h, kappa)


def markdown(
    scenario: Scenario, epsilons: Sequence[float], given: dict[str, float]
) -> Iterator[str]:
    """Yield the lines of both tables as Markdown; arguments as for :func:`report`."""
    constants = constants_of(scenario, epsilons, given)
    h, steps, which = _per_gradient(scenario)
    dimension = scenario.problem.size(scenario.cluster.workers).dimension
    kappa = scenario.cluster.uplink_seconds(dimension)
    taken = "" if scenario.cluster.fixed else " (as if its times were fixed)"
    if which:
        number = "not known" if steps is None else f"{steps:g}, {which}"
        taken += f" (steps a gradient: {number})"
    yield f"{scenario.title}{taken}:"
    for epsilon in epsilons:
        c = bounds.Constants(epsilon=epsilon, **constants)
        for title, rows in complexities(c, h, kappa):
            cells = [
                [method, *map(rounded, (row.computation, row.communication, row.total))]
                for method, row in sorted(rows.items(), key=lambda item: item[1].total)
            ]
            header = [title, "computing", "communicating", "total"]
            yield from ("", *Sheet("", header, cells, frozenset(range(4))).markdown())


def rounded(number: float) -> str:
    """Return three digits, without a power of ten: ``2,020,000``."""
    return f"{float(f'{number:.3g}'):,.10g}"


def constants_of(
    scenario: Scenario, epsilons: Sequence[float], given: dict[str, float]
) -> dict[str, float]:
    """Return the constants of the complexities: those given, and those that the problem knows.

    Raises:
        BadInputError: one is out of the bounds in which all complexities are finite.
    """
    constants = known_constants(scenario) | given
    for name, value in [*(("epsilon", e) for e in epsilons), *constants.items()]:
        may_be_zero = name in {"sigma", "hessian"}
        if not (SMALLEST <= value <= LARGEST or (may_be_zero and value == 0)):
            accepted = f"{'0, or ' * may_be_zero}{SMALLEST:g} to {LARGEST:g}"
            raise BadInputError(f"--{name}: got {value:g}; accepted: {accepted}")
    return constants


def known_constants(scenario: Scenario) -> dict[str, float]:
    """Return the constants of the complexities that are known exactly from the problem."""
    spec = scenario.problem
    if not isinstance(spec, QuadraticProblem) or spec.variants:
        return {}
    problem = spec.build(scenario.seeds[0], scenario.cluster.workers)
    exact = problem.exact(problem.initial_point())
    best = problem.exact(problem.initial_point() * 0 + 1)
    gap = best[0] - exact[0] if exact and best else 1.0
    smoothness = float(Bowl(spec.condition).eigenvalues(spec.dimension).max())
    return {"sigma": spec.noise, "smoothness": smoothness, "hessian": 0.0, "gap": gap}
