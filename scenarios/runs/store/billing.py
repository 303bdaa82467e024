"""What runs cost, from their workers' seconds; prices decide no result and may change."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from scenarios.format.prices import Prices
from scenarios.runs.store.arrow import read_table
from scenarios.runs.store.record import Facts, RunInfo, Totals, bytes_sent
from simulator import State


def billed(prices: Mapping[str, Any], workers: pa.Table, totals: Totals) -> Facts:
    """Return what ``run.json`` says of prices and of what a run cost; nothing without prices.

    Args:
        prices: keys of ``[cluster]``: see :meth:`Prices.prices`.
        workers: the columns of ``workers.parquet``.
        totals: of the run.
    """
    if not prices:
        return {}
    names = [state.name.lower() for state in State]
    seconds = {name: workers[f"{name}_seconds"].to_numpy() for name in names}
    bill = Prices.model_validate(prices).bill(seconds, totals["elapsed"], bytes_sent(totals))
    return {"prices": dict(prices), "bill": bill}


def rebilled(info: RunInfo, folder: Path, prices: Mapping[str, Any]) -> RunInfo:
    """Return what a run's ``run.json`` says, at other prices than those that it knows.

    Args:
        info: what it says; of a run without totals nothing is known.
        folder: of the run.
        prices: see :func:`billed`.
    """
    totals = info.get("totals")
    if totals is None or info.get("prices", {}) == prices:
        return info
    new = info.copy()
    new.pop("prices", None)
    new.pop("bill", None)
    if prices:
        found = billed(prices, read_table(folder / "workers.parquet"), totals)
        new["prices"], new["bill"] = found["prices"], found["bill"]
    return new
