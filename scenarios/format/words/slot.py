"""What a key takes, in words, as its type says it; and what somebody gave, cut to a line."""

import string
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

NOUNS = {
    bool: ("true or false", "true or false"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("a text", "texts"),
    dict: ("a table", "tables"),
}
"""Of one and of many."""

SIGNS = {
    bool: ["true"],
    int: [*string.digits],
    float: [*string.digits],
    dict: ["table"],
    list: ["list", "[", "numbers", "object"],
}
"""What a description has that says a type."""


@dataclass(frozen=True)
class Slot:
    """What a key of a file, or an argument, may hold.

    Attributes:
        kind: its type, without ``Annotated`` and ``None``.
        limits: its bounds and lengths.
        description: in words, where the key has some.
    """

    kind: Any
    limits: tuple[Any, ...] = ()
    description: str | None = None

    @classmethod
    def of(cls, kind: Any, limits: tuple[Any, ...] = (), said: str | None = None) -> "Slot":  # noqa: ANN401
        """Return the slot of an annotation."""
        if get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            for one in more:
                is_field = isinstance(one, FieldInfo)
                limits += tuple(one.metadata) if is_field else (one,)
                said = said or (one.description if is_field else None)
            return cls.of(kind, limits, said)
        given = [member for member in members(kind) if member is not type(None)]
        if len(given) == 1 and given[0] is not kind:
            return cls.of(given[0], limits, said)
        return cls(kind, limits, said)

    @classmethod
    def of_field(cls, known: FieldInfo | None) -> "Slot":
        """Return the slot of a key."""
        if known is None:
            return cls(None)
        return cls.of(known.annotation, tuple(known.metadata), known.description)

    @property
    def item(self) -> "Slot":
        """What stands in a list or under a name of a table."""
        inner = [one for one in get_args(self.kind) if one is not ...]
        return Slot.of(inner[-1]) if inner else Slot(None)

    def at(self, place: int) -> "Slot":
        """Return the slot of a place in a list."""
        inner = get_args(self.kind)
        own = get_origin(self.kind) is tuple and ... not in inner and place < len(inner)
        return Slot.of(inner[place]) if own else self.item

    @property
    def choices(self) -> list["Slot"]:
        """The members of a union."""
        return [Slot.of(member) for member in members(self.kind) if member is not type(None)]

    @property
    def shape(self) -> type:
        """``dict``, ``list``, or ``object`` for everything else."""
        origin = get_origin(self.kind) or self.kind
        if isinstance(origin, type) and issubclass(origin, BaseModel | dict):
            return dict
        return list if isinstance(origin, type) and issubclass(origin, list | tuple) else object

    def words(self, *, finite: bool = False, many: bool = False, upper: bool = False) -> str:
        """Say what it takes.

        Args:
            finite: say that infinity is not.
            many: of an item in a list.
            upper: name an upper bound even if it is what 64 bits hold.
        """
        said, by_type = self.description, self._by_type(many=many, upper=upper)
        if said is None:
            said = by_type
        elif not self._is_in(said):
            said = f"{by_type}: {said}"
        if finite and "finite" not in said:
            named = "number" in said
            said = said.replace("number", "finite number", 1) if named else f"{said}, finite"
        return said

    def _is_in(self, said: str) -> bool:
        """Return whether a description says the type; of a number, its bounds."""
        if get_origin(self.kind) is Literal:
            return False
        signs = SIGNS.get(self.kind if self.shape is object else self.shape, [""])
        return any(sign in said for sign in signs)

    def _by_type(self, *, many: bool, upper: bool) -> str:
        origin = get_origin(self.kind) or self.kind
        if origin is Literal:
            return ", ".join(map(repr, get_args(self.kind)))
        if origin in {Union, UnionType}:
            return ", or ".join(choice.words(many=many, upper=upper) for choice in self.choices)
        if self.shape is list:
            lengths = _bounds(self.limits, "min_length", "max_length")
            return f"{'lists' if many else 'a list'}{lengths} of {self.item.words(many=True)}"
        if isinstance(origin, type) and issubclass(origin, BaseModel):
            keys = ", ".join(
                key for key, known in origin.model_fields.items() if known.is_required()
            )
            noun = NOUNS[dict][many]
            return f"{noun} {{ {keys} }}" if keys else noun
        if isinstance(origin, type) and origin not in NOUNS:
            return f"an object of {origin.__name__}"
        noun = NOUNS.get(origin, ("a value", "values"))[many]
        return noun + _bounds(self.limits, "gt", "ge", "lt", "le", wide=upper)


def members(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return the members of a union; of anything else, itself."""
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)


BOUNDS = {
    "gt": "above {}",
    "ge": "of at least {}",
    "lt": "below {}",
    "le": "of at most {}",
    "min_length": "of at least {}",
    "max_length": "of at most {}",
}


def _bounds(limits: tuple[Any, ...], *kinds: str, wide: bool = False) -> str:
    """Return " of at least 1 and below 5" and the like; what no one reaches is left out."""
    words = []
    for kind in kinds:
        for limit in limits:
            bound = getattr(limit, kind, None)
            if bound is None or bound == float("inf") or (bound >= 2**63 - 1 and not wide):
                continue
            words.append(BOUNDS[kind].format(f"{bound:,}" if isinstance(bound, int) else bound))
    return f" {' and '.join(words)}" if words else ""
