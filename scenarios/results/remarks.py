"""What a reader of a comparison has to know: what is suspicious, and what is left out."""

from collections.abc import Iterator, Sequence

import numpy as np

from scenarios.results import curves
from scenarios.results.compare import mean_of, rises
from scenarios.runs.store.stored import StoredRun
from simulator.accounting.selection_bias import SIGNIFICANT


def warnings_of(runs: list[StoredRun]) -> list[str]:
    """Return a line for each method that does not rise, or that favoured short or long episodes.

    It favoured them if that is significant; the z of its seeds are combined as
    (sum z) / sqrt(number) (Stouffer). And one where runs were billed at different prices.
    """
    lines = list(_without_rise(runs))
    if len({repr(run.info.get("prices")) for run in runs}) > 1:
        lines.append(
            "runs were billed at different prices; `straggler run` of the whole scenario bills anew"
        )
    for label in dict.fromkeys(run.label for run in runs):
        facts = [b for run in runs if run.label == label and (b := run.totals.get("bias"))]
        z = [b["length_z"] for b in facts if b["length_z"] is not None]
        if z and abs(sum(z)) / len(z) ** 0.5 > SIGNIFICANT:
            used, unused = (
                mean_of([n for b in facts if (n := b[f"{k}_length"]) is not None])
                for k in ("used", "discarded")
            )
            kind = "short" if unused > used else "long"
            lines.append(
                f"{label}: waiting for the first favours {kind} episodes: used trajectories take "
                f"{used:.4g} steps, discarded ones {unused:.4g} (z = {sum(z) / len(z) ** 0.5:.1f})"
            )
    return lines


def unfinished(runs: Sequence[StoredRun]) -> list[str]:
    """Return a line for each method of which tables leave out runs, since they did not end well."""
    known = [run for run in runs if run.info]
    lines = []
    for label in dict.fromkeys(run.label for run in known if not run.is_done):
        mine = [run for run in known if run.label == label]
        lost = [run for run in mine if not run.is_done]
        some = f"{len(lost)} of {len(mine)} runs failed, and are in no mean"
        lines.append(
            f"{label}: {some if len(lost) < len(mine) else 'no finished run'}: {lost[-1].reason}"
        )
    return lines


def _without_rise(runs: list[StoredRun]) -> Iterator[str]:
    column, until = curves.metric(runs), curves.horizon(runs)
    known = [curves.known(run, column, until, end=np.inf) for run in runs]
    risen = rises(runs, column, known)
    for label in dict.fromkeys(run.label for run in runs):
        mine = [run for run in runs if run.label == label]
        start = mean_of([curves.start(run, column) for run in mine])
        end = mean_of([v[-1] for v, run in zip(known, runs, strict=True) if run.label == label])
        rising = any(up for up, run in zip(risen, runs, strict=True) if run.label == label)
        if np.isfinite(end) and not rising:
            yield f"{label}: does not rise: {column} {start:.4g} at the start, {end:.4g} at the end"
