"""Pictures of returns against simulated time, of one cluster or of several."""

import math
from collections.abc import Sequence
from itertools import combinations, count
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.api.results import Results
from scenarios.format.words.accepted import Labels, Names, Pair
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.results import curves
from scenarios.runs.store.stored import StoredRun

if TYPE_CHECKING:
    from scenarios.pictures.panels import Panel
    from scenarios.pictures.style import Picture


@checked_call
def plot(
    *results: Results,
    column: str | None = None,
    methods: Names = (),
    labels: Labels | None = None,
    overlay: bool = False,
    theory: bool = False,
    xlim: Pair | None = None,
    logx: bool = False,
    logy: bool | None = None,
    size: Pair | None = None,
) -> "Picture":
    """Return a picture of a column against simulated time: means over seeds, 20%-80% bands.

    A curve ends where the first of its runs ends: beyond that it would be of fewer seeds.

    Args:
        results: a panel for each; of one scenario each.
        column: of the history; by default the exact objective or the mean return.
        methods: labels, in the order of the legend; all by default.
        labels: new names, by a method's label or by a result's name (its folder's, where that
            tells it from the others).
        overlay: one panel for all, with markers for each.
        theory: mark predicted update times.
        xlim: simulated seconds at the left and the right.
        logx: a logarithmic time axis.
        logy: a logarithmic value axis; by default for gradient norms only.
        size: width and height in inches.

    Raises:
        BadInputError: there is no such column or method, or nothing to draw.
    """
    from scenarios.pictures.panels import (  # noqa: PLC0415 - matplotlib takes a second
        Look,
        draw,
    )
    from scenarios.pictures.style import check_size  # noqa: PLC0415

    if xlim and not 0 <= xlim[0] < xlim[1] < math.inf:
        raise BadInputError(f"xlim {xlim[0]:g} {xlim[1]:g}: accepted: two rising numbers from 0")
    check_size(size)
    if overlay and theory and len(results) > 1:
        raise BadInputError("theory: is about one cluster in a panel; accepted: without overlay")
    clusters = _clusters(results)
    for runs in clusters.values():
        if column is not None and column not in runs[0].history:
            accepted = ", ".join(runs[0].history)
            raise BadInputError(f"--column {column}: no such column; accepted: {accepted}")
    names = labels or {}
    known = [run.label for runs in clusters.values() for run in runs]
    for name in names:
        if name not in {*known, *clusters}:
            accepted = ", ".join(dict.fromkeys([*known, *clusters]))
            raise BadInputError(f"label {name}: nothing here is called so; accepted: {accepted}")
    of_methods = {name: new for name, new in names.items() if name in known}
    shown = [of_methods.get(label, label) for label in dict.fromkeys(known)]
    if len(set(shown)) < len(shown):
        raise BadInputError(f"labels: {', '.join(shown)}; accepted: a name for each method")
    renamed = {name: names.get(name, name) for name in clusters}
    if len(set(renamed.values())) < len(clusters):
        raise BadInputError(f"labels: {list(renamed.values())}; accepted: a name for each")
    look = Look(methods, of_methods, xlim, logx, logy, size, theory)
    made = _together(clusters, renamed, column) if overlay else _apart(clusters, renamed, column)
    return draw(made, look)


def _clusters(results: Sequence[Results]) -> dict[str, list[StoredRun]]:
    """Return the finished runs of each result, by names that tell them apart."""
    if not results:
        raise BadInputError("plot: accepted: at least one result")
    for first, second in combinations(results, 2):
        if first is second or (Path(first.name).exists() and first.name == second.name):
            raise BadInputError(f"{first.name}: is given twice; accepted: once")
    names = distinct([result.name for result in results])
    return {name: result.comparable() for name, result in zip(names, results, strict=True)}


def distinct(names: Sequence[str]) -> list[str]:
    """Return the shortest ends of paths that differ, as ``b/two`` of ``a/b/two``; else numbers."""
    parts = [Path(name).parts or (name,) for name in names]
    for length in range(1, max(map(len, parts)) + 1):
        ends = ["/".join(part[-length:]) for part in parts]
        if len(set(ends)) == len(ends):
            return ends
    numbers = {name: count(1) for name in names}
    return [f"{name} ({next(numbers[name])})" for name in names]


def _together(
    clusters: dict[str, list[StoredRun]], renamed: dict[str, str], column: str | None
) -> "list[Panel]":
    from scenarios.pictures.panels import together  # noqa: PLC0415

    metrics = {name: curves.drawn(runs) for name, runs in clusters.items()}
    if column is None and len(set(metrics.values())) > 1:
        judged = ", ".join(f"{name} by {metric}" for name, metric in metrics.items())
        raise BadInputError(f"overlay: judged {judged}; accepted: alike, or a column that all have")
    chosen = column or next(iter(metrics.values()))
    for name, runs in clusters.items():
        if not any(len(curves.raw(run, chosen).times) for run in runs):
            raise BadInputError(
                f"{name}: no run has a value of {chosen}; accepted: a column that all have"
            )
    return [together({renamed[name]: runs for name, runs in clusters.items()}, chosen)]


def _apart(
    clusters: dict[str, list[StoredRun]], renamed: dict[str, str], column: str | None
) -> "list[Panel]":
    from scenarios.pictures.panels import panels_of  # noqa: PLC0415

    titles = [str(runs[0].info["title"]) for runs in clusters.values()]
    panels = []
    for (name, runs), title in zip(clusters.items(), titles, strict=True):
        shown = f"{title} ({name})" if titles.count(title) > 1 else title
        if renamed[name] != name:
            shown = renamed[name]
        panels += panels_of(runs, [column] if column else [], shown)
    return panels
