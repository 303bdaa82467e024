"""The commands that reproduce the paper: figures, and what becomes of their claims."""

from collections.abc import Callable
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.parts import (
    Jobs,
    Memory,
    PerRun,
    Recompute,
    RetryFailed,
    console,
    make_runs,
    options_of,
    plan_runs,
    print_comparison,
    result_folder,
)
from scenarios.format.errors import BadInputError
from scenarios.runs.cores import CORES

if TYPE_CHECKING:
    from scenarios.results.judge import Verdict
    from scenarios.runs.jobs import Job
    from scenarios.runs.stored import StoredRun
    from scenarios.studies.crossover import Crossover
    from scenarios.studies.paper import Figure, Part

Read = Callable[[str], "list[StoredRun]"]
"""From a scenario's name to its runs, failed ones too."""


def figure(
    name: Annotated[
        str, typer.Argument(metavar="N|NAME", help="The paper's 1 to 10, or a name beyond it.")
    ],
    quick: Annotated[
        bool, typer.Option("--quick", help="One seed and, but for sweeps, a shorter time.")
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Draw from these compact results; nothing is run."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Write compact results here, for --from; says what of it has changed."),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder of all results; pictures go to figures/.")
    ] = Path("runs"),
    jobs: Jobs = CORES,
    workers_per_run: PerRun = None,
    retry_failed: RetryFailed = False,
    recompute: Recompute = False,
    memory_limit: Memory = None,
) -> None:
    """Run a figure of the paper, draw it, tabulate it, and judge the claim behind it.

    Runs what is missing, so that it can be interrupted and started again. With `--from results`
    the results that come with straggler are drawn anew, in seconds.
    """
    from scenarios.studies.paper import find_figure

    chosen = find_figure(name)
    failed = 0
    if source is not None:
        if quick or save:
            raise BadInputError("--from: goes with neither --quick nor --save, which need runs")
        read = _published(source)
    else:
        if quick and save:
            raise BadInputError("--save: does not go with --quick; accepted: whole results")
        options = options_of(retry_failed, recompute, workers_per_run, memory_limit)
        plans = {scenario: _plan(scenario, out, quick=quick) for scenario in chosen.sources()}
        failed = make_runs(list(chain.from_iterable(plans.values())), jobs, options).failed
        read = _stored(plans)
        if save:
            _save(name, chosen, read, save)
    _show(name, chosen, read, f"figures/{'figure' * name.isdigit()}{name}{'-quick' * quick}.png")
    raise typer.Exit(1 if failed else 0)


def verdict(
    source: Annotated[Path, typer.Option("--from", help="A folder of compact results.")],
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The tables of docs/reproduction.md.")
    ] = False,
) -> None:
    """Say of every figure in a folder of compact results whether its claim holds.

    For each panel: seconds to three thresholds (1/4, 1/2 and 3/4 of the way from the mean start
    to the best return that any run reached), medians over seeds with 90% bootstrap intervals; the
    speed-up over the fastest rival; and the probability that a run is sooner than the rival's. A
    claim holds if the intervals of two speed-ups of three lie above 1 and none lies below.
    """
    from scenarios.results import verdicts as verdict_tables
    from scenarios.studies.paper import FIGURES, stem

    read, rows, notes = _published(source), [], []
    used: dict[str, list[StoredRun]] = {}
    for name, chosen in FIGURES.items():
        files = [source / f"{stem(scenario)}.parquet" for scenario in chosen.sources()]
        if missing := [file.name for file in files if not file.exists()]:
            notes.append(f"figure {name}: {', '.join(missing)} not there")
            continue
        rows += [(name, one) for one in _verdicts(chosen, read)]
        notes += [f"{name}: {one.sentence()}." for one in _crossovers(chosen, read)]
        used |= {scenario: read(scenario) for scenario in chosen.sources()}
    if not used:
        raise BadInputError(f"{source}: no compact results; accepted: what `figure --save` wrote")
    lines = verdict_tables.markdown(rows) if markdown else verdict_tables.sentences(rows)
    origin = verdict_tables.origin(list(chain(*used.values())))
    typer.echo("\n".join([*lines, "", *notes, "", *origin]))


def _published(folder: Path) -> Read:
    from scenarios.results.published import published
    from scenarios.studies.paper import stem

    return cache(lambda scenario: published(folder / f"{stem(scenario)}.parquet"))


def _plan(scenario: str, out: Path, *, quick: bool) -> "list[Job]":
    from scenarios.studies.grid import load_sweep
    from scenarios.studies.paper import is_sweep, stem
    from scenarios.studies.sweep import runs_of, unique_jobs

    if not is_sweep(scenario):
        folder = result_folder(stem(scenario), quick=quick, root=out)
        return plan_runs(scenario, folder, quick=quick)[0]
    jobs = unique_jobs(runs_of(load_sweep(stem(scenario)), out / "store"))
    first = jobs[0].spec.seed
    return [job for job in jobs if job.spec.seed == first] if quick else jobs


def _stored(plans: "dict[str, list[Job]]") -> Read:
    from scenarios.runs.stored import StoredRun

    def read(scenario: str) -> "list[StoredRun]":
        infos = [(job.folder.path, job.folder.info()) for job in plans[scenario]]
        runs = [StoredRun(path, info) for path, info in infos if info]
        return sorted(runs, key=lambda run: (run.label, run.info["seed"]))

    return cache(read)


def _save(name: str, chosen: "Figure", read: Read, folder: Path) -> None:
    from scenarios.results.published import publish, published, same_numbers
    from scenarios.studies.paper import stem

    for scenario in chosen.sources():
        runs, file = read(scenario), folder / f"{stem(scenario)}.parquet"
        if file.exists():
            there = published(file)
            same = same_numbers(runs, there)
            typer.echo(f"{file}: {same} of {len(runs)} runs have the numbers that were there")
            if same == len(runs) == len(there):
                continue
        publish(runs, file, f"straggler figure {name}")


def _parts_with_runs(chosen: "Figure", read: Read) -> "list[tuple[Part, list[StoredRun]]]":
    from scenarios.studies.paper import runs_of

    parts = [(part, runs_of(chosen, part, read)) for part in chosen.parts]
    return [(part, runs) for part, runs in parts if any(run.is_done for run in runs)]


def _verdicts(chosen: "Figure", read: Read) -> "list[Verdict]":
    from scenarios.results.judge import judge

    found = [
        judge(runs, hero, chosen.rivals, str(runs[0].info["title"]), next(iter(part.columns), None))
        for part, runs in _parts_with_runs(chosen, read)
        for hero in chosen.heroes
        if not part.is_sweep and any(run.label == hero for run in runs)
    ]
    return [one for one in found if one]


def _crossovers(chosen: "Figure", read: Read) -> "list[Crossover]":
    from scenarios.studies.crossover import crossover

    found = [crossover(runs) for part, runs in _parts_with_runs(chosen, read) if part.is_sweep]
    return [one for one in found if one]


def _show(name: str, chosen: "Figure", read: Read, picture: str) -> None:
    from scenarios.pictures import crossover as crossing
    from scenarios.pictures import panels as figures
    from scenarios.results import verdicts as verdict_tables
    from scenarios.studies.grid import load_sweep
    from scenarios.studies.paper import stem

    typer.echo(f"claim of figure {name}: {chosen.claim}\n")
    for found in _crossovers(chosen, read):
        typer.echo(found.sentence())
        sweep = load_sweep(stem(chosen.parts[0].scenario))
        crossing.draw(found, sweep.file.title, Path(picture))
        typer.echo(f"drawn: {picture}")
        return
    panels = []
    for part, runs in _parts_with_runs(chosen, read):
        done = [run for run in runs if run.is_done]
        print_comparison(Path(part.scenario), done)
        panels += figures.panels_of(done, part.columns)
    if not panels:
        return
    for one in _verdicts(chosen, read):
        console().print(verdict_tables.terminal_table(one))
        typer.echo(verdict_tables.sentence(one) + "\n")
    figures.draw(panels, Path(picture))
    typer.echo(f"drawn: {picture}")
