"""Where ``calibrate`` may write."""

from collections.abc import Iterator
from pathlib import Path

from scenarios.format.load import find_base, read_toml
from scenarios.format.words.errors import BadInputError
from scenarios.runs.store.files import check_overwrite

MARK = "# Measured by `straggler calibrate"
"""How a file begins that calibrate wrote, and may overwrite."""


def check_target(file: Path | None, out: Path, *, force: bool) -> None:
    """Check that a scenario may be written whose base is another one.

    Args:
        file: that of the base; None if there is none.
        out: the file to write.
        force: overwrite what calibrate did not write.

    Raises:
        BadInputError: it would be its own base, it is there and calibrate did not write it, or
            there is no base.
    """
    if file is None or not file.is_file():
        raise BadInputError(f"--out {out}: needs a file as its base; accepted: a scenario's file")
    if out.suffix != ".toml" or out.is_dir():
        raise BadInputError(f"--out {out}: accepted: a new file that ends in .toml")
    if out.resolve() in {base.resolve() for base in _with_bases(file)}:
        raise BadInputError(f"--out {out}: would have itself as its base; accepted: a new file")
    check_overwrite(out, MARK, "calibrate", force=force)


def _with_bases(file: Path) -> Iterator[Path]:
    """Yield a scenario's file, its base, the base of that, and so on."""
    yield file
    while (name := read_toml(file).get("base")) is not None:
        file = find_base(file, name)
        yield file
