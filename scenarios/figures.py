"""Pictures: return against simulated time, means over seeds with a 20%-80% band."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scenarios import curves
from scenarios.store import StoredRun

FIGURES: dict[int, tuple[str, ...]] = {
    1: ("paper/figure1a", "paper/figure1b", "paper/figure1c"),
}
"""The scenarios that are the panels of each of the paper's figures."""

BINS = 60
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette: told apart with any colour vision, and in print."""

METHOD_ORDER = ("rennala-nigt", "synchronous-nigt", "afedpg")
AXIS_LABELS = {
    "return_mean": "mean undiscounted return",
    "objective": "objective J",
    "gradient_norm": "gradient norm |grad J|",
}


def draw(panels: Sequence[list[StoredRun]], file: Path, column: str | None = None) -> None:
    """Draw one panel per list of runs, and save the picture.

    Args:
        panels: the finished runs of one scenario each.
        file: where to; the ending decides the format.
        column: what is drawn, return_mean by default, objective where there are no returns.
    """
    figure = Figure(figsize=(4.6 * len(panels) + 0.6, 4.2), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    labels = sorted({run.label for runs in panels for run in runs}, key=_rank)
    for ax, runs in zip(axes, panels, strict=True):
        _panel(ax, runs, labels, column or curves.metric(runs))
    handles = {line.get_label(): line for ax in axes for line in ax.get_lines()}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles))
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=150)


def _rank(label: str) -> tuple[int, str]:
    return (METHOD_ORDER.index(label) if label in METHOD_ORDER else len(METHOD_ORDER), label)


def _panel(ax: Axes, runs: list[StoredRun], labels: list[str], column: str) -> None:
    end = max(float(run.totals["elapsed"]) for run in runs)
    edges = np.linspace(0.0, end, BINS + 1)
    for label in labels:
        lines = [curves.binned(run, column, edges) for run in runs if run.label == label]
        if not lines:
            continue
        colour = COLOURS[labels.index(label) % len(COLOURS)]
        table = np.array(lines)
        known = np.isfinite(table).any(axis=0)
        x, table = edges[1:][known], table[:, known]
        ax.plot(x, np.nanmean(table, axis=0), color=colour, label=label)
        if len(lines) > 1:
            low, high = np.nanpercentile(table, [20, 80], axis=0)
            ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    seeds = len({run.info["seed"] for run in runs})
    ax.set_title(f"{runs[0].info['title']}\n{seeds} seed{'s' * (seeds > 1)}", fontsize="medium")
    ax.set_xlabel("simulated seconds")
    ax.set_xlim(0.0, end)
    ax.grid(alpha=0.3)
    if ax.get_subplotspec() is None or ax.get_subplotspec().is_first_col():  # type: ignore[union-attr]
        ax.set_ylabel(AXIS_LABELS.get(column, column))
    if column == "gradient_norm":
        ax.set_yscale("log")
