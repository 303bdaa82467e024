"""Which code made a result."""

from functools import cache
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[3]


@cache
def code_fingerprint(root: Path = ROOT) -> str:
    """Return 12 hexadecimal digits that change with any source of simulator or algorithms."""
    digest = sha256()
    for package in ("simulator", "algorithms"):
        for file in sorted((root / package).rglob("*.py")):
            source = file.read_bytes()
            digest.update(f"{file.relative_to(root).as_posix()} {len(source)}\n".encode() + source)
    return digest.hexdigest()[:12]
