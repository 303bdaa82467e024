"""What a tuning says: its budget, a row per try, who won and by how much, and the tuned file."""

import contextlib
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from scenarios.format.compute import TraceTimes
from scenarios.format.load import read_scenario
from scenarios.results.rows import Rows
from scenarios.results.sheet import Sheet, cell
from scenarios.results.tables import two_lines
from scenarios.runs.store.files import check_overwrite, write_atomically
from scenarios.studies.tuning.budget import TUNED, Plan, Rung
from scenarios.studies.tuning.edit import with_values
from scenarios.studies.tuning.tune import Try, Tuning, with_tuned
from simulator import Vector

MARK = "# Written by `straggler tune`"
"""How a file begins that tune wrote, and may overwrite."""

NOISE = 2.0
"""Standard errors that a winner has to be ahead of the next."""


def budget(plan: Plan) -> Iterator[str]:
    """Yield lines about what will be tried."""
    yield f"tuning    {plan.scenario.title}"
    yield f"methods   {', '.join(plan.tries)}"
    yield f"seeds     {', '.join(map(str, plan.seeds))}"
    for number, rung in enumerate(plan.rungs, start=1):
        yield f"rung {number}    {_length(rung)}; {_tries(rung)}; runs: {plan.runs_in(rung):,}"
    yield f"runs      {plan.runs:,} at most: failed tries do not go on"
    for folder, size in plan.grids.items():
        if size > plan.rungs[0].tries[folder]:
            drawn = f"{plan.rungs[0].tries[folder]} of {size} combinations"
            yield f"drawn     {folder}: {drawn}, by a fixed seed"


def _length(rung: Rung) -> str:
    time = f"{rung.time_limit:.4g} simulated s" if rung.time_limit else ""
    updates = f"{rung.updates} updates" if rung.updates else ""
    return " or ".join(filter(None, (time, updates)))


def _tries(rung: Rung) -> str:
    """Return how many tries methods have; each is named only if they differ."""
    if len(set(rung.tries.values())) == 1:
        return f"tries per method: {next(iter(rung.tries.values()))}"
    return "tries: " + ", ".join(f"{folder} {number}" for folder, number in rung.tries.items())


def standard_error(scores: Vector) -> float:
    """Return the standard error of the mean; NaN for fewer than two seeds or a failed run.

    Args:
        scores: of one try, shape (seeds,).
    """
    if len(scores) < 2 or not np.isfinite(scores).all():  # noqa: PLR2004
        return float("nan")
    return float(scores.std(ddof=1) / len(scores) ** 0.5)


def margin(first: Vector, second: Vector) -> float:
    """Return how far the first is ahead, in standard errors of the mean difference.

    The difference is taken seed by seed. NaN for fewer than two seeds; infinite if all
    differences are the same and above 0.

    Args:
        first: finite scores, shape (seeds,).
        second: the same of another try.
    """
    ahead, error = float((first - second).mean()), standard_error(first - second)
    if error == 0.0:
        return float("inf") if ahead > 0 else 0.0
    return ahead / error


def results(tuning: Tuning) -> Rows:
    """Return a row per try, for CSV: methods in their order, the best try first."""
    every = [one for tries in tuning.tries.values() for one in tries]
    keys = [key for key in TUNED if any(key in one.values for one in every)]
    rows = [
        {
            "method": one.method,
            **{key: one.values.get(key) for key in keys},
            "rung": one.rung,
            "score": one.score,
            "standard_error": standard_error(one.scores[-1]),
            "rank": rank,
        }
        for tries in tuning.tries.values()
        for rank, one in enumerate(tries, start=1)
    ]
    return Rows(rows, tuning.metric, [])


def table(tuning: Tuning) -> Sheet:
    """Return a row per try."""
    rows = results(tuning).rows
    cells = [[_cell(name, value) for name, value in row.items()] for row in rows]
    title = f"tries by mean {tuning.metric} over simulated time, the best first"
    return Sheet(title, [two_lines(name) for name in rows[0]], cells)


def _cell(name: str, value: Any) -> str:  # noqa: ANN401
    if name == "score" and np.isneginf(value):
        return "failed"
    scored = name in {"score", "standard_error"} and np.isfinite(value)
    if scored:
        return f"{value:.5g}"
    return cell(None) if value is None or value != value else str(value)  # noqa: PLR0124 - NaN


def verdict(tries: Sequence[Try]) -> str:
    """Return a line about the ranked tries of a method: the winner, and how far it is ahead."""
    first = tries[0]
    if first.failed:
        return f"{first.method}: all {len(tries)} tries failed; its values stay as they were"
    said = f"{first.method}: {first}; score {first.score:.5g}"
    rivals = [one for one in tries[1:] if not one.failed]
    if not rivals:
        return f"{said}, the only try that did not fail"
    rung = rivals[0].rung  # the last one that both were in
    ahead = margin(first.scores[rung - 1], rivals[0].scores[rung - 1])
    if np.isnan(ahead):
        return f"{said}, one seed: within noise"
    noise = ": within noise" if ahead < NOISE else ""
    return f"{said}, {ahead:.2g} standard errors above the next in rung {rung}{noise}"


def edges(plan: Plan, winner: Try) -> Iterator[str]:
    """Yield a warning for each value of a winner at the edge of what was searched."""
    for key, value in winner.values.items():
        low, high = min(plan.lists[key]), max(plan.lists[key])
        if low < high and value in {low, high}:
            yield (
                f"warning: {winner.method}: {key} = {value} is at the edge of its grid, "
                f"{low} to {high}"
            )


def check_target(file: Path, *, force: bool) -> None:
    """Check that a file may be written.

    Raises:
        BadInputError: it is there, and tune did not write it; or it cannot be written.
    """
    check_overwrite(file, MARK, "tune", force=force)


def write(source: Path, target: Path, plan: Plan, tuning: Tuning, command: Sequence[str]) -> None:
    """Write a scenario file with the values that won; a method that has none keeps its own.

    The text stays as it is but for these values, where that says the same as a text without
    comments. A file that is written over itself gets no header.

    Args:
        source: the file that was tuned.
        target: the file to write, whole or not at all.
        plan: what was tried.
        tuning: what came of it.
        command: what the user called.
    """
    content = read_scenario(source)
    if tuning.thresholds:
        content["thresholds"] = tuning.thresholds
    for table, method in zip(content["methods"], plan.scenario.methods, strict=True):
        tries = tuning.tries.get(method.folder)
        if tries and not tries[0].failed:
            table.update(with_tuned(table, tries[0].values))
    compute = plan.scenario.cluster.compute
    if isinstance(compute, TraceTimes):  # the path was relative to the source
        content["cluster"]["compute"]["file"] = compute.file
    header = [
        f"command   {shlex.join(command)}",
        *budget(plan),
        f"score     mean {tuning.metric} over simulated time, mean over seeds",
        *(verdict(tries) for tries in tuning.tries.values()),
    ]
    lines = [f"# {line if line.isprintable() else repr(line)}" for line in header]
    text = _text(source, content)
    if target.resolve() != source.resolve():
        text = "\n".join([f"{MARK}: the values that won.", *lines, "", text])
    write_atomically(target, text.encode())


def _text(source: Path, content: dict[str, Any]) -> str:
    """Return a file's text with other values; without its comments if that says something else."""
    own = source.read_text(encoding="utf-8-sig")
    if own.startswith(MARK):
        own = own.partition("\n\n")[2]
    edited = with_values(own, content["methods"], content.get("thresholds"))
    with contextlib.suppress(ValueError):
        if tomllib.loads(edited) == content:
            return edited
    tables = [tomli_w.dumps({"methods": method}) for method in content["methods"]]
    methods = [table.replace("[methods]", "[[methods]]", 1) for table in tables]
    rest = {key: value for key, value in content.items() if key != "methods"}
    return "\n".join([tomli_w.dumps(rest), *methods])
