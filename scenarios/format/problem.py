"""The ``[problem]`` table: what is optimised, and which worker has which variant of it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import annotated_types
from pydantic import Field

from scenarios.format.own.classes import Own, Sourced, imported, own_model
from scenarios.format.own.open import Door, Open
from scenarios.format.own.sources import Code, code_in
from scenarios.format.own.where import told
from scenarios.format.words.errors import short
from scenarios.format.words.selection import select
from scenarios.format.words.size import NUMBER, VECTORS, Size, check_point
from scenarios.format.words.strict import LARGEST_DIMENSION, Label, NonNegative, Strict, Workers
from simulator import Count, Positive, Problem, Variants

COPIES = 32
"""Of a policy, where one process samples: two for each of ``rollouts.sampler.SLOTS``."""

Discount = Annotated[float, annotated_types.Gt(0), annotated_types.Le(1)]


class Variant(Strict):
    """A variant of the problem, and the workers (from 0) that have it."""

    name: Label
    workers: Workers = Field(
        description='a list of workers from 0, a text such as "0-4, 7", or "others"'
    )

    def changes(self) -> dict[str, Any]:
        """Return what this variant changes."""
        return self.model_dump(exclude={"name", "workers"}, exclude_none=True)


class ProblemTable(Open):
    """The ``[problem]`` table, of any kind."""

    door: ClassVar[Door] = Door("kind", "straggler.problems", Problem)

    kind: str

    @property
    def has_episodes(self) -> bool:
        """Whether gradients come from trajectories, which have lengths and returns."""
        return True

    @property
    def most_steps(self) -> int | None:
        """The most environment steps of a trajectory; None: it has none, or no key says it."""
        said = getattr(self, "horizon", None) or getattr(self, "steps", None)
        return said if isinstance(said, int) else None

    def variants_of(self, workers: int) -> Variants | None:  # noqa: ARG002
        """Return who has which variant, None if all have the same."""
        return None

    def build(self, seed: int, workers: int, processes: int = 1) -> Problem:
        """Return the problem for one seed and so many workers.

        Args:
            seed: of the run.
            workers: how many the cluster has.
            processes: how many may compute for this run; the results are the same.
        """
        raise NotImplementedError

    def size(self, workers: int) -> Size:
        """Return how large it is; this builds what can only be checked by building it.

        Here it is made, and its memory is unknown. A kind that can be too large for a machine
        says so without being made.

        Raises:
            ValueError: it cannot be built.
        """
        made = self.build(0, workers)
        made.close()
        return Size(made.dimension)

    @classmethod
    def model_for(cls, target: type, content: Mapping[str, Any]) -> type[Any]:  # noqa: ARG003
        """Return the model of tables that name a user's problem."""
        return own_model(OwnProblem, target, frozenset({"seed", "workers"}))


class VariedProblem(ProblemTable):
    """A problem that may differ from worker to worker. Workers in no variant have the ``base``."""

    variants: Sequence[Variant] = Field(default=())

    def variants_of(self, workers: int) -> Variants | None:
        """Return who has which variant, None if all have the same.

        Raises:
            ValueError: a worker is in two variants, or two variants claim the others.
        """
        if not self.variants:
            return None
        owner = select([variant.workers for variant in self.variants], workers, "problem.variants")
        names = [variant.name for variant in self.variants]
        if empty := [name for k, name in enumerate(names) if not (owner == k).any()]:
            raise ValueError(f"problem.variants: nobody has {short(empty)}; accepted: some workers")
        if (owner < 0).any():
            owner[owner < 0] = len(names)
            names.append("base")
        if len(set(names)) < len(names):
            raise ValueError(f"problem.variants: names are {short(names)}; accepted: all different")
        return Variants(tuple(names), owner)

    def variant_changes(self, workers: int) -> list[dict[str, Any]]:
        """Return what each variant changes, in the order of :meth:`variants_of`."""
        variants = self.variants_of(workers)
        changes = [variant.changes() for variant in self.variants]
        missing = (len(variants.names) if variants else 1) - len(changes)
        return changes + [{}] * missing


class ControlVariant(Variant):
    """Another environment for some workers: factors on physics and reward, or a flip."""

    gravity: float = 1.0
    friction: NonNegative = 1.0
    body_mass: Positive = 1.0
    joint_damping: NonNegative = 1.0
    actuator_gear: float = 1.0
    reward_scale: float = 1.0
    target_velocity: Literal[1, -1] = 1
    flip: bool | Literal["untold"] = False


class ControlProblem(Sourced, VariedProblem):
    """Reinforcement learning in a Gymnasium environment; its actions choose the policy."""

    kind: Literal["control"]
    env: str = Field(max_length=200, description='a Gymnasium environment, such as "Humanoid-v4"')
    horizon: Count = Field(1000, description="the most steps of a trajectory")
    discount: Discount = 0.99
    hidden: list[Count] = Field([64, 64], min_length=1, description="width of each tanh layer")
    dtype: Literal["float32", "float64"] = Field(
        "float32", description="precision of the policy and its gradient"
    )
    baseline: Literal["linear"] | None = None
    variants: list[ControlVariant] = Field(default=[])

    def code(self) -> Code | None:
        """See :class:`Sourced`."""
        module, colon, _ = self.env.partition(":")
        if not colon:
            return None
        try:
            imported(module, module)
        except ValueError as error:
            raise ValueError(f"env: {error}") from error
        return code_in(module)

    def build(self, seed: int, workers: int, processes: int = 1) -> Problem:
        """Return the problem; this imports torch."""
        from simulator.problems.control.control import Control  # noqa: PLC0415
        from simulator.problems.control.variant import Variant  # noqa: PLC0415

        return Control(
            self.env,
            self.horizon,
            self.discount,
            self.hidden,
            seed,
            environments=[Variant(**changes) for changes in self.variant_changes(workers)],
            variants=self.variants_of(workers),
            dtype=self.dtype,
            linear_baseline=self.baseline == "linear",
            processes=processes,
        )

    def size(self, workers: int) -> Size:
        """Make every variant of the environment once, to see how large the policy is.

        Raises:
            ValueError: one cannot be made.
        """
        from simulator.problems.control.environment import (  # noqa: PLC0415
            UnsuitableEnvironmentError,
        )
        from simulator.problems.control.variant import (  # noqa: PLC0415 - a third of a second
            Variant,
            policy_size,
        )

        variants = tuple(Variant(**changes) for changes in self.variant_changes(workers))
        try:
            with told(f"problem.env: {self.env!r}", but=UnsuitableEnvironmentError):
                dimension = policy_size(self.env, variants, tuple(self.hidden))
        except UnsuitableEnvironmentError as error:
            raise ValueError(f"problem.env: {error}") from error
        per_coordinate = VECTORS * NUMBER + COPIES * (4 if self.dtype == "float32" else 8)
        what = f"layers of {short(self.hidden)}, {dimension:,} coordinates,"
        fitting = "[64, 64]"
        return Size(
            dimension, per_coordinate * dimension, "problem.hidden", what, lambda _: fitting
        )


class BowlVariant(Variant):
    """Another quadratic for some workers."""

    condition: Annotated[float, annotated_types.Ge(1)] | None = None
    curvature: Positive = 1.0
    optimum: float = 1.0


class QuadraticProblem(VariedProblem):
    """A concave quadratic with exact objective and gradient."""

    kind: Literal["quadratic"]
    dimension: Count = Field(le=LARGEST_DIMENSION, description="d")
    condition: Annotated[float, annotated_types.Ge(1)] = 10.0
    noise: NonNegative = Field(0.0, description="root mean square length of the gradient's noise")
    variants: list[BowlVariant] = Field(default=[])

    @property
    def has_episodes(self) -> bool:
        """A quadratic has none."""
        return False

    def build(self, seed: int, workers: int, processes: int = 1) -> Problem:  # noqa: ARG002
        """Return the problem."""
        from simulator.problems.quadratic import Bowl, Quadratic  # noqa: PLC0415

        own = {"condition": self.condition}
        bowls = [Bowl(**{**own, **changes}) for changes in self.variant_changes(workers)]
        return Quadratic(self.dimension, bowls, self.noise, seed, self.variants_of(workers))

    def size(self, workers: int) -> Size:
        """See :class:`ProblemTable`."""
        vectors = VECTORS + 2 * len(self.variant_changes(workers))
        return Size(
            self.dimension,
            vectors * NUMBER * self.dimension,
            "problem.dimension",
            f"vectors of {self.dimension:,} numbers",
            lambda there: f"{there // (vectors * NUMBER):,}",
        )


class ClockProblem(ProblemTable):
    """Nothing is learned: only the clock is simulated, for clusters of any size."""

    kind: Literal["clock"]
    dimension: Count = Field(1, le=LARGEST_DIMENSION, description="d")
    steps: Count | None = Field(None, description="environment steps of every trajectory")

    @property
    def has_episodes(self) -> bool:
        """Whether trajectories have a length."""
        return self.steps is not None

    def build(self, seed: int, workers: int, processes: int = 1) -> Problem:  # noqa: ARG002
        """Return the problem."""
        from simulator.problems.timing import Timing  # noqa: PLC0415

        return Timing(self.dimension, self.steps)

    def size(self, workers: int) -> Size:  # noqa: ARG002
        """See :class:`ProblemTable`; its vectors are not kept."""
        return Size(self.dimension)


class OwnProblem(Own, ProblemTable):
    """A problem of the user's. Its fields ``seed`` and ``workers``, if it has them, are no keys."""

    @property
    def has_episodes(self) -> bool:
        """Whether the class says how long trajectories are."""
        return self.target.sample is not Problem.sample  # type: ignore[attr-defined]

    def build(self, seed: int, workers: int, processes: int = 1) -> Problem:  # noqa: ARG002
        """Return the problem."""
        given = {"seed": seed, "workers": workers}
        fields = getattr(self.target, "__dataclass_fields__", {})
        mine = {key: value for key, value in given.items() if key in fields}
        problem: Problem = self.target(**self.own_values(), **mine)
        return problem

    def size(self, workers: int) -> Size:
        """Build it, and look at its initial point."""
        where = f"problem.kind: {short(self.kind)}"
        with told(where):
            made = self.build(0, workers)
            point, dimension = made.initial_point(), made.dimension
            made.close()
        check_point(point, dimension, where)
        return Size(dimension)
