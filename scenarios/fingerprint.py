"""Which version of the code made a result."""

import hashlib
from functools import cache
from pathlib import Path

import algorithms
import simulator


@cache
def code_fingerprint() -> str:
    """Return 12 hexadecimal digits of the sources that decide results: simulator, algorithms."""
    digest = hashlib.sha256()
    for package in (simulator, algorithms):
        folder = Path(str(package.__file__)).parent
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.relative_to(folder).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
