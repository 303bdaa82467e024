"""The ``[[methods]]`` tables: which methods, with which values."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_type_hints

from pydantic import Field, create_model

from algorithms import METHODS, RULES, Algorithm
from scenarios.format.words.open import Door, Open
from scenarios.format.words.own import Own, own_model
from scenarios.format.words.strict import Label


class Method(Open):
    """A method's name, the name of its folder, and what its aggregation and its rule take."""

    door: ClassVar[Door] = Door("name", "straggler.methods", Algorithm)

    name: str
    label: Label | None = Field(None, description="letters, digits, '.', '_', '-'")

    @property
    def folder(self) -> str:
        """What names the method's folder and curve."""
        return self.label or self.name.rpartition(":")[2]

    @property
    def is_ours(self) -> bool:
        """Whether it comes with straggler."""
        return self.name in METHODS

    def parameters(self) -> dict[str, Any]:
        """Return the arguments of the aggregation and the rule."""
        apart = {"name", "label", "rule", "source"}
        return {key: getattr(self, key) for key in type(self).model_fields if key not in apart}

    def build(self) -> Algorithm:
        """Return the method: its aggregation combined with its update rule."""
        aggregation, rule = METHODS[self.name] if self.is_ours else self._own_parts()
        values = self.parameters()
        rule_values = {f.name: values.pop(f.name) for f in dataclasses.fields(rule)}
        return aggregation(rule=rule(**rule_values), **values)

    def _own_parts(self) -> tuple[Any, Any]:
        raise NotImplementedError

    @classmethod
    def model_for(cls, target: type[Algorithm], content: Mapping[str, Any]) -> type[Any]:
        """Return the model of a user's method; its ``rule`` decides on some of its keys.

        Raises:
            ValueError: the rule is none, or the class has fields that cannot be keys.
        """
        rule = content.get("rule", "nigt")
        if rule not in RULES:
            raise ValueError(f"rule: unknown {rule!r}; accepted: {', '.join(map(repr, RULES))}")
        return own_model(OWN[rule], target, frozenset({"rule"}))


class OwnMethod(Own, Method):
    """A method of the user's, and the rule that its aggregate is used by."""

    rule: str

    def _own_parts(self) -> tuple[Any, Any]:
        return self.target, RULES[self.rule]


def _fields(part: type) -> dict[str, Any]:
    """Return the fields of an aggregation or a rule of ours, but for the rule itself."""
    hints = get_type_hints(part, include_extras=True)
    return {
        field.name: (hints[field.name], _default(field))
        for field in dataclasses.fields(part)
        if field.name != "rule"
    }


def _default(field: "dataclasses.Field[Any]") -> Any:  # noqa: ANN401
    return ... if field.default is dataclasses.MISSING else field.default


def _model(name: str) -> Any:  # noqa: ANN401
    """Return the model of a method of ours."""
    keys = {key: field for part in reversed(METHODS[name]) for key, field in _fields(part).items()}
    return create_model(name, __base__=Method, name=(Literal[name], ...), **keys)  # type: ignore[arg-type]


OWN: dict[str, Any] = {
    name: create_model(
        name,
        __base__=OwnMethod,
        rule=(Literal[name], name),  # type: ignore[arg-type]
        **_fields(rule),
    )
    for name, rule in RULES.items()
}
"""What users' methods have beside their own keys, by the name of their rule."""

for _name in METHODS:
    _model(_name)  # it enters itself in Method.door.ours
