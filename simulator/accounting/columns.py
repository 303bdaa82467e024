"""The columns of a run's tables: name, unit and meaning of each, said once."""

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, NamedTuple

RETURN_MEAN = "return_mean"
RETURN_COUNT = "return_count"
RETURN_AVERAGE = "return_average"
OBJECTIVE = "objective"
EVALUATION = "evaluation"
LENGTH_USED = "length_used"
LENGTH_DISCARDED = "length_discarded"
RETURN_DISCARDED = "return_discarded"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: of the column.
        unit: of its numbers; empty for words and plain numbers.
        meaning: in words.
        whole: whether its numbers are whole ones that are always known.
    """

    name: str
    unit: str
    meaning: str
    whole: bool = False


class Said(NamedTuple):
    """Unit and meaning of a column."""

    unit: str
    meaning: str


@dataclass(frozen=True)
class Update:
    """What an update was made of: the row of a history.

    The attributes are its columns, each said where its type is; None where there is nothing to
    tell. ``extra`` has the further columns of this run: some of :data:`SOMETIMES`, and those of
    each variant.
    """

    update: Annotated[int, Said("", "1, 2, ...: one step of the server")]
    time: Annotated[float, Said("simulated s", "when theta_update is available")]
    gradients: Annotated[int, Said("gradients", "used in this update")]
    discarded: Annotated[
        int, Said("gradients", "completed or begun, and discarded since the last one")
    ]
    delay: Annotated[
        float, Said("updates", "between dispatch and use of the gradients used, on average")
    ]
    return_mean: Annotated[
        float | None, Said("reward", "mean undiscounted return of the trajectories used")
    ]
    return_count: Annotated[int, Said("trajectories", "how many those are")]
    steps: Annotated[int, Said("environment steps", "how many they have together")]
    objective: Annotated[
        float | None, Said("reward", "exact J(theta_update), where the problem can tell")
    ]
    gradient_norm: Annotated[
        float | None, Said("", "length of the exact gradient of J at theta_update, where known")
    ]
    extra: dict[str, float | int | None] = field(default_factory=dict)


def _column(name: str, kind: Any) -> Column:  # noqa: ANN401
    said: Said = kind.__metadata__[0]
    return Column(name, said.unit, said.meaning, whole=kind.__origin__ is int)


HISTORY = tuple(_column(f.name, f.type) for f in fields(Update) if f.name != "extra")
"""The columns that every history has, a row per update."""

SOMETIMES = (
    Column(
        RETURN_AVERAGE, "reward", "with variants: the workers' average of each one's newest mean"
    ),
    Column(EVALUATION, "reward", "with `[evaluation]`: mean return of theta_update, now and then"),
    Column(LENGTH_USED, "environment steps", 'with `per = "step"`: mean of trajectories used'),
    Column(LENGTH_DISCARDED, "environment steps", "the same of those discarded"),
    Column(RETURN_DISCARDED, "reward", "the same of those discarded: their mean return"),
)
"""Columns that some histories have, after the others."""

BY_VARIANT = (RETURN_MEAN, RETURN_COUNT, OBJECTIVE, EVALUATION)
"""Where workers differ, each variant has these columns of its own: see :func:`of_variant`."""

TIMELINE = (
    Column("worker", "", "from 0", whole=True),
    Column("start", "simulated s", "when the interval begins"),
    Column("end", "simulated s", "when it ends; the next one of the worker begins there"),
    Column("state", "", "compute (used later), discard (never used), send, idle or down"),
    Column("update", "", "that used the gradient, 0 if none did", whole=True),
)
"""The columns of a timeline, a row per interval."""

WORKERS = (
    Column("worker", "", "from 0", whole=True),
    Column("compute_seconds", "simulated s", "computing gradients that were used"),
    Column("discard_seconds", "simulated s", "computing gradients that were not"),
    Column("send_seconds", "simulated s", "sending"),
    Column("idle_seconds", "simulated s", "doing nothing"),
    Column("down_seconds", "simulated s", "failed"),
    Column("gradients_used", "gradients", "in updates", whole=True),
    Column("gradients_discarded", "gradients", "completed or begun, and not used", whole=True),
    Column("vectors_sent", "vectors", "gradients that arrived", whole=True),
    Column("vectors_received", "vectors", "lookaheads that the server sent", whole=True),
)
"""The columns of the table of workers, a row each."""

ITERATES = (
    Column("update", "", "after which theta was evaluated", whole=True),
    Column("time", "simulated s", "when it was made"),
    Column("theta", "", "the parameters, as exact as the problem computes with them"),
)
"""The columns of the table of kept iterates, a row for each evaluation."""

STALENESS = (
    Column("worker", "", "from 0", whole=True),
    Column("delay", "updates", "between dispatch and use, or discarding", whole=True),
    Column("gradients_used", "gradients", "of this worker with this delay", whole=True),
    Column("gradients_discarded", "gradients", "the same, not used", whole=True),
)
"""The columns of the table of delays, a row for each worker and delay that occurred together."""

COLUMNS = {
    "history": (*HISTORY, *SOMETIMES),
    "timeline": TIMELINE,
    "workers": WORKERS,
    "staleness": STALENESS,
    "iterates": ITERATES,
}
"""All columns, by the name of their file."""

VARIANT_PART = {RETURN_AVERAGE: RETURN_MEAN, OBJECTIVE: OBJECTIVE, EVALUATION: EVALUATION}
"""What is averaged over workers, and the column of each variant that it is made of."""


def of_variant(name: str, variant: str) -> str:
    """Return the column that says ``name`` of one variant."""
    return f"{name}_{variant}"


def counted_by(name: str) -> str | None:
    """Return the column of how many trajectories a mean return is of; None for others."""
    if name == RETURN_MEAN or name.startswith(of_variant(RETURN_MEAN, "")):
        return RETURN_COUNT + name.removeprefix(RETURN_MEAN)
    return None


def is_whole(name: str) -> bool:
    """Return whether a history's column has whole numbers that are always known."""
    counts = name.startswith(of_variant(RETURN_COUNT, ""))
    return counts or any(column.whole for column in HISTORY if column.name == name)
