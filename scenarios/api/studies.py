"""Many scenarios at once: sweeps and tuning."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Unpack

from pydantic import Field

from scenarios.api.results import Results
from scenarios.api.run import ROOT
from scenarios.format.load import find
from scenarios.format.load import load as load_scenario
from scenarios.format.scenario import Scenario
from scenarios.format.words.accepted import FileOrFolder, Names
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.results.published import published
from scenarios.results.rows import tidy
from scenarios.runs.jobs import Summary
from scenarios.runs.make import Maker, Making
from scenarios.runs.store.folder import RunFolder
from scenarios.runs.store.stored import as_asked, folders_below, runs_in
from scenarios.studies.grid import Sweep, load_sweep, sweep_names
from scenarios.studies.plane import check_reached, choose_axes, only_at, point_at
from scenarios.studies.sweep import SweepRun, runs_of, unique_jobs
from scenarios.studies.tuning import budget
from scenarios.studies.tuning import tune as search
from scenarios.studies.tuning import tuned as report
from scenarios.studies.tuning.tune import with_tuned
from simulator import Count

if TYPE_CHECKING:
    from scenarios.pictures.style import Picture

SweepSource = Annotated[
    str | Path | Sweep, Field(description="a sweep file, the name of a sweep, or a sweep")
]

STORE = Path("runs/store")
"""Where the runs of sweeps and tunings are by default."""


class SweepResults(Results):
    """The runs of a sweep.

    Args:
        sweep: whose grid they are on.
        runs: as planned; those that are not there are left out.
        summary: how many were made and how many were there; None if nothing was made.

    Attributes:
        incomplete: how many runs are not there, which count as ones that never arrive; or nothing.
    """

    def __init__(
        self, sweep: Sweep, runs: Sequence[SweepRun], summary: Summary | None = None
    ) -> None:
        there = {run.path: run for run in runs_in([job.folder for job in unique_jobs(runs)])}
        chosen = [run for run in runs if run.job.folder.path in there]
        points = [{"method": r.job.spec.method.folder, **r.point.axes} for r in chosen]
        stored = [as_asked(there[run.job.folder.path], run.job.spec) for run in chosen]
        super().__init__(stored, str(sweep.path), points)
        self.sweep = sweep
        self.summary = summary
        planned = len(unique_jobs(runs))
        missing = planned - len(there)
        self.incomplete = f"{missing:,} of {planned:,} runs are not there yet" if missing else ""

    @checked_call
    def at(self, *held: str) -> Results:
        """Return the runs at one point of the grid, which can be compared, drawn and explained.

        Args:
            held: texts such as ``p=0.5``, one for each axis that has several values.

        Raises:
            BadInputError: an axis is left over, there is no such axis or value, or no run.
        """
        point = point_at(self.sweep, held)
        runs = zip(self.runs, self.points, strict=True)
        chosen = [run for run, there in runs if there.items() >= point.items()]
        name = " ".join([self.name, *held])
        if not chosen:
            raise BadInputError(f"{name}: no runs are there yet")
        return Results(chosen, name)

    @checked_call
    def plot(  # type: ignore[override] # another kind of picture
        self,
        threshold: float | None = None,
        *,
        axes: Names = (),
        at: Names = (),
    ) -> "Picture":
        """Return a picture of the simulated seconds to a threshold, over one axis or two.

        Args:
            threshold: of the metric; half way from start to best if None.
            axes: names of those to draw; the first two that have several values if empty.
            at: texts such as ``p=0.5``, which hold the others.

        Raises:
            BadInputError: there is no such axis or value, or nothing reached the threshold.
        """
        from scenarios.pictures.sweep import draw_sweep, grid_of  # noqa: PLC0415

        rows = self.rows([] if threshold is None else [threshold])
        if threshold is None and rows.thresholds:
            rows = self.rows([rows.thresholds[len(rows.thresholds) // 2]])
        drawn, held = choose_axes(self.sweep, axes, at)
        rows = only_at(rows, held)
        check_reached(rows, self.name)
        title = self.sweep.file.title + f" ({self.incomplete})" * bool(self.incomplete)
        return draw_sweep(grid_of(rows, drawn), title)


@checked_call
def open(source: FileOrFolder, out: FileOrFolder | None = None) -> Results:  # noqa: A001 - straggler.open
    """Return runs that are over, without importing the classes that folders and compact files name.

    Args:
        source: a folder of results, of one run, or of a store; a compact file of ``results/``; or
            a sweep, by file or name.
        out: the store, where a sweep's runs are; ``runs/store`` by default.

    Raises:
        BadInputError: there are no runs, the sweep is wrong, or ``out`` is given for what is none.
    """
    found = opened(source, Path(out or STORE))
    if out is not None and not isinstance(found, SweepResults):
        raise BadInputError(f"out: goes with a sweep, which {source} is not")
    return found


def opened(source: str | Path, store: Path) -> Results:
    """Return runs that are over; the store is for a sweep."""
    path = Path(source)
    if (path / "run.json").is_file():
        return Results(runs_in([RunFolder(path)]), str(path))
    if path.is_dir():
        return Results(runs_in(folders_below(path)), str(path))
    if path.suffix == ".parquet" and path.is_file():
        return Results(published(path), path.stem)
    if str(source) in sweep_names() or (path.suffix == ".toml" and path.is_file()):
        sweep = load_sweep(source)
        return SweepResults(sweep, runs_of(sweep, store))
    near = _near(path)
    raise BadInputError(
        f"{source}: {'is none of these' if path.exists() else 'not there'}; "
        f"{f'did you mean {near!r}? ' if near else ''}accepted: a folder of results, of one run or "
        "of a store; a compact file of results; a sweep, by file or name"
    )


def _near(path: Path) -> str | None:
    """Return a folder or the name of a sweep that may have been meant."""
    try:
        beside = [below for folder in (path.parent, ROOT) for below in sorted(folder.glob("*/"))]
    except OSError:
        beside = []
    known = {folder.name: str(folder) for folder in reversed(beside) if folder.is_dir()}
    known |= {name.rpartition("/")[2]: name for name in sweep_names()}
    near = difflib.get_close_matches(path.stem, known, n=1)
    return known[near[0]] if near else None


@checked_call
def sweep(name: SweepSource, out: FileOrFolder = STORE, **making: Unpack[Making]) -> SweepResults:
    """Make the runs of a sweep that are missing, and return all of them.

    Args:
        name: a sweep file, or the name of one that comes with straggler, or what was read of it.
        out: the store of the runs; sweeps may share one. ``out/index.parquet`` is its table.
        **making: as for :func:`run`.

    Raises:
        BadInputError: the sweep or an option is wrong.
        OSError: the disk is full; what is finished is safe.
    """
    maker = Maker(**making)
    loaded = name if isinstance(name, Sweep) else load_sweep(name)
    runs = runs_of(loaded, Path(out))
    summary = maker.make(unique_jobs(runs))
    tidy(runs_in(folders_below(Path(out)))).write_parquet(Path(out) / "index.parquet")
    return SweepResults(loaded, runs, summary)


@dataclass(frozen=True)
class Tuned:
    """What a tuning found.

    Attributes:
        plan: what was tried.
        tuning: the tries of each method, best first.
        source: the scenario file.
    """

    plan: budget.Plan
    tuning: search.Tuning
    source: Path

    def table(self) -> Any:  # noqa: ANN401 - a DataFrame
        """Return a DataFrame with a row per try: its values, rung, score, standard error, rank."""
        import pandas as pd  # noqa: PLC0415 - takes a second

        return pd.DataFrame(report.results(self.tuning).rows)

    def verdicts(self) -> list[str]:
        """Return a line per method: who won, by how much; and warnings of edges and thresholds."""
        lines = []
        for ranked in self.tuning.tries.values():
            lines.append(report.verdict(ranked))
            lines += () if ranked[0].failed else report.edges(self.plan, ranked[0])
        if not self.tuning.thresholds and self.plan.scenario.thresholds:
            lines.append("warning: thresholds stay as they were: the winners' curves do not rise")
        return lines

    @property
    def failed(self) -> bool:
        """Whether all tries of a method failed."""
        return any(ranked[0].failed for ranked in self.tuning.tries.values())

    @checked_call
    def write(self, target: FileOrFolder, command: Names = (), *, force: bool = False) -> None:
        """Write the scenario with the values that won.

        Raises:
            BadInputError: the file is there, and tune did not write it.
        """
        report.check_target(Path(target), force=force)
        report.write(self.source, Path(target), self.plan, self.tuning, command)

    def scenario(self) -> Scenario:
        """Return the scenario with the values that won; of what decays they are the start."""
        before = {m.folder: m.model_dump(exclude_none=True) for m in self.plan.scenario.methods}
        best = {label: ranked[0] for label, ranked in self.tuning.tries.items()}
        values: dict[str, Any] = {
            f"methods.{label}.{key}": with_tuned(before[label], found.values)[key]
            for label, found in best.items()
            if not found.failed
            for key in found.values  # noqa: PD011 - no pandas
        }
        if self.tuning.thresholds:
            values["thresholds"] = self.tuning.thresholds
        return self.plan.scenario.with_values(values)


def plan_tuning(
    name: str | Path,
    methods: Sequence[str] = (),
    *,
    quick: bool = False,
    tries: int | None = None,
) -> budget.Plan:
    """Return what a tuning would try; see :func:`tune`."""
    file = find(str(name))
    return budget.plan(file, load_scenario(file), methods=methods, quick=quick, tries=tries)


@checked_call
def tune(
    name: FileOrFolder,
    out: FileOrFolder = STORE,
    methods: Names = (),
    *,
    quick: bool = False,
    tries: Count | None = None,
    **making: Unpack[Making],
) -> Tuned:
    """Search step size, momentum and batch for every method of a scenario, alike for all.

    Args:
        name: a scenario file, or the name of one that comes with straggler.
        out: the store of the runs, as for sweeps.
        methods: names or labels, the others keep their values; all by default.
        quick: use its ``[quick]`` limits.
        tries: per method; every method's whole grid by default.
        **making: as for :func:`run`, but for one process per run by default.

    Raises:
        BadInputError: the scenario or an option is wrong.
    """
    making["processes_per_run"] = making.get("processes_per_run") or 1  # two waste a fifth
    make = partial(Maker(**making).make, continued=True)
    plan = plan_tuning(name, methods, quick=quick, tries=tries)
    return Tuned(plan, search.tune(plan, Path(out), make), find(str(name)))
