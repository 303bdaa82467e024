"""Where the floors meet: from what a scenario says to the things that run."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

from algorithms import METHODS, Algorithm
from scenarios.format.scenario import Method, Scenario


@dataclass(frozen=True)
class RunSpec:
    """One run: everything that decides its result.

    Attributes:
        scenario: with one method and one seed left.
    """

    scenario: Scenario

    @property
    def method(self) -> Method:
        """The run's only method."""
        return self.scenario.methods[0]

    @property
    def seed(self) -> int:
        """The run's only seed."""
        return self.scenario.seeds[0]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the run of a scenario that was written with ``model_dump_json``."""
        return cls(Scenario.model_validate_json(text))

    def __reduce__(self) -> tuple[Callable[[str], Self], tuple[str]]:
        """Travel to other processes as JSON: the methods' schemas are made at run time."""
        return type(self).from_json, (self.scenario.model_dump_json(),)

    def content(self) -> dict[str, object]:
        """Return all that decides the result, as JSON; title and label do not."""
        apart = {"title", "quick", "tune", "timeline"}
        scenario = self.scenario.model_dump(mode="json", exclude=apart)
        for method in scenario["methods"]:
            del method["label"]
        if scenario["evaluation"] is None:
            del scenario["evaluation"]
        scenario["cluster"]["compute"].pop("file", None)  # a trace's digest says what it holds
        return scenario

    def identity(self) -> str:
        """Return 16 hexadecimal digits of the content: the same run has the same ones anywhere."""
        text = json.dumps(self.content(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def expand(scenario: Scenario) -> list[RunSpec]:
    """Return the runs of a scenario: all methods of the first seed, then of the next."""
    return [
        RunSpec(scenario.model_copy(update={"methods": [method], "seeds": [seed]}))
        for seed in scenario.seeds
        for method in scenario.methods
    ]


def build_method(method: Method) -> Algorithm:
    """Return the method: its aggregation combined with its update rule."""
    aggregation, rule = METHODS[method.name]
    values = method.parameters()
    rule_values = {f.name: values.pop(f.name) for f in fields(rule)}
    return aggregation(rule=rule(**rule_values), **values)
