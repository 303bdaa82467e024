"""How wrong predictions are: finished runs of one cluster, against those of another."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.format.cluster import Cluster
from scenarios.format.words.errors import BadInputError
from scenarios.plans.needs import needs
from scenarios.plans.predict import doubts, median, predict
from scenarios.results import curves
from scenarios.results.published import published
from scenarios.results.sheet import Sheet
from scenarios.runs.store.stored import StoredRun, alike

LIMITS = ("time_limit", "updates", "evaluation")
"""Parts of a run's content that two clusters need not have in common."""


@dataclass(frozen=True)
class Trial:
    """A prediction of runs that are there.

    Attributes:
        method: its aggregation.
        doubted: whether the prediction said why it may be wrong.
        source: the runs that it was made from.
        other: the runs that it was about.
        predicted: simulated seconds to the target, the median over seeds.
        measured: the same; infinite if half of the runs or more never got there, or failed.
        limit: seconds after which these runs end.
    """

    method: str
    doubted: bool
    source: str
    other: str
    predicted: float
    measured: float
    limit: float

    @property
    def ratio(self) -> float:
        """Predicted over measured seconds; NaN where nothing was measured."""
        return self.predicted / self.measured if np.isfinite(self.measured) else np.nan


@dataclass(frozen=True)
class Part:
    """The runs of a folder on one cluster.

    Attributes:
        name: of the file, and which of its clusters.
        runs: of all methods and seeds.
        failed: others.
    """

    name: str
    runs: list[StoredRun]
    failed: list[StoredRun]

    def said(self, *keys: str) -> str:
        """Return what their content says under some keys."""
        content = self.runs[0].info["content"]
        return json.dumps([content.get(key) for key in keys], sort_keys=True)

    def by_method(self) -> dict[str, list[StoredRun]]:
        """Return the runs by what their method's table says."""
        found: dict[str, list[StoredRun]] = {}
        for run in self.runs:
            table = json.dumps(run.info["content"]["methods"][0], sort_keys=True)
            found.setdefault(table, []).append(run)
        return found


def parts_of(folder: Path) -> list[Part]:
    """Return the compact results below a folder, by cluster.

    Raises:
        BadInputError: there are none.
    """
    parts = []
    for file in sorted(folder.glob("*.parquet")):
        clusters: dict[str, list[StoredRun]] = {}
        failed = []
        for run in published(file):
            if run.is_done:
                key = json.dumps(run.info["content"]["cluster"], sort_keys=True)
                clusters.setdefault(key, []).append(run)
            else:
                failed.append(run)
        several = len(clusters) > 1
        parts += [
            Part(f"{file.stem} {k}" if several else file.stem, runs, alike(failed, runs))
            for k, runs in enumerate(clusters.values())
        ]
    if not parts:
        raise BadInputError(f"{folder}: no compact results; accepted: a folder such as results")
    return parts


def trials(parts: Sequence[Part]) -> Iterator[Trial]:
    """Yield predictions of every part from every other one with the same problem.

    Only methods with the same values on both are predicted, and none on the cluster where it was.
    The target is the middle one of the thresholds of the runs that are predicted from.
    """
    for source, other in itertools.permutations(parts, 2):
        if source.said("problem") != other.said("problem"):
            continue
        if source.said("cluster") == other.said("cluster"):
            continue
        ours, theirs = source.by_method(), other.by_method()
        shared = [table for table in ours if table in theirs]
        if shared:
            yield from _trials(source, other, [(ours[table], theirs[table]) for table in shared])


def _trials(
    source: Part, other: Part, pairs: Sequence[tuple[list[StoredRun], list[StoredRun]]]
) -> Iterator[Trial]:
    known = [run for mine, _ in pairs for run in mine]
    there = [run for _, theirs in pairs for run in theirs]
    metric = curves.metric([*known, *there])
    try:
        found = needs(known, source.name, metric=metric, failed=source.failed)
    except BadInputError:  # nothing rises there
        return
    until = curves.horizon(there)
    cluster = Cluster.model_validate(there[0].info["content"]["cluster"])
    labels = {mine[0].label: theirs for mine, theirs in pairs}
    for one in predict(found, cluster, other.name):
        mine = labels[one.need.label]
        held = [curves.times_to(run, metric, [found.target], until, end=np.inf)[0] for run in mine]
        held += [np.inf] * len(alike(other.failed, mine))
        if np.isfinite(median(one.need.updates)):
            yield Trial(
                str(one.need.table["name"]).partition("-")[0],
                any(doubts(one, found, cluster)),
                source.name,
                other.name,
                median(one.seconds),
                median(np.array(held)),
                curves.horizon(mine),
            )


def summary(found: Sequence[Trial]) -> Iterator[dict[str, Any]]:
    """Yield rows: by aggregation and doubt how far predictions were off, as factors."""
    for method, doubted in sorted({(trial.method, trial.doubted) for trial in found}):
        mine = [t for t in found if (t.method, t.doubted) == (method, doubted)]
        known = [trial for trial in mine if np.isfinite(trial.measured)]
        never = [trial for trial in mine if not np.isfinite(trial.measured)]
        off = np.array([max(trial.ratio, 1 / trial.ratio) for trial in known] or [np.nan])
        worst = known[int(off.argmax())] if known else None
        yield {
            "aggregation": method,
            "doubted": "yes" if doubted else "no",
            "predictions": len(mine),
            "off by, median": float(np.median(off)),
            "off by, 80%": float(np.quantile(off, 0.8)),
            "worst: predicted / measured": (
                f"{worst.ratio:.2f}, {worst.source} to {worst.other}" if worst else "-"
            ),
            "never there": len(never),
            "foreseen": sum(trial.predicted > trial.limit for trial in never),
        }


def sheet(found: Sequence[Trial]) -> Sheet:
    """Return the summary as a table."""
    rows = list(summary(found))
    cells = [[f"{v:.2f}" if isinstance(v, float) else str(v) for v in r.values()] for r in rows]
    title = f"{len(found)} predictions from one cluster to another: factors between seconds"
    return Sheet(title, list(rows[0]) if rows else [], cells, frozenset({0, 1, 5}), keys=2)
