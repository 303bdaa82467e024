"""The ``[[methods]]`` tables: which methods, with which values."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal, cast, get_type_hints

from pydantic import ConfigDict, create_model

from algorithms import METHODS, RULES, Algorithm, Rule
from scenarios.format.words.errors import BadInputError, short
from scenarios.format.words.explain import checked
from scenarios.format.words.open import Door, Open
from scenarios.format.words.own import Own, keys_of, own_model
from scenarios.format.words.plain import plain
from scenarios.format.words.sources import Code, code_of
from scenarios.format.words.strict import Label
from scenarios.format.words.where import in_one_line

RULE = Door("rule", "straggler.rules", Rule, {**RULES})
"""Where the rules come from that users' methods can be combined with."""


class Method(Open):
    """A method's name, the name of its folder, and what its aggregation and its rule take."""

    door: ClassVar[Door] = Door("name", "straggler.methods", Algorithm)

    name: str
    label: Label | None = None

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

    def described(self) -> dict[str, Any]:
        """Return what a user is told of it: the arguments, and the rule where it is chosen."""
        return self.parameters()

    def build(self) -> Algorithm:
        """Return the method: its aggregation combined with its update rule."""
        aggregation, rule = METHODS[self.name] if self.is_ours else self._own_parts()
        values = self.parameters()
        rule_values = {f.name: values.pop(f.name) for f in dataclasses.fields(rule) if f.init}
        return aggregation(rule=rule(**rule_values), **values)

    def misfit(self, workers: int) -> str | None:
        """Return what does not fit a cluster of so many workers, beginning with its key."""
        try:
            return self.build().misfit(workers)
        except Exception as error:  # noqa: BLE001 - whatever a user's class does
            return f"name: {short(self.name)} fails: {in_one_line(error)}"

    def _own_parts(self) -> tuple[Any, Any]:
        raise NotImplementedError

    @classmethod
    def model_for(cls, target: type[Algorithm], content: Mapping[str, Any]) -> type[Any]:
        """Return the model of a user's method; its ``rule`` decides on some of its keys.

        Raises:
            ValueError: the rule is none, or the class has fields that cannot be keys.
        """
        name = content.get("rule", "nigt")
        return own_model(
            _with_rule(name, cast("Any", RULE.find(name))), target, frozenset({"rule"})
        )


class OwnMethod(Own, Method):
    """A method of the user's, and the rule that its aggregate is used by."""

    rule: str
    rule_class: ClassVar[type[Rule]]

    def described(self) -> dict[str, Any]:
        """See :class:`Method`."""
        return {"rule": self.rule, **self.parameters()}

    def code(self) -> Code | None:
        """See :class:`Sourced`; the rule may be the user's too."""
        return code_of(self.target, self.rule_class)

    def _own_parts(self) -> tuple[Any, Any]:
        return self.target, self.rule_class


@cache
def _with_rule(name: str, rule: type[Rule]) -> type[OwnMethod]:
    """Return what users' methods have beside their own keys, when they use a rule."""
    try:
        keys = keys_of(rule, frozenset(), taken={*OwnMethod.model_fields, *dir(OwnMethod)})
    except ValueError as error:
        raise ValueError(f"rule: {error}") from error
    model: Any = create_model(
        rule.__name__,
        __base__=OwnMethod,
        rule=(Literal[name], name),  # type: ignore[arg-type]
        **keys,
    )
    model.rule_class = rule
    return cast("type[OwnMethod]", model)


def _fields(part: type) -> dict[str, Any]:
    """Return the fields of an aggregation or a rule of ours, but for the rule itself."""
    hints = get_type_hints(part, include_extras=True)
    return {
        field.name: (hints[field.name], _default(field))
        for field in dataclasses.fields(part)
        if field.name != "rule"
    }


def check_object(method: Algorithm) -> None:
    """Check the values of a method that was made in Python as those of a file are checked.

    Raises:
        BadInputError: a value is of another type or out of bounds; a line each.
    """
    rule: object = method.rule  # Python does not check what its types say
    if not isinstance(rule, Rule):
        raise BadInputError(
            f"method.rule: {rule!r}; accepted: an object, such as NIGT(step_size=0.1, momentum=0.1)"
        )
    found: list[str] = []
    for where, part in (("method", method), ("method.rule", rule)):
        keys = {key: (kind, ...) for key, (kind, _) in _fields(type(part)).items()}
        config = ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=False)
        model: Any = create_model(type(part).__name__, __config__=config, **keys)  # type: ignore[call-overload]
        try:
            checked(model, plain({key: getattr(part, key) for key in keys}), where, Path())
        except BadInputError as error:
            found += error.lines
    if found:
        raise BadInputError(*found)


def _default(field: "dataclasses.Field[Any]") -> Any:  # noqa: ANN401
    return ... if field.default is dataclasses.MISSING else field.default


def _model(name: str) -> Any:  # noqa: ANN401
    """Return the model of a method of ours."""
    keys = {key: field for part in reversed(METHODS[name]) for key, field in _fields(part).items()}
    return create_model(name, __base__=Method, name=(Literal[name], ...), **keys)  # type: ignore[arg-type]


for _name in METHODS:
    _model(_name)  # it enters itself in Method.door.ours
