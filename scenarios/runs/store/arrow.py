"""PyArrow in a process of ours: it starts without pandas, which nobody needs there."""

import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa


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
