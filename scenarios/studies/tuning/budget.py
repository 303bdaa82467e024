"""What a tuning will do: grids, tries, and rungs of growing length."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scenarios.format.method import Method
from scenarios.format.scenario import Scenario, Tune
from scenarios.format.words.errors import BadInputError
from scenarios.runs.jobs import chosen_methods

TUNED = ("step_size", "momentum", "batch")
"""The keys that are tuned, of those that a method has."""

SEEDS = 2
"""How many seeds a try has by default."""

FIRST_SEED = 1000
"""Where the default seeds begin, far from those that scenarios report."""

Values = dict[str, float]


@dataclass(frozen=True)
class Rung:
    """A step of the halving, whose runs have one length.

    Attributes:
        tries: how many each method has in it, at most, by its folder.
        time_limit: simulated seconds, None for no limit.
        updates: None for no limit.
    """

    tries: dict[str, int]
    time_limit: float | None
    updates: int | None

    def share_of(self, last: "Rung") -> float:
        """Return how much of a run of another rung is one of this."""
        if self.time_limit and last.time_limit:
            return self.time_limit / last.time_limit
        return (self.updates or 1) / (last.updates or 1)


@dataclass(frozen=True)
class Plan:
    """What a tuning will do.

    Attributes:
        scenario: whose methods are tuned, or some of them.
        seeds: of every try; none of them is reported.
        lists: the values of each key.
        grids: how many combinations each method has, by its folder.
        tries: those that are tried, by the method's folder, in the order of the grid.
        rungs: shortest first.
    """

    scenario: Scenario
    seeds: list[int]
    lists: dict[str, Sequence[float]]
    grids: dict[str, int]
    tries: dict[str, list[Values]]
    rungs: list[Rung]

    @property
    def in_part(self) -> bool:
        """Whether some methods of the scenario are left as they are."""
        return len(self.tries) < len(self.scenario.methods)

    @property
    def runs(self) -> int:
        """How many runs it has, at most: failed tries do not go on."""
        return sum(self.runs_in(rung) for rung in self.rungs)

    def runs_in(self, rung: Rung) -> int:
        """Return how many runs a rung has, at most."""
        return sum(rung.tries.values()) * len(self.seeds)


def plan(
    path: Path,
    scenario: Scenario,
    *,
    methods: Sequence[str] = (),
    quick: bool = False,
    tries: int | None = None,
) -> Plan:
    """Return the tuning of a scenario.

    Every method's whole grid is tried, unless a number of tries is given. Of larger grids the
    first so many of a permutation with a fixed seed are taken: methods with equal grids try the
    same values.

    Args:
        path: of the scenario, for messages.
        scenario: what it says.
        methods: names or labels; all if there are none.
        quick: take the ``[quick]`` limits.
        tries: per method, instead of ``tune.tries``.

    Raises:
        BadInputError: there is no such method, or the smallest grid has fewer combinations than the
            number of tries.
    """
    table = scenario.tune or Tune()
    lists: dict[str, Sequence[float]] = {key: getattr(table, key) for key in TUNED}
    chosen = chosen_methods(scenario, methods)
    grids = {method.folder: _grid(method, lists) for method in chosen}
    smallest = min(grids, key=lambda folder: len(grids[folder]))
    most = len(grids[smallest])
    wanted = tries or table.tries
    if wanted and wanted > most:
        where = f"--tries {tries}" if tries else f"{path}: tune.tries: {wanted}"
        raise BadInputError(f"{where}: accepted: at most {most}, the size of {smallest}'s grid")
    drawn = {folder: _draw(grid, wanted or len(grid)) for folder, grid in grids.items()}
    others = (k for k in itertools.count(FIRST_SEED) if k not in scenario.reported_seeds())
    return Plan(
        scenario,
        table.seeds or list(itertools.islice(others, SEEDS)),
        lists,
        {folder: len(grid) for folder, grid in grids.items()},
        drawn,
        _rungs(scenario, table, {folder: len(mine) for folder, mine in drawn.items()}, quick=quick),
    )


def _grid(method: Method, lists: dict[str, Sequence[float]]) -> list[Values]:
    keys = [key for key in TUNED if key in type(method).model_fields]
    combinations = itertools.product(*(lists[key] for key in keys))
    return [dict(zip(keys, values, strict=True)) for values in combinations]


def _draw(grid: list[Values], number: int) -> list[Values]:
    chosen = np.random.default_rng(0).permutation(len(grid))[:number]
    return [grid[k] for k in sorted(chosen)]


def _rungs(scenario: Scenario, table: Tune, tries: dict[str, int], *, quick: bool) -> list[Rung]:
    own = scenario.shortened() if quick else scenario
    limits = table if not quick and (table.time_limit or table.updates) else own
    rungs = []
    for number in range(table.rungs):
        share = table.halving ** -(table.rungs - 1 - number)
        time_limit = limits.time_limit and limits.time_limit * share
        updates = limits.updates and max(1, round(limits.updates * share))
        rungs.append(Rung(tries, time_limit, updates))
        tries = {folder: -(-mine // table.halving) for folder, mine in tries.items()}  # rounded up
    return rungs
