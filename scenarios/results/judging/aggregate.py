"""Many panels at once: interquartile means over all of them, and how many verdicts chance gives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.results.judging.intervals import WRONG, Interval
from scenarios.results.judging.judge import Verdict
from simulator import Vector

RESAMPLES = 2000
LEVEL = 95
"""Percent of the resamples that an interval holds, as in rliable."""


@dataclass(frozen=True)
class Aggregate:
    """Methods over all panels that have just these methods.

    Attributes:
        panels: how many.
        means: by method, the interquartile mean of the normalised areas of all its runs.
    """

    panels: int
    means: dict[str, Interval]


def aggregates(verdicts: Sequence[Verdict]) -> list[Aggregate]:
    """Return what several panels with the same methods say together; the largest group first.

    A panel that is judged for several figures, or for several claims, counts once.
    """
    groups: dict[tuple[str, ...], dict[bytes, Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(tuple(sorted(verdict.areas)), {}).setdefault(_runs_of(verdict), verdict)
    return [
        Aggregate(
            len(group),
            {name: stratified([one.areas[name] for one in group.values()]) for name in names},
        )
        for names, group in sorted(groups.items(), key=lambda item: -len(item[1]))
        if len(group) > 1
    ]


def stratified(panels: Sequence[Vector]) -> Interval:
    """Return the interquartile mean over panels and seeds, with its stratified bootstrap interval.

    The seeds of each panel are drawn anew, 2,000 times; the interval holds 95% of the means
    (Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice",
    NeurIPS 2021, as in their package rliable).

    Args:
        panels: of each, the normalised areas of one method, shape (seeds,).
    """
    random = np.random.default_rng(0)
    drawn = [scores[random.integers(0, len(scores), (RESAMPLES, len(scores)))] for scores in panels]
    means = interquartile_mean(np.concatenate(drawn, axis=1))
    low, high = np.percentile(means, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    value = interquartile_mean(np.concatenate(panels)[None])[0]
    return Interval(float(value), float(low), float(high))


def interquartile_mean(scores: np.ndarray) -> Vector:
    """Return the mean of each row without its lowest and highest quarter, rounded down."""
    cut = scores.shape[1] // 4
    mean: Vector = np.sort(scores, axis=1)[:, cut : scores.shape[1] - cut].mean(axis=1)
    return mean


def at_once(verdicts: Sequence[Verdict]) -> str:
    """Say how many claims are judged together, and which are left after Holm's correction.

    Verdicts with too few seeds are no claims; a claim that several figures make of the same runs
    counts once. The two words are corrected as two families: that one of either kind is wrong has
    up to twice :data:`WRONG`.
    """
    judged = (one for one in verdicts if one.word != "too few seeds")
    claims = list({(one.hero, _runs_of(one)): one for one in judged}.values())
    count = len(claims)
    holds = [one.word for one in claims].count("holds")
    fails = [one.word for one in claims].count("fails")
    sure = [sum(holm([getattr(one, side) for one in claims])) for side in ("ahead", "behind")]
    right = f"{1 - WRONG:.0%}"
    return (
        f"{count} claims at once: were all methods equal, about {WRONG * count:.2g} would hold at "
        f"most and as many fail by chance; {holds} hold and {fails} fail; after Holm's correction "
        f"of each word by itself (with {right} no wrong hold, with {right} no wrong fail) "
        f"{sure[0]} hold and {sure[1]} fail"
    )


def _runs_of(verdict: Verdict) -> bytes:
    """Return what tells the runs of panels apart: the areas of all methods."""
    return b"".join(areas.tobytes() for _, areas in sorted(verdict.areas.items()))


def holm(p: Sequence[float]) -> list[bool]:
    """Return which hypotheses are rejected at :data:`WRONG` for all together.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979: the smallest p times their number, the next one times one less, and so on.
    """
    rejected = [False] * len(p)
    for step, k in enumerate(np.argsort(p)):
        if not p[k] * (len(p) - step) <= WRONG:  # nor is NaN, which comes last
            break
        rejected[k] = True
    return rejected
