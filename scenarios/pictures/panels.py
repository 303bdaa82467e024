"""Pictures: return against simulated time, means over seeds with a 20%-80% band.

A curve ends where the first of its runs ends: beyond that it would be of fewer seeds.
"""

import itertools
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from scenarios.format.words.errors import BadInputError
from scenarios.pictures.ends import name_curves
from scenarios.pictures.style import OURS, Picture, colour, formulas, legend_below, look, rank
from scenarios.results import curves, theory
from scenarios.runs.store.record import RACED
from scenarios.runs.store.stored import StoredRun
from simulator import Vector
from simulator.accounting.columns import BY_VARIANT, of_variant

BINS = 60
TICKS = 20

INTERVALS = 6
"""Of the time axis, at most: five digits have room."""

LETTERS = 70
"""Letters of a legend that fit side by side under a panel."""

MARKED = 0.12
"""Of the axes' diagonal: between markers."""

LONGEST_TITLE = 54
"""Letters of a line over a panel."""

MARKERS = ("", "o", "s", "^", "D", "v", "P", "*", "<", ">", "h", "p")
"""Of scenarios that share a panel."""

RACE_MARKER = "x"
"""That of races, which look like the method that was raced."""

MARKS = {"update, predicted": ("|", 9), "update, simulated": (".", 3)}
"""Marker and size of what ``theory`` marks, by name."""

AXIS_LABELS = {
    "return_mean": "mean undiscounted return",
    "return_average": "mean return, average over workers",
    "objective": rf"objective ${OURS}{{}}J(\theta)$",
    "gradient_norm": rf"gradient norm ${OURS}{{}}\Vert\nabla J(\theta)\Vert$",
    "evaluation": rf"mean return of ${OURS}{{}}\theta$ itself",
}


@dataclass(frozen=True)
class Look:
    """What a picture shows, and how.

    Attributes:
        methods: labels, in the order of the legend; all of them if empty.
        names: what the legend calls them instead.
        xlim: simulated seconds at the left and the right; everything if None.
        logx: a logarithmic time axis.
        logy: a logarithmic value axis; None: for gradient norms only.
        size: width and height in inches.
        theory: mark predicted update times.
    """

    methods: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    xlim: tuple[float, float] | None = None
    logx: bool = False
    logy: bool | None = None
    size: tuple[float, float] | None = None
    theory: bool = False

    def order(self, labels: Iterable[str]) -> list[str]:
        """Return the labels that are shown, in their order.

        Raises:
            BadInputError: there is no such label.
        """
        there = sorted(set(labels), key=rank)
        for name in self.methods:
            if name not in there:
                raise BadInputError(f"{name}: no such method here; accepted: {', '.join(there)}")
        return list(self.methods) or there


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        groups: the finished runs of a scenario, by a name for the legend; "" for a single one.
        column: what is drawn.
        title: over the axes.
    """

    groups: dict[str, list[StoredRun]]
    column: str
    title: str

    @property
    def runs(self) -> list[StoredRun]:
        """The runs of all groups."""
        return [run for runs in self.groups.values() for run in runs]


def panels_of(
    runs: list[StoredRun], columns: Sequence[str] = (), title: str | None = None
) -> list[Panel]:
    """Return the panels that show a scenario.

    Args:
        runs: of the scenario.
        columns: a panel for each; by default one, and one per variant where workers differ.
        title: over the panels; that of the scenario if None.
    """
    shown = list(columns) or [curves.drawn(runs)]
    prefix = {"return_average": "return_mean", "objective": "objective"}.get(shown[0])
    if not columns and prefix:
        shown += [f"{prefix}_{variant}" for variant in runs[0].shares]
    titles = {
        of_variant(name, variant): f"workers with {variant!r}"
        for name in BY_VARIANT
        for variant in runs[0].shares
    }
    own = str(runs[0].info["title"]) if title is None else title
    return [Panel({"": runs}, c, titles.get(c, own)) for c in shown]


def together(groups: dict[str, list[StoredRun]], column: str) -> Panel:
    """Return one panel that shows several scenarios, each with markers of its own."""
    every = [run for runs in groups.values() for run in runs]
    titles = dict.fromkeys(str(run.info["title"]) for run in every)
    return Panel(groups, column, "; ".join(titles))


def draw(panels: Sequence[Panel], shown: Look | None = None) -> Picture:
    """Draw the panels side by side.

    Raises:
        BadInputError: there is nothing to draw, or ``shown`` names a method that is not there.
    """
    shown = shown or Look()
    labels = shown.order(run.label for panel in panels for run in panel.runs)
    figure = Picture(figsize=shown.size or (4.6 * len(panels) + 0.6, 4.2), layout="constrained")
    every = [run for panel in panels for run in panel.runs]
    problems = {json.dumps(run.info["content"]["problem"], sort_keys=True) for run in every}
    axes = figure.subplots(1, len(panels), sharey=len(problems) == 1, squeeze=False)[0]
    for ax, panel in zip(axes, panels, strict=True):
        _draw_panel(ax, panel, labels, shown)
        if shown.theory:
            _draw_theory(ax, panel.runs, labels)
    if not any(ax.get_lines() for ax in axes):
        raise BadInputError(
            f"{panels[0].column}: no run has a value of it; accepted: another column"
        )
    first = panels[0].column
    axes[0].set_ylabel(AXIS_LABELS.get(first, first))
    for ax, panel in zip(axes[1:], panels[1:], strict=True):
        if panel.column != first and panel.column in AXIS_LABELS:
            ax.set_ylabel(AXIS_LABELS[panel.column])
    handles = {line.get_label(): line for ax in axes for line in ax.get_lines()}
    named = {label: handles[label] for label in handles if not str(label).startswith("_")}
    if not shown.theory and name_curves(axes[-1], named):
        return figure
    widest = max(len(str(label)) for label in named) + 7  # the line takes about seven letters
    columns = max(1, min(len(named), LETTERS * len(panels) // widest))
    legend_below(figure, list(named.values()), columns, grow=shown.size is None)
    return figure


def _draw_panel(ax: Axes, panel: Panel, labels: list[str], shown: Look) -> None:
    edges = _edges(panel.runs, shown)
    for marker, (group, runs) in zip(itertools.cycle(MARKERS), panel.groups.items()):
        for label in labels:
            mine = [run for run in runs if run.label == label]
            name = shown.names.get(label, label) + (f" ({group})" if group else "")
            own_marker = RACE_MARKER if label.endswith(RACED) else marker
            line = look(label, labels).keywords() | {"label": name, "marker": own_marker}
            own = _until_one_ends(edges, mine)
            _draw_curve(ax, [curves.binned(run, panel.column, own) for run in mine], own, line)
    seeds = len({run.info["seed"] for run in panel.runs if run.label in labels})
    title = textwrap.fill(panel.title, LONGEST_TITLE)
    ax.set_title(formulas(f"{title}\n{seeds} seed{'s' * (seeds > 1)}"), fontsize="medium")
    ax.set_xlabel(curves.clock(panel.runs))
    ax.set_xlim(edges[0], edges[-1])
    ax.locator_params(axis="x", nbins=INTERVALS)
    ax.grid(alpha=0.3)
    if shown.logx:
        ax.set_xscale("log")
    log = panel.column == "gradient_norm" if shown.logy is None else shown.logy
    if log and _above_zero(ax, needed=bool(shown.logy), column=panel.column):
        ax.set_yscale("log")


def _above_zero(ax: Axes, column: str, *, needed: bool) -> bool:
    """Return whether a curve is above 0 somewhere, so that a logarithmic axis shows something.

    Raises:
        BadInputError: it is needed, and no curve is.
    """
    lines = ax.get_lines()
    found = any(np.any(np.asarray(line.get_ydata()) > 0) for line in lines)
    if needed and lines and not found:
        raise BadInputError(f"--logy: no value of {column} above 0; accepted: without it")
    return found


def _edges(runs: list[StoredRun], shown: Look) -> Vector:
    """Return where bins of simulated time begin and end, shape (BINS + 1,)."""
    begin, end = shown.xlim or (0.0, max(float(run.totals["elapsed"]) for run in runs))
    if not shown.logx:
        return np.linspace(begin, end, BINS + 1)
    firsts = (float(run.history["time"][0]) for run in runs if len(run.history["time"]))
    first = min(firsts, default=end)  # no run has made an update: an empty panel
    return np.geomspace(begin or min(first, end) * 0.999, end, BINS + 1)


def _until_one_ends(edges: Vector, runs: list[StoredRun]) -> Vector:
    """Return the bins in which all runs are under way; the last one ends where a run does."""
    end = min((float(run.totals["elapsed"]) for run in runs), default=edges[0])
    return edges if end >= edges[-1] else np.append(edges[edges < end], end)


def _draw_curve(ax: Axes, lines: list[Vector], edges: Vector, line: dict[str, Any]) -> None:
    """Draw seeds' mean, and the band from 20% to 80% of them, where all that have values have."""
    known, mean, low, high = curves.over_seeds(lines)
    if not known.any():
        return
    x = edges[1:][known]
    if len(x) == 1 and not line["marker"]:
        line = line | {"marker": "o"}  # a line of one point cannot be seen
    ax.plot(x, mean, markevery=MARKED, markersize=4, **line)
    if len(lines) > 1:
        ax.fill_between(x, low, high, color=line["color"], alpha=0.2, linewidth=0)


def _draw_theory(ax: Axes, runs: list[StoredRun], labels: list[str]) -> None:
    """Mark about twenty predicted update times per method: ticks, with the real ones as dots."""
    first = {run.label: run for run in reversed(runs)}
    low = ax.get_xaxis_transform()  # heights are shares of the axes: the values' limits stay
    for row, label in enumerate(label for label in labels if label in first):
        run = first[label]
        times = run.history["time"]
        step = max(1, len(times) // TICKS)
        height = np.full(len(times[::step]), 0.03 + 0.05 * row)
        predicted = theory.update_times(run, len(times))[::step]
        for x, (marker, size) in zip((predicted, times[::step]), MARKS.values(), strict=True):
            shade = colour(label, labels)
            ax.plot(x, height, marker, markersize=size, color=shade, transform=low)
    for name, (marker, size) in MARKS.items():
        ax.plot([], [], marker, markersize=size, color="black", label=name)
