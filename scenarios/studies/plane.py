"""Which axes of a sweep are looked at, and where it holds the others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scenarios.format.words.errors import BadInputError
from scenarios.results.compare import time_to
from scenarios.results.rows import Row, Rows
from scenarios.studies.grid import Sweep

PLANE = 2
"""Axes that a picture has."""


@dataclass(frozen=True)
class Axis:
    """An axis of a sweep, as far as it is looked at.

    Attributes:
        name: of the sweep's axis.
        values: in the order of the sweep.
    """

    name: str
    values: list[Any]


def choose_axes(
    sweep: Sweep, drawn: Sequence[str], at: Sequence[str]
) -> tuple[list[Axis], dict[str, Any]]:
    """Return the one or two axes to draw, and the values of all others.

    Args:
        sweep: the sweep.
        drawn: names of axes; the first two that have more than one value if empty.
        at: texts such as ``p=0.5``.

    Raises:
        BadInputError: an axis or a value does not exist, or an axis is left over.
    """
    values = _values(sweep)
    held = held_at(sweep, at)
    for name in drawn:
        if name not in values:
            raise BadInputError(f"--axis {name}: accepted: {', '.join(values)}")
    if len(set(drawn)) < len(drawn) or set(drawn) & held.keys():
        raise BadInputError(f"--axis {drawn[-1]}: drawn twice, or held by --at; accepted: once")
    free = [name for name in values if name not in held]
    chosen = list(drawn) or [name for name in free if len(values[name]) > 1][:PLANE]
    if not 1 <= len(chosen) <= PLANE:
        raise BadInputError(f"{sweep.path}: a picture needs one or two axes of several values")
    rest = {name: values[name] for name in free if name not in chosen}
    return [Axis(name, values[name]) for name in chosen], held | _only_values(rest)


def held_at(sweep: Sweep, at: Sequence[str]) -> dict[str, Any]:
    """Return the values of the axes that texts such as ``p=0.5`` hold.

    Raises:
        BadInputError: an axis or a value does not exist, or an axis is held twice.
    """
    values, held = _values(sweep), dict[str, Any]()
    for text in at:
        name, value = _held(text, values)
        if name in held:
            raise BadInputError(f"--at {text}: {name} is held twice; accepted: once")
        held[name] = value
    return held


def point_at(sweep: Sweep, at: Sequence[str]) -> dict[str, Any]:
    """Return the values of all axes, of which those with several values are held.

    Raises:
        BadInputError: an axis or a value does not exist, or an axis is left over.
    """
    held = held_at(sweep, at)
    return held | _only_values({k: v for k, v in _values(sweep).items() if k not in held})


def is_point(sweep: Sweep, at: Sequence[str]) -> bool:
    """Return whether each axis that has several values is held."""
    held = held_at(sweep, at)
    return all(len(values) == 1 or name in held for name, values in _values(sweep).items())


def check_one_point(points: Sequence[Row], name: str) -> None:
    """Check that runs are at one point of a sweep, or of none.

    Raises:
        BadInputError: they are at several.
    """
    axes = [{key: at for key, at in point.items() if key != "method"} for point in points]
    apart = [key for key in (axes or [{}])[0] if any(at[key] != axes[0][key] for at in axes)]
    if apart:
        wanted = " ".join(f"--at {key}=VALUE" for key in apart)
        raise BadInputError(f"{name}: runs at several points of a sweep; accepted: one, {wanted}")


def check_reached(results: Rows, name: str) -> None:
    """Check that there is something to draw.

    Raises:
        BadInputError: no run is done, or none reaches the threshold.
    """
    done = [row for row in results.rows if row["status"] == "done"]
    if not done:
        raise BadInputError(f"{name}: no finished runs there; {len(results.rows)} of them failed")
    if not results.thresholds:
        why = "runs have different metrics" if results.metric == "mixed" else "no run rises"
        raise BadInputError(f"{name}: {why}; accepted: --threshold, a value to reach")
    (threshold,) = results.thresholds
    if not any(np.isfinite(row[time_to(threshold)]) for row in done):
        best = np.fmax.reduce([row["best"] for row in done])  # NaN: a run without an update
        raise BadInputError(f"--threshold {threshold:g}: no run reaches it; the best is {best:.4g}")


def only_at(results: Rows, held: dict[str, Any]) -> Rows:
    """Return the rows where all of ``held`` is so."""
    rows = [row for row in results.rows if all(row[n] == v for n, v in held.items())]
    return replace(results, rows=rows)


def _values(sweep: Sweep) -> dict[str, list[Any]]:
    """Return the values of each axis, once each, in the order of the sweep."""
    return {
        axis.label: list(dict.fromkeys(point.axes[axis.label] for point in sweep.points))
        for axis in sweep.file.axes
    }


def _only_values(axes: dict[str, list[Any]]) -> dict[str, Any]:
    for name, values in axes.items():
        if len(values) > 1:
            raise BadInputError(
                f"--at {name}=VALUE is needed; accepted: {', '.join(map(str, values))}"
            )
    return {name: values[0] for name, values in axes.items()}


def _held(text: str, values: dict[str, list[Any]]) -> tuple[str, Any]:
    name, _, wanted = text.partition("=")
    if name not in values:
        raise BadInputError(f"--at {text}: accepted: NAME=VALUE, NAME one of {', '.join(values)}")
    for value in values[name]:
        if str(value) == wanted or _same_number(value, wanted):
            return name, value
    accepted = ", ".join(map(str, values[name]))
    raise BadInputError(f"--at {text}: accepted: {name}= one of {accepted}")


def _same_number(value: Any, text: str) -> bool:  # noqa: ANN401
    try:
        return float(value) == float(text)
    except (TypeError, ValueError):
        return False
