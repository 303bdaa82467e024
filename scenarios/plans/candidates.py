"""What a plan may choose: method, batch, preemption, collective, and who takes part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from algorithms import RULES
from scenarios.format.cluster import Cluster
from scenarios.format.method import Method
from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.plans.law import Law, key_of
from scenarios.plans.smaller import without_slowest
from scenarios.plans.timed import Learned

SHARED = ("synchronous", "rennala", "afedpg", "ringmaster", "fedbuff")
"""Aggregations that are tried where all workers have the same problem."""

VARIED = ("synchronous", "malenia", "ringleader")
"""The same where they have not: all workers have to be heard."""

BATCHES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Batches that are tried, in gradients per worker."""

SHARES = (0.9, 0.8, 0.7, 0.5, 0.35, 0.2)
"""Shares of the workers that are tried, beside all and all but one, two and three."""


@dataclass(frozen=True)
class Choice:
    """One way to use a cluster.

    Attributes:
        method: its table, with a label, but for the step size.
        without: how many of the slowest workers are left out.
        preemption: the rule.
        collective: gather or allreduce.
    """

    method: dict[str, Any]
    without: int
    preemption: str
    collective: str

    @property
    def key(self) -> str:
        """What tells choices apart."""
        method = key_of(self.method, stepped=True)
        return f"{method} {self.without} {self.preemption} {self.collective}"

    def changes(self, whole: Cluster) -> int:
        """Return how much of it is not as a file has it: workers left out count as one."""
        changed = self.preemption != whole.rule, self.collective != whole.collective
        return (self.without > 0) + sum(changed)

    @property
    def aggregation(self) -> str:
        """The name of its aggregation."""
        return aggregation(self.method)

    def cluster(self, whole: Cluster, learned: Learned) -> Cluster:
        """Return what is left of a cluster."""
        part = without_slowest(whole, self.without, learned.dimension, learned.steps)
        if (self.preemption, self.collective) == (part.rule, part.collective):
            return part
        preemption: Any = part.preemption if self.preemption == part.rule else self.preemption
        values = {"preemption": preemption, "collective": self.collective}
        return Cluster.model_validate(part.model_dump(exclude_none=True) | values)


def methods_of(scenario: Scenario, law: Law, wanted: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the tables of methods that a plan tries on all workers.

    They are those of the scenario, the usual aggregations that it has not, and batches of Rennala
    or Malenia. What a scenario has not takes the rule of :func:`reference`; what it has stands in
    place of the same, once for each of its step sizes.

    Args:
        scenario: what is planned.
        law: whose balance of rounds and noise is one of the batches.
        wanted: labels or aggregations; all if empty.

    Raises:
        BadInputError: one is wanted that is not there.
    """
    n = scenario.cluster.workers
    own = tables_of(scenario)
    usual = VARIED if scenario.problem.variants_of(n) else SHARED
    made = [_whole(table) for name in usual for table in _usual(name, own, n, law)]
    names = dict.fromkeys(n for t in (*own, *made) for n in (str(t["label"]), aggregation(t)))
    for name in wanted:
        if name not in names:
            raise BadInputError(f"--method {name}: not among them; accepted: {', '.join(names)}")

    def asked(table: dict[str, Any]) -> bool:
        return not wanted or bool({str(table["label"]), aggregation(table)} & set(wanted))

    mine = [table for table in own if asked(table)]
    found = {key_of(table): [table] for table in made if asked(table)}
    found |= {key_of(t): [u for u in mine if key_of(u) == key_of(t)] for t in mine}
    return [table for tables in found.values() for table in tables]


def tables_of(scenario: Scenario) -> list[dict[str, Any]]:
    """Return the tables of a scenario's methods, each with a label."""
    return [m.model_dump(exclude_none=True) | {"label": m.folder} for m in scenario.methods]


def aggregation(table: dict[str, Any]) -> str:
    """Return the name of a method's aggregation."""
    return str(table["name"]).partition("-")[0]


def reference(name: str, own: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the method whose rule and step size another one takes: of its aggregation, if any."""
    return next((table for table in own if aggregation(table) == name), own[0])


def _usual(name: str, own: Sequence[dict[str, Any]], n: int, law: Law) -> Iterator[dict[str, Any]]:
    """Yield tables of an aggregation, with the rule of its reference."""
    first = reference(name, own)
    is_there = aggregation(first) == name
    model: type[Method] = Method.model_of(first)
    rule = {f.name: first[f.name] for f in fields(model.rule_class) if f.name in first}
    ours = [ending for ending, kind in RULES.items() if kind is model.rule_class]
    named = {"name": f"{name}-{ours[0]}"} if ours else {"name": name, "rule": first.get("rule")}
    base = named | rule
    if name in {"rennala", "malenia"}:
        balance = law.samples / law.rounds if law.rounds else n
        least = n if name == "malenia" else 1
        wished = {round(share * n) for share in BATCHES} | {round(balance)}
        for batch in sorted({min(max(b, least), 10 * n) for b in wished}):
            yield base | {"batch": batch, "label": f"{name}-{batch}"}
    elif not is_there:
        keys = {"ringmaster": ("threshold", n), "fedbuff": ("buffer", n // 2)}
        key, number = keys.get(name, ("", 0))
        more = {key: max(2, number), "label": f"{name}-{max(2, number)}"}
        yield base | (more if key else {"label": name})


def _whole(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table with the values of all its keys, as those of finished runs have them."""
    whole: Method = Method.model_of(table).model_validate(table)
    return whole.model_dump(exclude_none=True)


def fewer(workers: int) -> list[int]:
    """Return how many workers are left out, in turn."""
    shares = {workers - round(share * workers) for share in SHARES}
    return sorted(m for m in {1, 2, 3, *shares} if 0 < m < workers)


def settings(cluster: Cluster) -> list[tuple[str, str]]:
    """Return the preemption rules and collectives that a cluster can have."""
    rules = [cluster.rule, *({"cancel", "finish"} - {cluster.rule})]
    free = not (cluster.network or cluster.ingress or cluster.topology != "ideal")
    others = {"gather", "allreduce"} - {cluster.collective} if free else set()
    return [(rule, collective) for rule in rules for collective in (cluster.collective, *others)]


def with_step(table: dict[str, Any], updates: float, reference: dict[str, Any], at: float) -> Any:  # noqa: ANN401
    """Return a method's step size: that of another one, times the ratio of their updates.

    So both could go as far, and a method with more updates takes smaller steps. One that never
    makes an update tells nothing.

    Args:
        table: of the method.
        updates: that it needs.
        reference: the other method's table.
        at: the updates that this one needs.
    """
    ratio = at / updates
    step = reference["step_size"]
    if key_of(table) == key_of(reference) or not 0 < ratio < np.inf:
        return step
    if isinstance(step, dict):
        return step | {"start": _rounded(step["start"] * ratio)}
    return _rounded(step * ratio)


def _rounded(value: float) -> float:
    return float(f"{value:.2g}") if np.isfinite(value) and value > 0 else value
