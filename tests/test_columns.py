"""The columns are said once: what is written has them, and the page is their table."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

import straggler as front
from scenarios.format.words.errors import BadInputError
from simulator.accounting import columns
from simulator.accounting.columns import COLUMNS, Column, counted_by, of_variant

PAGE = (Path(__file__).parent.parent / "docs/columns.md").read_text(encoding="utf-8")

TWO = {
    "title": "two worlds",
    "seeds": [0],
    "updates": 3,
    "evaluation": {"episodes": 1, "every": 1.0, "keep": True},
    "cluster": {
        "workers": 2,
        "compute": {"model": "explicit", "seconds": [1.0, 2.0], "per": "step"},
    },
    "problem": {
        "kind": "tabular",
        "world": {"model": "random", "states": 3, "actions": 2},
        "horizon": 4,
        "variants": [{"name": "far", "workers": [1], "reward_scale": 2.0}],
    },
    "methods": [{"name": "rennala-nigt", "batch": 2, "momentum": 0.5, "step_size": 0.1}],
}


def row(column: Column) -> str:
    return f"| `{column.name}` | {column.unit or '-'} | {column.meaning} |"


@pytest.mark.parametrize("name", COLUMNS)
def test_the_page_says_what_the_columns_are(name: str) -> None:
    said = PAGE.partition(f"`{name}.parquet`")[2].split("\n## ")[0].splitlines()
    table = [row(c) for c in COLUMNS[name]]
    wanted = "docs/columns.md should have this table:\n" + "\n".join(table)
    assert [line for line in said if line.startswith("| `")] == table, wanted


def test_every_file_has_the_columns_that_are_said(tmp_path: Path) -> None:
    front.run(TWO, out=tmp_path, jobs=1)
    folder = tmp_path / "rennala-nigt/seed-0"
    written = {name: pq.read_schema(folder / f"{name}.parquet").names for name in COLUMNS}
    for name in COLUMNS.keys() - {"history"}:
        assert written[name] == [column.name for column in COLUMNS[name]]
    own = {of_variant(name, v) for name in columns.BY_VARIANT for v in ("base", "far")}
    assert set(written["history"]) == {column.name for column in COLUMNS["history"]} | own
    whole = [name for name in written["history"] if columns.is_whole(name)]
    types = pq.read_schema(folder / "history.parquet")
    assert [n for n in types.names if str(types.field(n).type) == "int64"] == whole
    assert whole[-2:] == ["return_count_far", "return_count_base"]


def test_the_page_has_the_columns_of_compare_and_results(tmp_path: Path) -> None:
    results = front.run(TWO, out=tmp_path, jobs=1)
    said, (numbers, each) = (
        PAGE.split("\n## `straggler compare`")[1],
        (
            results.compare([0.1]).table(),
            results.table([0.1]),
        ),
    )
    columns = {*numbers.columns, *each.columns} - {"method", "seed"}
    for name in columns:
        general = name.replace("0.1", "<threshold>").replace("final_far", "final_<variant>")
        general = general.replace("final_base", "final_<variant>")
        stem, _, quantile = general.rpartition("_q")
        assert any(
            f"`{text}`" in said for text in (general, stem * (quantile in {"10", "50", "90"}))
        ), name


def test_a_column_younger_than_a_history_has_no_numbers_there(tmp_path: Path) -> None:
    older, broken = front.run(TWO, out=tmp_path, jobs=1), front.open(tmp_path)
    file = tmp_path / "rennala-nigt/seed-0/history.parquet"
    table = pq.read_table(file)
    pq.write_table(table.drop_columns(["discarded"]), file)
    history = older.history("rennala-nigt", seed=0)
    assert history["discarded"].isna().all()
    assert history["gradients"].tolist() == table["gradients"].to_pylist()
    assert str(history["gradients"].dtype) == "int64"
    pq.write_table(table.drop_columns(["time"]), file)
    with pytest.raises(BadInputError, match="has not the columns of a history"):
        broken.history("rennala-nigt", seed=0)


def test_mean_returns_are_weighted_by_their_counts() -> None:
    said = {"return_mean": "return_count", "return_mean_far_mean": "return_count_far_mean"}
    assert {name: counted_by(name) for name in said} == said
    for other in ("return_average", "objective", "return_meaning", "evaluation_return_mean"):
        assert counted_by(other) is None
