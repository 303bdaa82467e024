"""The figures of the paper and beyond: their panels, and the claims they are judged by."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scenarios.format.words.errors import BadInputError
from scenarios.runs.store.stored import StoredRun

RENNALA = "Rennala NIGT reaches a return sooner than synchronous NIGT and AFedPG"
MALENIA = "Malenia NIGT reaches a return, averaged over the variants, sooner than AFedPG"


@dataclass(frozen=True)
class Part:
    """A panel of a figure.

    Attributes:
        scenario: its name in the library; ``sweeps/...`` for a sweep.
        columns: of the history, an axes for each; empty for what the problem suggests. The first
            one is judged.
        beside: a scenario whose rivals are drawn and judged with these runs too.
    """

    scenario: str
    columns: tuple[str, ...] = ()
    beside: str | None = None

    @property
    def is_sweep(self) -> bool:
        """Whether its runs are those of a sweep."""
        return is_sweep(self.scenario)

    def sources(self) -> Iterator[str]:
        """Yield the scenarios whose runs it needs."""
        yield self.scenario
        if self.beside:
            yield self.beside


@dataclass(frozen=True)
class Figure:
    """A figure, and the claim behind it.

    Attributes:
        claim: in words: a hypothesis here.
        parts: its panels.
        heroes: labels of the methods that the claim is about; each is judged on its own, in the
            panels that have it.
        rivals: labels of those it is measured against, where they are there.
        matrix: all methods of all panels side by side, each against the panel's best, instead.
    """

    claim: str
    parts: tuple[Part, ...]
    heroes: tuple[str, ...] = ("rennala-nigt",)
    rivals: tuple[str, ...] = ("synchronous-nigt", "afedpg")
    matrix: bool = False

    def sources(self) -> list[str]:
        """Return the names of all scenarios, each once."""
        return list(dict.fromkeys(name for part in self.parts for name in part.sources()))


def _parts(*names: str, columns: tuple[str, ...] = ()) -> tuple[Part, ...]:
    return tuple(Part(name, columns) for name in names)


EXAMPLES = ("quadratic", "tabular", "reacher")
CLUSTERS = ("equal", "sqrt", "tails")
"""Of the gallery: in its scenarios' names."""

FIGURE_1 = ("paper/figure1a", "paper/figure1b", "paper/figure1c")

FIGURES: dict[str, Figure] = {
    "1": Figure(RENNALA, _parts(*FIGURE_1)),
    "2": Figure(f"{RENNALA}, theta itself evaluated", _parts(*FIGURE_1, columns=("evaluation",))),
    "3": Figure(RENNALA, _parts("paper/figure3a", "paper/figure3b", "paper/figure3c")),
    "4": Figure(RENNALA, _parts("paper/figure4")),
    "5": Figure(RENNALA, _parts("paper/figure5")),
    "6": Figure(RENNALA, _parts("paper/figure6")),
    "7": Figure(RENNALA, _parts("paper/figure7")),
    "8": Figure(RENNALA, _parts("paper/figure8a", "paper/figure8b")),
    "9": Figure(
        MALENIA,
        _parts("paper/figure9"),
        heroes=("malenia-nigt",),
        rivals=("afedpg", "ringleader-nigt"),
    ),
    "10": Figure(
        "Rennala NIGT does so with each M of 20, 30, 50, and under both preemption rules",
        (
            Part("paper/figure10a", beside="paper/figure1b"),
            Part("paper/figure10b", beside="paper/figure1b"),
        ),
        heroes=("rennala-20", "rennala-30", "rennala-50"),
    ),
    "ten-worlds": Figure(
        MALENIA,
        (Part("beyond/ten-worlds", ("return_average", "return_mean_light", "return_mean_heavy")),),
        heroes=("malenia-nigt",),
        rivals=("rennala-nigt", "synchronous-nigt", "afedpg", "ringleader-nigt"),
    ),
    "heavy-tails": Figure(
        f"{RENNALA}, and than MindFlayer NIGT",
        _parts("beyond/heavy-tails"),
        rivals=("synchronous-nigt", "afedpg", "mindflayer-nigt"),
    ),
    "failures": Figure(
        RENNALA,
        _parts("beyond/failures"),
        rivals=("synchronous-waits", "synchronous-timeout", "afedpg"),
    ),
    "crossover": Figure(
        "Rennala NIGT overtakes AFedPG as sending gets dearer, where the clocks say",
        _parts("sweeps/crossover"),
        rivals=("afedpg",),
    ),
    "longer-worlds": Figure(
        f"{MALENIA}, twice as long as figure 9",
        _parts("beyond/longer-9"),
        heroes=("malenia-nigt",),
        rivals=("afedpg",),
    ),
    "no-flag": Figure(
        f"{MALENIA}, which nothing tells apart",
        _parts("beyond/figure9-no-flag"),
        heroes=("malenia-nigt",),
        rivals=("afedpg",),
    ),
    "decay": Figure(
        "With a step that decays Rennala NIGT reaches a return sooner than with the best constant "
        "one, and than the others with either",
        (Part("beyond/decay", beside="paper/figure1c"),),
        heroes=("rennala-decaying",),
        rivals=(
            "rennala-nigt",
            "synchronous-decaying",
            "synchronous-nigt",
            "afedpg-decaying",
            "afedpg",
        ),
    ),
    "baseline": Figure(f"{RENNALA}, with a linear baseline", _parts("beyond/baseline")),
    "network": Figure(RENNALA, _parts("paper/figure3a", "beyond/one-port", "beyond/ring")),
    "gallery": Figure(
        "which method is first half way up, where all are tuned alike",
        _parts(*(f"beyond/gallery-{p}-{c}" for p in EXAMPLES for c in CLUSTERS)),
        heroes=(),
        matrix=True,
    ),
}
"""By the paper's number, and by name beyond it."""


def find_figure(name: str) -> Figure:
    """Return a figure by number or name.

    Raises:
        BadInputError: there is none.
    """
    if name not in FIGURES:
        raise BadInputError(f"figure {name}: not there; accepted: {', '.join(FIGURES)}")
    return FIGURES[name]


def runs_of(figure: Figure, part: Part, read: Callable[[str], list[StoredRun]]) -> list[StoredRun]:
    """Return the runs that a part shows.

    Args:
        figure: whose rivals are taken from the scenario beside.
        part: of the figure.
        read: returns the finished runs of a scenario by name.
    """
    runs = read(part.scenario)
    if part.beside:
        runs = runs + [run for run in read(part.beside) if run.label in figure.rivals]
    return runs


def is_sweep(scenario: str) -> bool:
    """Return whether a source is a sweep."""
    return scenario.startswith("sweeps/")


def stem(scenario: str) -> str:
    """Return what names a scenario's folder and file: ``figure1a`` for ``paper/figure1a``."""
    return Path(scenario).stem
