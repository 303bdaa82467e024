"""Commands about the figures: those of the paper and beyond, and what becomes of their claims."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.shared.parts import (
    Dark,
    Jobs,
    MaxEvents,
    Memory,
    PerRun,
    Recompute,
    RetryFailed,
    console,
    interruptible,
    say,
    show,
)
from scenarios.format.words.errors import BadInputError
from scenarios.runs.executors.cores import CORES

if TYPE_CHECKING:
    from scenarios.api.claims.figure import FigureResults
    from scenarios.api.shown import Shown
    from scenarios.runs.execute import Options


def figure(
    names: Annotated[
        list[str],
        typer.Argument(metavar="N|NAME...", help="The paper's 1 to 10, or a name beyond it."),
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
        typer.Option(
            file_okay=False, help="Write compact results here, for --from; say what has changed."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of all results; pictures go to figures/ [default: runs]."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is there, and how long the rest takes.")
    ] = False,
    dark: Dark = False,
    jobs: Jobs = None,
    processes_per_run: PerRun = None,
    retry_failed: RetryFailed = False,
    recompute: Recompute = False,
    memory_limit: Memory = None,
    max_events: MaxEvents = None,
) -> None:
    """Run figures of the paper, draw them, tabulate them, and judge the claims behind them.

    It makes the runs that are missing: interrupt it, and start it again. `--from results` draws the
    results that come with straggler, in seconds.
    """
    from scenarios.api.claims import figure as api
    from scenarios.api.run import ROOT
    from scenarios.runs.execute import Options
    from scenarios.studies.paper import find_figure

    if save or dry_run:
        option = "--save" if save else "--dry-run"
        if source is not None:
            raise BadInputError(f"{option}: needs runs; accepted: without --from")
        if quick:
            raise BadInputError(f"{option}: does not go with --quick; accepted: whole results")
    for name in names:
        find_figure(name)  # a wrong one is told before anything is made
    if dry_run:
        options = Options(retry_failed=retry_failed, recompute=recompute)
        _say_what_is_left(names, out or ROOT, min(jobs or CORES, CORES), options)
        return
    failed = 0
    for name in names:
        with interruptible():
            found = api.figure(
                name,
                source=source,
                quick=quick,
                out=out,
                jobs=jobs,
                processes_per_run=processes_per_run,
                retry_failed=retry_failed,
                recompute=recompute,
                memory_limit=memory_limit,
                max_events=max_events,
            )
        for line in found.save(save) if save else ():
            say(line)
        _show_figure(found, quick=quick, dark=dark)
        failed += found.summary.failed if found.summary else 0
    raise typer.Exit(1 if failed else 0)


def _say_what_is_left(names: Sequence[str], out: Path, slots: int, options: "Options") -> None:
    from scenarios.api.claims.figure import left
    from scenarios.studies.estimate import Estimate

    whole = Estimate(0.0, 0.0, 0)
    for name in names:
        one = left(name, out, slots, options)
        say(f"figure {name}: {one.done} of {one.runs} runs are there; left: {one.time}")
        whole += one.time
    if len(names) > 1:
        say(f"all of them: {whole}")


def _show_figure(found: "FigureResults", *, quick: bool, dark: bool) -> None:
    from scenarios.pictures.style import save as save_picture
    from scenarios.results.judging.matrix import MATRIX, matrix_sheet
    from scenarios.results.judging.verdicts import aggregate_sheets, sentences, times_sheet

    name, verdicts, columns = found.name, found.verdicts(), found.matrix()  # results are read first
    say(f"claim of figure {name}: {found.claim}\n")
    if quick:
        say(
            "a first look: one seed, and less time than the figure has; no claim is decided by it\n"
        )
    for crossover in found.crossovers():
        say(crossover.sentence())
    for comparison in found.comparisons():
        show(comparison)
    if columns:
        console().print(matrix_sheet(columns, MATRIX))
    for one in verdicts:
        console().print(times_sheet(one))
        say("\n".join(sentences(one)) + "\n")
    for sheet in aggregate_sheets(verdicts):
        console().print(sheet)
    if picture := found.plot():
        file = Path(f"figures/{'figure' * name.isdigit()}{name}{'-quick' * quick}.png")
        save_picture(picture, file, dark=dark)
        typer.echo(f"drawn: {file}")


def verdict(
    source: Annotated[Path, typer.Option("--from", help="A folder of compact results.")],
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As the pages of docs/ have it.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="How often verdicts are wrong, by simulation.")
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="A row per figure: claim, verdict, why.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: as JSON.")] = False,
) -> None:
    """Say for every figure in a folder of compact results whether its claim holds.

    A curve is the exact objective if the problem has one, theta itself where all runs have an
    [evaluation], else the returns of the trajectories used, as they come. Its area, the mean over
    the time limit, decides: a claim holds if the method's is above that of each rival by the paired
    t-test over seeds at 5%, and fails if it is below that of one (5% over the number of rivals).
    Below 5 seeds there is no verdict. Beside it stand the final values, speed-ups at three
    thresholds with 90% bootstrap intervals, the probability of being sooner, and which seeds hold
    the thresholds at the end.

    --check repeats, in less than a minute, the null test at the stored update times, the shares of
    wrong verdicts about equal methods, and the power.
    """
    from scenarios.api.claims.verdict import Check
    from scenarios.api.claims.verdict import verdict as judge

    if as_json and not check:
        raise BadInputError("--json: goes with --check")
    if as_json and markdown:
        raise BadInputError("--json: does not go with --markdown; accepted: one of them")
    if check and summary:
        raise BadInputError("--check: does not go with --summary; accepted: one of them")
    verdicts = judge(source)
    shown: Shown = verdicts
    if check or summary:
        shown = verdicts.check() if check else verdicts.summary
    if isinstance(shown, Check) and as_json:
        typer.echo(shown.json())
    elif markdown:
        typer.echo(shown.markdown(), nl=False)
    else:
        show(shown)
