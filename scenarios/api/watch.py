"""Policies to be watched: a film of several runs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import annotated_types
from pydantic import Field
from rich.console import Console

from scenarios.api.results import Results
from scenarios.format.words.accepted import FileOrFolder, Names, Numbers
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError
from scenarios.live.live import follow
from scenarios.runs.store.files import check_writable
from scenarios.runs.store.stored import StoredRun
from simulator import Positive, Whole

SMALLEST, LARGEST = 32, 2000
"""Pixels of an actor's picture."""

Pixels = Annotated[
    int,
    annotated_types.Ge(SMALLEST),
    annotated_types.Le(LARGEST),
    Field(description=f"{SMALLEST} to {LARGEST:,} pixels"),
]
FPS = Annotated[
    int, annotated_types.Ge(1), annotated_types.Le(50), Field(description="1 to 50 a second")
]
Told = Annotated[Callable[[int, int], None] | None, Field(description="a function of two numbers")]

MOST = 12
"""Runs side by side."""


@checked_call
def live(out: FileOrFolder) -> None:
    """Show the runs below a folder, which go on elsewhere, until none is under way.

    In a terminal these are curves and what workers do lately; elsewhere a line for each run, once.

    Args:
        out: the folder of results, or of one run.

    Raises:
        BadInputError: there are no runs.
    """
    follow(Path(out), Console())


@checked_call
def watch(
    *results: Results,
    out: FileOrFolder = "policies.mp4",
    at: Numbers = (),
    methods: Names = (),
    seed: Whole | None = None,
    episode: Whole = 0,
    worker: Whole = 0,
    size: Pixels = 320,
    fps: FPS = 25,
    seconds: Positive = 5.0,
    on_frame: Told = None,
) -> Path:
    """Write a film of the policies that runs had at the same simulated seconds; return its file.

    Runs have to keep them: ``[evaluation] keep = true``. All start in the same state with the same
    noise, in an episode of the last evaluation. Written on it are the clock, the mean return of
    that evaluation, the return of the episode that is shown, and what the workers do.

    Args:
        results: of one run each, or of several: then those with one seed.
        out: the film: ``.mp4``, ``.gif``, or ``.png`` for a strip with the last frames.
        at: simulated seconds; the start, the middle and the end if there are none.
        methods: labels, in this order; all by default.
        seed: of the runs; the smallest of each result if None.
        episode: which of an evaluation's episodes, from 0.
        worker: whose variant of the environment is shown, from 0.
        size: pixels of each picture's side.
        fps: frames per second; each is a step of the environment, if episodes are short.
        seconds: that the episodes of a moment may take.
        on_frame: called with the frames that are done, and with how many there will be.

    Raises:
        BadInputError: a run has kept nothing, or is of a problem without pictures; there is no
            OpenGL, or no ffmpeg for ``.mp4``.
    """
    from scenarios.films.film import Pace, make_film  # noqa: PLC0415 - matplotlib, Pillow
    from scenarios.films.shots import write_script  # noqa: PLC0415

    check_writable(Path(out))
    runs = [run for result in results for run in _chosen(result, methods, seed)]
    if not 0 < len(runs) <= MOST:
        raise BadInputError(f"watch: {len(runs)} runs; accepted: 1 to {MOST} side by side")
    script = write_script(runs, at, episode=episode, worker=worker)
    pace = Pace(fps=fps, seconds=seconds)
    make_film(script, Path(out), (size, size), pace, on_frame or (lambda *_: None))
    return Path(out)


def left_out(
    results: Sequence[Results], methods: Sequence[str] = (), seed: int | None = None
) -> list[str]:
    """Return a line for each run that :func:`watch` leaves out, since it did not end well."""
    return [
        f"{run.path}: is not shown: {run.reason}"
        for result in results
        for run in _asked(result, methods, seed)
        if not run.is_done
    ]


def _asked(results: Results, methods: Sequence[str], seed: int | None) -> list[StoredRun]:
    """Return the runs of one seed, in the order of ``methods``."""
    seeds = results.seeds[:1] if seed is None else [seed]
    return [
        run for method in methods or results.methods for run in results.select(method, *seeds).runs
    ]


def _chosen(results: Results, methods: Sequence[str], seed: int | None) -> list[StoredRun]:
    """Return those of them that ended well."""
    chosen = [run for run in _asked(results, methods, seed) if run.is_done]
    if not chosen:
        raise BadInputError(f"{results.name}: no finished runs; accepted: runs that ended well")
    return chosen
