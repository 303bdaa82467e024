"""Pictures: return against simulated time, means over seeds with a 20%-80% band."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scenarios.format.errors import BadInputError
from scenarios.pictures.style import colour, rank, save
from scenarios.results import curves, theory
from scenarios.runs.stored import StoredRun

BINS = 60
TICKS = 20
LETTERS = 70
"""That fit side by side under a panel."""

LONGEST_TITLE = 54
"""Letters of a line over a panel."""
AXIS_LABELS = {
    "return_mean": "mean undiscounted return",
    "return_average": "mean return, average over workers",
    "objective": "objective J",
    "gradient_norm": "gradient norm |grad J|",
    "evaluation": "mean return of theta itself",
}


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        runs: the finished runs of one scenario.
        column: what is drawn.
        title: over the axes.
    """

    runs: list[StoredRun]
    column: str
    title: str


def panels_of(runs: list[StoredRun], columns: Sequence[str] = ()) -> list[Panel]:
    """Return the panels that show a scenario.

    Args:
        runs: of the scenario.
        columns: a panel for each; by default one, and one per variant where workers differ.
    """
    shown = list(columns) or [curves.metric(runs)]
    prefix = {"return_average": "return_mean", "objective": "objective"}.get(shown[0])
    if not columns and prefix:
        shown += [f"{prefix}_{variant}" for variant in runs[0].shares]
    titles = {f"_{variant}": f"workers with {variant!r}" for variant in runs[0].shares}
    own = str(runs[0].info["title"])
    return [
        Panel(runs, c, next((t for end, t in titles.items() if c.endswith(end)), own))
        for c in shown
    ]


def draw(panels: Sequence[Panel], file: Path, *, theory: bool = False) -> None:
    """Draw the panels side by side, and save the picture.

    Args:
        panels: what to show.
        file: where to; the ending decides the format.
        theory: mark predicted update times.
    """
    figure = Figure(figsize=(4.6 * len(panels) + 0.6, 4.2), layout="constrained")
    alike = len({str(run.info["content"]["problem"]) for p in panels for run in p.runs}) == 1
    axes = figure.subplots(1, len(panels), sharey=alike, squeeze=False)[0]
    labels = sorted({run.label for p in panels for run in p.runs}, key=rank)
    for ax, panel in zip(axes, panels, strict=True):
        _draw_panel(ax, panel, labels)
        if theory:
            _draw_theory(ax, panel.runs, labels)
    if not any(ax.get_lines() for ax in axes):
        raise BadInputError(f"{panels[0].column}: no run has a value of it; nothing to draw")
    axes[0].set_ylabel(AXIS_LABELS.get(panels[0].column, panels[0].column))
    handles = {line.get_label(): line for ax in axes for line in ax.get_lines()}
    named = {label: handles[label] for label in handles if not str(label).startswith("_")}
    widest = max(len(str(label)) for label in named) + 7  # the line takes about seven letters
    columns = max(1, min(len(named), LETTERS * len(panels) // widest))
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=columns)
    save(figure, file)


def _draw_panel(ax: Axes, panel: Panel, labels: list[str]) -> None:
    end = max(float(run.totals["elapsed"]) for run in panel.runs)
    edges = np.linspace(0.0, end, BINS + 1)
    for label in labels:
        lines = [
            curves.binned(run, panel.column, edges) for run in panel.runs if run.label == label
        ]
        if not lines:
            continue
        table = np.array(lines)
        known = np.isfinite(table).any(axis=0)
        if not known.any():
            continue
        x, table = edges[1:][known], table[:, known]
        shade = colour(label, labels)
        ax.plot(x, np.nanmean(table, axis=0), color=shade, label=label)
        if len(lines) > 1:
            low, high = np.nanpercentile(table, [20, 80], axis=0)
            ax.fill_between(x, low, high, color=shade, alpha=0.2, linewidth=0)
    seeds = len({run.info["seed"] for run in panel.runs})
    title = textwrap.fill(panel.title, LONGEST_TITLE)
    ax.set_title(f"{title}\n{seeds} seed{'s' * (seeds > 1)}", fontsize="medium", parse_math=False)
    ax.set_xlabel("simulated seconds")
    ax.set_xlim(0.0, end)
    ax.grid(alpha=0.3)
    if panel.column == "gradient_norm" and ax.get_lines():
        ax.set_yscale("log")


def _draw_theory(ax: Axes, runs: list[StoredRun], labels: list[str]) -> None:
    """Mark about twenty predicted update times per method: ticks, with the real ones as dots."""
    first = {run.label: run for run in reversed(runs)}
    for row, label in enumerate(label for label in labels if label in first):
        run = first[label]
        times = run.history["time"]
        step = max(1, len(times) // TICKS)
        height = np.full(len(times[::step]), 0.03 + 0.05 * row)
        predicted = theory.update_times(run, len(times))[::step]
        for x, marker, size in ((predicted, "|", 9), (times[::step], ".", 3)):
            (marks,) = ax.plot(x, height, marker, markersize=size, color=colour(label, labels))
            marks.set_transform(ax.get_xaxis_transform())
