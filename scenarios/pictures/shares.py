"""Where the time goes: stacked bars, of methods, or of the workers of one."""

from collections.abc import Sequence
from itertools import cycle, product

from matplotlib.patches import Patch

from scenarios.explain.explain import OTHERS, Explained
from scenarios.explain.shares import (
    DISCARDED,
    DOWN,
    HELD,
    LEFT_OUT,
    LOOKAHEAD,
    QUEUE,
    SENDING,
    USED,
)
from scenarios.explain.words import name_of
from scenarios.pictures.style import Picture, formulas
from scenarios.pictures.timeline import COLOURS
from simulator import State

LOOKS = {
    name_of(USED): COLOURS[State.COMPUTE][0],
    name_of(DISCARDED): COLOURS[State.DISCARD][0],
    name_of(SENDING): COLOURS[State.SEND][0],
    name_of(QUEUE): "#56B4E9",
    name_of(LOOKAHEAD): "#94D2BD",
    name_of(HELD): "#BFC0C0",
    OTHERS: "#D5D5D5",
    name_of(DOWN): COLOURS[State.DOWN][0],
    name_of(LEFT_OUT): "#F2F2F2",
}
"""The colours of what does not name a worker."""

WAITS = ("#E69F00", "#CC79A7", "#F0E442", "#B8860B", "#DDA0DD", "#FFD9A0")
"""Of waits for workers, in the order in which they come."""

HATCHES = ("", "////", "....", "xxxx")
"""Of waits whose colours come again."""

LABELLED = 0.06
"""Shares from which on a bar says how much it is."""


def draw_shares(methods: Sequence[Explained], title: str) -> Picture:
    """Draw a bar for each method; of a single one, a bar for all workers and one for each.

    Args:
        methods: at least one.
        title: over the picture.
    """
    bars = {one.label: one.mean() for one in methods}
    if len(methods) == 1:
        (one,) = methods
        bars = {"all": one.mean(), **one.by_lane()}
    names = list(dict.fromkeys(name for bar in bars.values() for name in bar))
    waits = cycle(product(HATCHES, WAITS))
    looks = {
        name: ("", LOOKS[name]) if name in LOOKS else next(waits)
        for name in sorted(names, key=_place)
    }
    figure = Picture(figsize=(9.0, 1.9 + 0.32 * len(bars)), layout="constrained")
    ax = figure.subplots()
    for k, bar in enumerate(bars.values()):
        before = 0.0
        for name, (hatch, colour) in looks.items():
            share = bar.get(name, 0.0)
            (drawn,) = ax.barh(k, share, 0.78, before, color=colour, hatch=hatch)
            drawn.set(edgecolor="white", linewidth=0.5)
            if share >= LABELLED:
                dark = name in {name_of(cause) for cause in (USED, DISCARDED, SENDING, DOWN)}
                at = before + share / 2, k
                ink = "white" if dark else "#000000"
                ax.text(*at, f"{share:.0%}", color=ink, size="small", ha="center", va="center")
            before += share
    ax.set_yticks(range(len(bars)), list(bars))
    ax.set_ylim(len(bars) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    ax.set_xlabel("share of worker time")
    if len(methods) == 1:
        ax.set_ylabel("worker")
    ax.set_title(formulas(title), fontsize="medium")
    patches = [
        Patch(facecolor=colour, label=name, hatch=hatch, edgecolor="white" if hatch else None)
        for name, (hatch, colour) in looks.items()
    ]
    figure.legend(handles=patches, loc="outside lower center", ncols=3)
    return figure


def _place(name: str) -> int:
    """Return where a share lies in a bar: waits for workers after what is done."""
    order = list(LOOKS)
    return order.index(name) if name in LOOKS else order.index(OTHERS)
