"""The ``[problem]`` table of kind ``tabular``: finite MDPs."""

import math
from typing import Annotated, Any, Literal, Self

import annotated_types
from pydantic import Field, model_validator

from scenarios.format.problem import ProblemTable, Variant, VariedProblem
from scenarios.format.words.errors import short
from scenarios.format.words.size import NUMBER, Size
from scenarios.format.words.strict import Index, Strict
from simulator import Count, Problem

__all__ = ["ProblemTable", "TabularProblem"]


class RandomMDP(Strict):
    """Transitions from a flat Dirichlet, rewards uniform in [0, 1]."""

    model: Literal["random"]
    states: Count
    actions: Count
    seed: Index = 0


class GridWorld(Strict):
    """A grid with four moves. A step is paid its chance of the goal, where a trajectory ends."""

    model: Literal["grid"]
    rows: Count
    columns: Count
    goal: list[Index] = Field(min_length=2, max_length=2, description="[row, column], from 0")
    slip: Annotated[float, annotated_types.Ge(0), annotated_types.Le(1)] = 0.0

    @model_validator(mode="after")
    def _goal_is_inside(self) -> Self:
        if self.rows * self.columns == 1:
            raise ValueError("rows, columns: one cell is the goal; accepted: a second one to start")
        if self.goal[0] >= self.rows or self.goal[1] >= self.columns:
            raise ValueError(f"goal: {self.goal} is outside; accepted: below [rows, columns]")
        return self


AnyMDP = Annotated[RandomMDP | GridWorld, Field(discriminator="model")]


class MDPVariant(Variant):
    """Another MDP for some workers: of its own, or with scaled rewards."""

    world: AnyMDP | None = None
    reward_scale: float = 1.0


class TabularProblem(VariedProblem):
    """A softmax policy in a finite MDP, with exact objective and gradient."""

    kind: Literal["tabular"]
    world: AnyMDP = Field(description='{ model = "random", ... } or { model = "grid", ... }')
    horizon: Count = Field(100, description="the most steps of a trajectory")
    discount: Annotated[float, annotated_types.Gt(0), annotated_types.Lt(1)] = 0.95
    variants: list[MDPVariant] = Field(default=[])

    def build(self, seed: int, workers: int, processes: int = 1) -> Problem:  # noqa: ARG002
        """Return the problem."""
        from simulator.problems.tabular import Tabular  # noqa: PLC0415

        mdps = [
            _mdp(changes.get("world") or self.world.model_dump(), changes.get("reward_scale", 1.0))
            for changes in self.variant_changes(workers)
        ]
        return Tabular(mdps, self.horizon, self.discount, seed, self.variants_of(workers))

    def size(self, workers: int) -> Size:
        """See :class:`ProblemTable`."""
        states, actions = _size(self.world)
        transitions = 2 * len(self.variant_changes(workers)) * actions * NUMBER  # and their sums
        return Size(
            states * actions,
            transitions * states**2,
            "problem.world",
            f"{states:,} states and {actions:,} actions",
            lambda there: f"{math.isqrt(there // transitions):,} states",
        )

    @model_validator(mode="after")
    def _sizes_agree(self) -> Self:
        sizes = {_size(v.world or self.world) for v in self.variants} | {_size(self.world)}
        if len(sizes) > 1:
            raise ValueError(
                f"variants: have {short(sorted(sizes))} states and actions; accepted: the same"
            )
        return self


def _size(world: RandomMDP | GridWorld) -> tuple[int, int]:
    if isinstance(world, RandomMDP):
        return world.states, world.actions
    return world.rows * world.columns, 4


def _mdp(world: dict[str, Any], reward_scale: float) -> Any:  # noqa: ANN401
    from dataclasses import replace  # noqa: PLC0415

    from simulator.problems.mdp import grid_world, random_mdp  # noqa: PLC0415

    values = {key: value for key, value in world.items() if key != "model"}
    mdp = random_mdp(**values) if world["model"] == "random" else grid_world(**values)
    return replace(mdp, rewards=reward_scale * mdp.rewards)
