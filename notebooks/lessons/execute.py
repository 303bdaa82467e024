"""Execute notebooks from a clean state: ``python -m lessons.execute [FILE...]``.

Their outputs are written into them, without those that need a kernel.
"""

import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"
ROOT = Path(__file__).parent.parent
LIMIT = 120
"""Seconds that a cell may take."""


def notebooks() -> list[Path]:
    """Return the lessons and their solutions."""
    return sorted(ROOT.glob("*.ipynb")) + sorted(ROOT.glob("solutions/*.ipynb"))


def executed(file: Path) -> nbformat.NotebookNode:
    """Return a notebook with the outputs that it has in an empty folder, in a kernel of its own."""
    book: nbformat.NotebookNode = nbformat.read(file, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / file.resolve().parent.relative_to(ROOT)
        where.mkdir(exist_ok=True)
        shutil.copytree(ROOT / "lessons", Path(folder) / "lessons")
        NotebookClient(
            book,
            timeout=LIMIT,
            kernel_name="python3",
            resources={"metadata": {"path": str(where)}},
            coalesce_streams=True,
        ).execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if WIDGET not in o.get("data", {})]
    book.metadata.pop("widgets", None)
    book.metadata.language_info = {"name": "python"}
    return book


def renew(file: Path) -> float:
    """Execute a notebook, and write its outputs into it; return the seconds."""
    start = time.perf_counter()
    nbformat.write(executed(file), file)
    return time.perf_counter() - start


def main() -> None:
    """Execute those that are named, or all; some at a time."""
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    files = [Path(name) for name in sys.argv[1:]] or notebooks()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for file, seconds in zip(files, pool.map(renew, files), strict=True):
            print(f"{seconds:5.1f} s  {file}", flush=True)


if __name__ == "__main__":
    main()
