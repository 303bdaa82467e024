"""The page itself: everything in one file, and nothing from elsewhere."""

import base64
import hashlib
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scenarios.format.words.errors import BadInputError
from scenarios.report.drawing.palette import STATES, Palette
from scenarios.report.drawing.workers import AGES, ages
from scenarios.report.file import About, Page
from scenarios.report.section import Section
from scenarios.report.series import AXES
from scenarios.runs.store.fingerprint import versions
from scenarios.runs.store.stored import StoredRun

SCRIPTS = ("core", "chart", "curves", "timeline", "tables", "sweep", "main")
"""In this order they are one script."""

LARGE_FILM = 8_000_000
"""Bytes of a film from which on a page is hard to mail."""


def page(about: About, sections: Sequence[Section], sweep: dict[str, Any] | None = None) -> Page:
    """Return the page of sections.

    Args:
        about: what is said of it.
        sections: at least one; those of a sweep's points are opened one at a time.
        sweep: see :mod:`scenarios.report.sweep`; None if it is none.
    """
    runs = [run for section in sections for run in section.part.runs]
    palette = Palette([run.label for run in runs])
    film, notes = _film(about.film)
    script = _script()
    data = {
        "methods": palette.labels,
        "strokes": [palette.stroke(label) for label in palette.labels],
        "seeds": sorted({int(run.info["seed"]) for run in runs}),
        "axes": AXES,
        "states": {int(state): words for state, (words, *_) in STATES.items()},
        "parts": [section.data for section in sections],
        "sweep": sweep and sweep["data"],
    }
    env = Environment(
        loader=PackageLoader("scenarios.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.policies["json.dumps_kwargs"] = {"separators": (",", ":")}  # in our order, not sorted
    html = env.get_template("report.html").render(
        about=about,
        sections=sections if sweep is None else sections[:1],
        palette=palette,
        sweep=sweep,
        data=data,
        facts=facts(runs, len(about.failed)),
        versions=versions_of(runs),
        straggler=versions()["straggler"],
        ages=ages(AGES),
        states=[(int(state), words) for state, (words, *_) in STATES.items()],
        film=film,
        style=Markup(_read("report.css")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704
        hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return Page(html, notes)


def _read(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _script() -> str:
    """Return the page's script; its digest is all that the page lets run."""
    parts = "\n".join(_read(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";(() => {{\n{parts}\n}})();'


def facts(runs: Sequence[StoredRun], failed: int) -> list[str]:
    """Return what runs are, in a few words each."""
    methods = len({run.label for run in runs})
    seeds = len({run.info["seed"] for run in runs})
    steps = sum(run.totals["environment_steps"] for run in runs)
    said = [
        f"{len(runs):,} run{'s' * (len(runs) > 1)}",
        f"{methods} method{'s' * (methods > 1)}",
        f"{seeds} seed{'s' * (seeds > 1)}",
    ]
    if steps:
        millions = float(f"{steps / 1e6:.3g}")
        said.append(f"{millions:,.10g} million environment steps")
    raced = sum(run.is_race for run in runs)
    return said + [f"{raced} of them races"] * (raced > 0) + [f"{failed} failed"] * (failed > 0)


def versions_of(runs: Sequence[StoredRun]) -> list[str]:
    """Return what made runs, a line for each set of versions, each platform."""
    tables = [
        said
        for run in runs
        for said in (run.info.get("versions", {}), run.info.get("platform", {}))
    ]
    lines = [", ".join(map(" ".join, one.items())) for one in tables]
    return [line for line in dict.fromkeys(lines) if line]


def _film(file: Path | None) -> tuple[str | None, list[str]]:
    """Return a film as an address that holds it, and whether it is large."""
    if file is None:
        return None, []
    kind = mimetypes.guess_type(file.name)[0] or ""
    if not kind.startswith(("video/", "image/")):
        raise BadInputError(f"--film {file}: accepted: .mp4, .webm, .gif or .png")
    content = file.read_bytes()
    size = len(content)
    large = f"{file}: {size / 1e6:.1f} MB, and a third more in the page: hard to mail"
    address = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return address, [large] * (size > LARGE_FILM)
