"""A report from outside: its file, and what it says of itself. Needs nothing that draws."""

from dataclasses import dataclass, field
from pathlib import Path

from scenarios.format.words.errors import BadInputError
from scenarios.runs.store.files import write_atomically


@dataclass(frozen=True)
class Page:
    """A report. :meth:`save` it.

    Attributes:
        html: the whole file.
        notes: what whoever makes it should know, a line each.
    """

    html: str = field(repr=False)
    notes: list[str]

    def save(self, file: str | Path) -> None:
        """Write the page, whole or not at all.

        Raises:
            BadInputError: the file does not end in .html.
        """
        path = Path(file)
        if path.suffix != ".html":
            raise BadInputError(f"{file}: accepted: a file that ends in .html")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, self.html.encode())


@dataclass(frozen=True)
class About:
    """What a page says of itself.

    Attributes:
        title: of the page.
        commands: that make it again.
        failed: where runs are that failed, and why.
        film: a film's file; None if there is none.
    """

    title: str
    commands: list[str]
    failed: list[tuple[str, str]]
    film: Path | None = None
