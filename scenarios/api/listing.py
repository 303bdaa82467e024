"""What there is to name: scenarios, sweeps, methods, rules, and what other packages offer."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from algorithms import METHODS, RULES, Algorithm, Rule
from scenarios.api.shown import Shown
from scenarios.format.load import library, read_toml
from scenarios.format.own.installed import GROUPS, installed
from scenarios.format.words.arguments import checked_call
from scenarios.results.sheet import Sheet
from scenarios.studies.grid import SWEEPS

What = Literal["scenarios", "sweeps", "methods", "rules"]


class Listing(Shown):
    """What can be named; ``print`` it.

    Args:
        what: only this, and of methods what tells them apart; everything by default.

    Attributes:
        scenarios: titles, by name.
        sweeps: the same.
        methods: the keys of each aggregation, by name.
        rules: the same; each goes with any aggregation.
        offers: what other installed packages offer: kind and ``module:Class``, by name.
    """

    def __init__(self, what: What | None = None) -> None:
        self.what = what
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
        keys = {
            "methods": {n: ", ".join(k) for n, k in self.methods.items()}
            | {own: "a method of your own"},
            "rules": {n: ", ".join(k) for n, k in self.rules.items()} | {own: "a rule of your own"},
        }
        lines = {
            kind: [f"{name:{width}}  {text}" for name, text in named.items()]
            for kind, named in {"scenarios": self.scenarios, "sweeps": self.sweeps, **keys}.items()
        }
        if self.what is not None:
            return [methods_sheet()] if self.what == "methods" else lines[self.what]
        return [
            *lines["scenarios"],
            "\nsweeps:",
            *lines["sweeps"],
            "\nmethods (`straggler list methods` says what tells them apart):",
            *lines["methods"],
            "\nrules of any of them, by a key or an ending (rennala-pg); nigt if none is named:",
            *lines["rules"],
            *(f"{name:{width}}  {kind} of {of}" for name, (kind, of) in self.offers.items()),
        ]


def methods_sheet() -> Sheet:
    """Return what tells the aggregations apart, a row each; keys in brackets may be left out."""
    header = ("aggregation", "an update waits for", "is discarded", "keys", "paper")
    rows = [
        (f"`{name}`", kind.waits_for, kind.discards, ", ".join(_marked(kind)) or "-", kind.paper)
        for name, kind in METHODS.items()
    ]
    return Sheet("", header, rows, frozenset(range(len(header))))


def _marked(kind: type[Algorithm]) -> Iterator[str]:
    for field in dataclasses.fields(kind):
        if field.name != "rule":
            needed = field.default is dataclasses.MISSING
            yield f"`{field.name}`" if needed else f"[`{field.name}`]"


def _keys(kind: type[Algorithm] | type[Rule]) -> Sequence[str]:
    return [field.name for field in dataclasses.fields(kind) if field.name != "rule"]


def _titles(files: dict[str, Path]) -> dict[str, str]:
    return {name: str(read_toml(file)["title"]) for name, file in files.items()}


@checked_call
def list(what: What | None = None) -> Listing:  # noqa: A001 - straggler.list
    """Return what can be named: scenarios and sweeps that come with straggler, methods, rules.

    Args:
        what: one of these kinds; of ``methods``, what each waits for and discards, its keys and
            where it comes from.
    """
    return Listing(what)
