"""Measurements side by side."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from scenarios.api.shown import Shown
from scenarios.bench import forecast, measured
from scenarios.format.words.accepted import Names
from scenarios.format.words.arguments import checked_call
from scenarios.results.sheet import Sheet
from simulator import Count

if TYPE_CHECKING:
    from scenarios.bench.measure import Measurement


class Measurements(Shown):
    """Groups of measurements, made when they are first looked at.

    ``print`` them, or go through the tables as they are made.

    Attributes:
        rounds: of all tables together.
        seconds: that they take, about, on a machine that does nothing else.
        on_round: called after each round.
    """

    def __init__(self, what: str, env: Sequence[str], rounds: int) -> None:
        self.rounds, self.seconds = forecast(what, env, rounds)
        self.on_round: Callable[[], None] = lambda: None
        self._coming = measured(what, env, rounds, lambda: self.on_round())  # noqa: PLW0108 - it is set later
        self._made: dict[str, list[Measurement]] = {}

    @property
    def groups(self) -> "dict[str, list[Measurement]]":
        """The measurements, by the title of their table: ``rate`` is per second."""
        for _ in self:
            pass
        return self._made

    def __iter__(self) -> Iterator[Sheet]:
        """Yield a table per group."""
        for title, group in self._made.items():
            yield _sheet(title, group)
        for title, group in self._coming:
            self._made[title] = group
            yield _sheet(title, group)

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return list(self)

    def json(self) -> str:
        """Return them as JSON, by title."""
        groups = {t: [dataclasses.asdict(one) for one in group] for t, group in self.groups.items()}
        return json.dumps(groups, indent=1)


def _sheet(title: str, measurements: "Sequence[Measurement]") -> Sheet:
    """Return rates, their ratios to the first, and how many times as fast the first is."""
    rows = [
        [
            line.name,
            f"{line.rate:,.0f}" if line.rate >= 100 else f"{line.rate:.3g}",  # noqa: PLR2004
            line.unit,
            f"{line.ratio:.3g}",
            f"{1 / line.ratio:.3g} times",
        ]
        for line in measurements
    ]
    header = ["measured", "per second", "unit", "ratio", "first line"]
    return Sheet(title, header, rows, frozenset({0, 2}))


@checked_call
def bench(what: str, env: Names = (), rounds: Count = 5) -> Measurements:
    """Measure side by side: medians of interleaved rounds, with ratios to the first line.

    The command takes care that NumPy uses one thread; elsewhere, set OMP_NUM_THREADS=1 before it is
    imported.

    Args:
        what: ``events``, ``rollouts`` or ``methods``; see ``straggler bench --help``.
        env: MuJoCo environments; several, or Humanoid-v4, by default.
        rounds: interleaved rounds per measurement.

    Raises:
        BadInputError: there is no such benchmark or environment.
    """
    return Measurements(what, env, rounds)
