"""Who is stale and who is heard, of several runs: a tidy table, and sums over bands of workers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from scenarios.results.bands import groups_of, lanes_of
from scenarios.results.sheet import Sheet, cell
from scenarios.runs.store.records import staleness_table
from scenarios.runs.store.stored import StoredRun
from simulator import Indices, Staleness
from simulator.accounting.staleness import quantile


def tidy(runs: Sequence[StoredRun]) -> pa.Table:
    """Return the rows of ``staleness.parquet`` of all runs, after columns method and seed.

    Raises:
        BadInputError: a run has none.
    """
    tables = []
    for run in runs:
        table = staleness_table(run.staleness())
        whose = {"method": run.label, "seed": int(run.info["seed"])}
        for k, (name, value) in enumerate(whose.items()):
            table = table.add_column(k, name, pa.array([value] * len(table)))
        tables.append(table)
    return pa.concat_tables(tables)


@dataclass(frozen=True)
class Lane:
    """What became of the gradients of a worker, or of a band of them, in all runs of a method.

    Attributes:
        name: the worker, or the band's.
        delay: shape (k,), in updates.
        used: shape (k,), gradients with each.
        discarded: gradients that were not used, whatever their delay.
        number: workers of the lane, times runs: to divide by.
        share: of all used gradients, those of this lane.
    """

    name: str
    delay: Indices
    used: Indices
    discarded: int
    number: int
    share: float


def lanes(runs: Sequence[StoredRun]) -> list[Lane]:
    """Return what became of the gradients of each worker, or of bands of many.

    Args:
        runs: of one method.

    Raises:
        BadInputError: a run has no ``staleness.parquet``.
    """
    cluster = runs[0].info["content"]["cluster"]
    bands = lanes_of(int(cluster["workers"]), groups_of(cluster["compute"]))
    found = [run.staleness() for run in runs]
    columns = ("worker", "delay", "used", "discarded")
    every = Staleness(*(np.concatenate([getattr(s, c) for s in found]) for c in columns))
    total = max(1, int(every.used.sum()))
    made = []
    for first, last, name in bands:
        mine = (every.worker >= first) & (every.worker <= last)
        number = len(runs) * (last - first + 1)
        used, discarded = every.used[mine], int(every.discarded[mine].sum())
        share = int(used.sum()) / total
        made.append(Lane(name, every.delay[mine], used, discarded, number, share))
    return made


HEADER = (
    *("method", "worker", "used", "share", "mean\ndelay", "\nmedian", "\n95%", "\nmost"),
    "\ndiscarded",
)


def sheet(methods: dict[str, list[Lane]], title: str) -> Sheet:
    """Return a row for each method and worker, or band of them: a worker's means over seeds.

    Args:
        methods: the lanes of each.
        title: of the table.
    """
    rows = [(label, *_row(lane)) for label, lanes in methods.items() for lane in lanes]
    title = f"{title}: gradients of a worker, and their delays in updates; means over seeds"
    return Sheet(title, HEADER, rows, frozenset({0, 1}), keys=2)


def _row(lane: Lane) -> list[str]:
    used, total = lane.used > 0, int(lane.used.sum())
    delay, counts = lane.delay[used], lane.used[used]
    delays: list[float | None] = [None] * 4
    if total:
        mean, most = float(delay @ counts) / total, float(delay.max())
        delays = [mean, *(quantile(delay, counts, share) for share in (50, 95)), most]
    name, share = " ".join(lane.name.split()), f"{lane.share:.1%}"
    per_worker = (cell(count / lane.number) for count in (total, lane.discarded))
    return [name, next(per_worker), share, *map(cell, delays), next(per_worker)]
