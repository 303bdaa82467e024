"""A run at an update boundary, as it is saved and resumed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import IO, Any, Self, overload

import numpy as np

from simulator.accounting.columns import Update
from simulator.problem import Estimate
from simulator.types import T, Vector


class SoFar(Sequence[T]):
    """The entries that a list has now, which only grows, without a copy."""

    def __init__(self, growing: list[T]) -> None:
        self._growing, self._number = growing, len(growing)

    def __len__(self) -> int:
        """Return how many there are."""
        return self._number

    @overload
    def __getitem__(self, at: int) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> list[T]: ...

    def __getitem__(self, at: int | slice) -> T | list[T]:
        """Return one entry, or a list of some."""
        if isinstance(at, slice):
            return [self._growing[k] for k in range(*at.indices(self._number))]
        return self._growing[range(self._number)[at]]


@dataclass(frozen=True)
class Checkpoint:
    """What a replay of the clock cannot find again; without arguments, the start of a run.

    No gradient's value decides when something happens, and all randomness is keyed. So a run is
    resumed by replaying it from time zero, with placeholders for gradients, up to the saved update.

    Attributes:
        rows: the history so far.
        trajectories: (length, return) of each task whose length was asked for, in that order.
        points: shape (d,) each, by update: lookaheads of gradients that may still be needed.
        ahead: gradients that were computed before they are needed, by (worker, index), each with
            the update of its lookahead.
        iterate: where the method stands: the arrays of its iterate by name.
        baselines: by update, of lookaheads as in ``points``, and the newest; none without any.
        memory: what the problem remembers of used gradients; None: nothing.
        kept: iterates that whoever saved it keeps, by update.
        about: facts of whoever saved it, as JSON has them.
    """

    rows: Sequence[Update] = ()
    trajectories: Sequence[tuple[float, float]] = ()
    points: Mapping[int, Vector] = field(default_factory=dict)
    ahead: Mapping[tuple[int, int], tuple[int, Estimate]] = field(default_factory=dict)
    iterate: Mapping[str, Vector] = field(default_factory=dict)
    baselines: Mapping[int, Vector] = field(default_factory=dict)
    memory: Vector | None = None
    kept: Mapping[int, Vector] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def save(self, file: IO[bytes]) -> None:
        """Write everything, to the last bit, in NumPy's npz format."""
        rows = [vars(row) for row in self.rows]
        text = json.dumps({"rows": rows, "about": self.about})
        estimates = [estimate for _, estimate in self.ahead.values()]
        parts = {
            "text": np.frombuffer(text.encode(), dtype=np.uint8),
            "trajectories": np.array(self.trajectories, dtype=np.float64),
            "updates": np.array(list(self.points), dtype=np.int64),
            "points": np.array(list(self.points.values())),
            "ahead": np.array(
                [(*key, update) for key, (update, _) in self.ahead.items()], dtype=np.int64
            ),
        }
        parts |= {f"ahead.{f}": np.array([getattr(e, f) for e in estimates]) for f in _ESTIMATE}
        parts |= {f"iterate.{name}": vector for name, vector in self.iterate.items()}
        parts |= {f"baseline.{update}": vector for update, vector in self.baselines.items()}
        parts |= {f"kept.{update}": vector for update, vector in self.kept.items()}
        if self.memory is not None:
            parts["memory"] = self.memory
        np.savez(file, **parts)  # type: ignore[arg-type] # a later argument is allow_pickle

    @classmethod
    def load(cls, file: IO[bytes]) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            Exception: of many kinds, if the file is not whole or something else.
        """
        with np.load(file, allow_pickle=False) as stored:
            parts: dict[str, Any] = dict(stored)
        text = json.loads(parts["text"].tobytes())
        # copies: a row of a table would keep all of it in memory
        estimates = [
            Estimate(*(vector.copy() for vector in vectors))
            for vectors in zip(*(parts[f"ahead.{name}"] for name in _ESTIMATE), strict=True)
        ]
        ahead = zip(parts["ahead"].tolist(), estimates, strict=True)
        return cls(
            rows=[Update(**row) for row in text["rows"]],
            trajectories=[(length, reward) for length, reward in parts["trajectories"].tolist()],
            points={
                update: vector.copy()
                for update, vector in zip(parts["updates"].tolist(), parts["points"], strict=True)
            },
            ahead={(worker, task): (update, e) for (worker, task, update), e in ahead},
            iterate=_below("iterate.", parts),
            baselines=_by_update("baseline.", parts),
            memory=parts.get("memory"),
            kept=_by_update("kept.", parts),
            about=text["about"],
        )


def _below(prefix: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in parts.items() if k.startswith(prefix)}


def _by_update(prefix: str, parts: Mapping[str, Any]) -> dict[int, Any]:
    return {int(update): vector for update, vector in _below(prefix, parts).items()}


_ESTIMATE = [f.name for f in fields(Estimate)]

START = Checkpoint()
"""Nothing has happened yet."""
