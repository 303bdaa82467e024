"""PyArrow as we use it: one file at a time, and without pandas where nobody needs it."""

import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


class _NoPandas(MetaPathFinder):
    """Lets pandas seem not to be installed."""

    def find_spec(self, name: str, *_: object) -> None:
        """Say nothing about other modules."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def spare_pandas() -> None:
    """Let PyArrow look for pandas now, and find none: with its first table it would import it.

    That takes longer than most commands. What asks for pandas later gets it, PyArrow's
    ``to_pandas`` too; but until then a series with NaN is no column with nulls.
    """
    sys.meta_path.insert(0, finder := _NoPandas())
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(finder)


def read_table(file: Path, *, checked: bool = False) -> pa.Table:
    """Return a file's table; ``pyarrow.parquet.read_table`` takes twice as long for a small one.

    Args:
        file: to read.
        checked: its pages have checksums, which are compared.

    Raises:
        OSError, pyarrow.ArrowException: it cannot be read.
    """
    with pq.ParquetFile(file, page_checksum_verification=checked) as opened:
        return opened.read()
