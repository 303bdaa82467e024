"""Races: the same methods on real workers."""

from pathlib import Path

from rich.console import Console

from scenarios.api.results import Results
from scenarios.api.run import Source, folder_of, load
from scenarios.format.scenario import Scenario
from scenarios.format.words.accepted import FileOrFolder, Names, Seeds
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import Options
from scenarios.runs.jobs import plan
from scenarios.runs.progress import Progress
from scenarios.runs.race import Track, race_jobs
from scenarios.runs.store.record import Raced
from scenarios.runs.store.stored import runs_in
from simulator import Count, Positive

RACES = Path("races")
"""Where races go by default."""


@checked_call
def race(
    source: Source,
    out: FileOrFolder | None = None,
    *,
    methods: Names = (),
    seeds: Seeds = (),
    quick: bool = False,
    emulate: bool = False,
    scale: Positive | None = None,
    address: str | None = None,
    updates: Count | None = None,
    retry_failed: bool = False,
    recompute: bool = False,
) -> Results:
    """Run the methods of a scenario in real time, on real workers; return all of these races.

    Workers are actors of Ray, one for each of the scenario's. Results go to
    ``out/METHOD (race)/seed-SEED/``: with ``out="runs/NAME"`` they are beside the simulated ones. A
    race that is interrupted begins anew.

    Args:
        source: a scenario, or what :func:`straggler.load` takes.
        out: the folder of the results; ``races/NAME`` by default.
        methods: names or labels; all of the scenario's by default.
        seeds: instead of the scenario's own.
        quick: use its ``[quick]`` limits.
        emulate: stretch tasks and messages to the scenario's times; else the hardware is as it is.
        scale: real seconds per simulated second of what is emulated; 1 if None.
        address: HOST:PORT of a Ray head; a Ray of its own on this machine if None.
        updates: stop after so many; the scenario's limits if None.
        retry_failed: try failed races again.
        recompute: make races of another version of the code again.

    Raises:
        BadInputError: the scenario or an option is wrong, it has something that is not emulated,
            or there is no such Ray.
        OSError: the disk is full; what is finished is safe.
    """
    scenario, folder = limited(source, out, "", quick=quick, updates=updates)
    track = track_of(scale, address, emulate=emulate)
    jobs = plan(scenario, folder, methods, seeds, track.race)
    options = Options(retry_failed=retry_failed, recompute=recompute)
    race_jobs(jobs, track, Progress(Console(stderr=True)), options)
    return Results(runs_in([job.folder for job in jobs]), str(folder))


def limited(
    source: Source, out: str | Path | None, ending: str, *, quick: bool, updates: int | None
) -> tuple[Scenario, Path]:
    """Return the scenario of a race, and the folder of its results."""
    scenario = load(source, quick=quick)
    folder = folder_of(scenario, out, RACES, ending)
    if updates is not None:
        scenario = scenario.with_values({"updates": updates}).named(scenario.name)
    return scenario, folder


def track_of(scale: float | None, address: str | None, *, emulate: bool) -> Track:
    """Return where and how races are made."""
    if scale is not None and not emulate:
        raise BadInputError("--scale: is for --emulate; accepted: both, or none of them")
    return Track(Raced(emulate=emulate, scale=scale or 1.0), address)
