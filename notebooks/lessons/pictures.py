"""Pictures for lessons: timelines beside curves, and pictures that a slider goes through."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

import straggler
from scenarios.pictures import style
from scenarios.pictures.style import Picture
from scenarios.pictures.timeline import COLOURS
from simulator import State

DPI = 80


def beside(
    results: straggler.Results, until: float, column: str = "objective", *, wide: float = 1.6
) -> Picture:
    """Return who did what when, a lane per worker, beside a column of the history.

    Args:
        results: one run of each method.
        until: simulated seconds at the right.
        column: of the history, drawn at the right.
        wide: width of the timelines over that of the curves.
    """
    labels = results.methods
    figure = Picture(figsize=(11, 1.2 + 1.5 * len(labels)), layout="constrained")
    grid = figure.add_gridspec(len(labels), 2, width_ratios=[wide, 1])
    curves = figure.add_subplot(grid[:, 1])
    shown: set[str] = set()
    for row, label in enumerate(labels):
        lanes = figure.add_subplot(grid[row, 0])
        shown |= draw_lanes(lanes, results.only(label), until)
        lanes.set_title(label, fontsize="medium", loc="left", pad=9)
        if row < len(labels) - 1:
            lanes.set_xticklabels([])
        history = results.only(label).history
        time, value = np.append(history["time"], until), history[column]
        kept = time <= until
        value = np.append(value, value[-1] if len(value) else np.nan)[kept]
        curves.step(time[kept], value, where="post", label=label, **look(label, labels))
    lanes.set_xlabel("simulated seconds; ticks on top are updates")
    curves.set(xlim=(0, until), xlabel="simulated seconds", ylabel=column.replace("_", " "))
    curves.legend(fontsize="small")
    drawn = [COLOURS[state] for state in State if state.name.lower() in shown]
    patches = [Patch(color=colour, label=words) for colour, words, _ in drawn]
    figure.legend(handles=patches, loc="outside lower left", ncols=len(patches), fontsize="small")
    return figure


def look(label: str, labels: Sequence[str] = ()) -> dict[str, Any]:
    """Return what ``Axes.plot`` takes for a method's curve, the same as in all other pictures.

    Args:
        label: of the method.
        labels: of all that are in the picture, where some are users' own.
    """
    return style.look(label, [*labels] or [label]).keywords()


def draw_lanes(ax: Axes, run: Any, until: float) -> set[str]:  # noqa: ANN401 - a run of results
    """Draw a run's timeline, a lane per worker; return which states it shows."""
    rows = run.timeline().to_pandas()
    rows = rows[rows["start"] < until]
    for state in State:
        mine = rows[rows["state"] == state.name.lower()]
        left, length = mine["start"], mine["end"] - mine["start"]
        face = COLOURS[state][0]
        ax.barh(mine["worker"], length, 0.8, left, color=face, edgecolor="white", linewidth=0.6)
    made = run.history["time"]
    ax.vlines(
        made[made <= until], 1.0, 1.08, transform=ax.get_xaxis_transform(), clip_on=False, color="k"
    )
    workers = int(rows["worker"].max()) + 1
    ax.set(xlim=(0, until), ylim=(workers - 0.5, -0.5), yticks=range(workers), ylabel="worker")
    return set(rows["state"].astype(str))


def png(figure: Figure) -> bytes:
    """Return a picture's bytes."""
    sink = io.BytesIO()
    figure.savefig(sink, format="png", dpi=DPI)
    return sink.getvalue()


def explore(
    draw: Callable[[Any], Figure], name: str, values: Sequence[Any], still: int = 3
) -> None:
    """Show pictures of some values, and a slider over all of them where a kernel runs.

    Args:
        draw: returns the picture of a value; all have one size.
        name: of what the slider moves.
        values: where it can stand.
        still: how many pictures are shown without a slider.
    """
    from IPython.display import Image, display  # noqa: PLC0415 - where there is a notebook

    pictures = {}
    for value in values:
        figure = draw(value)
        figure.suptitle(f"{name} = {value}")
        pictures[str(value)] = png(figure)
    chosen = np.unique(np.linspace(0, len(values) - 1, still).round().astype(int))
    for k in chosen:
        display(Image(pictures[str(values[k])]))
    try:
        from ipywidgets import Image as Shown  # noqa: PLC0415
        from ipywidgets import SelectionSlider, VBox  # noqa: PLC0415
    except ImportError:
        print("For a slider: pip install ipywidgets")
        return
    slider = SelectionSlider(options=list(pictures), description=name)
    shown = Shown(value=pictures[slider.value], format="png")
    slider.observe(lambda change: setattr(shown, "value", pictures[change["new"]]), "value")
    display(VBox([slider, shown]))
