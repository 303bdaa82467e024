"""From scenarios to results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Unpack

from pydantic import Field

from algorithms import Algorithm
from scenarios.api.results import Results
from scenarios.api.shown import Report
from scenarios.format.describe import describe
from scenarios.format.load import library
from scenarios.format.load import load as load_scenario
from scenarios.format.method import check_object
from scenarios.format.scenario import Scenario, Seed
from scenarios.format.words.accepted import FileOrFolder, Names, Seeds
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.format.words.strict import NonNegative
from scenarios.live.live import LiveProgress
from scenarios.results.theory import report
from scenarios.runs.execute import simulated
from scenarios.runs.jobs import Job, plan
from scenarios.runs.make import Maker, Making
from scenarios.runs.progress import Progress
from scenarios.runs.store.files import write_atomically
from scenarios.runs.store.stored import runs_in
from simulator import Count, Positive
from simulator.hardware.trace import convert_log

Source = Annotated[
    str | Path | Mapping[str, Any] | Scenario,
    Field(description="a name, a path, a dict with the keys of a file, or a scenario"),
]
"""A scenario, or what :func:`load` takes."""

Method = Annotated[
    str | Algorithm,
    Field(description="a name or label, or an object of a class derived from Algorithm"),
]

Epsilons = Annotated[Sequence[Positive], Field(description="a list of numbers above 0")]

ROOT = Path("runs")
"""Where results go by default."""


@checked_call
def load(source: Source, *, quick: bool = False) -> Scenario:
    """Return a checked scenario.

    Args:
        source: a TOML file, a name from :func:`names`, or what a file would say as a dict.
        quick: with its ``[quick]`` limits.

    Raises:
        BadInputError: it is wrong, a line per mistake; or it has no ``[quick]``.
    """
    scenario = source if isinstance(source, Scenario) else load_scenario(source)
    scenario.check_sources()
    if not quick:
        return scenario
    return scenario.shortened().named(scenario.name and f"{scenario.name}-quick")


def names() -> list[str]:
    """Return the names of the scenarios that come with straggler."""
    return list(library())


@checked_call
def check(source: Source) -> str:
    """Return what a scenario describes, in a few lines.

    Raises:
        BadInputError: it is wrong.
    """
    return "\n".join(describe(load(source)))


def planned(
    source: Source,
    out: str | Path | None = None,
    methods: Sequence[str] = (),
    seeds: Sequence[int] = (),
    *,
    quick: bool = False,
) -> tuple[list[Job], Path]:
    """Return the runs of a scenario, and their folder; see :func:`run`."""
    scenario = load(source, quick=quick)
    folder = folder_of(scenario, out, ROOT)
    return plan(scenario, folder, methods, seeds), folder


def folder_of(scenario: Scenario, out: str | Path | None, root: Path, ending: str = "") -> Path:
    """Return the folder of a scenario's results: ``out``, or that of its name below ``root``.

    Raises:
        BadInputError: neither is there.
    """
    if out is not None:
        return Path(out)
    if scenario.name is None:
        raise BadInputError("out: is missing for a scenario without a file; accepted: a folder")
    return root / f"{scenario.name}{ending}"


@checked_call
def run(
    source: Source,
    out: FileOrFolder | None = None,
    *,
    methods: Names = (),
    seeds: Seeds = (),
    quick: bool = False,
    live: bool = False,
    **making: Unpack[Making],
) -> Results:
    """Make the runs of a scenario that are missing, and return all of them.

    Results go to ``out/METHOD/seed-SEED/``. Interrupt it at any time: the same call continues.

    Args:
        source: a scenario, or what :func:`load` takes.
        out: the folder of the results; ``runs/NAME`` by default, or ``runs/NAME-quick``.
        methods: names or labels; all of the scenario's by default.
        seeds: instead of the scenario's own.
        quick: use its ``[quick]`` limits.
        live: show curves and workers while runs go on, in a terminal.
        **making: ``jobs`` (runs at a time), ``processes_per_run``, ``retry_failed``, ``recompute``,
            ``memory_limit`` (GiB), ``max_events``, ``executor``, ``address``; see :class:`Making`.

    Raises:
        BadInputError: the scenario or an option is wrong.
        OSError: the disk is full; what is finished is safe.
    """
    maker = Maker(**making)
    jobs, folder = planned(source, out, methods, seeds, quick=quick)
    maker.make(jobs, shown=LiveProgress if live else Progress)
    return Results(runs_in([job.folder for job in jobs]), str(folder))


@checked_call
def simulate(
    source: Source,
    method: Method | None = None,
    seed: Seed | None = None,
    *,
    max_events: Count | None = None,
) -> Results:
    """Make one run in this process, without files, and return it.

    Args:
        source: a scenario, or what :func:`load` takes.
        method: a name or label in the scenario, or a method of your own as an object, such as
            ``Rennala(NIGT(step_size=0.1, momentum=0.1), batch=20)``; the first one if None.
        seed: the scenario's first if None.
        max_events: that may pass without an update; 10 million, or 1,000 a worker, if None.

    Raises:
        StalledError: the run would not end.
        BadInputError: the scenario is wrong, or has no such method or several, or the object has
            a value that its class does not accept.
    """
    if isinstance(method, Algorithm):
        check_object(method)
    scenario = load(source)
    own = method if isinstance(method, Algorithm) else None
    wanted = [method] if isinstance(method, str) else []
    seeds = [scenario.seeds[0] if seed is None else seed]
    jobs = plan(scenario, ROOT, wanted, seeds)
    labels = [job.spec.method.folder for job in jobs]
    if wanted and len(jobs) > 1 and method not in labels:
        raise BadInputError(f"method {method}: is several; accepted: {', '.join(labels)}")
    job = jobs[labels.index(method) if method in labels else 0]
    return Results([simulated(job.spec, own, max_events)], scenario.name or scenario.title)


@checked_call
def trace(log: FileOrFolder, out: FileOrFolder) -> int:
    """Turn a log of finished gradients into a trace for ``compute = { model = "trace" }``.

    Args:
        log: CSV or Parquet with columns worker (from 0), start, end (seconds from its
            beginning); a run's own ``timeline.parquet`` is one.
        out: the trace, ``.csv`` or ``.parquet``.

    Returns:
        How many gradients the log has.

    Raises:
        BadInputError: the log cannot be read, or is wrong; or ``out`` is the log.
    """
    try:
        return convert_log(Path(log), Path(out), write_atomically)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    except IsADirectoryError as error:
        raise BadInputError(f"{out}: is a folder; accepted: a file") from error


@checked_call
def theory(
    source: Source,
    epsilons: Epsilons = (0.1, 0.01),
    *,
    sigma: NonNegative | None = None,
    smoothness: NonNegative | None = None,
    hessian: NonNegative | None = None,
    gap: NonNegative | None = None,
) -> Report:
    """Return the simulated clocks beside their formulas, and the paper's tables in numbers.

    Args:
        source: a scenario, or what :func:`load` takes.
        epsilons: gradient norms to reach.
        sigma: standard deviation of a gradient; 1 if not given, or exact where it is known.
        smoothness: L_g; the same.
        hessian: L_h; the same.
        gap: Delta = J* - J(theta_0); the same.

    Raises:
        BadInputError: the scenario is wrong.
    """
    given = {"sigma": sigma, "smoothness": smoothness, "hessian": hessian, "gap": gap}
    known = {name: value for name, value in given.items() if value is not None}
    return Report(list(report(load(source), epsilons, known)))
