"""What there is to name: scenarios, sweeps, methods, rules, and what other packages offer."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from algorithms import METHODS, RULES, Algorithm, Rule
from scenarios.api.shown import Shown
from scenarios.format.load import library, read_toml
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.installed import GROUPS, installed
from scenarios.results.sheet import Sheet
from scenarios.studies.grid import SWEEPS


class Listing(Shown):
    """What can be named; ``print`` it.

    Attributes:
        scenarios: titles, by name.
        sweeps: the same.
        methods: the keys of each aggregation, by name.
        rules: the same; each goes with any aggregation.
        offers: what other installed packages offer: kind and ``module:Class``, by name.
    """

    def __init__(self) -> None:
        self.scenarios = _titles(library())
        self.sweeps = _titles(library(SWEEPS))
        self.methods = {name: _keys(kind) for name, kind in METHODS.items()}
        self.rules = {name: _keys(kind) for name, kind in RULES.items()}
        self.offers = {
            name: (kind, where)
            for kind, group in GROUPS.items()
            for name, where in installed(group).items()
        }

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        width = max(map(len, self.scenarios))
        own = "package.module:Class"
        return [
            *(f"{name:{width}}  {title}" for name, title in self.scenarios.items()),
            "\nsweeps:",
            *(f"{name:{width}}  {title}" for name, title in self.sweeps.items()),
            "\nmethods:",
            *(f"{name:{width}}  {', '.join(keys)}" for name, keys in self.methods.items()),
            f"{own:{width}}  a method of your own",
            "\nrules of any of them, by a key or an ending (rennala-pg); nigt if none is named:",
            *(f"{name:{width}}  {', '.join(keys)}" for name, keys in self.rules.items()),
            f"{own:{width}}  a rule of your own",
            *(f"{name:{width}}  {kind} of {of}" for name, (kind, of) in self.offers.items()),
        ]


def _keys(kind: type[Algorithm] | type[Rule]) -> Sequence[str]:
    return [field.name for field in dataclasses.fields(kind) if field.name != "rule"]


def _titles(files: dict[str, Path]) -> dict[str, str]:
    return {name: str(read_toml(file)["title"]) for name, file in files.items()}


@checked_call
def list() -> Listing:  # noqa: A001 - straggler.list
    """Return what can be named: scenarios and sweeps that come with straggler, methods, rules."""
    return Listing()
