"""The ``[cluster.compute]`` table: how long gradients take, by model and modifiers."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import annotated_types
import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from algorithms.algorithm import Durations
from scenarios.format.own.classes import Own, own_model
from scenarios.format.own.open import Door, Open
from scenarios.format.own.where import told
from scenarios.format.words.errors import short
from scenarios.format.words.selection import select
from scenarios.format.words.strict import FILLED, NonNegative, Strict, Workers
from simulator import ComputeModel, ComputeTimes, Count, OwnFactors, Positive, Vector, power_law
from simulator.hardware.jitter import Jitter
from simulator.hardware.speed import Profile, Speeds
from simulator.hardware.trace import read_trace

Ascending = Annotated[list[NonNegative], Field(fail_fast=True)]

TRACES = "accepted: a table of time, worker, speed as CSV or Parquet"


class Random(Strict):
    """A random factor of mean one on every task."""

    distribution: Literal["exponential", "lognormal", "gamma", "pareto", "uniform"]
    cv: Positive | None = Field(None, description="coefficient of variation, 0.001 to 1000")
    tail: Annotated[float, annotated_types.Gt(1)] | None = Field(
        None, description="tail index of pareto, above 1"
    )

    @model_validator(mode="after")
    def _has_its_spread(self) -> Self:
        wanted = {"exponential": None, "pareto": "tail"}.get(self.distribution, "cv")
        for key in ("cv", "tail"):
            if (getattr(self, key) is not None) != (key == wanted):
                takes = wanted or "neither cv nor tail"
                raise ValueError(f"{key}: does not fit {self.distribution}; accepted: {takes}")
        self.jitter(0)  # raises ValueError if it cannot be so wide
        return self

    def jitter(self, seed: int) -> Jitter:
        """Return the factors for one seed."""
        return Jitter(self.distribution, self.cv or self.tail or 1.0, seed)


class Schedule(Strict):
    """A speed that changes at given times; tasks keep their work across changes."""

    workers: Workers = "others"
    times: Ascending = Field(min_length=1, description="seconds, ascending, the first one 0")
    speeds: Annotated[list[NonNegative], Field(fail_fast=True)] = Field(
        min_length=1, description="as many numbers, at least 0"
    )
    period: Positive | None = Field(None, description="seconds after which it begins anew")

    @model_validator(mode="after")
    def _is_a_profile(self) -> Self:
        if self.times[0] != 0 or np.any(np.diff(self.times) <= 0):
            raise ValueError(f"times: got {short(self.times)}; accepted: ascending from 0")
        if len(self.times) != len(self.speeds):
            numbers, times = len(self.speeds), len(self.times)
            raise ValueError(f"speeds: has {numbers} numbers for {times} times; accepted: one each")
        if self.period is not None and self.period <= self.times[-1]:
            raise ValueError(f"period: got {self.period}; accepted: above the last time")
        return self

    def profile(self) -> Profile:
        """Return the profile."""
        times, speeds = np.array(self.times), np.array(self.speeds)
        return Profile(times, speeds, self.period or float("inf"))


class Times(Open):
    """What all compute models share."""

    door: ClassVar[Door] = Door("model", "straggler.compute", ComputeTimes)

    model: str
    per: Literal["gradient", "step"] = "gradient"
    random: Random | None = None
    schedule: list[Schedule] = Field(default=[])

    def times(self, workers: int) -> Vector:
        """Return h, shape (n,), in seconds."""
        raise NotImplementedError

    def speeds(self, workers: int) -> Speeds | None:
        """Return the speeds over time, None if they are constant."""
        if not self.schedule:
            return None
        owner = select([s.workers for s in self.schedule], workers, "compute.schedule")
        return Speeds([s.profile() for s in self.schedule], owner)

    @property
    def durations(self) -> Durations:
        """What a worker's gradients take."""
        if self.per == "step":
            return "per step"
        return "varying" if self._varies() else "fixed"

    def _varies(self) -> bool:
        return bool(self.random or self.schedule)

    def compute_model(self, workers: int, seed: int) -> ComputeModel:
        """Return the compute model for one seed."""
        jitter = self.random.jitter(seed) if self.random else None
        return ComputeModel(self.times(workers), jitter, self.speeds(workers), self.per == "step")

    @classmethod
    def model_for(cls, target: type, content: Mapping[str, Any]) -> type[Any]:  # noqa: ARG003
        """Return the model of tables that name a user's compute-time model."""
        return own_model(OwnTimes, target)


class PowerTimes(Times):
    """Seconds of worker i = scale * i**exponent, i = 1..n; descending: (n - i + 1)**exponent."""

    model: Literal["power"]
    scale: Positive = Field(description="seconds of worker 1, above 0")
    exponent: float = Field(0.0, description="how fast the times grow with i")
    descending: bool = Field(default=False, description="true: worker n is the first")

    def times(self, workers: int) -> Vector:
        """Return h, shape (n,)."""
        seconds = power_law(workers, self.scale, self.exponent)
        return seconds[::-1].copy() if self.descending else seconds


class ExplicitTimes(Times):
    """One number of seconds per worker."""

    model: Literal["explicit"]
    seconds: Annotated[list[Positive], Field(fail_fast=True)] = Field(
        description="a list of n numbers above 0"
    )

    def times(self, workers: int) -> Vector:
        """Return h, shape (n,)."""
        return one_per_worker(self.seconds, workers, "compute.seconds")


class Group(Strict):
    """So many workers of one kind."""

    count: Count
    seconds: Positive = Field(description="of each of them")


class GroupTimes(Times):
    """Workers by kind, in this order."""

    model: Literal["groups"]
    groups: list[Group] = Field(min_length=1)

    def times(self, workers: int) -> Vector:
        """Return h, shape (n,)."""
        counts = [group.count for group in self.groups]
        check_number(sum(counts), workers, "compute.groups")
        return np.repeat([group.seconds for group in self.groups], counts)


class TraceTimes(Times):
    """Speeds that were measured: rows (time, worker, speed), in gradients per second."""

    model: Literal["trace"]
    file: str = Field(
        pattern=r"^[^\x00]+$", description="a CSV or Parquet file, relative to the scenario"
    )
    period: Positive | None = Field(
        None, description="seconds after which it begins anew; never if left out"
    )
    digest: str | None = Field(None, description=f"{FILLED}: what the file held")

    @field_validator("file")
    @classmethod
    def _beside_the_scenario(cls, file: str, info: ValidationInfo) -> str:
        folder = (info.context or {}).get("folder")
        return str((folder / file).resolve()) if folder is not None else file

    @model_validator(mode="after")
    def _remember_its_content(self) -> Self:
        try:
            digest = hashlib.sha256(Path(self.file).read_bytes()).hexdigest()
        except OSError as error:
            raise ValueError(f"file: {self.file[-150:]}: {error.strerror}; {TRACES}") from error
        if self.digest not in {None, digest}:
            raise ValueError(
                f"file: {self.file[-150:]} is not the one that this run was planned with; "
                "accepted: the same content"
            )
        object.__setattr__(self, "digest", digest)
        return self

    def times(self, workers: int) -> Vector:
        """Return one gradient of work for everyone."""
        return np.ones(workers)

    def _varies(self) -> bool:
        return True

    def speeds(self, workers: int) -> Speeds:
        """Return the recorded speeds."""
        if self.schedule:
            raise ValueError(
                "compute.schedule: does not go with a trace, which has the speeds; accepted: one "
                "of them"
            )
        try:
            return read_trace(Path(self.file), workers, self.period or float("inf"))
        except ValueError as error:
            raise ValueError(f"compute.file: {error}") from error


class OwnTimes(Own, Times):
    """A compute-time model of the user's."""

    def _varies(self) -> bool:
        own = self.target.factors is not ComputeTimes.factors  # type: ignore[attr-defined]
        return own or super()._varies()

    def times(self, workers: int) -> Vector:
        """Return h, shape (n,)."""
        with told(f"compute.model: {self.model!r}"):
            seconds = np.asarray(self._built().seconds(workers), dtype=np.float64)
        if seconds.shape != (workers,):
            raise ValueError(
                f"compute.model: {self.model!r} gives seconds of shape {seconds.shape}; "
                f"accepted: ({workers},)"
            )
        return seconds

    def compute_model(self, workers: int, seed: int) -> ComputeModel:
        """Return the compute model for one seed."""
        model = super().compute_model(workers, seed)
        if self.target.factors is ComputeTimes.factors:  # type: ignore[attr-defined]
            return model
        if self.random:
            raise ValueError(
                f"compute.random: does not go with {self.model!r}, which has factors; accepted: "
                "one of them"
            )
        return replace(model, jitter=OwnFactors(self._built(), seed))

    def _built(self) -> ComputeTimes:
        built: ComputeTimes = self.target(**self.own_values())
        return built


def one_per_worker(seconds: list[float], workers: int, key: str) -> Vector:
    """Return the numbers as an array.

    Raises:
        ValueError: there are not as many as workers.
    """
    check_number(len(seconds), workers, key)
    return np.array(seconds, dtype=np.float64)


def check_number(number: int, workers: int, key: str) -> None:
    """Check that there are as many numbers as workers.

    Raises:
        ValueError: there are not.
    """
    if number != workers:
        raise ValueError(
            f"{key}: has {number:,} numbers for {workers:,} workers; accepted: one each"
        )
