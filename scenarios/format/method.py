"""The ``[[methods]]`` tables: which methods, with which values."""

import dataclasses
from collections.abc import Mapping
from functools import cache, reduce
from operator import or_
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, cast, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, Field, create_model

from algorithms import COMBINED, METHODS, RULES, Algorithm, Rule, Schedule
from algorithms.algorithm import Durations
from scenarios.format.own.classes import Own, keys_of, own_model
from scenarios.format.own.open import Door, Open
from scenarios.format.own.sources import Code, code_of
from scenarios.format.own.where import in_one_line
from scenarios.format.words.errors import BadInputError, short
from scenarios.format.words.explain import checked
from scenarios.format.words.plain import plain
from scenarios.format.words.strict import Label, NonNegative, Strict
from simulator import Positive

RULE = Door("rule", "straggler.rules", Rule, {**RULES})
"""Where the rules come from that methods are combined with."""

DEFAULT = next(iter(RULES))
"""The rule where none is named."""

ENDINGS = f" (each also with an ending: {', '.join(f'-{name}' for name in RULES)})"


class Decaying(Strict):
    """A value that decays, of a step size or momentum: start (1 + t / after)^-power."""

    start: Any = Field(description="as without decay")
    power: NonNegative
    after: Positive
    by: Literal["updates", "seconds"] = "updates"

    def schedule(self) -> Schedule:
        """Return the schedule."""
        return Schedule(**self.model_dump())


def _with_tables(hint: Any) -> Any:  # noqa: ANN401
    """Return what a key takes for a field: a table in place of a schedule.

    It begins with a value that the key could have for ever.
    """
    kinds = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    if Schedule not in kinds:
        return hint
    others = [kind for kind in kinds if kind is not Schedule]
    start: Any = reduce(or_, [kind for kind in others if kind is not NoneType] or [float])
    table = create_model("Schedule", __base__=Decaying, start=(start, ...))
    return reduce(or_, [*others, table])


class Method(Own, Open):
    """A method's name, the name of its folder, and what its aggregation and its rule take."""

    @staticmethod
    def key_for(hint: Any) -> Any:  # noqa: ANN401
        """See :class:`Own`."""
        return _with_tables(hint)

    door: ClassVar[Door] = Door(
        "name",
        "straggler.methods",
        Algorithm,
        {**METHODS},
        {name: aggregation for name, (aggregation, _) in COMBINED.items()},
        ENDINGS,
    )
    rule_class: ClassVar[type[Rule]]

    name: str
    label: Label | None = None
    rule: str | None = None

    @property
    def folder(self) -> str:
        """What names the method's folder and curve."""
        return self.label or self.name.rpartition(":")[2]

    @property
    def is_ours(self) -> bool:
        """Whether its aggregation comes with straggler."""
        return self.name in METHODS or self.name in COMBINED

    def parameters(self) -> dict[str, Any]:
        """Return the arguments of the aggregation and the rule."""
        apart = {"name", "label", "rule", "source"}
        values = {key: getattr(self, key) for key in type(self).model_fields if key not in apart}
        return {k: v.schedule() if isinstance(v, Decaying) else v for k, v in values.items()}

    def described(self) -> dict[str, Any]:
        """Return what a user is told of it: the arguments, and the rule where it is chosen."""
        return {"rule": self.rule, **self.parameters()}

    def build(self) -> Algorithm:
        """Return the method: its aggregation combined with its update rule."""
        values, rule = self.parameters(), self.rule_class
        rule_values = {f.name: values.pop(f.name) for f in dataclasses.fields(rule) if f.init}
        method: Algorithm = self.target(rule=rule(**rule_values), **values)
        return method

    def misfit(self, workers: int, durations: Durations) -> str | None:
        """Return what does not fit a cluster, beginning with its key; see :class:`Algorithm`."""
        try:
            return self.build().misfit(workers, durations)
        except Exception as error:  # noqa: BLE001 - whatever a user's class does
            return f"name: {short(self.name)} fails: {in_one_line(error)}"

    def code(self) -> Code | None:
        """See :class:`Sourced`; the aggregation or the rule may be the user's."""
        ours = self.is_ours and self.rule_class in RULES.values()
        return None if ours else code_of(self.target, self.rule_class)

    @classmethod
    def model_for(cls, target: type[Algorithm], content: Mapping[str, Any]) -> type[Any]:
        """Return the model of a method; its rule decides on some of its keys.

        Raises:
            ValueError: the rule is none, or the class has fields that cannot be keys.
        """
        name, chosen = content["name"], content.get("rule")
        if name in COMBINED and chosen is not None:
            raise ValueError(f"rule: {short(name)} names one; accepted: no key rule beside it")
        if chosen is None and name not in METHODS and name not in COMBINED:
            chosen = DEFAULT  # filled in
        rule: Any = COMBINED[name][1] if name in COMBINED else RULE.find(chosen or DEFAULT)
        return own_model(_with_rule(chosen, rule), target, frozenset({"rule"}))


@cache
def _with_rule(name: str | None, rule: type[Rule]) -> type[Method]:
    """Return what methods have beside the keys of their aggregation, when they use a rule.

    Args:
        name: of the rule, as the table says it.
        rule: what it names.
    """
    try:
        fields = keys_of(rule, frozenset(), taken={*Method.model_fields, *dir(Method)})
    except ValueError as error:
        raise ValueError(f"rule: {error}") from error
    keys: dict[str, Any] = {key: (_with_tables(k), default) for key, (k, default) in fields.items()}
    keys["rule"] = (None if name is None else Literal[name], name)
    model: Any = create_model(rule.__name__, __base__=Method, **keys)
    model.rule_class = rule
    return cast("type[Method]", model)


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
        hints = get_type_hints(type(part), include_extras=True)
        names = [f.name for f in dataclasses.fields(part) if f.name != "rule"]
        keys = {name: (_with_tables(hints[name]), ...) for name in names}
        config = ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=False)
        model: Any = create_model(type(part).__name__, __config__=config, **keys)  # type: ignore[call-overload]
        try:
            values = {key: getattr(part, key) for key in keys}
            tables = {k: vars(v) if isinstance(v, Schedule) else v for k, v in values.items()}
            checked(model, plain(tables), where, Path())
        except BadInputError as error:
            found += error.lines
    if found:
        raise BadInputError(*found)
