"""Small scenarios: exact problems, made in this process in a moment."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import getitem
from typing import Any

import straggler


def small(
    h: Sequence[float],
    *methods: str | Mapping[str, Any],
    kappa: Sequence[float] | None = None,
    **values: Any,  # noqa: ANN401 - whatever a scenario takes
) -> straggler.Scenario:
    """Return a scenario: a quadratic without noise on workers with fixed times.

    Args:
        h: seconds per gradient of each worker.
        *methods: names, or tables as in a scenario; NIGT has step size and momentum 0.1.
        kappa: seconds per vector of each worker; sending is free if None.
        **values: what is to be different, by keys with dots as ``problem__noise = 1.0``.
    """
    tables: list[dict[str, Any]]
    tables = [{"name": m} if isinstance(m, str) else dict(m) for m in methods]
    for table in tables:
        rule = str(table["name"]).rpartition("-")[2]
        table.setdefault("step_size", 0.1)
        if rule not in {"pg", "adam", "heavy-ball"}:
            table.setdefault("momentum", 0.1)
    cluster: dict[str, Any] = {
        "workers": len(h),
        "compute": {"model": "explicit", "seconds": [float(x) for x in h]},
    }
    if kappa is not None:
        cluster["uplink"] = {"model": "explicit", "seconds": [float(x) for x in kappa]}
    content: dict[str, Any] = {
        "title": f"{len(h)} workers",
        "seeds": [0],
        "updates": 20,
        "cluster": cluster,
        "problem": {"kind": "quadratic", "dimension": 10, "condition": 10.0, "noise": 0.0},
        "methods": tables,
    }
    for key, value in values.items():
        *path, last = key.split("__")
        reduce(getitem, path, content)[last] = value
    if "time_limit" in values and "updates" not in values:
        del content["updates"]
    return straggler.load(content)


def simulate_all(scenario: straggler.Scenario) -> straggler.Results:
    """Return the runs of all methods and seeds of a scenario, made one by one in this process."""
    runs = [
        run
        for method in scenario.methods
        for seed in scenario.seeds
        for run in straggler.simulate(scenario, method.folder, seed)
    ]
    return straggler.Results(runs, scenario.title)
