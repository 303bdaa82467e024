"""Pictures of sweeps: time to a threshold over one axis or two, and which method wins where."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, to_rgba
from matplotlib.patches import Patch

from scenarios.pictures.style import Picture, colour, legend_below, look, rank
from scenarios.results.compare import time_to
from scenarios.results.rows import Rows
from scenarios.studies.grid import is_logarithmic
from scenarios.studies.plane import Axis
from simulator import Indices
from simulator.types import Truths

BAND = (20, 80)
"""Percentiles over seeds."""

ANNOTATED = 60
"""Cells of a heat map that still have room for a number."""

TINY = 1e-300
"""Seconds that stand for none: a logarithmic scale has no zero."""

TICKS = 15
"""Values of an axis that have room for a number."""

Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Seconds to a threshold, by method and point of the sweep.

    Attributes:
        axes: one or two.
        threshold: the value to reach.
        metric: the column that should reach it.
        times: for each method, shape (values of the axes..., seeds); infinite if never.
    """

    axes: list[Axis]
    threshold: float
    metric: str
    times: dict[str, Times]

    def median(self, method: str) -> Times:
        """Return the median over seeds at each point; infinite if half of them never reach it."""
        return np.asarray(np.median(self.times[method], axis=-1))

    def spread(self, method: str) -> tuple[Times, Times, Times]:
        """Return the band over seeds at each point, and the median between its ends."""
        # by order: interpolation with infinity would be NaN
        low, high = np.percentile(self.times[method], BAND, axis=-1, method="nearest")
        return low, self.median(method), high

    def winners(self) -> tuple[Indices, Times, Truths]:
        """Return at each point the fastest method (-1: nobody), its lead, and whether it is clear.

        The lead is the runner-up's median over the winner's. It is clear if the bands are apart.
        """
        tables = np.stack([self.spread(method) for method in self.times], axis=1)
        order = np.argsort(tables[1], axis=0, kind="stable")
        low, middle, high = (np.take_along_axis(table, order, axis=0) for table in tables)
        best = np.where(np.isfinite(middle[0]), order[0], -1)
        if len(middle) == 1:
            return best, np.full(best.shape, np.inf), best >= 0
        with np.errstate(invalid="ignore", divide="ignore"):
            lead = middle[1] / middle[0]
        return best, lead, (best >= 0) & (high[0] < low[1])


def grid_of(results: Rows, axes: Sequence[Axis]) -> Grid:
    """Return the times to the results' only threshold; a run that is not there counts as never.

    Args:
        results: with one threshold, of done runs.
        axes: one or two of the sweep's.
    """
    (threshold,) = results.thresholds
    done = [row for row in results.rows if row["status"] == "done"]
    seeds = sorted({row["seed"] for row in done})
    shape = (*(len(axis.values) for axis in axes), len(seeds))
    times: dict[str, Times] = {}
    for row in done:
        point = tuple(axis.values.index(row[axis.name]) for axis in axes)
        table = times.setdefault(row["method"], np.full(shape, np.inf))
        seconds = row[time_to(threshold)]
        table[(*point, seeds.index(row["seed"]))] = seconds
    ordered = {method: times[method] for method in sorted(times, key=rank)}
    return Grid(list(axes), threshold, results.metric, ordered)


def draw_sweep(grid: Grid, title: str) -> Picture:
    """Draw lines over one axis, or heat maps over two, and which method wins where."""
    if len(grid.axes) == 1:
        figure = Picture(figsize=(6.4, 5.0), layout="constrained")
        lines, strip = figure.subplots(2, 1, height_ratios=[12, 1], sharex=False)
        _draw_lines(lines, grid)
        _draw_strip(strip, grid)
        legend_below(figure, lines.get_lines(), 3, grow=True)
    else:
        number = len(grid.times) + 1
        figure = Picture(figsize=(3.5 * number + 0.8, 4.0), layout="constrained")
        axes = figure.subplots(1, number, sharey=True, squeeze=False)[0]
        _draw_heat(axes[:-1], grid)
        _draw_winners(axes[-1], grid)
    seeds = next(iter(grid.times.values())).shape[-1]
    figure.suptitle(
        f"{title}\nsimulated seconds to {grid.metric} = {grid.threshold:g}, "
        f"median of {seeds} seed{'s' * (seeds > 1)}",
        fontsize="medium",
    )
    return figure


def _draw_lines(ax: Axes, grid: Grid) -> None:
    (axis,) = grid.axes
    numbers = all(type(value) in {int, float} for value in axis.values)  # false is not 0
    x = np.array(axis.values, dtype=float) if numbers else np.arange(len(axis.values))
    order = np.argsort(x)  # a line leads from left to right
    ax.update_datalim([(value, 1.0) for value in x], updatey=False)  # nobody may arrive anywhere
    for method in grid.times:
        line = look(method, list(grid.times))
        low, middle, high = (table[order] for table in grid.spread(method))
        finite = np.where(np.isfinite(middle), middle, np.nan)
        ax.plot(x[order], finite, marker="o", label=method, **line.keywords())
        known = np.isfinite(low) & np.isfinite(high)
        ax.fill_between(x[order], low, high, where=known, color=line.color, alpha=0.2, linewidth=0)
    if not numbers:
        ax.set_xticks(x, [str(value) for value in axis.values])
    elif is_logarithmic(x.tolist()):
        ax.set_xscale("log")
    every = np.concatenate([table[np.isfinite(table)] for table in grid.times.values()])
    drawn = any(np.isfinite(grid.median(method)).any() for method in grid.times)
    if drawn and is_logarithmic(every.tolist()):
        ax.set_yscale("log")
    ax.set_ylabel("simulated seconds")
    ax.set_xlabel(axis.name)
    ax.grid(alpha=0.3)


def _draw_strip(ax: Axes, grid: Grid) -> None:
    """Draw who wins at each value, as a row of coloured cells."""
    (axis,) = grid.axes
    best, lead, clear = grid.winners()
    _paint(ax, best[None, :], list(grid.times))
    for k, (factor, sure) in enumerate(zip(lead, clear, strict=True)):
        text = lead_words(int(best[k]), float(factor), sure=bool(sure))
        ax.text(k, 0, text, ha="center", va="center", fontsize="small")
    ax.set_xticks(range(len(axis.values)), short_values(axis.values))
    ax.set_yticks([0], ["fastest"])


def _draw_heat(axes: Sequence[Axes], grid: Grid) -> None:
    middles = {method: grid.median(method) for method in grid.times}
    finite = np.concatenate([m[np.isfinite(m)] for m in middles.values()])
    low, high = np.clip([finite.min(), finite.max()], TINY, None) if len(finite) else (1.0, 1.0)
    norm = LogNorm(low, high if high > low else low * 10)
    image = None
    for ax, (method, middle) in zip(axes, middles.items(), strict=True):
        shown = np.where(np.isfinite(middle), middle, np.nan)
        ax.set_facecolor("#dddddd")
        image = ax.imshow(shown, norm=norm, cmap="viridis", aspect="auto", origin="lower")
        _label(ax, grid, method)
        if middle.size <= ANNOTATED:
            for (row, column), seconds in np.ndenumerate(middle):
                text = cell_seconds(float(seconds))
                dark = np.isfinite(seconds) and norm(seconds) < 0.6  # noqa: PLR2004
                shade = "white" if dark else "black"
                ax.text(column, row, text, ha="center", va="center", fontsize="small", color=shade)
    if image is not None and high > low and next(iter(middles.values())).size > ANNOTATED:
        bar = axes[0].figure.colorbar(
            image, ax=list(axes), location="bottom", aspect=30 * len(axes), shrink=0.8
        )
        bar.set_label("simulated seconds; grey: never")
    axes[0].set_ylabel(grid.axes[0].name)


def _draw_winners(ax: Axes, grid: Grid) -> None:
    best, lead, clear = grid.winners()
    methods = list(grid.times)
    _paint(ax, best, methods)
    if best.size <= ANNOTATED:
        for (row, column), method in np.ndenumerate(best):
            cell = row, column
            text = lead_words(int(method), float(lead[cell]), sure=bool(clear[cell]))
            ax.text(column, row, text, ha="center", va="center", fontsize="small")
    _label(ax, grid, "fastest, and its lead")
    handles = [Patch(color=colour(m, methods), alpha=0.6, label=m) for m in methods]
    ax.figure.legend(handles=handles, loc="outside lower right", ncols=len(methods))


def _paint(ax: Axes, best: Indices, methods: list[str]) -> None:
    shades = [to_rgba(colour(method, methods), 0.6) for method in methods] + [to_rgba("#dddddd")]
    ax.imshow(np.array(shades)[best], aspect="auto", origin="lower")


def lead_words(method: int, factor: float, *, sure: bool) -> str:
    """Return how far ahead the winner is; ~ where the bands of seeds overlap."""
    if method < 0:
        return "nobody"
    words = f"{factor:.2g}x" if np.isfinite(factor) else "alone"
    return words if sure else f"~{words}"


def _label(ax: Axes, grid: Grid, title: str) -> None:
    rows, columns = grid.axes
    ax.set_title(title, fontsize="medium")
    for axis, side in ((columns, ax.xaxis), (rows, ax.yaxis)):
        step = -(-len(axis.values) // TICKS)
        side.set_ticks(range(0, len(axis.values), step), short_values(axis.values)[::step])
    ax.set_xlabel(columns.name)


def cell_seconds(value: float) -> str:
    """Return seconds with three digits or more."""
    if not np.isfinite(value):
        return "never"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004


def short_values(values: Sequence[object]) -> list[str]:
    """Return texts with the fewest digits, at least three, that tell the values apart."""
    for digits in range(3, 17):
        texts = [f"{v:.{digits}g}" if isinstance(v, float) else str(v) for v in values]
        if len(set(texts)) == len(set(map(repr, values))):
            return texts
    return [str(value) for value in values]
