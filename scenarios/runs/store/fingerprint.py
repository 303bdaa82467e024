"""Which code made a result."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("straggler", "simpy", "numpy", "torch", "gymnasium", "mujoco", "pyarrow")

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


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of the packages that decide a run's numbers."""
    return {name: version(name) for name in PACKAGES}
