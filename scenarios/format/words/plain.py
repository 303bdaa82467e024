"""Values as TOML and JSON have them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def plain(value: Any) -> Any:  # noqa: ANN401
    """Return what Python has in place of TOML's values: tuples, paths, numbers of NumPy."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    return str(value) if isinstance(value, Path) else value
