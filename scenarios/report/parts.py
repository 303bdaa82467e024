"""What a report is about: the runs of each scenario, and those that failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from scenarios.format.words.errors import BadInputError
from scenarios.pictures.style import rank
from scenarios.results import curves
from scenarios.runs.spec import digits
from scenarios.runs.store.stored import StoredRun, apart_from_method, check_labels

MOST_PARTS = 24
"""Scenarios of one page, unless they are points of a sweep."""


@dataclass(frozen=True)
class Part:
    """The runs of one scenario.

    Attributes:
        name: where they are.
        title: of the scenario.
        runs: those that ended well, by method and seed; at least one.
        failed: the others of which anything is known.
    """

    name: str
    title: str
    runs: list[StoredRun]
    failed: list[StoredRun]

    @cached_property
    def labels(self) -> list[str]:
        """The methods, in the order of their colours."""
        return sorted({run.label for run in self.runs}, key=rank)

    @cached_property
    def end(self) -> float:
        """The seconds of the longest run."""
        return max(float(run.totals["elapsed"]) for run in self.runs)

    @cached_property
    def until(self) -> float:
        """The seconds that all runs have."""
        return curves.horizon(self.runs)

    @property
    def clock(self) -> str:
        """What the seconds are: simulated ones, unless runs are races."""
        return curves.clock(self.runs)

    def first(self, label: str) -> StoredRun:
        """Return the run of a method with the smallest seed."""
        mine = (run for run in self.runs if run.label == label)
        return min(mine, key=lambda run: run.info["seed"])


def parts_of(runs: Sequence[StoredRun], name: str) -> list[Part]:
    """Return a part for each scenario among runs; those without a finished run are left out.

    Titles do not tell scenarios apart: one may have been corrected between two runs.

    Args:
        runs: failed and damaged ones too.
        name: where they are.

    Raises:
        BadInputError: none ended well, there are more scenarios than a page shows, or runs of one
            label differ in more than the seed.
    """
    groups: dict[str, list[StoredRun]] = {}
    for run in runs:
        if run.info:
            groups.setdefault(digits(apart_from_method(run)), []).append(run)
    finished = [group for group in groups.values() if any(run.is_done for run in group)]
    if not finished:
        raise BadInputError(f"{name}: no finished runs; accepted: a folder or a file that has some")
    if len(finished) > MOST_PARTS:
        raise BadInputError(
            f"{name}: runs of {len(finished)} scenarios; accepted: up to {MOST_PARTS}; for a store "
            "of sweeps, name the sweep"
        )
    for group in finished:
        check_labels([run for run in group if run.is_done], name)
    return [part_of(group, name, several=len(finished) > 1) for group in finished]


def part_of(runs: Sequence[StoredRun], name: str, *, several: bool = False) -> Part:
    """Return the part of runs of one scenario, at least one of which ended well."""
    done = sorted(
        (run for run in runs if run.is_done), key=lambda run: (rank(run.label), run.info["seed"])
    )
    title = str(done[0].info["title"])
    failed = [run for run in runs if not run.is_done]
    return Part(f"{name}: {title}" if several else name, title, done, failed)
