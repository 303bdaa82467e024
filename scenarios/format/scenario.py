"""The scenario format: what a TOML file may say, and what each key means."""

from pathlib import Path
from typing import Annotated, Self

import annotated_types
from pydantic import Field, PrivateAttr, model_validator

from scenarios.format.cluster import Cluster
from scenarios.format.method import Method
from scenarios.format.own.classes import Sourced
from scenarios.format.tabular import ProblemTable  # with it, all kinds are known
from scenarios.format.words.accepted import Values
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.format.words.explain import checked
from scenarios.format.words.keys import forget_filled_in, set_key
from scenarios.format.words.plain import plain
from scenarios.format.words.strict import Strict
from simulator import Count, Momentum, Positive

QUICK = "accepted with --quick: a table [quick] with seeds and time_limit or updates"

TITLE = 500
"""Letters of a title, at most."""

Seed = Annotated[int, annotated_types.Ge(0), annotated_types.Lt(2**63)]


class Limits(Strict):
    """Which seeds, and how long."""

    seeds: list[Seed] = Field(min_length=1)
    time_limit: Positive | None = Field(None, description="simulated seconds")
    updates: Count | None = None

    def share_done(self, time: float, update: int) -> float:
        """Return how much of a run is over at a simulated second and an update, 0 to 1."""
        by_time = time / self.time_limit if self.time_limit else 0.0
        by_updates = update / self.updates if self.updates else 0.0
        return float(min(max(by_time, by_updates), 1.0))

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.time_limit is None and self.updates is None:
            raise ValueError("time_limit: it or updates is missing; accepted: one of them, or both")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds: a seed stands there twice; accepted: each once")
        return self


class Quick(Limits):
    """What ``--quick`` puts instead of the scenario's own limits."""


class Tune(Strict):
    """What ``straggler tune`` tries for every method, and for how long."""

    seeds: list[Seed] | None = Field(None, min_length=1, description="none that are reported")
    step_size: list[Positive] = Field([2.0**k for k in range(-10, 0)], min_length=1)
    momentum: list[Momentum] = Field([0.001, 0.01, 0.1], min_length=1)
    batch: list[Count] = Field([20, 30, 50], min_length=1)
    tries: Count | None = Field(None, description="per method, at most the smallest grid's size")
    halving: int = Field(2, ge=2, le=100, description="one of so many goes on to the next rung")
    rungs: int = Field(2, ge=1, le=10)
    time_limit: Positive | None = Field(None, description="simulated seconds of the last rung")
    updates: Count | None = Field(None, description="of the last rung")

    @model_validator(mode="after")
    def _values_differ(self) -> Self:
        for key in ("seeds", "step_size", "momentum", "batch"):
            values = getattr(self, key) or []
            if len(set(values)) < len(values):
                raise ValueError(f"{key}: a value stands there twice; accepted: each once")
        return self


class Evaluated(Strict):
    """How often theta itself is evaluated; that takes no simulated time."""

    episodes: Count = Field(description="episodes at theta, for each variant")
    every: Positive = Field(description="simulated seconds between evaluations")
    keep: bool = Field(default=False, description="true keeps each theta that is evaluated")


class Scenario(Limits):
    """A whole scenario file."""

    title: str = Field(max_length=TITLE, description=f"a text of at most {TITLE} letters")
    timeline: bool = Field(default=True, description="record every interval, not only the sums")
    quick: Quick | None = None
    tune: Tune | None = None
    evaluation: Evaluated | None = None
    thresholds: list[float] | None = Field(
        None, description="three rising returns, from other seeds, that `verdict` measures times to"
    )
    cluster: Cluster
    problem: ProblemTable
    methods: list[Method] = Field(min_length=1)
    _name: str | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        self.problem.variants_of(self.cluster.workers)
        kind = self.problem.kind
        if self.cluster.compute.per == "step" and not self.problem.has_episodes:
            raise ValueError(
                f"cluster.compute.per = 'step': a {kind} has no steps; accepted: "
                "'gradient', or another problem"
            )
        if self.evaluation and not self.problem.has_episodes:
            raise ValueError(f"evaluation: a {kind} has no episodes; accepted: another problem")
        for k, method in enumerate(self.methods):
            if wrong := method.misfit(self.cluster.workers, self.cluster.compute.durations):
                raise ValueError(f"methods[{k}].{wrong}")
        return self

    @model_validator(mode="after")
    def _thresholds_rise(self) -> Self:
        match self.thresholds:
            case None:
                return self
            case [low, middle, high] if low < middle < high:
                return self
        raise ValueError(
            "thresholds: are not three that rise; accepted: such as [200.0, 260.0, 320.0]"
        )

    @model_validator(mode="after")
    def _folders_differ(self) -> Self:
        names = [method.name for method in self.methods]
        folders = [method.folder.casefold() for method in self.methods]
        for method, folder in zip(self.methods, folders, strict=True):
            times = max(folders.count(folder), names.count(method.name))
            if times > 1 and (method.label is None or folders.count(folder) > 1):
                raise ValueError(
                    f"methods: {method.folder!r} stands there {times} times, whatever the case; "
                    "accepted: each with its own label"
                )
        return self

    @model_validator(mode="after")
    def _tuned_on_other_seeds(self) -> Self:
        for seed in (self.tune.seeds or []) if self.tune else []:
            if seed in self.reported_seeds():
                raise ValueError(f"tune.seeds: {seed} is reported; accepted: seeds that are not")
        return self

    @property
    def name(self) -> str | None:
        """What its file is called, without its ending; None if it is not from a file."""
        return self._name

    @property
    def keeps(self) -> bool:
        """Whether runs keep the iterates that are evaluated."""
        return self.evaluation is not None and self.evaluation.keep

    def named(self, name: str | None) -> Self:
        """Return the scenario with another name."""
        copy = self.model_copy()
        copy._name = name  # noqa: SLF001
        return copy

    @checked_call
    def with_values(self, values: Values) -> Self:
        """Return the scenario with some values changed; it has no name.

        Args:
            values: by dotted key, such as ``cluster.uplink.scale`` or ``seeds``;
                ``methods.LABEL.KEY`` is of one method (its name if it has no label),
                ``methods.*.KEY`` of all that have it.

        Raises:
            BadInputError: there is no such key, or it does not take the value.
        """
        content = self.model_dump(exclude_none=True)
        for key, value in values.items():
            for table in set_key(content, key, plain(value), "with_values"):
                forget_filled_in(table, key.rpartition(".")[2])
        return checked(type(self), content, "with_values", Path())

    def check_sources(self) -> None:
        """Check that users' code has not changed since this was loaded.

        Raises:
            BadInputError: it has changed.
        """
        for table in (*self.methods, self.problem, self.cluster.compute, self.cluster.network):
            if isinstance(table, Sourced):
                try:
                    table.check_source()
                except ValueError as error:
                    raise BadInputError(f"{self.name or self.title}: {error}") from error

    def reported_seeds(self) -> set[int]:
        """Return the seeds that results are about, those of ``[quick]`` too."""
        return {*self.seeds, *(self.quick.seeds if self.quick else [])}

    def shortened(self) -> "Scenario":
        """Return the scenario with its ``[quick]`` limits.

        Raises:
            BadInputError: it has none.
        """
        if self.quick is None:
            raise BadInputError(f"{self.name or 'scenario'}: quick: is missing; {QUICK}")
        return self.model_copy(update={**dict(self.quick), "quick": None})
