"""From finished runs to another cluster: when each method would be there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.format.cluster import Cluster
from scenarios.format.scenario import Scenario
from scenarios.plans.needs import Need, Needs
from scenarios.plans.timed import Timed, timed, timing
from scenarios.results.sheet import Sheet, cell
from simulator import State, Vector

BAND = (20.0, 80.0)
"""Percent of the seeds between which a band lies, as in pictures."""

MEANS = ("synchronous", "local")
"""Aggregations whose updates are made of gradients of all workers, however many there are."""

OLDER = 1.5
"""Factors between delays from which on they are named."""


@dataclass(frozen=True)
class Predicted:
    """When a method would be there.

    Attributes:
        need: what it took in the runs that are known.
        seconds: on the other cluster, for each seed, shape (seeds,); infinite: never.
        money: the same; NaN without prices.
        kilowatt_hours: the same.
        clock: the simulation of the first seed that got there; of the first one if none did.
    """

    need: Need
    seconds: Vector
    money: Vector
    kilowatt_hours: Vector
    clock: Timed

    def row(self) -> dict[str, str | float]:
        """Return numbers by column: medians over seeds, and a band of the seconds."""
        low, high = np.percentile(self.seconds, BAND, method="nearest")
        return {
            "method": self.need.label,
            "seeds": len(self.need.seeds),
            "reached": self.need.reached,
            "updates": median(self.need.updates),
            "seconds": median(self.seconds),
            "seconds_q20": float(low),
            "seconds_q80": float(high),
            "money": median(self.money),
            "kilowatt_hours": median(self.kilowatt_hours),
            "wasted": self.clock.share(State.DISCARD),
            "sending": self.clock.share(State.SEND),
            "idle": self.clock.share(State.IDLE),
            "delay_there": self.need.delay,
            "delay_here": self.clock.delay,
        }


def predict(found: Needs, cluster: Cluster, where: str) -> list[Predicted]:
    """Return when each method would be at the target on another cluster, soonest first.

    Args:
        found: what runs took on theirs.
        cluster: the other one.
        where: it is said, for messages.

    Raises:
        BadInputError: the problem or a method does not fit it.
    """
    tables = [need.table for need in found.methods]
    scenario = timing(cluster, tables, found.learned, where)
    rows = [_predicted(need, scenario) for need in found.methods]
    return sorted(rows, key=lambda one: (median(one.seconds), one.need.label))


def _predicted(need: Need, scenario: Scenario) -> Predicted:
    arrived = np.isfinite(need.updates)
    most = int(need.updates[arrived].max()) if arrived.any() else 1
    seeds = [s for s, there in zip(need.seeds, arrived, strict=True) if there] or need.seeds[:1]
    seeds = seeds[:1] if scenario.cluster.fixed else seeds
    clocks = {seed: timed(scenario, need.label, most, seed) for seed in seeds}
    pairs = [
        (clocks.get(seed, clocks[seeds[0]]), updates)
        for seed, updates in zip(need.seeds, need.updates, strict=True)
    ]
    return Predicted(
        need,
        np.array([clock.seconds(updates) for clock, updates in pairs]),
        np.array([clock.cost("money", updates) for clock, updates in pairs]),
        np.array([clock.cost("kilowatt_hours", updates) for clock, updates in pairs]),
        clocks[seeds[0]],
    )


def median(values: Vector) -> float:
    """Return the median, infinite if half or more are; NaN if nothing is known."""
    if np.isnan(values).all():
        return float("nan")
    with np.errstate(invalid="ignore"):
        middle = float(np.median(values))
    return middle if middle == middle else float("inf")  # noqa: PLR0124 - inf - inf


def sheet(rows: Sequence[Predicted], title: str) -> Sheet:
    """Return a table for a terminal of 80 columns; what has no price has no column."""
    headers = {
        "reached": "seeds\nthere",
        "updates": "updates",
        "seconds": "seconds",
        "band": "20% to 80%\nof seeds",
        "money": "money",
        "kilowatt_hours": "kWh",
        "wasted": "wasted",
        "sending": "sending",
        "idle": "idle",
        "delay_here": "mean\ndelay",
    }
    lines = [one.row() for one in rows]
    unknown = {k for k in ("money", "kilowatt_hours") if all(np.isnan(float(r[k])) for r in lines)}
    keys = [key for key in headers if key not in unknown]
    cells = [[str(line["method"]), *(_cell(line, key) for key in keys)] for line in lines]
    return Sheet(title, ["method", *(headers[key] for key in keys)], cells)


def _cell(line: dict[str, str | float], key: str) -> str:
    if key == "reached":
        return f"{line['reached']} of {line['seeds']}"
    if key == "band":
        return f"{cell(line['seconds_q20'])} to {cell(line['seconds_q80'])}"
    if key in {"wasted", "sending", "idle"}:
        share = float(line[key])
        return f"{share:.0%}" if np.isfinite(share) else "-"
    return cell(float(line[key]))


def assumptions(found: Needs, cluster: Cluster, rows: Sequence[Predicted]) -> Iterator[str]:
    """Yield what a prediction takes for granted, and where that is in doubt here."""
    metric = found.metric.replace("_", " ")
    yield (
        f"Assumed: as many updates to {found.target:g} ({metric}) as there; bands are over seeds."
    )
    for one in rows:
        for doubt in doubts(one, found, cluster):
            yield f"{one.need.label}: {doubt}"


def doubts(one: Predicted, found: Needs, cluster: Cluster) -> Iterator[str]:
    """Yield why a method may need another number of updates on another cluster."""
    there, here = one.need.delay, one.clock.delay
    if max(there, here) > OLDER * max(min(there, here), 1 / OLDER):
        yield f"its gradients are {there:.3g} updates old there, and {here:.3g} here"
    if cluster.workers != found.workers and one.need.table["name"].startswith(MEANS):
        yield (
            f"an update is made of the gradients of all {found.workers:,} workers there, and of "
            f"{cluster.workers:,} here"
        )
    if cluster.compute.per == "step" or found.per_step:
        yield (
            "gradients take time per step; all trajectories are taken to have "
            f"{found.learned.steps} steps, their mean there, but the short ones are there first"
        )
    if found.learned.problem.get("variants"):
        yield "workers have variants of the problem, whose weights follow from the workers' speeds"
