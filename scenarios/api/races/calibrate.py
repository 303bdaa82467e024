"""How well simulations predict races, and what they need to know for that."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from scenarios.api.races.race import limited, track_of
from scenarios.api.races.target import check_target
from scenarios.api.run import Source, load
from scenarios.api.shown import Shown
from scenarios.format.scenario import Scenario, Seed
from scenarios.format.words.accepted import FileOrFolder, Names
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.results.races import Prediction, csv, predictions, sheet
from scenarios.results.sheet import Sheet
from scenarios.runs.execute import Options
from scenarios.runs.jobs import plan
from scenarios.runs.make import Maker
from scenarios.runs.progress import Progress
from scenarios.runs.race import measured, race_jobs
from scenarios.runs.spec import digits
from scenarios.runs.store.files import write_atomically
from scenarios.runs.store.stored import StoredRun, runs_in
from scenarios.studies import calibrate as study
from simulator import Count, Positive

MEASURED = "calibration.json"
"""In the folder of a check."""

UPDATES = 100
"""Of the race that measures, by default."""


class Calibrated(Shown):
    """What real workers take. ``print`` it.

    Args:
        found: what was measured.
        scenario: with the measured times.

    Attributes:
        scenario: the same.
    """

    def __init__(self, found: study.Calibration, scenario: Scenario) -> None:
        self.found = found
        self.scenario = scenario

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return [self.found.sheet(self.scenario.title), *self.found.lines()]


@checked_call
def calibrate(
    source: Source,
    out: FileOrFolder | None = None,
    *,
    method: str | None = None,
    seed: Seed | None = None,
    address: str | None = None,
    updates: Count = UPDATES,
    force: bool = False,
) -> Calibrated:
    """Measure on real workers what a scenario says of its cluster.

    One method is raced on the hardware as it is. A gradient's time from its order to the news of it
    is divided: what an order takes longer at a lookahead that is new to its worker is ``downlink``,
    the rest is ``compute``. Gradients that
    are cancelled count as longer than they ran (Kaplan and Meier).

    Args:
        source: a scenario, or what :func:`straggler.load` takes; a file, if ``out`` is given.
        out: the scenario file to write: its ``base`` is ``source``.
        method: a name or label; the scenario's first if None.
        seed: the scenario's first if None.
        address: HOST:PORT of a Ray head; a Ray of its own on this machine if None.
        updates: of the race.
        force: overwrite ``out`` even if calibrate did not write what is there.

    Raises:
        BadInputError: the scenario or an option is wrong, there is no such Ray, or a worker
            computed nothing in so many updates.
    """
    scenario = load(source)
    file = Path(source) if isinstance(source, str | Path) else None
    _check(scenario)
    if out is not None:
        check_target(file, Path(out), force=force)
    short = scenario.with_values({"updates": updates, "time_limit": None})
    seeds = [scenario.seeds[0] if seed is None else seed]
    (job, *_) = plan(short, Path(), [method] if method else [], seeds)
    race, links = measured(job.spec, address)
    cluster, per_step = scenario.cluster, scenario.cluster.compute.per == "step"
    try:
        found = study.calibration(
            race,
            cluster.workers,
            per_step=per_step,
            links=links,
            preemption=cluster.rule,
            downloads=cluster.collective == "gather",
        )
    except ValueError as error:
        accepted = "accepted: more of them, or another --method, in which all workers compute"
        raise BadInputError(f"updates {updates}: {error}; {accepted}") from error
    calibrated = Calibrated(found, _with_times(scenario, found.tables()))
    if out is not None and file is not None:
        command = f"straggler calibrate {file}"
        write_atomically(Path(out), study.text(file, Path(out), found, command).encode())
    return calibrated


def _with_times(scenario: Scenario, measured: Mapping[str, object]) -> Scenario:
    """Return a scenario with what was measured of its cluster, by key."""
    values = {f"cluster.{key}": value for key, value in measured.items()}
    values |= {f"cluster.{key}": None for key in ("ingress", "failures")}
    return scenario.with_values(values).named(scenario.name)


def _check(scenario: Scenario) -> None:
    """Look, before the race, for what cannot be measured.

    Raises:
        BadInputError: there is something.
    """
    if scenario.cluster.network is not None:
        raise BadInputError(
            "cluster.network: cannot be measured as a whole; accepted: uplink and downlink instead"
        )


class RaceCheck(Shown):
    """What was simulated beside what was raced. ``print`` it.

    Args:
        found: each quantity of each method.
        title: of the scenario.
        races: how many there were of each.
        failed: methods that cannot be compared, simulated or raced, and why, a line each.
    """

    def __init__(
        self, found: Sequence[Prediction], title: str, races: int, failed: Sequence[str] = ()
    ) -> None:
        self.rows = list(found)
        self.failed = list(failed)
        self._sheet = sheet(found, title, races)

    @property
    def parts(self) -> Sequence[Sheet | str]:
        """See :class:`Shown`."""
        return [self._sheet, *self.failed]

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
    emulate: bool = False,
    scale: Positive | None = None,
    address: str | None = None,
    updates: Count | None = None,
    repeat: Count = 1,
    retry_failed: bool = False,
    recompute: bool = False,
) -> RaceCheck:
    """Simulate the methods of a scenario, race them, and compare.

    What is there is not made again. A method with a run that failed is not compared.

    Args:
        source: a scenario, or what :func:`straggler.load` takes.
        out: the folder of the results; ``races/NAME-check`` by default.
        methods: names or labels; all of the scenario's by default.
        seed: the scenario's first if None.
        quick: use its ``[quick]`` limits.
        emulate: stretch tasks and messages to the scenario's times; else they are measured first,
            and simulated: see :func:`calibrate`. ``out/calibration.json`` has what was measured.
        scale: real seconds per simulated second of what is emulated; 1 if None.
        address: HOST:PORT of a Ray head; a Ray of its own on this machine if None.
        updates: stop after so many; the scenario's limits if None.
        repeat: how many races of each method.
        retry_failed: try runs and races that failed again.
        recompute: make those of another version of the code again.

    Raises:
        BadInputError: as :func:`race`, or every method has a run that failed or made no update.
    """
    scenario, folder = limited(source, out, "-check", quick=quick, updates=updates)
    seeds = [scenario.seeds[0] if seed is None else seed]
    track = track_of(scale, address, emulate=emulate)
    maker = Maker(retry_failed=retry_failed, recompute=recompute)
    if not emulate:
        plan(scenario, folder, methods, seeds)  # a wrong name is told before anything is measured
        scenario = _measured(scenario, folder / MEASURED, seeds[0], address)
    simulated = plan(scenario, folder, methods, seeds)
    races = [
        plan(scenario, folder / f"race-{k + 1}", methods, seeds, track.race) for k in range(repeat)
    ]
    maker.make(simulated)
    options = Options(retry_failed=retry_failed, recompute=recompute)
    raced = [job for jobs in races for job in jobs]
    race_jobs(raced, track, Progress(Console(stderr=True)), options)
    made = runs_in([job.folder for jobs in (simulated, *races) for job in jobs])
    return _compared(made, len(simulated), scenario.title)


def _measured(scenario: Scenario, file: Path, seed: int, address: str | None) -> Scenario:
    """Return a scenario with measured times, which are not measured again if the file has them.

    Else the races, whose times in simulation they are, would be others each time.
    """
    specs = [job.spec.content() for job in plan(scenario, Path(), [], [seed])]
    asked, say = digits([specs, address]), Console(stderr=True)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(file.read_bytes())
        if known["of"] == asked:
            found = _with_times(scenario, known["cluster"])
            say.print(f"measured before: {file}; delete it to measure again")
            return found
    calibrated = calibrate(scenario, seed=seed, address=address)
    for part in calibrated.parts:
        say.print(part)
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"of": asked, "cluster": calibrated.found.tables()}
    write_atomically(file, json.dumps(content, indent=2).encode())
    return calibrated.scenario


def _compared(made: Sequence[StoredRun], number: int, title: str) -> RaceCheck:
    """Return the check of ``number`` simulated runs, which stand first, then their races.

    Raises:
        BadInputError: every method has a run that failed or made no update.
    """
    failed = [
        next((run for run in made[k::number] if not (run.is_done and run.totals["updates"])), None)
        for k in range(number)
    ]
    said = [_failure(run) for run in failed if run is not None]
    if len(said) == number:
        raise BadInputError(f"{said[0]}; accepted: runs that end well, with an update")
    well = [k for k, run in enumerate(failed) if run is None]
    races_of = {made[k].label: made[number + k :: number] for k in well}
    repeat = len(made) // number - 1
    return RaceCheck(predictions([made[k] for k in well], races_of), title, repeat, said)


def _failure(run: StoredRun) -> str:
    """Return what became of a run that cannot be compared, in a line."""
    if run.is_done:
        return f"{run.path}: made no update"
    return f"{run.path}: failed: {run.reason}"
