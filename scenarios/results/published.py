"""Compact results: the histories of a scenario's runs in one Parquet file, to keep and to share."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.format.words.errors import BadInputError
from scenarios.runs.store.arrow import read_table
from scenarios.runs.store.files import raise_unless_absent, replacing
from scenarios.runs.store.record import read_info
from scenarios.runs.store.records import HISTORY_SCHEMA
from scenarios.runs.store.stored import StoredRun
from simulator import Vector

KEY = b"straggler"
"""Where the file's metadata say what the runs were, as JSON."""

KEPT = (
    *("status", "reason", "title", "label", "seed", "content", "code", "versions", "platform"),
    *("totals", "variants", "dimension", "real_seconds"),
)
"""What is kept of each ``run.json``."""

KEPT_IF_THERE = ("prices", "bill", "trace")
"""The same, of runs that have it."""


PAGE = 2**27
"""Bytes, and rows: a column is one page, in which seeds that have the same times take no room."""


def publish(runs: Sequence[StoredRun], file: Path, command: str) -> None:
    """Write the histories of runs, with columns ``label`` and ``seed``, to one file.

    Args:
        runs: of one scenario or sweep; failed ones have no rows.
        file: the Parquet file, written whole or not at all.
        command: what made the runs.
    """
    tables = [_table(run) for run in runs]
    about = {
        "command": command,
        "runs": [
            {
                **{key: run.info.get(key) for key in KEPT},
                **{key: run.info.get(key) for key in KEPT_IF_THERE if key in run.info},
                "rows": len(table),
            }
            for run, table in zip(runs, tables, strict=True)
        ],
    }
    whole = pa.concat_tables(tables, promote_options="default")
    whole = whole.replace_schema_metadata({KEY: json.dumps(about).encode()})
    packed = {f.name: "BYTE_STREAM_SPLIT" for f in whole.schema if pa.types.is_floating(f.type)}
    packed["update"] = "DELTA_BINARY_PACKED"
    with replacing(file) as sink:
        pq.write_table(
            whole,
            sink,
            compression="zstd",
            compression_level=19,
            use_dictionary=[name for name in whole.column_names if name not in packed],
            column_encoding=packed,
            data_page_size=PAGE,
            max_rows_per_page=PAGE,
            write_page_checksum=True,
        )


def refresh(runs: Sequence[StoredRun], file: Path, command: str) -> Iterator[str]:
    """Write compact results where something is new; yield a line on how many are as they were.

    Args:
        runs: of one scenario or sweep.
        file: the Parquet file.
        command: what made the runs.

    Raises:
        BadInputError: there is none, or one is a race or damaged.
    """
    if not runs:
        raise BadInputError(f"{file}: there is nothing to write; accepted: at least one run")
    for run in runs:
        if not run.info:
            raise BadInputError(
                f"{run.path}: its files are damaged; accepted: run again, which sets them aside"
            )
    if any(run.is_race for run in runs):
        raise BadInputError(f"{file}: races are never the same again; accepted: simulated runs")
    if file.exists():
        there = published(file)
        same = same_numbers(runs, there)
        yield f"{file}: {same} of {len(runs)} runs have the numbers that were there"
        if same == len(runs) == len(there):
            if _beside(runs) == _beside(there):
                return
            yield f"{file}: written anew, with their titles, labels and bills"
    publish(runs, file, command)


def _table(run: StoredRun) -> pa.Table:
    history = HISTORY_SCHEMA.empty_table() if run.table is None else run.table
    if run.is_done and run.table is None:
        history = read_table(run.path / "history.parquet")
    labels = pa.array([run.label] * len(history), pa.string()).dictionary_encode()
    seeds = pa.array([run.info["seed"]] * len(history), pa.int64())
    return history.append_column("label", labels).append_column("seed", seeds)


def same_numbers(runs: Sequence[StoredRun], others: Sequence[StoredRun]) -> int:
    """Return how many of ``runs`` have the content and, to the last bit, the history of another.

    Failed runs have no history; they are the same if they failed for the same reason.
    """
    there = {_content(run): run for run in others}
    return sum(
        (other := there.get(_content(run))) is not None and _ended_alike(run, other) for run in runs
    )


def _ended_alike(one: StoredRun, other: StoredRun) -> bool:
    ends = {(run.is_done, None if run.is_done else run.info.get("reason")) for run in (one, other)}
    if len(ends) > 1 or not one.is_done:
        return len(ends) == 1
    known, others = _known(one), _known(other)
    return known.keys() == others.keys() and all(
        np.array_equal(others[name], column, equal_nan=True) for name, column in known.items()
    )


def _known(run: StoredRun) -> dict[str, Vector]:
    """Return the columns with a number: in a file, others' columns are there without any."""
    return {name: column for name, column in run.history.items() if not np.isnan(column).all()}


def _beside(runs: Sequence[StoredRun]) -> list[str]:
    """Return what is no part of a run's content and may change with the same numbers, as text."""
    keys = ("title", "label", *KEPT_IF_THERE)
    said = [[_content(run), {key: run.info.get(key) for key in keys}] for run in runs]
    return sorted(json.dumps(one, sort_keys=True) for one in said)


def _content(run: StoredRun) -> str:
    return json.dumps(run.info["content"], sort_keys=True)


def published(file: Path) -> list[StoredRun]:
    """Return the runs of a file that :func:`publish` wrote.

    Raises:
        BadInputError: there is no such file, it is of another kind, or it is damaged.
    """
    accepted = "accepted: what `straggler figure N --save` wrote"
    try:
        table = read_table(file, checked=True)
        said = json.loads(table.schema.metadata[KEY])["runs"]
        infos = [info for one in said if (info := read_info(one)) is not None]
        rows = table.drop_columns(["label", "seed"])
        lengths = [int(one["rows"]) for one in said]
        ends = np.cumsum(lengths)
        whole = len(infos) == len(said) > 0 and ends[-1] == len(table)
    except FileNotFoundError as error:
        raise BadInputError(f"{file}: not there; {accepted}") from error
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        if isinstance(error, OSError):
            raise_unless_absent(error, file)
        raise BadInputError(f"{file}: cannot be read; {accepted}") from error
    if not whole:
        raise BadInputError(f"{file}: is not whole; {accepted}")
    return [
        StoredRun(file, info, rows.slice(end - length, length))
        for info, end, length in zip(infos, ends, lengths, strict=True)
    ]


def command_of(file: Path) -> str:
    """Return the command that made the runs of a file that :func:`publish` wrote."""
    said: str = json.loads(pq.read_schema(file).metadata[KEY])["command"]
    return said
