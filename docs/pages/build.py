"""The extension of Sphinx: parts of pages that are generated, notebooks, formulas.

Pages include the parts from ``docs/generated``, which each build writes anew, so that they cannot
go stale. Only this module knows Sphinx.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

from pages import clocks, contents, facts, reference, rooms

LOGGER = logging.getLogger(__name__)


def write(docs: Path) -> None:
    """Write all generated parts, and copy the notebooks, where they have changed.

    Args:
        docs: the folder of the documentation.
    """
    target = docs / "generated"
    parts = contents.parts(docs)
    for made in (clocks.parts, facts.parts, reference.parts, rooms.parts):
        parts |= made()
    for name, content in parts.items():
        _put(target / name, content)
    for file in set(target.rglob("*.*")) - {target / name for name in parts}:
        file.unlink()
    shown = contents.notebooks(docs)
    for name, text in shown.items():
        _put(docs / "notebooks" / name, text)
    for file in set((docs / "notebooks").rglob("*.ipynb")):
        if str(file.relative_to(docs / "notebooks")) not in shown:
            file.unlink()


def _put(file: Path, content: str | bytes) -> None:
    """Write a file unless it has this content already: Sphinx reads what is newer again."""
    data = content.encode() if isinstance(content, str) else content
    if not file.exists() or file.read_bytes() != data:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _literal(_app: Any, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:  # noqa: ANN401
    lines[:] = reference.as_text(lines)


def _math(*, block: bool) -> tuple[Callable[..., None], None]:
    """Return how a formula becomes MathML, which browsers draw by themselves."""

    def visit(translator: Any, node: Any) -> None:  # noqa: ANN401
        try:
            translator.body.append(tex2mathml(node.astext(), as_block=block))
        except MathError as error:
            LOGGER.warning("%s: %s", node.astext(), error, location=node)
        raise SkipNode

    return visit, None


def setup(app: Any) -> dict[str, bool]:  # noqa: ANN401
    """Tell Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir)))
    app.connect("autodoc-process-docstring", _literal, priority=100)  # before napoleon's
    app.add_html_math_renderer("mathml", _math(block=False), _math(block=True))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
