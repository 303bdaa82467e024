"""The search for a plan: each choice is timed without learning, and needs the updates of a law."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scenarios.format.cluster import Cluster
from scenarios.format.scenario import TITLE, Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.plans.candidates import (
    Choice,
    fewer,
    methods_of,
    reference,
    settings,
    tables_of,
    with_step,
)
from scenarios.plans.law import Law, counting, named
from scenarios.plans.smaller import kept_whole
from scenarios.plans.timed import Learned, Timed, timed, timing

KINDS = 5
"""Choices that go on from one stage of the search to the next: the best of each aggregation."""

BEST = 5
"""Plans that are shown."""

ALIKE = 2
"""Of them, of one aggregation."""

EVENTS = {True: (400, 3_000), False: (2_500, 12_000)}
"""Events for which a choice is timed in the search, and when it is shown, about: where all times
are fixed, and where they are not. Three for each worker if that is more."""


@dataclass(frozen=True)
class Planned:
    """A choice, and what it takes to the target.

    Attributes:
        choice: what is done.
        cluster: what it is done on.
        clock: its simulation.
        updates: that it needs.
        changes: how much of the choice is not as the scenario has it.
    """

    choice: Choice
    cluster: Cluster
    clock: Timed
    updates: float
    changes: int

    @property
    def seconds(self) -> float:
        """Simulated seconds to the target."""
        return self.clock.seconds(self.updates)

    @property
    def pace(self) -> float:
        """Simulated seconds for an update."""
        return self.seconds / self.updates

    def cost(self, key: str) -> float:
        """Return what it costs until then: ``money`` or ``kilowatt_hours``; NaN without prices."""
        return self.clock.cost(key, self.updates)


@dataclass(frozen=True)
class Wishes:
    """What a plan should do.

    Attributes:
        budget: money that it may cost; None: any.
        deadline: simulated seconds that it may take; then the cheapest is wanted, with prices.
        methods: labels or aggregations that may be used; all if empty.
    """

    budget: float | None = None
    deadline: float | None = None
    methods: Sequence[str] = ()

    def order(self, plan: Planned, measured: float | None = None) -> tuple[float, ...]:
        """Return what plans are sorted by: first those that are in bounds.

        Args:
            plan: the plan.
            measured: seconds that it took with learning, in place of those that are expected.
        """
        seconds, money = _takes(plan, measured)
        fits = self.fits(plan, measured)
        paid = money if np.isfinite(money) else 0.0
        paid = paid if np.isfinite(seconds) else np.inf
        first = (paid, seconds) if self.deadline is not None else (seconds, paid)
        return (not fits, *(float(f"{number:.4g}") for number in first), plan.changes)

    def fits(self, plan: Planned, measured: float | None = None) -> bool:
        """Return whether a plan is within budget and deadline; see :meth:`order`."""
        seconds, money = _takes(plan, measured)
        in_time = seconds <= (np.inf if self.deadline is None else self.deadline)
        return in_time and (self.budget is None or money <= self.budget)


def _takes(plan: Planned, measured: float | None) -> tuple[float, float]:
    """Return the seconds and the money of a plan, which is paid for in proportion to them."""
    if measured is None:
        return plan.seconds, plan.cost("money")
    return measured, plan.cost("money") * measured / plan.seconds


@dataclass(frozen=True)
class Planner:
    """Times choices for one scenario.

    Attributes:
        scenario: whose cluster and problem it is about.
        learned: its problem.
        law: how many updates are needed.
    """

    scenario: Scenario
    learned: Learned
    law: Law

    @property
    def own(self) -> list[dict[str, Any]]:
        """The methods of the scenario."""
        return tables_of(self.scenario)

    def default(self) -> Choice:
        """Return what everyone begins with: synchronous, with all workers, as the file has it."""
        cluster = self.scenario.cluster
        (table,) = (t for t in methods_of(self.scenario, self.law, ["synchronous"])[:1])
        return Choice(table, 0, cluster.rule, cluster.collective)

    def planned(self, choice: Choice, *, shown: bool = False) -> Planned:
        """Return what a choice takes; ``shown``: more precisely."""
        whole = self.scenario.cluster
        cluster = choice.cluster(whole, self.learned)
        label = str(choice.method["label"])
        clock = timed(
            timing(cluster, [choice.method], self.learned, f"plan: {label}"),
            label,
            10**9,
            self.scenario.seeds[0],
            max(EVENTS[cluster.fixed][shown], 3 * cluster.workers),
        )
        gradients = counting(choice.method, clock.gradients, cluster.workers)
        updates = self.law.updates(choice.method, gradients, clock.delay) if clock.run else np.inf
        return Planned(choice, cluster, clock, float(np.ceil(updates)), choice.changes(whole))

    def search(self, wishes: Wishes, on_choice: Callable[[], None]) -> list[Planned]:
        """Return the best plans that do what is wished, best first; others if none does.

        Methods are tried as the file has them, then the best ones with fewer workers, then those
        with other rules, and their batches again.

        Args:
            wishes: what a plan should do.
            on_choice: called after each choice that was timed.

        Raises:
            BadInputError: no method that is wanted fits the cluster.
        """
        known: dict[str, Planned] = {}

        def tried(choices: Iterable[Choice]) -> None:
            for choice in choices:
                if choice.key not in known and (plan := self._fitting(choice)) is not None:
                    known[choice.key] = plan
                    on_choice()

        def best() -> list[Planned]:
            plans = sorted(known.values(), key=wishes.order)
            return _first_of_each(plans, 1)[:KINDS]

        cluster = self.scenario.cluster
        tables = methods_of(self.scenario, self.law, wishes.methods)
        tried(Choice(table, 0, cluster.rule, cluster.collective) for table in tables)
        if not known:
            raise BadInputError("plan: no method fits the cluster; accepted: others with --method")
        varied = self.scenario.problem.variants_of(cluster.workers) is not None
        if kept_whole(cluster, varied=varied) is None:
            left = fewer(cluster.workers)
            tried(replace(plan.choice, without=m) for plan in best() for m in left)
        for rule, collective in settings(cluster)[1:]:
            tried(replace(plan.choice, preemption=rule, collective=collective) for plan in best())
        tried(
            replace(plan.choice, method=table)
            for plan in best()
            for table in tables
            if _alike(plan, table)
        )
        plans = sorted(known.values(), key=wishes.order)
        shown = [self.planned(p.choice, shown=True) for p in _first_of_each(plans, ALIKE)[:BEST]]
        return sorted([p for p in shown if wishes.fits(p)] or shown, key=wishes.order)

    def _fitting(self, choice: Choice) -> Planned | None:
        try:
            return self.planned(choice)
        except BadInputError:  # such as a batch below the workers of Malenia
            return None

    def made(self, plan: Planned) -> Scenario:
        """Return the scenario of a plan: its cluster, and its method with a step size."""
        table = dict(plan.choice.method)
        cluster, own = self.scenario.cluster, self.own
        other = table if table in own else reference(plan.choice.aggregation, own)
        start = self.planned(Choice(other, 0, cluster.rule, cluster.collective))
        step = with_step(table, plan.updates, other, start.updates)
        label = f": {table['label']}"
        content = self.scenario.model_dump(exclude_none=True) | {
            "title": self.scenario.title[: TITLE - len(label)] + label,
            "cluster": plan.cluster.model_dump(exclude_none=True),
            "methods": [table | {"step_size": step}],
        }
        content.pop("tune", None)
        return Scenario.model_validate(content)


def _alike(plan: Planned, table: dict[str, Any]) -> bool:
    return named(table) == named(plan.choice.method)


def _first_of_each(plans: Sequence[Planned], number: int) -> list[Planned]:
    """Return plans in their order, so many of each aggregation, all of other seconds."""
    chosen: dict[str, dict[str, Planned]] = {}
    for plan in plans:
        mine = chosen.setdefault(plan.choice.aggregation, {})
        if len(mine) < number:
            mine.setdefault(f"{plan.seconds:.4g}", plan)
    return [plan for plan in plans if any(plan is p for c in chosen.values() for p in c.values())]
