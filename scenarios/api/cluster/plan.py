"""Plans: which method, batch, rule and workers for a cluster."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from scenarios.api.cluster.predict import Runs
from scenarios.api.results import Results
from scenarios.api.run import ROOT, Source, load, run
from scenarios.api.shown import Shown
from scenarios.api.studies import open as open_results
from scenarios.format.scenario import Scenario
from scenarios.format.words.accepted import FileOrFolder, Names
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError, finite, short
from scenarios.plans.law import Law, of_results, of_theory
from scenarios.plans.needs import Needs, needs
from scenarios.plans.plan import Planned, Planner, Wishes
from scenarios.plans.reasons import reason
from scenarios.plans.shown import check_target, plan_row, plan_sheet, write
from scenarios.plans.timed import Learned, steps_of
from scenarios.results import curves
from scenarios.results.sheet import Sheet, csv_text
from scenarios.runs.make import Making
from scenarios.runs.store.stored import comparable
from simulator import Positive

if TYPE_CHECKING:
    import pandas as pd

EPSILON = 0.1
"""The gradient norm to reach, by default."""

LONGER = 2.0
"""Times the expected seconds that a plan is run to confirm it."""


@dataclass(frozen=True, repr=False)
class Plans(Shown):
    """The best ways to use a cluster.

    Attributes:
        planner: what timed them.
        default: the synchronous method on all workers.
        plans: best first.
        measured: with ``learn``: the median seconds that the plans took, then the default.
        wishes: what was asked for.
    """

    planner: Planner
    default: Planned
    plans: Sequence[Planned]
    measured: Sequence[float]
    wishes: Wishes

    @property
    def best(self) -> Scenario:
        """The scenario of the best plan."""
        return self.planner.made(self.plans[0])

    @property
    def lines(self) -> list[str]:
        """A reason for each plan, and where the number of updates is from."""
        learned = self.planner.learned
        reasons = [reason(plan, self.default, learned) for plan in self.plans]
        lines = [f"{k}  {text}" for k, text in enumerate(reasons, start=1)]
        lines.append(f"-  {reason(self.default, self.default, learned)}")
        if self.measured and not self.wishes.fits(self.plans[0], self.measured[0]):
            lines.append("no plan was within budget and deadline when it was measured")
        return [*lines, f"updates: {self.planner.law}"]

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return [plan_sheet(self.rows(), self.planner.scenario.title), *self.lines]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row per plan, and one of the default; see ``docs/columns.md``."""
        whole = self.planner.scenario.cluster.workers
        rows = [plan_row(plan, self.default, whole) for plan in (*self.plans, self.default)]
        for row, seconds in zip(rows, self.measured, strict=False):
            row["measured"] = seconds
        numbers = [*map(str, range(1, len(self.plans) + 1)), "default"]
        return [{"plan": number} | row for number, row in zip(numbers, rows, strict=True)]

    def table(self) -> "pd.DataFrame":
        """Return the rows as a DataFrame."""
        import pandas as pd  # noqa: PLC0415 - takes a second

        return pd.DataFrame(self.rows())

    def csv(self) -> str:
        """Return the rows as CSV."""
        rows = self.rows()
        return csv_text(rows[0], (row.values() for row in rows))

    @checked_call
    def write(self, target: FileOrFolder, command: Names = (), *, force: bool = False) -> None:
        """Write the scenario of the best plan.

        Raises:
            BadInputError: the file is there, and plan did not write it.
        """
        check_target(Path(target), force=force)
        write(self.best, Path(target), [" ".join(command), *self.lines])


@checked_call
def plan(
    source: Source,
    target: float | None = None,
    *,
    results: Runs | None = None,
    learn: bool = False,
    methods: Names = (),
    epsilon: Positive | None = None,
    budget: Positive | None = None,
    deadline: Positive | None = None,
    out: FileOrFolder | None = None,
    on_choice: Callable[[], None] = lambda: None,
    **making: Unpack[Making],
) -> Plans:
    """Return the best ways to use a scenario's cluster: method, batch, rules, and who takes part.

    Each is timed without learning. How many updates it needs follows from ``results``, or from
    runs that ``learn`` makes, or else from the theory's bounds.

    Args:
        source: a scenario, or what :func:`load` takes; its methods' values are where plans start.
        target: the return, with ``results`` or ``learn``; half way from start to best if None.
        results: finished runs of the same problem, on any cluster.
        learn: make the scenario's own runs first, and in the end those of the best plans.
        methods: labels or aggregations that plans may use; all by default.
        epsilon: the gradient norm to reach, where the theory is asked; 0.1 if None.
        budget: money that a plan may cost.
        deadline: simulated seconds that it may take; then the cheapest plan is wanted.
        out: the folder of the runs that ``learn`` makes; ``runs/NAME-plan`` by default.
        on_choice: called after each choice that was timed.
        **making: how runs are made: see :func:`run`.

    Raises:
        BadInputError: something given is wrong; no run reached the target; no plan is within budget
            and deadline; times are per step, and no key of the problem says of how many.
    """
    finite("target", target)
    for option, given in ({"out": out} | making).items() if not learn else ():
        if given:
            raise BadInputError(f"{option}: is for the runs of learn; accepted: with learn")
    scenario, wishes = load(source), Wishes(budget, deadline, methods)
    _check(scenario, target, epsilon, budget, learned=learn or results is not None)
    folder = Path(out) if out else ROOT / f"{scenario.name or 'scenario'}-plan"
    if learn and results is None:
        results = run(scenario, folder / "own", quick=scenario.quick is not None, **making)
    found = None if results is None else _needs(results, scenario, target)
    planner = _planner(scenario, found, epsilon or EPSILON)
    default = planner.planned(planner.default(), shown=True)
    plans = planner.search(wishes, on_choice)
    if not any(np.isfinite(plan.seconds) for plan in plans):
        why = reason(plans[0], default, planner.learned)
        raise BadInputError(f"plan: no method arrives: {why}; accepted: another cluster or target")
    if not wishes.fits(plans[0]):
        raise BadInputError(_unmet(plans))
    if not learn or found is None:
        return Plans(planner, default, plans, [], wishes)
    measured = [
        _confirmed(planner, one, found, folder / f"{k}", **making)
        for k, one in enumerate([*plans, default], start=1)
    ]
    order = sorted(range(len(plans)), key=lambda k: wishes.order(plans[k], measured[k]))
    ranked = [plans[k] for k in order]
    return Plans(planner, default, ranked, [*(measured[k] for k in order), measured[-1]], wishes)


def _check(
    scenario: Scenario,
    target: float | None,
    epsilon: float | None,
    budget: float | None,
    *,
    learned: bool,
) -> None:
    """Look, before anything is run, for what does not go together.

    Raises:
        BadInputError: there is something.
    """
    if target is not None and not learned:
        raise BadInputError(
            "target: is of results; accepted: with them, or with learn; else epsilon"
        )
    if epsilon is not None and learned:
        raise BadInputError("epsilon: is of the theory; accepted: without results and learn")
    if budget is not None and not scenario.cluster.has_money:
        raise BadInputError("budget: the cluster has no prices; accepted: with price in [cluster]")


def _needs(results: Any, scenario: Scenario, target: float | None) -> Needs:  # noqa: ANN401 - see Runs
    opened = results if isinstance(results, Results) else open_results(results)
    failed = [one for one in opened.runs if not one.is_done]
    found = needs(comparable(opened.runs, opened.name), opened.name, target, failed=failed)
    there = _compared(found.learned.problem)
    here = _compared(scenario.problem.model_dump(mode="json", exclude_none=True))
    for key in [*here, *there]:
        if here.get(key) != there.get(key):
            raise BadInputError(_another(opened.name, key, here, there))
    return found


def _another(name: str, key: str, here: dict[str, Any], there: dict[str, Any]) -> str:
    """Return that a key of the problems' tables differs, or stands in one of them only."""
    what = f"{key} is {short(there[key])}" if key in there else f"it has no {key}"
    if key not in here:
        what, accepted = f"it has {key}", "runs without"
    else:
        accepted = f"runs with {short(here[key])}"
    return f"{name}: is of another problem: {what}; accepted: {accepted}"


def _compared(problem: dict[str, Any]) -> dict[str, Any]:
    """Return what of a problem's table decides how many updates it takes."""
    table = {k: v for k, v in problem.items() if v is not None and k not in {"dtype", "source"}}
    if "variants" in table:  # whose they are follows from the cluster
        table["variants"] = [
            {k: v for k, v in variant.items() if k != "workers" and v is not None}
            for variant in table["variants"]
        ]
    return table


def _planner(scenario: Scenario, found: Needs | None, epsilon: float) -> Planner:
    dimension = scenario.problem.size(scenario.cluster.workers).dimension
    problem = scenario.problem.model_dump(exclude_none=True)
    steps = found.learned.steps if found else steps_of(scenario)
    law: Law = of_theory(scenario, epsilon) if found is None else of_results(found, scenario)
    return Planner(scenario, Learned(problem, dimension, steps), law)


def _unmet(plans: Sequence[Planned]) -> str:
    soonest = min(plans, key=lambda plan: plan.seconds)
    cheapest = min(plans, key=lambda plan: plan.cost("money"))
    accepted = " or ".join(dict.fromkeys(_takes(plan) for plan in (soonest, cheapest)))
    return f"plan: nothing is within budget and deadline; accepted: such as {accepted}"


def _takes(plan: Planned) -> str:
    money = plan.cost("money")
    return f"{plan.seconds:.4g} s" + (f" for {money:.4g}" if np.isfinite(money) else "")


def _confirmed(
    planner: Planner, one: Planned, found: Needs, folder: Path, **making: Unpack[Making]
) -> float:
    """Return the median seconds that a plan takes with learning; infinite if it does not arrive."""
    if not np.isfinite(one.seconds):
        return float("inf")
    limit = {"time_limit": LONGER * one.seconds, "updates": None, "quick": None}
    scenario = planner.made(one).model_copy(update=limit)
    made = run(scenario, folder, **making)
    runs = [stored for stored in made if stored.is_done]
    held = np.array(
        [curves.times_to(r, found.metric, [found.target], curves.horizon(runs))[0] for r in runs]
        + [np.inf] * (len(made) - len(runs))
    )
    return float(np.median(held))
