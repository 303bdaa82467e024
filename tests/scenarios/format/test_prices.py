"""What clusters cost, against bills worked out by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import SCENARIO, straggler

import straggler as front
from scenarios.runs.spec import RunSpec

TWO = {
    "title": "two workers, one of which fails",
    "seeds": [0],
    "time_limit": 20.0,
    "cluster": {
        "workers": 2,
        "compute": {"model": "explicit", "seconds": [4.0, 5.0]},
        "uplink": {"model": "explicit", "seconds": [1.0, 1.0]},
        "failures": {"model": "windows", "windows": [[1, 2.0, 10.0]]},
        "price": [3600.0, 7200.0],
        "power": {"computing": 3.6e6, "idle": {"groups": [{"count": 2, "each": 3.6e5}]}},
        "server_price": 360.0,
        "gigabyte_price": 1e7,
    },
    "problem": {"kind": "quadratic", "dimension": 25},
    "methods": [{"name": "synchronous-pg", "step_size": 0.1}],
}
"""Worker 0 computes until 4, sends until 5. Worker 1 computes until 2, is down until 10, computes
until 15, sends until 16. In the second round both compute until 20, the end.
"""


def with_prices(**prices: Any) -> dict[str, Any]:
    cluster = {key: value for key, value in TWO["cluster"].items() if key not in PRICES}  # type: ignore[attr-defined]
    return TWO | {"cluster": cluster | prices}


PRICES = ("price", "power", "server_price", "gigabyte_price")


def test_bill_of_a_worker_that_fails() -> None:
    row = front.simulate(TWO).rows().rows[0]
    up = 20 * 1 + (20 - 8) * 2  # per second: 1 and 2; who is down costs nothing
    sent = 6 * 25 * 4 / 1e9  # two lookaheads twice, two gradients
    assert row["money"] == pytest.approx(up + 0.1 * 20 + 1e7 * sent)
    computing = 4 + 2 + 5 + 4 + 4  # what the failure took was paid for
    assert row["kilowatt_hours"] == pytest.approx(computing + 0.1 * (32 - computing))


def test_only_what_has_a_price_is_billed() -> None:
    money = front.simulate(with_prices(server_price=360.0)).rows().rows[0]
    assert (money["money"], money["kilowatt_hours"]) == (2.0, None)
    energy = front.simulate(with_prices(power={"computing": 3.6e6})).compare().numbers.columns
    assert "money" not in energy
    assert energy["kilowatt_hours"] == [pytest.approx(19)]
    assert "kilowatt_hours" not in front.simulate(with_prices()).compare().numbers.columns


def test_what_is_free_costs_nothing_until_a_return_and_never_stays_never() -> None:
    free = front.simulate(with_prices(price=0.0)).compare([-1e9, 1e9])
    assert free.numbers.columns["money_to_-1e+09"] == [0]
    assert free.numbers.columns["money_to_1e+09"] == [np.inf]


def test_prices_are_no_part_of_a_run(tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    priced = SCENARIO.replace("workers = 2\n", "workers = 2\nprice = 3600.0\n")
    file.write_text(SCENARIO)
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 0
    folder = tmp_path / "runs/two/afedpg/seed-0"
    before = {f.name: f.read_bytes() for f in folder.glob("*.parquet")}
    file.write_text(priced)
    said = straggler("run", "two.toml", cwd=tmp_path)
    assert said.stderr.count("is there already") == 6
    assert {f.name: f.read_bytes() for f in folder.glob("*.parquet")} == before
    seconds = front.open(folder).table()
    assert seconds["money"][0] == pytest.approx(2 * seconds["elapsed"][0])  # 1 a worker and second
    compact = tmp_path / "two.parquet"
    list(front.open(tmp_path / "runs/two").save(compact))
    again = front.open(compact).compare([1.0]).table().set_index("method").loc["afedpg"]
    assert again["money_to_1"] == pytest.approx(2 * again["time_to_1"])
    identities = {
        RunSpec(front.load(s).model_copy(update={"seeds": [0]})).identity()
        for s in (with_prices(), with_prices(price=1.0))
    }
    assert len(identities) == 1


def test_a_sweep_over_prices_makes_one_run(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text(SCENARIO)
    (tmp_path / "sweep.toml").write_text(
        'title = "prices"\nbase = "two.toml"\nseeds = [0]\nmethods = ["afedpg"]\n'
        'axes = [{ key = "cluster.price", values = [1.0, [1.0, 3.0]] }]\n'
    )
    swept = front.sweep(tmp_path / "sweep.toml", tmp_path / "store", jobs=1)
    assert swept.summary is not None
    assert swept.summary.done == 1
    one, other = swept.table()["money"]
    assert other == pytest.approx(2 * one)


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("price", "-1.0", "got -1.0; accepted: one finite number of at least 0, n of them, or a"),
        ("price", "[]", "has 0 numbers for 2 workers; accepted: one each"),
        ("price", "[1.0]", "has 1 numbers for 2 workers; accepted: one each"),
        ("price.groups", "[{ count = 3, each = 1.0 }]", "has 3 numbers for 2 workers; acc"),
        ("power.computing", "[1.0, 2.0, 3.0]", "has 3 numbers for 2 workers; accepted: one each"),
        ("power", "{ idle = 1.0 }", "computing: is missing; accepted: one number of at least 0"),
        ("server_price", '"free"', "got 'free'; accepted: a number of at least 0: of the server"),
    ],
)
def test_wrong_prices_are_one_line(tmp_path: Path, key: str, value: str, line: str) -> None:
    text = SCENARIO.replace("workers = 2\n", f"workers = 2\n{key} = {value}\n")
    (tmp_path / "two.toml").write_text(text)
    said = straggler("check", "two.toml", cwd=tmp_path)
    assert said.returncode == 2
    (told,) = said.stderr.splitlines()
    assert told.startswith(f"straggler: two.toml: cluster.{key.split('.', 1)[0]}")
    assert line in told
