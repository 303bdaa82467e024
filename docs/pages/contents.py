"""Which pages there are, and in what order; the notebooks among them."""

from collections.abc import Iterator
from pathlib import Path

CONTENTS = {
    "Learn": ("start", "concepts", "pictures-of-time", "notebooks", "faq"),
    "Use": ("methods/index", "sweeps", "plan", "explain", "report", "film", "race", "own"),
    "Reference": (
        "scenarios",
        "scenario-reference",
        "commands",
        "python",
        "python-reference",
        "columns",
        "time",
    ),
    "Measured": ("reproduction", "reproduction-tables", "judging", "judging-before", "speed"),
    "Inside": ("architecture", "contributing", "changes"),
}
"""The pages by their headings; those that are not written yet are left out."""

REST = "More"
"""The heading of pages that stand nowhere else."""


def parts(docs: Path) -> dict[str, str | bytes]:
    """Return the tables of contents by their names: of the site, and of the notebooks."""
    there = {file.stem for file in docs.glob("*.md")} | {"methods/index"}
    headed = {heading: [p for p in pages if p in there] for heading, pages in CONTENTS.items()}
    listed = {page for pages in headed.values() for page in pages} | {"index"}
    headed[REST] = sorted(there - listed)
    trees = [
        _tree(pages, ":maxdepth: 1", f":caption: {heading}")
        for heading, pages in headed.items()
        if pages
    ]
    lessons = [f"notebooks/{Path(name).with_suffix('')}" for name in notebooks(docs)]
    return {"contents.md": "\n".join(trees), "notebooks.md": _tree(lessons) if lessons else ""}


def _tree(pages: list[str], *options: str) -> str:
    return "\n".join(["```{toctree}", *options, "", *(f"/{page}" for page in pages), "```", ""])


def notebooks(docs: Path) -> dict[str, str]:
    """Return the text of each notebook by its path; links lead to the site's pages."""
    folder = docs.parent / "notebooks"
    return {str(file.relative_to(folder)): _text(file) for file in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    return (f for f in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in f.parts)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8").replace("../docs/", "../")
