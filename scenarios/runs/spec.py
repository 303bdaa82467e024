"""Where the floors meet: from a scenario to its runs."""

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ValidationError

from algorithms import Algorithm
from scenarios.format.method import Method
from scenarios.format.prices import Prices
from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.format.words.explain import lines


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
        """Return the run that :meth:`to_json` wrote.

        Raises:
            BadInputError: a class of the user's that it names has changed or cannot be imported.
        """
        try:
            return cls(Scenario.model_validate_json(text))
        except ValidationError as error:
            raise BadInputError(*lines(error, Scenario, json.loads(text))) from None

    def to_json(self) -> str:
        """Return what :meth:`from_json` takes: the models of users' tables cannot be pickled."""
        return json.dumps(_finite(self.scenario.model_dump(mode="json")))

    def content(self) -> dict[str, object]:
        """Return what decides the result, as JSON; title, label and prices do not."""
        apart = dict.fromkeys(("title", "quick", "tune", "timeline", "thresholds"), True)
        unpaid = {"cluster": {*Prices.model_fields}}
        dumped = self.scenario.model_dump(mode="json", exclude={**apart, **unpaid})
        scenario: dict[str, Any] = _finite(dumped)
        for method in scenario["methods"]:
            del method["label"]
            if method.get("backup") == 0:  # older results have no such key
                del method["backup"]
        if scenario["evaluation"]:
            del scenario["evaluation"]["keep"]  # adds a file
        later = [(scenario, "evaluation")]  # than some results
        later += [(scenario["cluster"], key) for key in ("network", "server")]
        later += [(table, key) for table in scenario["methods"] for key in ("rule", "source")]
        later += [(scenario["problem"], key) for key in ("source", "baseline")]
        for table, key in later:
            if table.get(key, 0) is None:
                del table[key]
        if scenario["cluster"]["compute"]["model"] == "trace":
            del scenario["cluster"]["compute"]["file"]  # its digest says what it holds
        return scenario

    def course(self) -> dict[str, object]:
        """Return the content without its limits: a longer run goes the same way, and further."""
        content = self.content()
        return {key: content[key] for key in content if key not in {"time_limit", "updates"}}

    def identity(self) -> str:
        """Return 16 hexadecimal digits of the content: the same run has the same ones anywhere."""
        return digits(self.content())


def _finite(said: Any) -> Any:  # noqa: ANN401 - JSON
    """Leave out infinity and NaN, which JSON lacks: they can only be defaults of users' classes."""
    if isinstance(said, dict):
        return {key: _finite(value) for key, value in said.items() if not _is_odd(value)}
    if isinstance(said, list) and said and isinstance(said[0], dict):
        return [*map(_finite, said)]
    return said


def _is_odd(said: object) -> bool:
    """Return whether a number is infinite or NaN, or a list has one."""
    if isinstance(said, list):
        return any(map(_is_odd, said))
    return isinstance(said, float) and not math.isfinite(said)


OBJECT = "an object"
"""The source of a method that was given as an object: a scenario cannot make it again."""


def object_table(method: Algorithm) -> dict[str, Any]:
    """Return what a run's content says of a method that was given as an object."""
    plain = bool | int | float | str
    values = {f.name: getattr(method, f.name) for f in dataclasses.fields(method)}
    said = {key: v if isinstance(v, plain) else repr(v) for key, v in values.items()}
    kind = type(method)
    return {"name": f"{kind.__module__}:{kind.__name__}", "source": OBJECT, **said}


def digits(content: object) -> str:
    """Return 16 hexadecimal digits of JSON."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def expand(scenario: Scenario) -> list[RunSpec]:
    """Return the runs of a scenario: all methods of the first seed, then of the next."""
    return [
        RunSpec(scenario.model_copy(update={"methods": [method], "seeds": [seed]}))
        for seed in scenario.seeds
        for method in scenario.methods
    ]
