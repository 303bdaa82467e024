"""Where one method overtakes another, as a picture."""

import numpy as np

from scenarios.pictures.style import Picture, formulas, look
from scenarios.studies.crossover import PAIR, Crossover


def draw(found: Crossover, title: str) -> Picture:
    """Draw measured times with their 20%-80% bands, and the predictions, over s."""
    picture = Picture(figsize=(6.4, 4.6), layout="constrained")
    ax = picture.subplots()
    for label in PAIR:
        low, high = np.percentile(found.times[label], [20, 80], axis=1, method="nearest")
        middle = np.median(found.times[label], axis=1)
        line = look(label, list(PAIR))
        words = f"{label}, median of seeds"
        ax.plot(found.scales, middle, marker="o", label=words, **line.keywords())
        ax.fill_between(found.scales, low, high, color=line.color, alpha=0.2, linewidth=0)
        ax.plot(found.scales, found.predicted[label], "k:", label="_")
    ax.plot([], [], "k:", label=f"predicted from s = {found.scales[0]:g}")
    low, high = np.clip([found.measured.low, found.measured.high], *found.scales[[0, -1]])
    ax.axvspan(low, high, color="black", alpha=0.08, linewidth=0)
    for scale, style in ((found.measured.value, "-"), (found.expected, ":")):
        if found.scales[0] <= scale <= found.scales[-1]:
            ax.axvline(scale, color="black", linestyle=style, linewidth=0.8)
    ax.set(xscale="log", yscale="log", xlabel=formulas("s: kappa_i = s sqrt(i)"))
    ax.set_ylabel(f"seconds to a mean return of {found.threshold:.4g}")
    crossing = "lines: where the curves cross, measured and (dotted) predicted"
    ax.set_title(formulas(f"{title}\n{crossing}"), size=9)
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small")
    return picture
