"""A page that one can mail, of one cluster, of several, or of a sweep."""

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.api.plot import distinct
from scenarios.api.results import Results
from scenarios.api.studies import STORE, SweepResults
from scenarios.format.words.accepted import FileOrFolder, Names
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.report.file import About, Page
from scenarios.results.published import command_of
from scenarios.runs.store.record import RACED
from scenarios.runs.store.stored import StoredRun
from scenarios.studies.plane import choose_axes

if TYPE_CHECKING:
    from scenarios.report.drawing.maps import Maps
    from scenarios.report.parts import Part


@checked_call
def report(
    *results: Results,
    title: str | None = None,
    claim: str | None = None,
    film: FileOrFolder | None = None,
    axes: Names = (),
    at: Names = (),
    command: str = "",
) -> Page:
    """Return a page: curves, times to a threshold, tables, timelines, verdicts, what failed.

    It is one HTML file that loads nothing, and can be read without JavaScript.

    Args:
        results: a section for each scenario among them.
        title: of the page; by default the scenario's.
        claim: the method that is judged against the others; the best one by default.
        axes: of a sweep: the one or two to be shown; the first with several values if empty.
        at: of a sweep: texts such as ``p=0.5``, which hold the others.
        film: .mp4, .webm, .gif or .png, to be put into the page.
        command: that makes the page, to be remembered in it.

    Raises:
        BadInputError: there is nothing to report, or no such method.
    """
    from scenarios.report.page import page  # noqa: PLC0415 - matplotlib takes a second
    from scenarios.report.parts import parts_of  # noqa: PLC0415
    from scenarios.report.section import sections_of  # noqa: PLC0415
    from scenarios.report.swept import sections_of_sweep  # noqa: PLC0415

    if not results:
        raise BadInputError("report: accepted: at least one result")
    for result in results:
        if not result.runs:
            raise BadInputError(f"{result.name}: no runs are there yet")
    about = About(
        title or _title(results),
        [*_commands(results), command or "straggler.report(...)"],
        [failure for result in results for failure in result.failed.items()],
        None if film is None else Path(film),
    )
    swept = [result for result in results if isinstance(result, SweepResults)]
    if swept:
        if len(results) > 1:
            raise BadInputError(f"{results[1].name}: accepted: one sweep, or results of scenarios")
        if claim is not None:
            raise BadInputError(f"claim {claim}: goes with results of scenarios, not with a sweep")
        return page(about, *sections_of_sweep(_maps(swept[0], axes, at)))
    if axes or at:
        raise BadInputError("axes, at: go with a sweep, which these results are not")
    names = distinct([result.name for result in results])
    parts = [
        part
        for name, result in zip(names, results, strict=True)
        for part in parts_of(result.runs, name)
    ]
    _check_claim(claim, parts)
    return page(about, sections_of(parts, claim))


def _title(results: Sequence[Results]) -> str:
    if len(results) > 1:
        return ", ".join(distinct([result.name for result in results]))
    (only,) = results
    return only.sweep.file.title if isinstance(only, SweepResults) else only.title


def _maps(results: SweepResults, axes: Sequence[str], at: Sequence[str]) -> "Maps":
    from scenarios.report.swept import maps_of  # noqa: PLC0415

    shown, held = choose_axes(results.sweep, axes, at)
    runs = list(zip(results.runs, results.points, strict=True))
    return maps_of(runs, shown, held, results.sweep.file.title)


def _check_claim(claim: str | None, parts: "Sequence[Part]") -> None:
    there = list(dict.fromkeys(label for part in parts for label in part.labels))
    if claim is not None and claim not in there:
        raise BadInputError(f"claim {claim}: no such method here; accepted: {', '.join(there)}")


def _commands(results: Sequence[Results]) -> list[str]:
    """Return what makes the runs again: for folders a run of the scenario that the page holds."""
    lines = []
    for result in results:
        path = result.runs[0].path
        if path.suffix == ".parquet" and path.is_file():
            lines.append(command_of(path))
        elif isinstance(result, SweepResults):
            store = path.parent.parent
            elsewhere = ["--out", str(store)] if store != STORE else []
            lines.append(shlex.join(["straggler", "sweep", result.name, *elsewhere]))
        else:
            made = map(shlex.join, _made_by(result))
            lines += [f"{command}   # the scenario, as below" for command in made]
    return list(dict.fromkeys(lines))


def _made_by(result: Results) -> Iterator[list[str]]:
    """Yield what makes the runs of a folder: of each folder of results below it, and its races."""
    groups: dict[tuple[str, ...], list[StoredRun]] = {}
    for run in result.runs:
        if run.info:
            key = _results_of(run, result.name), *_raced(run)
            groups.setdefault(key, []).append(run)
    for (out, kind, *how), runs in groups.items():
        stem = Path(out).resolve().name or "scenario"
        only = _part_of(out, Path(result.name), runs)
        yield ["straggler", kind, f"{stem}.toml", "--out", out, *only, *how]


def _results_of(run: StoredRun, name: str) -> str:
    """Return OUT of a run in OUT/METHOD/seed-SEED; ``name`` if it lies otherwise."""
    if Path(name).is_dir() and run.path.absolute().name.startswith("seed-"):
        return os.path.normpath(run.path / "../..")
    return name


def _raced(run: StoredRun) -> list[str]:
    """Return the command that made a run, and the options of a race."""
    how = run.info.get("race")
    if how is None:
        return ["run"]
    scale = ["--scale", f"{how['scale']:g}"] if how["scale"] != 1 else []
    return ["race", *["--emulate"] * how["emulate"], *scale]


def _part_of(out: str, folder: Path, runs: Sequence[StoredRun]) -> list[str]:
    """Return options for the runs of a folder within that of the results."""
    if Path(out).resolve() not in folder.resolve().parents:
        return []
    labels = dict.fromkeys(run.label.removesuffix(RACED) for run in runs)
    only = [word for label in labels for word in ("--method", label)]
    alone = runs[0].path.resolve() == folder.resolve()
    return [*only, *["--seed", str(runs[0].info["seed"])] * alone]
