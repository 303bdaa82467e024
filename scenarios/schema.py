"""The scenario format: what a TOML file may say, and what each key means."""

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias, Union, get_type_hints

import annotated_types
import numpy as np
from pydantic import Field, create_model, model_validator

from algorithms import METHODS
from scenarios.problem_schema import (
    LARGEST_DIMENSION,
    ControlProblem,
    QuadraticProblem,
    TabularProblem,
)
from scenarios.strict import Label, NonNegative, Strict
from simulator import Count, Positive, Vector, power_law

Seed = Annotated[int, annotated_types.Ge(0), annotated_types.Lt(2**63)]


class PowerTimes(Strict):
    """Seconds of worker i = scale * i**exponent, i = 1..n."""

    model: Literal["power"]
    scale: Positive = Field(description="seconds of worker 1, above 0")
    exponent: float = Field(0.0, description="how fast the times grow with i")

    def times(self, workers: int) -> Vector:
        """Return the times, shape (n,)."""
        return power_law(workers, self.scale, self.exponent)


class ExplicitTimes(Strict):
    """One number of seconds per worker."""

    model: Literal["explicit"]
    seconds: list[Positive] = Field(description="a list of n numbers above 0")

    def times(self, workers: int) -> Vector:
        """Return the times, shape (n,)."""
        return _one_per_worker(self.seconds, workers, "compute.seconds")


class PowerUplink(Strict):
    """Seconds per vector of worker i = scale * i**exponent * d**dimension_exponent."""

    model: Literal["power"]
    scale: NonNegative = Field(description="seconds of worker 1 for d = 1, at least 0")
    exponent: float = Field(0.0, description="how fast the times grow with i")
    dimension_exponent: float = Field(0.0, description="how fast they grow with d")

    def times(self, workers: int, dimension: int) -> Vector:
        """Return the times, shape (n,)."""
        size = np.float64(dimension) ** self.dimension_exponent
        return power_law(workers, self.scale, self.exponent) * size


class ExplicitUplink(Strict):
    """One number of seconds per worker and vector."""

    model: Literal["explicit"]
    seconds: list[NonNegative] = Field(description="a list of n numbers >= 0")

    def times(self, workers: int, dimension: int) -> Vector:  # noqa: ARG002
        """Return the times, shape (n,)."""
        return _one_per_worker(self.seconds, workers, "uplink.seconds")


def _one_per_worker(seconds: list[float], workers: int, key: str) -> Vector:
    if len(seconds) != workers:
        raise ValueError(
            f"{key} has {len(seconds)} numbers for {workers} workers; one each is needed"
        )
    return np.array(seconds, dtype=np.float64)


class Cluster(Strict):
    """How many workers, how fast, and what connects them."""

    workers: Count = Field(le=10**7, description="the number n of workers, 1 to 10 million")
    preemption: Literal["cancel", "finish"] = "cancel"
    collective: Literal["gather", "allreduce"] = "gather"
    compute: Annotated[PowerTimes | ExplicitTimes, Field(discriminator="model")] = Field(
        description='seconds per gradient: { model = "power", ... } or { model = "explicit", ... }'
    )
    uplink: Annotated[PowerUplink | ExplicitUplink, Field(discriminator="model")] | None = None

    def compute_seconds(self) -> Vector:
        """Return h, shape (n,), in seconds per gradient."""
        return self.compute.times(self.workers)

    def uplink_seconds(self, dimension: int) -> Vector:
        """Return kappa, shape (n,), in seconds per vector of ``dimension`` coordinates."""
        if self.uplink is None:
            return np.zeros(self.workers)
        return self.uplink.times(self.workers, dimension)

    @model_validator(mode="after")
    def _times_are_usable(self) -> Self:
        with np.errstate(over="ignore", invalid="ignore"):
            compute, uplink = self.compute_seconds(), self.uplink_seconds(LARGEST_DIMENSION)
        if not (np.isfinite(compute).all() and (compute > 0).all()):
            raise ValueError("compute gives times that are not finite and above 0")
        if not np.isfinite(uplink).all():
            raise ValueError("uplink gives times that are not finite")
        return self


class Method(Strict):
    """A method's name in the paper, and the name of its folder."""

    name: str
    label: Label | None = Field(None, description="letters, digits, '.', '_', '-'")

    @property
    def folder(self) -> str:
        """What names the method's folder and curve."""
        return self.label or self.name

    def parameters(self) -> dict[str, Any]:
        """Return the arguments of the aggregation and the rule."""
        return self.model_dump(exclude={"name", "label"})


def _method(name: str) -> type[Method]:
    """Return the schema of one method: the fields of its aggregation and of its rule."""
    fields: dict[str, Any] = {"name": (Literal[name], ...)}
    for part in reversed(METHODS[name]):
        hints = get_type_hints(part, include_extras=True)
        for field in dataclasses.fields(part):
            if field.name != "rule":
                default = ... if field.default is dataclasses.MISSING else field.default
                fields[field.name] = (hints[field.name], default)
    return create_model(name, __base__=Method, **fields)


METHOD_MODELS = {name: _method(name) for name in METHODS}

if TYPE_CHECKING:
    AnyMethod: TypeAlias = Method
else:
    AnyMethod = Annotated[Union[tuple(METHOD_MODELS.values())], Field(discriminator="name")]  # noqa: UP007


class Limits(Strict):
    """Which seeds, and how long."""

    seeds: list[Seed] = Field(min_length=1, description="whole numbers of at least 0")
    time_limit: Positive | None = Field(None, description="simulated seconds, above 0")
    updates: Count | None = Field(None, description="at least 1")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.time_limit is None and self.updates is None:
            raise ValueError("time_limit or updates is missing; give one of them, or both")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds has a seed twice; each may stand there once")
        return self


class Quick(Limits):
    """What ``--quick`` puts in the place of the scenario's own limits."""


class Scenario(Limits):
    """A whole scenario file."""

    title: str
    quick: Quick | None = None
    cluster: Cluster
    problem: Annotated[
        ControlProblem | QuadraticProblem | TabularProblem, Field(discriminator="kind")
    ]
    methods: list[AnyMethod] = Field(min_length=1)

    @model_validator(mode="after")
    def _variants_fit(self) -> Self:
        self.problem.variants_of(self.cluster.workers)
        return self

    @model_validator(mode="after")
    def _folders_differ(self) -> Self:
        names = [method.name for method in self.methods]
        folders = [method.folder for method in self.methods]
        for method in self.methods:
            times = max(folders.count(method.folder), names.count(method.name))
            if times > 1 and (method.label is None or folders.count(method.folder) > 1):
                raise ValueError(
                    f"methods has {method.folder!r} {times} times; give each its own label"
                )
        return self

    def shortened(self) -> "Scenario":
        """Return the scenario with its ``[quick]`` limits, or with its first seed only."""
        limits = self.quick or Quick(
            seeds=self.seeds[:1], time_limit=self.time_limit, updates=self.updates
        )
        return self.model_copy(update={**dict(limits), "quick": None})
