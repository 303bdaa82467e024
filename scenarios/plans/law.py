"""How many updates a method needs: of finished runs, or of the theory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from algorithms import COMBINED, METHODS, NIGT
from algorithms.theory.bounds import Constants
from scenarios.format.method import DEFAULT
from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.plans.needs import Need, Needs
from scenarios.plans.predict import MEANS
from scenarios.results.theory import constants_of, known_constants

APART = {"label", "step_size", "name", "rule"}
"""Keys of a method's table that do not tell how many updates it needs, follow from that, or stand
in :func:`named`."""

ROUNDING = 1e-9
"""Fitted numbers below it are none."""


@dataclass(frozen=True)
class Law:
    """updates = rounds + delays * delay + samples / gradients.

    In theory ``rounds`` and ``delays`` are the same number. For gradients without delay the terms
    are then the two of Theorem 4.4 of the paper: beyond samples/rounds of them in an update, more
    save few updates. The factor 1 + delay is that of asynchronous SGD: its deterministic term grows
    with the average delay, its noise term does not (Koloskova, Stich, Jaggi, NeurIPS 2022; Attia,
    Gaash, Koren, arXiv 2408.07503).

    Attributes:
        rounds: updates that would be needed without noise and delays.
        delays: more of them for each update of mean delay.
        samples: gradients that noise asks for.
        source: where the numbers are from, in words.
        known: updates of methods that have run, by :func:`key_of` their table, with and without
            its step size; their own.
        least: the same of runs that did not get there: they need more.
        heard: gradients of an update there, of methods that take all workers'; of fewer they
            need more updates, as the law has it.
    """

    rounds: float
    delays: float
    samples: float
    source: str
    known: dict[str, float] = field(default_factory=dict)
    least: dict[str, float] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)

    def updates(self, table: dict[str, Any], gradients: float, delay: float) -> float:
        """Return how many updates a method needs.

        Args:
            table: of the method.
            gradients: that count in an update.
            delay: their mean staleness, in updates.
        """
        stepped = key_of(table, stepped=True)
        has_run = stepped in self.known or stepped in self.least
        key = stepped if has_run else key_of(table)
        lawful = self._lawful(gradients, delay)
        there = self._lawful(self.heard.get(key, gradients), delay)
        more = lawful / there if there else 1.0
        known, least = self.known.get(key), self.least.get(key, 0.0)
        return max(lawful, 1.0, least * more) if known is None else known * more

    def _lawful(self, gradients: float, delay: float) -> float:
        return self.rounds + self.delays * delay + self.samples / gradients

    def __str__(self) -> str:
        return (
            f"{self.source}: {self.rounds:,.3g} + {self.delays:,.3g} x delay + "
            f"{self.samples:,.3g} / gradients in an update"
        )


def key_of(table: dict[str, Any], *, stepped: bool = False) -> str:
    """Return what tells methods apart that need other numbers of updates.

    Args:
        table: of the method.
        stepped: another step size counts too.
    """
    apart = APART - {"step_size"} if stepped else APART
    values = sorted((k, v) for k, v in table.items() if k not in apart and v is not None)
    return repr((named(table), values))


def named(table: dict[str, Any]) -> tuple[str, str | None]:
    """Return a method's name, and the rule beside it: our own rule is in the name, as an ending."""
    name, rule = str(table["name"]), table.get("rule")
    whole = f"{name}-{rule or DEFAULT}"
    return (whole, None) if name in METHODS and whole in COMBINED else (name, rule)


def counting(table: dict[str, Any], gradients: float, workers: int) -> float:
    """Return how many gradients of an update count as independent ones of equal weight.

    Args:
        table: of the method.
        gradients: that are used in an update, on average.
        workers: n.
    """
    kind = str(table["name"]).partition("-")[0]
    if kind == "malenia":  # a worker's many gradients have together the weight of another's few
        return float(max(table["batch"], workers))
    return float(workers) if kind == "ringleader" else gradients


def of_theory(scenario: Scenario, epsilon: float) -> Law:
    """Return the law of a scenario's first rule: what the paper's bounds say, without constants.

    Raises:
        BadInputError: epsilon is out of bounds.
    """
    constants = Constants(epsilon=epsilon, **constants_of(scenario, [epsilon], {}))
    rule = scenario.methods[0].rule_class
    rounds, samples = (
        (constants.rounds, constants.samples)
        if rule is NIGT
        else (constants.pg_rounds, constants.pg_samples)
    )
    given = "as they are known of the problem" if known_constants(scenario) else "all taken as 1"
    source = f"theory, up to constants, for |grad J| = {epsilon:g} (L_g and the like {given})"
    return Law(rounds, rounds, samples, source)


def of_results(found: Needs, scenario: Scenario) -> Law:
    """Return the law of finished runs: the numbers that fit their methods best.

    From three methods on they are fitted freely; of two, delays count as in theory; of one, noise
    does as well.

    Args:
        found: what these runs needed.
        scenario: whose plan it is for.

    Raises:
        BadInputError: no method reached the target in more than half of its seeds.
    """
    mine = [n for n in found.methods if found.workers == scenario.cluster.workers or not _all(n)]
    there = [need for need in found.methods if np.isfinite(np.median(need.updates))]
    if not there:
        raise BadInputError(
            f"target: no method reached {found.target:g} in more than half of its seeds; accepted: "
            "a lower one"
        )
    numbers = _fit(there, found.workers, of_theory(scenario, 0.1))
    known = {key: float(np.median(n.updates)) for n in mine if n in there for key in _keys(n)}
    least = {key: n.made for n in mine if n not in there for key in _keys(n)}
    heard = {key: n.gradients for n in mine if _all(n) for key in _keys(n)}
    names = ", ".join(need.label for need in there)
    return Law(*numbers, f"runs of {names}, to {found.target:g}", known, least, heard)


def _keys(need: Need) -> tuple[str, str]:
    return key_of(need.table), key_of(need.table, stepped=True)


def _all(need: Need) -> bool:
    """Return whether an update is made of the gradients of all workers."""
    return str(need.table["name"]).startswith(MEANS)


def _fit(needs: Sequence[Need], workers: int, prior: Law) -> tuple[float, float, float]:
    """Return rounds, delays, samples, none negative, with the least squares of relative errors."""
    from scipy.optimize import nnls  # noqa: PLC0415 - takes a moment

    terms = np.array(
        [[1.0, need.delay, 1 / counting(need.table, need.gradients, workers)] for need in needs]
    )
    terms /= np.array([[np.median(need.updates)] for need in needs])
    together = {
        1: [[prior.rounds], [prior.delays], [prior.samples]],
        2: [[1, 0], [1, 0], [0, 1]],
    }.get(len(needs), np.eye(3))
    numbers, _ = nnls(terms @ np.array(together, dtype=float), np.ones(len(needs)))
    rounds, delays, samples = np.array(together) @ np.where(numbers < ROUNDING, 0.0, numbers)
    return float(rounds), float(delays), float(samples)
