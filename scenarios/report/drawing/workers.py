"""Workers on a page without JavaScript: who did what when, where their time went, who is stale."""

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from scenarios.report.drawing.svg import Frame, picture, spans, texts
from scenarios.report.lanes import Lanes, shares_of
from scenarios.results.staleness import Lane
from simulator import Indices, State, Vector

WIDTH = 1072
HEAD, FOOT = 24, 40
"""Pixels over each method's lanes, and for the axis under all."""

LEGIBLE = 9
"""Pixels of a lane that has room for its name."""


def lane_height(lanes: int) -> int:
    """Return pixels for a lane: fewer where there are many."""
    return int(np.clip(150 // lanes, 5, 16))


def draw_timelines(found: dict[str, Lanes], until: float, clock: str) -> Markup:
    """Return the lanes of all methods, one under the other, over the same seconds.

    Args:
        found: the timeline of each method; at least one.
        until: seconds at the right.
        clock: what the seconds are.
    """
    number = len(next(iter(found.values())).bands)
    high = lane_height(number)
    tall = len(found) * (HEAD + high * number) + FOOT
    frame = Frame(WIDTH, tall, (0.0, until), (0.0, 1.0), (0, 16, FOOT, 72))
    parts = [frame.foot(clock)]
    top = 0.0
    for label, lanes in found.items():
        parts.append(texts(iter([("method", 72, top + 16, label)])))
        top += HEAD
        parts.extend(_rows(lanes, frame, top, high, until))
        updates = lanes.run.history["time"]
        updates = updates[updates <= until]
        x = frame.across(updates)
        marks = "".join(f"M{place:.1f} {top - 6:.1f}v5" for place in x.tolist())
        parts.append(Markup('<path class="update" d="{}"/>').format(marks))
        names = [name.split("\n")[0] for _, _, name in lanes.bands]
        parts.append(texts(_names(names, top, high)))
        top += high * number
    said = f"Who computes when, by worker: {', '.join(found)}"
    return picture(WIDTH, tall, said, parts)


def _names(names: list[str], top: float, high: int) -> Iterator[tuple[str, float, float, str]]:
    step = 1 if high >= LEGIBLE else 5
    for k, name in enumerate(names[::step]):
        yield "tick end", 64, top + (k * step + 0.5) * high + 4, name


def _rows(lanes: Lanes, frame: Frame, top: float, high: int, until: float) -> Iterator[Markup]:
    rows = lanes.rows
    for state in State:
        chosen = (rows.state == state) & (rows.start < until)
        if not chosen.any():
            continue
        if lanes.single:
            start = frame.across(rows.start[chosen])
            y = top + rows.worker[chosen] * float(high) + 1
            end = frame.across(np.fmin(rows.end[chosen], until))
            drawn = spans(start, np.subtract(end, start), y, high - 2)
            yield Markup('<path style="fill:var(--s{})" d="{}"/>').format(int(state), drawn)
    if not lanes.single:
        yield from _bars(shares_of(lanes), (frame.box[0], frame.box[2]), top, high)


def _bars(
    shares: Vector, ends: tuple[float, float], top: float, high: int, classes: str = "s"
) -> Iterator[Markup]:
    """Yield stacked bars: shares of each row, shape (rows, classes), of the width between ends."""
    left, right = ends
    after = np.cumsum(shares, axis=1) * (right - left) + left
    y = top + np.arange(len(shares), dtype=np.float64) * high + 1
    for k in range(shares.shape[1]):
        wide = shares[:, k] * (right - left)
        if wide.any():
            shown = wide > 0
            drawn = spans((after[:, k] - wide)[shown], wide[shown], y[shown], high - 2)
            yield Markup('<path style="fill:var(--{}{})" d="{}"/>').format(classes, k, drawn)


AGES = 7
"""Classes of delays that have a shade: 0, 1, 2 and 3, 4 to 7, ...; the last is open."""


def ages(number: int) -> list[str]:
    """Return the words of classes of delays."""
    found = ["0", "1"] + [f"{2**k} to {2 ** (k + 1) - 1}" for k in range(1, AGES - 1)]
    return [*found[: AGES - 1], f"{2 ** (AGES - 2)} or more"][:number]


def age_of(delay: Indices) -> Indices:
    """Return the class of each delay."""
    result: Indices = np.minimum(np.frexp(delay.astype(float))[1], AGES - 1).astype(np.int64)
    return result


def draw_workers(lanes: Lanes, gradients: list[Lane], label: str) -> Markup:
    """Return two bars for each worker of a method: its time, and its gradients by delay."""
    number = len(lanes.bands)
    high = int(np.clip(lane_height(number), 8, 12))
    left, middle, gap, right = 72, 548, 48, WIDTH - 16
    parts = [*_bars(shares_of(lanes), (left, middle), HEAD, high)]
    counts = np.zeros((number, AGES + 1))
    for k, lane in enumerate(gradients):
        np.add.at(counts[k], age_of(lane.delay), lane.used)
        counts[k, AGES] = lane.discarded
    counts /= max(counts.sum(axis=1).max(), 1)
    parts.extend(_bars(counts, (middle + gap, right), HEAD, high, "a"))
    names = [name.split("\n")[0] for _, _, name in lanes.bands]
    parts.append(texts(_names(names, HEAD, high)))
    heads = ("share of the time", "gradients, by delay")
    parts.append(
        texts(("method", x, 14, said) for x, said in zip((left, middle + gap), heads, strict=True))
    )
    tall = HEAD + high * number + 6
    return picture(WIDTH, tall, f"Workers of {label}: time and delays", parts)
