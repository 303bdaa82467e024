"""Plans as a table and as a scenario file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from scenarios.format.scenario import Scenario
from scenarios.plans.plan import Planned
from scenarios.results.sheet import Sheet, cell
from scenarios.runs.store.files import check_overwrite, write_atomically
from simulator import State

MARK = "# Written by `straggler plan`"
"""How a file begins that plan wrote, and may overwrite."""

HEADERS = {
    "plan": "plan",
    "method": "method",
    "workers": "workers",
    "rules": "rules",
    "updates": "updates",
    "seconds": "seconds",
    "sooner": "times\nsooner",
    "money": "money",
    "kilowatt_hours": "kWh",
    "idle": "idle",
    "wasted": "wasted",
    "measured": "seconds\nmeasured",
}


def plan_row(plan: Planned, default: Planned, workers: int) -> dict[str, Any]:
    """Return the columns of a plan.

    Args:
        plan: the plan.
        default: what it is compared with.
        workers: of the whole cluster.
    """
    choice = plan.choice
    return {
        "method": choice.method["label"],
        "workers": workers - choice.without,
        "preemption": choice.preemption,
        "collective": choice.collective,
        "updates": plan.updates,
        "seconds": plan.seconds,
        "sooner": default.seconds / plan.seconds,
        "money": plan.cost("money"),
        "kilowatt_hours": plan.cost("kilowatt_hours"),
        "idle": plan.clock.share(State.IDLE),
        "wasted": plan.clock.share(State.DISCARD),
    }


def plan_sheet(rows: Sequence[dict[str, Any]], title: str) -> Sheet:
    """Return plans as a table; what is not known of any has no column."""
    lines = [row | {"rules": f"{row['preemption']}, {row['collective']}"} for row in rows]
    keys = [key for key in HEADERS if any(_is_known(line.get(key)) for line in lines)]
    cells = [[_cell(key, line.get(key)) for key in keys] for line in lines]
    words = frozenset(keys.index(key) for key in ("plan", "method", "rules"))
    return Sheet(title, [HEADERS[key] for key in keys], cells, words, keys=2)


def _is_known(value: object) -> bool:
    return value is not None and value == value  # noqa: PLR0124 - NaN


def _cell(key: str, value: Any) -> str:  # noqa: ANN401
    if key in {"idle", "wasted"} and np.isfinite(value):
        return f"{value:.0%}"
    return cell(float(f"{value:.4g}") if isinstance(value, float) else value)


def check_target(target: Path, *, force: bool) -> None:
    """Check that a file may be written.

    Raises:
        BadInputError: something is there that plan did not write, or it cannot be written.
    """
    check_overwrite(target, MARK, "plan", force=force)


def write(scenario: Scenario, target: Path, lines: Sequence[str]) -> None:
    """Write a scenario, below lines about it."""
    content = scenario.model_dump(exclude_none=True, exclude_defaults=True)
    for table, method in zip(content["methods"], scenario.methods, strict=True):
        if method.rule is not None:  # it is the default of its own table alone
            table["rule"] = method.rule
    cluster = content["cluster"]
    for table in (
        cluster["compute"],
        cluster.get("network", {}),
        content["problem"],
        *content["methods"],
    ):
        for name in ("source", "digest"):  # of today's code and files, which may change
            table.pop(name, None)
    methods = [tomli_w.dumps({"methods": table}) for table in content.pop("methods")]
    tables = [table.replace("[methods]", "[[methods]]", 1) for table in methods]
    head = [MARK, *(f"# {line if line.isprintable() else repr(line)}" for line in lines), ""]
    write_atomically(target, "\n".join([*head, tomli_w.dumps(content), *tables]).encode())
