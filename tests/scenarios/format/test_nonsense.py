"""Whatever stands at whatever key: a scenario, or lines that name the key and what is accepted."""

import copy
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.format.load import load
from scenarios.format.words.errors import BadInputError

Path = tuple[str | int, ...]

LINK = {"model": "link", "latency": [0.1, 0.2], "bandwidth": 10.0}
BASE: dict[str, Any] = {
    "title": "nonsense",
    "seeds": [0, 1],
    "time_limit": 10.0,
    "updates": 5,
    "timeline": True,
    "quick": {"seeds": [0], "time_limit": 1.0, "updates": 2},
    "tune": {"seeds": [7], "step_size": [0.1], "momentum": [0.1], "batch": [3], "halving": 3},
    "evaluation": {"episodes": 2, "every": 1.0},
    "cluster": {
        "workers": 2,
        "preemption": {"rule": "cancel", "cost": 0.1},
        "collective": "gather",
        "topology": "ideal",
        "compute": {
            "model": "power",
            "scale": 1.0,
            "exponent": 0.5,
            "random": {"distribution": "gamma", "cv": 0.5},
            "schedule": [{"workers": "0-1", "times": [0.0, 1.0], "speeds": [1.0, 2.0]}],
        },
        "uplink": LINK,
        "downlink": {"model": "power", "scale": 1.0, "dimension_exponent": 0.5},
        "ingress": {"slots": 1},
        "server": {"update": 0.5, "receive": 0.25},
        "failures": {"model": "windows", "windows": [[0, 1.0, 2.0]], "running": "paused"},
    },
    "problem": {
        "kind": "tabular",
        "world": {"model": "random", "states": 3, "actions": 2, "seed": 1},
        "horizon": 10,
        "discount": 0.9,
        "variants": [
            {
                "name": "far",
                "workers": [0],
                "world": {"model": "random", "states": 3, "actions": 2},
                "reward_scale": 2.0,
            }
        ],
    },
    "methods": [
        {"name": "rennala-nigt", "label": "a", "batch": 3, "momentum": 0.1, "step_size": 0.1},
        {"name": "fastest-nigt", "m": 1, "momentum": 0.1, "step_size": 0.1},
    ],
}
NUMBERS = [
    0,
    -1,
    2,
    2**63,
    2**63 - 1,
    10**40,
    1e300,
    5e-324,
    -0.0,
    0.5,
    *map(float, ("nan", "inf")),
]
TEXTS = [
    "",
    "[b]x[/c]",
    "$\\frac{",
    "\u202e\x07\n",
    "x" * 100_000,
    "\x00",
    "others",
    "0-",
    "0-9" * 9,
]
OTHERS = [True, [], [[]], [0.5] * 1000, ["x"], {}, {"a": 1}, {"model": "power"}, {"x" * 1000: 1}]


def paths(content: Any, at: Path = ()) -> Iterator[Path]:
    if at:
        yield at
    if isinstance(content, list):
        content = dict(enumerate(content))
    for key, value in content.items() if isinstance(content, dict) else ():
        yield from paths(value, (*at, key))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(paths(BASE))), st.sampled_from([*NUMBERS, *TEXTS, *OTHERS]))
def test_nonsense_is_told_in_lines(at: Path, value: object) -> None:
    content = copy.deepcopy(BASE)
    table: Any = content
    for key in at[:-1]:
        table = table[key]
    table[at[-1]] = value
    try:
        load(content)
    except BadInputError as error:
        for line in error.lines:
            assert re.match(r"scenario: (and \d+ more mistakes$|[^ ].*: .*accepted)", line), line
            assert len(line) <= 400  # the names of all aggregations are 180
            assert line.isprintable()
