"""The sweep format: a base scenario, and axes over any of its keys."""

import itertools
import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import annotated_types
from pydantic import BeforeValidator, Field, model_validator

from scenarios.format.load import check_problem, find, library, read_base, read_toml
from scenarios.format.scenario import Scenario, Seed
from scenarios.format.words.base import only_methods
from scenarios.format.words.errors import BadInputError, short, short_name
from scenarios.format.words.explain import checked
from scenarios.format.words.keys import replaces, set_key
from scenarios.format.words.strict import Label, Strict
from scenarios.results.rows import BILL, COLUMNS, TOTALS

SWEEPS = Path(__file__).parent.parent / "sweeps"
"""Sweeps that come with the package."""

LARGEST = 1e150
"""Of an axis's ends; one is 0, or not below 1 over it: what lies between is finite, too."""

MOST_POINTS = 100_000
"""Points of a grid; each is a scenario that is checked."""

Value = Any
Number = Annotated[int | float, Field(description="a number")]
Span = Annotated[
    tuple[Number, Number, Annotated[int, annotated_types.Ge(2), annotated_types.Le(10_000)]],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
]
"""[from, to, how many], both ends included."""


class Axis(Strict):
    """A key, or keys that change together, and their values."""

    key: str | None = Field(None, description='such as "cluster.compute.exponent"')
    keys: list[str] | None = Field(None, min_length=2, description="keys that change together")
    values: list[Value] | None = Field(
        None, min_length=1, description="a list; for several keys, a list of lists"
    )
    range: Span | None = Field(None, description="[from, to, number], equally spaced")
    log: Span | None = Field(None, description="[from, to, number], equal ratios")
    name: Label | None = None

    @property
    def label(self) -> str:
        """The axis's name, or the last part of its key."""
        return self.name or (self.key or "-".join(self.keys or [])).rpartition(".")[2]

    def points(self) -> Iterator[tuple[Value, dict[str, Value]]]:
        """Yield each value, and what it sets by key."""
        if self.keys is not None:
            for together in self.values or []:
                yield (
                    " ".join(map(str, together)),
                    dict(zip(self.keys, together, strict=True)),
                )
            return
        for value in self.values or self._spaced():
            shown = str(value) if isinstance(value, list | dict) else value
            yield shown, {str(self.key): value}

    def _spaced(self) -> list[float]:
        low, high, number = self.range or self.log or (1, 1, 2)
        whole = isinstance(low, int) and isinstance(high, int)
        if whole and self.range is not None and (high - low) % (number - 1) == 0:
            step = (high - low) // (number - 1)
            return [low + step * k for k in range(number)]
        shares = [k / (number - 1) for k in range(number)]
        if self.range is not None:
            spaced = [low + (high - low) * share for share in shares]
        else:
            spaced = [low * (high / low) ** share for share in shares]
        # to 12 digits: a longer axis shares the values of a shorter one
        rounded = [float(f"{value:.12g}") for value in spaced]
        if whole and self.log is not None and all(value.is_integer() for value in rounded):
            return [low, *(int(value) for value in rounded[1:-1]), high]
        return rounded

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.key is None) == (self.keys is None):
            raise ValueError("key: accepted: either key, or keys that change together")
        given = [name for name in ("values", "range", "log") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("values: accepted: exactly one of values, range, log")
        for name in ("range", "log"):
            if (span := getattr(self, name)) is not None and span[0] == span[1]:
                raise ValueError(f"{name}: begins and ends at {span[0]}; accepted: two numbers")
            if span is not None and not all(
                end == 0 or 1 / LARGEST <= abs(end) <= LARGEST for end in span[:2]
            ):
                raise ValueError(f"{name}: accepted: 0, or sizes {1 / LARGEST:g} to {LARGEST:g}")
        if self.log is not None and min(self.log[:2]) <= 0:
            raise ValueError(f"log: {list(self.log)}; accepted: numbers above 0")
        return self

    @model_validator(mode="after")
    def _differ(self) -> Self:
        seen = set[str]()
        for value in self.values or []:
            if (same := _same(value)) in seen:
                raise ValueError(f"values: {short(value)} stands there twice; accepted: once")
            seen.add(same)
        if self.values is None and len({*(spaced := self._spaced())}) < len(spaced):
            name = "range" if self.log is None else "log"
            raise ValueError(f"{name}: accepted: values that differ in their first 12 digits")
        if self.keys is not None:
            lists = self.values or []
            if (
                not all(isinstance(v, list) and len(v) == len(self.keys) for v in lists)
                or not lists
            ):
                raise ValueError(f"values: accepted for keys: lists of {len(self.keys)} each")
        return self


class SweepFile(Strict):
    """A whole sweep file."""

    title: str
    base: str = Field(description="a scenario: a file beside this one, or a name")
    seeds: list[Seed] | None = Field(None, min_length=1, description="instead of the base's")
    methods: list[str] | None = Field(None, min_length=1, description="only these of the base")
    quick: bool = Field(default=False, description="start from the base's [quick] limits")
    set: dict[str, Value] = Field(default={}, description="keys of the base to change everywhere")
    axes: list[Axis] = Field(default=[])

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        labels = [axis.label for axis in self.axes]
        for key, value in self.set.items():
            if isinstance(value, dict) and "." not in key:
                raise ValueError(
                    f"set.{key}: is a table; accepted: quoted dotted keys, such as '{key}.KEY'"
                )
        for label in labels:
            if label in COLUMNS | {*TOTALS, *BILL} or label.startswith("time_to_"):
                raise ValueError(
                    f"axes: {label!r} is a column of the results; accepted: another name"
                )
            if labels.count(label) > 1:
                raise ValueError(
                    f"axes: two are called {label!r}; accepted: each with its own name"
                )
        return self

    @model_validator(mode="after")
    def _every_key_matters(self) -> Self:
        given = list(_keys_of(self))
        for where, key in given:
            if key.partition(".")[0] in {"quick", "tune"}:
                raise ValueError(
                    f"{where}: {key!r} is not about the runs of a sweep; accepted: other keys"
                )
            if where == "set.seeds":
                raise ValueError("set.seeds: stands in [set]; accepted: seeds beside the title")
        for (where, key), (later, other) in itertools.combinations(given, 2):
            if replaces(other, key):
                same = replaces(key, other)  # perhaps under another name of the method
                wider = "" if same else f", or {other!r} before it"
                raise ValueError(
                    f"{where}: {key!r} is replaced by {later}, {other!r}; accepted: one of "
                    f"them{wider}"
                )
        return self


def _keys_of(file: SweepFile) -> Iterator[tuple[str, str]]:
    """Yield where each key stands in a sweep file, and the key; in the order that they are set."""
    yield from ((key, key) for key in ("seeds", "methods") if getattr(file, key) is not None)
    yield from ((f"set.{key}", key) for key in file.set)
    for k, axis in enumerate(file.axes):
        where = f"axes[{k}].{'keys' if axis.key is None else 'key'}"
        yield from ((where, key) for key in axis.keys or [str(axis.key)])


def _same(value: Value) -> str:
    """Return what equal values share: 5 and 5.0, 0 and -0.0 are the same, 1 and true are not."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return repr(value + 0.0) if number and abs(value) < 2**53 else repr(value)


@dataclass(frozen=True)
class GridPoint:
    """One combination of values.

    Attributes:
        axes: the value on each axis, by its name.
        scenario: with all methods and seeds of the sweep.
    """

    axes: dict[str, Value]
    scenario: Scenario


@dataclass(frozen=True)
class Sweep:
    """A sweep file and its grid.

    Attributes:
        path: of the file.
        file: what it says.
        points: the grid, the last axis fastest.
    """

    path: Path
    file: SweepFile
    points: list[GridPoint]


def sweep_names() -> set[str]:
    """Return the names of the sweeps that come with the package, with and without their folders."""
    named = library(SWEEPS)
    return {*named, *(name.rpartition("/")[2] for name in named)}


def load_sweep(name: str | Path) -> Sweep:
    """Return a sweep, by file or name, every point of its grid checked.

    Raises:
        BadInputError: a mistake in the file, or in a scenario that it would make.
    """
    path = find(str(name), "sweep", SWEEPS)
    content = read_toml(path)
    if "base" not in content and {"cluster", "methods"} & content.keys():
        raise BadInputError(
            f"{path}: is a scenario; accepted: a sweep, with `base`; for what was made of a "
            f"scenario, its folder, such as runs/{path.stem}"
        )
    file = checked(SweepFile, content, str(path), path.parent)
    base = read_base(path, file.base)
    _select(base, file, path)
    _check_number(file, path)
    points = []
    for combination in itertools.product(*(axis.points() for axis in file.axes)):
        content = deepcopy(base)
        changes = dict(file.set)
        for _, keys in combination:
            changes |= keys
        axes = {a.label: value for a, (value, _) in zip(file.axes, combination, strict=True)}
        place = ", ".join(f"{name} = {short_name(str(value))}" for name, value in axes.items())
        where = f"{path}: at {place or 'the base'}"
        for key, value in changes.items():
            set_key(content, key, value, where)
        scenario = checked(Scenario, content, where, path.parent)
        points.append(GridPoint(axes, scenario))
    different = {point.scenario.problem.model_dump_json(): point for point in points}
    for point in different.values():
        check_problem(str(path), point.scenario)
    return Sweep(path, file, points)


def _check_number(file: SweepFile, path: Path) -> None:
    lengths = [len(list(axis.points())) for axis in file.axes]
    if (number := math.prod(lengths)) > MOST_POINTS:
        product = " x ".join(f"{length:,}" for length in lengths)
        raise BadInputError(
            f"{path}: axes: {product} = {number:,} points; accepted: at most {MOST_POINTS:,}; "
            "shorter axes, or several sweeps"
        )


def _select(base: dict[str, Any], file: SweepFile, path: Path) -> None:
    """Put the sweep's own limits, seeds and methods into the base."""
    quick = base.pop("quick", None)
    if file.quick and not quick:
        raise BadInputError(f"{path}: quick: {file.base} has no table [quick]; accepted: false")
    if file.quick:
        for key in ("seeds", "time_limit", "updates"):
            base.pop(key, None)
        base |= quick
    base.pop("tune", None)  # it has seeds that a sweep may want
    base["timeline"] = False
    if file.seeds is not None:
        base["seeds"] = file.seeds
    if file.methods is not None:
        base["methods"] = only_methods(base["methods"], file.methods, str(path))


def is_logarithmic(values: list[float]) -> bool:
    """Return whether positive values are spread over more than a factor of twenty."""
    return min(values) > 0 and math.log(max(values) / min(values)) > math.log(20)
