"""Races: the same methods on real workers."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from scenarios.api.results import Results
from scenarios.api.run import Source, load
from scenarios.api.shown import Shown
from scenarios.format.scenario import Scenario, Seed
from scenarios.format.words.accepted import FileOrFolder, Names, Seeds
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.results.races import Prediction, csv, predictions, sheet
from scenarios.results.sheet import Sheet
from scenarios.runs.execute import Options
from scenarios.runs.jobs import plan
from scenarios.runs.make import Maker
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
    scenario, folder = _raced(source, out, "", quick=quick, updates=updates)
    track = _track(scale, address, emulate=emulate)
    jobs = plan(scenario, folder, methods, seeds, track.race)
    options = Options(retry_failed=retry_failed, recompute=recompute)
    race_jobs(jobs, track, Progress(Console(stderr=True)), options)
    return Results(runs_in([job.folder for job in jobs]), str(folder))


class RaceCheck(Shown):
    """What was simulated beside what was raced. ``print`` it.

    Args:
        found: each quantity of each method.
        title: of the scenario.
        races: how many there were of each.
    """

    def __init__(self, found: Sequence[Prediction], title: str, races: int) -> None:
        self.rows = list(found)
        self._sheet = sheet(found, title, races)

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return [self._sheet]

    def csv(self) -> str:
        """Return the rows as CSV."""
        return csv(self.rows)


@checked_call
def check_race(
    source: Source,
    out: FileOrFolder | None = None,
    *,
    methods: Names = (),
    seed: Seed | None = None,
    quick: bool = False,
    scale: Positive | None = None,
    address: str | None = None,
    updates: Count | None = None,
    repeat: Count = 1,
) -> RaceCheck:
    """Simulate the methods of a scenario, race them with its times emulated, and compare.

    What is there is not made again.

    Args:
        source: a scenario, or what :func:`straggler.load` takes.
        out: the folder of the results; ``races/NAME-check`` by default.
        methods: names or labels; all of the scenario's by default.
        seed: the scenario's first if None.
        quick: use its ``[quick]`` limits.
        scale: real seconds per simulated second; 1 if None.
        address: HOST:PORT of a Ray head; a Ray of its own on this machine if None.
        updates: stop after so many; the scenario's limits if None.
        repeat: how many races of each method.

    Raises:
        BadInputError: as :func:`race`, or a run failed.
    """
    scenario, folder = _raced(source, out, "-check", quick=quick, updates=updates)
    seeds = [scenario.seeds[0] if seed is None else seed]
    track = _track(scale, address, emulate=True)
    simulated = plan(scenario, folder, methods, seeds)
    races = [
        plan(scenario, folder / f"race-{k + 1}", methods, seeds, track.race) for k in range(repeat)
    ]
    Maker().make(simulated)
    race_jobs(
        [job for jobs in races for job in jobs], track, Progress(Console(stderr=True)), Options()
    )
    made = runs_in([job.folder for jobs in (simulated, *races) for job in jobs])
    for run in made:
        if not run.is_done:
            reason = str(run.info.get("reason") or "damaged").strip().splitlines()[-1]
            raise BadInputError(f"{run.path}: failed: {reason}; accepted: runs that end well")
    number = len(simulated)
    by_label = {run.label: made[number + k :: number] for k, run in enumerate(made[:number])}
    return RaceCheck(predictions(made[:number], by_label), scenario.title, repeat)


def _raced(
    source: Source, out: str | Path | None, ending: str, *, quick: bool, updates: int | None
) -> tuple[Scenario, Path]:
    """Return the scenario of a race, and the folder of its results."""
    scenario = load(source, quick=quick)
    if out is None and scenario.name is None:
        raise BadInputError("out: is missing for a scenario without a file; accepted: a folder")
    if updates is not None:
        scenario = scenario.with_values({"updates": updates})
    return scenario, Path(out) if out is not None else RACES / f"{scenario.name}{ending}"


def _track(scale: float | None, address: str | None, *, emulate: bool) -> Track:
    if scale is not None and not emulate:
        raise BadInputError("--scale: is for --emulate; accepted: both, or none of them")
    return Track(Raced(emulate=emulate, scale=scale or 1.0), address)
