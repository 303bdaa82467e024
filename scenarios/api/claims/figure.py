"""The figures of the paper and beyond: made or read, drawn, tabulated and judged."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from scenarios.api.results import Results
from scenarios.api.run import ROOT, planned
from scenarios.api.shown import Comparison
from scenarios.format.load import find, load
from scenarios.format.words.accepted import FileOrFolder
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.results.compare import compare
from scenarios.results.judging.judge import Verdict, judge
from scenarios.results.judging.matrix import MATRIX, Column, column
from scenarios.results.published import published, refresh
from scenarios.results.remarks import warnings_of
from scenarios.runs.execute import Options
from scenarios.runs.jobs import Job, Summary
from scenarios.runs.make import Maker, Making
from scenarios.runs.store.stored import StoredRun, as_asked, runs_in
from scenarios.studies.crossover import Crossover, crossover
from scenarios.studies.estimate import Estimate, estimate
from scenarios.studies.grid import load_sweep
from scenarios.studies.paper import FIGURES, Figure, Part, find_figure, is_sweep, runs_of, stem
from scenarios.studies.sweep import runs_of as sweep_runs
from scenarios.studies.sweep import unique_jobs

if TYPE_CHECKING:
    from scenarios.pictures.style import Picture

Read = Callable[[str], list[StoredRun]]
"""From a scenario's name to its runs, failed ones too."""


class FigureResults:
    """A figure of the paper, or beyond it, with its runs.

    Args:
        name: of the figure.
        read: where its runs are.

    Attributes:
        claim: what it is judged by, in words: a hypothesis here.
        summary: how many runs were made; None if nothing was.
    """

    def __init__(self, name: str, read: Read, summary: Summary | None = None) -> None:
        self.name = name
        self.summary = summary
        self.figure: Figure = find_figure(name)
        self.claim = self.figure.claim
        self._read = read

    @cached_property
    def parts(self) -> list[tuple[Part, Results]]:
        """The panels that have a finished run, each with its runs."""
        runs = [(part, runs_of(self.figure, part, self._read)) for part in self.figure.parts]
        return [(p, Results(r, p.scenario)) for p, r in runs if any(run.is_done for run in r)]

    def comparisons(self) -> list[Comparison]:
        """Return the methods of each panel side by side."""
        found = []
        for part, results in self.parts:
            runs = [run for run in results if run.is_done]
            if not part.is_sweep and not self.figure.matrix:  # a panel may show two scenarios
                numbers = compare(runs, failed=[run for run in results if not run.is_done])
                found.append(Comparison(numbers, part.scenario, warnings_of(runs)))
        return found

    def verdicts(self) -> list[Verdict]:
        """Return what becomes of the claim in each panel, for each method that it is about."""
        found = [
            judge(
                results.runs,
                hero,
                self.figure.rivals,
                str(results.runs[0].info["title"]),
                load(find(part.scenario)).thresholds or (),
            )
            for part, results in self.parts
            if not part.is_sweep
            for hero in self.figure.heroes
            if hero in results.methods
        ]
        return [one for one in found if one]

    def crossovers(self) -> list[Crossover]:
        """Return where one method overtakes another, in the panels that are sweeps."""
        found = [crossover(results.runs) for part, results in self.parts if part.is_sweep]
        return [one for one in found if one]

    def matrix(self) -> list[Column]:
        """Return all methods beside each other in each panel, if the figure is such a matrix."""
        return [
            column(results.runs, results.title) for _, results in self.parts if self.figure.matrix
        ]

    def plot(self) -> "Picture | None":
        """Return the figure; None if no run made an update."""
        from scenarios.pictures import crossover as crossing  # noqa: PLC0415 - takes a second
        from scenarios.pictures import matrix  # noqa: PLC0415
        from scenarios.pictures.panels import draw, panels_of  # noqa: PLC0415

        if columns := self.matrix():
            return matrix.draw(columns, MATRIX)
        for found in self.crossovers():
            sweep = load_sweep(stem(self.figure.parts[0].scenario))
            return crossing.draw(found, sweep.file.title)
        panels = [
            panel
            for part, results in self.parts
            for panel in panels_of([run for run in results if run.is_done], part.columns)
        ]
        return draw(panels) if panels else None

    def sources(self) -> list[tuple[str, list[StoredRun]]]:
        """Return the runs of each scenario, by its name."""
        return [(name, self._read(name)) for name in self.figure.sources()]

    @checked_call
    def save(self, folder: FileOrFolder) -> list[str]:
        """Write compact results, a file per scenario; return how many numbers are as they were."""
        return [
            line
            for scenario, runs in self.sources()
            for line in refresh(
                runs, Path(folder) / f"{stem(scenario)}.parquet", f"straggler figure {self.name}"
            )
        ]


@checked_call
def figure(
    name: str | int,
    *,
    source: FileOrFolder | None = None,
    quick: bool = False,
    out: FileOrFolder | None = None,
    **making: Unpack[Making],
) -> FigureResults:
    """Make what is missing of a figure, and return it.

    Args:
        name: the paper's 1 to 10, or a name beyond it.
        source: a folder of compact results, such as ``results``: nothing is made.
        quick: one seed and, but for sweeps, a shorter time.
        out: the folder of all results; ``runs`` by default.
        **making: as for :func:`run`.

    Raises:
        BadInputError: there is no such figure, or no such results, or what needs runs stands beside
            ``source``.
    """
    name = str(name)
    chosen = find_figure(name)
    if source is not None:
        for option, given in ({"quick": quick, "out": out} | making).items():
            if given:
                raise BadInputError(f"{option}: needs runs; accepted: without source (--from)")
        return FigureResults(name, _published(Path(source)))
    maker = Maker(**making)
    folder = Path(out or ROOT)
    plans = {scenario: _plan(scenario, folder, quick=quick) for scenario in chosen.sources()}
    summary = maker.make(list(chain.from_iterable(plans.values())))
    return FigureResults(name, _stored(plans), summary)


@dataclass(frozen=True)
class Left:
    """What is left of a figure.

    Attributes:
        done: runs that are there.
        runs: all of them.
        time: what the others may take here.
    """

    done: int
    runs: int
    time: Estimate


def left(name: str, out: Path, slots: int, options: Options) -> Left:
    """Return what :func:`figure` would have to make.

    Args:
        name: of the figure.
        out: the folder of all results.
        slots: how many runs are made at a time.
        options: which of those that are there are made again.

    Raises:
        BadInputError: there is no such figure.
    """
    time, done, number = Estimate(0.0, 0.0, 0), 0, 0
    for scenario in find_figure(name).sources():
        jobs = _plan(scenario, out, quick=False)
        missing = [job for job in jobs if not options.settled(job.spec, job.folder)]
        done, number = done + len(jobs) - len(missing), number + len(jobs)
        time += estimate(missing, slots)
    return Left(done, number, time)


def figures(source: str | Path) -> tuple[list[FigureResults], list[str]]:
    """Return the figures that a folder of compact results holds, and what others lack.

    Raises:
        BadInputError: it holds none.
    """
    read, found, notes = _published(Path(source)), [], []
    for name, chosen in FIGURES.items():
        files = [Path(source) / f"{stem(scenario)}.parquet" for scenario in chosen.sources()]
        if missing := [file.name for file in files if not file.exists()]:
            notes.append(f"figure {name}: {', '.join(missing)} not there")
        else:
            found.append(FigureResults(name, read))
    if not found:
        raise BadInputError(f"{source}: no compact results; accepted: what `figure --save` wrote")
    return found, notes


def _published(folder: Path) -> Read:
    return cache(lambda scenario: published(folder / f"{stem(scenario)}.parquet"))


def _plan(scenario: str, out: Path, *, quick: bool) -> list[Job]:
    if not is_sweep(scenario):
        return planned(scenario, out / (stem(scenario) + "-quick" * quick), quick=quick)[0]
    jobs = unique_jobs(sweep_runs(load_sweep(stem(scenario)), out / "store"))
    first = jobs[0].spec.seed
    return [job for job in jobs if job.spec.seed == first] if quick else jobs


def _stored(plans: dict[str, list[Job]]) -> Read:
    def read(scenario: str) -> list[StoredRun]:
        asked = {job.folder.path: job.spec for job in plans[scenario]}
        found = runs_in([job.folder for job in plans[scenario]])
        runs = [as_asked(run, asked[run.path]) for run in found if run.info]
        return sorted(runs, key=lambda run: (run.label, run.info["seed"]))

    return cache(read)
