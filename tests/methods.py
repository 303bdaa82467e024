"""Every method of ours, with values for its keys: a new one is in all batteries by its name."""

from dataclasses import fields
from typing import Any

from clusters import RULE
from hypothesis import strategies as st

from algorithms import COMBINED, METHODS, NIGT, RULES, Algorithm, Schedule
from simulator import Count, Factor, Kept, Momentum, Positive, Whole

EXAMPLES: dict[Any, Any] = {
    Count: 3,
    Count | None: 5,
    Positive: 0.1,
    Positive | None: None,
    bool: True,
    Positive | Schedule: 0.1,
    Momentum | Schedule: 0.3,
    Kept: 0.5,
    Whole: 1,
    Factor: 20.0,  # with times per step, trajectories have up to 15
}
"""A value that fits, by the type of a field."""

COUNTS = st.integers(1, 12)
STRATEGIES: dict[Any, st.SearchStrategy[Any]] = {
    Count: COUNTS,
    Whole: st.integers(0, 3),
    Count | None: st.none() | COUNTS,
    bool: st.booleans(),
    Factor: st.integers(4, 12).map(lambda k: k / 4),
    Positive: st.integers(1, 8).map(lambda k: k / 16),
    Positive | None: st.none() | st.integers(1, 64).map(lambda k: k / 16),
}
"""Values to be drawn, by the type of a field."""

BATTERY = [*METHODS, *(f"rennala-{name}" for name, rule in RULES.items() if rule is not NIGT)]
"""Every aggregation with the default rule, and every other rule with one of them."""

CHOSEN = {name: (kind, NIGT) for name, kind in METHODS.items()} | COMBINED
"""The aggregation and the rule of every name."""


def _own(kind: type[Any], table: dict[Any, Any]) -> dict[str, Any]:
    own = [f for f in fields(kind) if f.name != "rule"]
    new = [f"{kind.__name__}.{f.name}: {f.type}" for f in own if f.type not in table]
    assert not new, f"tests/methods.py needs values for the type of {', '.join(new)}"
    return {f.name: table[f.type] for f in own}


def keys(name: str) -> dict[str, Any]:
    """Return a value for each key of a method, as a scenario has them; None: left out."""
    values = {key: v for part in CHOSEN[name] for key, v in _own(part, EXAMPLES).items()}
    return {key: value for key, value in values.items() if value is not None}


def method(name: str) -> Algorithm:
    aggregation, rule = CHOSEN[name]
    return aggregation(rule=rule(**_own(rule, EXAMPLES)), **_own(aggregation, EXAMPLES))


def drawn() -> st.SearchStrategy[Algorithm]:
    """Return a strategy for any aggregation with any values."""
    kinds = METHODS.values()
    return st.one_of(*(st.builds(k, rule=st.just(RULE), **_own(k, STRATEGIES)) for k in kinds))
