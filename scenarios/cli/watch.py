"""Commands that show what runs do: policies as a film, and runs that go on."""

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.shared.parts import interruptible
from scenarios.format.words.errors import BadInputError


def watch(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN|DIR...", help="OUT/METHOD/seed-SEED; or OUT, with all methods."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The film: .mp4, .gif; .png is a strip.")
    ] = Path("policies.mp4"),
    at: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...", help="Simulated seconds [default: the start, the middle, the end]."
        ),
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option(help="Only this method; repeatable, from left to right.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the runs in a DIR [default: the smallest].")
    ] = None,
    episode: Annotated[
        int, typer.Option(min=0, help="Which of an evaluation's episodes, from 0.")
    ] = 0,
    worker: Annotated[
        int, typer.Option(min=0, help="Whose variant of the environment, from 0.")
    ] = 0,
    size: Annotated[int, typer.Option(help="Pixels of each picture's side.")] = 320,
    fps: Annotated[int, typer.Option(help="Frames per second.")] = 25,
    seconds: Annotated[float, typer.Option(help="The most that a moment's episodes take.")] = 5.0,
) -> None:
    """Show the policies of several runs side by side, at the same simulated seconds.

    The runs have to keep their policies: `[evaluation] keep = true` in the scenario. At each second
    all methods play the same episode of their last evaluation. Written on it are the clock, the
    mean return of that evaluation, the return of the episode, and what each worker does.

    Drawing needs OpenGL without a screen (`apt-get install libegl1 libgl1-mesa-dri`, or
    `libosmesa6`), and MP4 needs `pip install 'straggler[film]'`.
    """
    from rich.console import Console
    from rich.progress import Progress

    from scenarios.api.studies import open as open_results
    from scenarios.api.watch import left_out
    from scenarios.api.watch import watch as api

    moments = _seconds(at) if at is not None else ()
    opened = [open_results(run) for run in runs]
    errors = Console(stderr=True)
    bar = Progress(console=errors, transient=True, disable=not errors.is_terminal)
    with interruptible(), bar:
        task = bar.add_task("frames", total=None)
        file = api(
            *opened,
            out=out,
            at=moments,
            methods=method or (),
            seed=seed,
            episode=episode,
            worker=worker,
            size=size,
            fps=fps,
            seconds=seconds,
            on_frame=lambda done, total: bar.update(task, completed=done, total=total),
        )
    for line in left_out(opened, method or (), seed):
        typer.echo(line, err=True)
    typer.echo(f"written: {file}")


def live(
    out: Annotated[
        Path, typer.Argument(metavar="DIR", help="A result folder, or that of one run.")
    ],
) -> None:
    """Show runs that go on elsewhere: their curves, and what their workers do.

    It reads the files that runs write anyway, and ends ten seconds after the last of them; Ctrl-C
    ends it too. Without a terminal it prints a line for each run, once.
    """
    from scenarios.api.watch import live as api

    try:
        api(out)
    except KeyboardInterrupt:
        raise typer.Exit from None


def _seconds(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise BadInputError(f"--at {text}: accepted: numbers, such as 0,600,3000") from error
