"""What the code and the committed results say of each method."""

import dataclasses
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from pydantic.fields import FieldInfo

import straggler
from algorithms import METHODS, RULES, Algorithm
from pages.reference import toml
from scenarios.api.claims.verdict import Verdicts
from scenarios.format.load import load
from scenarios.format.method import Method
from scenarios.format.words.slot import Slot
from scenarios.results.judging.matrix import Column, methods_of

ROOT = Path(__file__).parents[2]

GALLERY = "gallery"
"""The figure that has all methods, tuned alike."""

CLUSTER = "gallery-quadratic-sqrt"
"""The scenario whose clock is a fact of each method."""


def parts() -> dict[str, str | bytes]:
    """Return the methods' generated parts by their names."""
    made: dict[str, str | bytes] = {"methods.md": straggler.list("methods").markdown()}
    for name, kind in METHODS.items():
        made[f"facts-{name}.md"] = "\n".join(facts(name, kind))
        made[f"code-{name}.md"] = beside(kind)
        made[f"measured-{name}.md"] = "\n".join(_measured(name))
    return made


def facts(name: str, kind: type[Algorithm]) -> Iterator[str]:
    """Yield the lines of a table of what tells an aggregation apart, and its clock."""
    yield "| | |\n|---|---|"
    yield f"| an update waits for | {kind.waits_for} |"
    yield f"| is discarded | {kind.discards} |"
    fields = Method.model_of({"name": name}).model_fields
    for field in dataclasses.fields(kind):
        if field.name != "rule":
            known = fields[field.name]
            said = [_said(kind, field.name), Slot.of_field(known).words()]
            said += [] if known.default is None else [_default(known)]
            yield f"| `{field.name}` | {'; '.join(said)} |"
    rules = ", ".join(f"`{name}-{rule}`" for rule in RULES)
    yield f"| in a scenario | {rules}; or a `rule` of [your own](../own.md#an-update-rule) |"
    for label, seconds, formula in _clocks(name):
        cluster = "ten workers, h_i = sqrt(i), kappa_i = 0.5"
        yield f"| seconds per update of `{label}`, {cluster} | {seconds:.4g}: {formula} |"
    yield f"| paper | {kind.paper} |\n"
    yield f"*`straggler list methods`; the clock: `straggler theory {CLUSTER}`*\n"


def _said(kind: type[Algorithm], key: str) -> str:
    """Return what the class says of one of its attributes, without the full stop."""
    words = inspect.cleandoc(kind.__doc__ or "")
    found = re.search(rf"^    {key}: (.*(?:\n {{8}}.*)*)", words, re.MULTILINE)
    return " ".join(found[1].split()).removesuffix(".") if found else ""


def _default(known: FieldInfo) -> str:
    return "required" if known.is_required() else f"default `{toml(known.default)}`"


def _clocks(name: str) -> Iterator[tuple[str, float, str]]:
    """Yield label, period and formula of an aggregation's methods in the gallery."""
    scenario = load(CLUSTER)
    dimension = scenario.problem.size(scenario.cluster.workers).dimension
    h, kappa = scenario.cluster.compute_seconds(), scenario.cluster.uplink_seconds(dimension)
    for method in scenario.methods:
        clock = method.build().clock(h, kappa)
        if method.target is METHODS[name] and clock is not None:
            yield method.folder, clock.period, clock.formula
            return


def beside(kind: type[Algorithm]) -> str:
    """Return pseudocode and source, side by side where there is room."""
    file = Path(inspect.getfile(kind)).relative_to(ROOT)
    lines, first = inspect.getsourcelines(kind.run)
    paragraphs = inspect.cleandoc(kind.__doc__ or "").split("\n\n")
    indented = [p for p in paragraphs if all(line.startswith("  ") for line in p.splitlines())]
    pseudocode = textwrap.dedent("\n\n".join(indented))
    return f"""::::{{container}} beside
```text
{pseudocode}
```

```{{literalinclude}} /../{file}
:lines: {first}-{first + len(lines) - 1}
:dedent: 4
:caption: {file}
```
::::
"""


@cache
def _panels() -> list[Column]:
    return straggler.figure(GALLERY, source=str(ROOT / "results")).matrix()


@cache
def _verdicts() -> Verdicts:
    return straggler.verdict(str(ROOT / "results"))


def _measured(name: str) -> Iterator[str]:
    """Yield what the committed results say of an aggregation: alone, and against others."""
    yield from _in_gallery(name)
    yield from _against(name)


def _in_gallery(name: str) -> Iterator[str]:
    labels = {method.folder for method in load(CLUSTER).methods if method.target is METHODS[name]}
    shown = [label for label in methods_of(_panels()) if label in labels]
    yield f"| panel | {' | '.join(f'`{label}`' for label in shown)} |"
    yield "|---" * (len(shown) + 1) + "|"
    for panel in _panels():
        yield f"| {panel.title} | {' | '.join(panel.text(label) for label in shown)} |"
    yield (
        "\nSimulated seconds until half of the rise, over those of the panel's best method; in "
        "brackets 90% intervals over five seeds. ~: the best one is not surely ahead. All methods "
        "are tuned alike. *`straggler figure gallery --from results`*\n"
    )
    for label in shown:
        first, behind, level = [], [], 0
        for panel in _panels():
            said, found = panel.text(label), panel.factor(label)
            if panel.verdict and panel.verdict.hero == label:
                first.append(panel.title)
            elif said.startswith("~") or said == "1":
                level += 1
            elif found is not None:
                times = f"{said.split()[0]} times" if np.isfinite(found.value) else "never there"
                behind.append(f"{panel.title} ({times})")
        parts = [f"First on {'; '.join(first)}."] if first else []
        parts += [f"Surely behind the best on {'; '.join(behind)}."] if behind else []
        parts += [f"Not told from the best on {level} of {len(_panels())} panels."] if level else []
        yield f"- `{label}`: {' '.join(parts)}"
    yield ""


def _against(name: str) -> Iterator[str]:
    """Yield how often an aggregation is surely ahead of others, in all panels that are judged."""
    counts: dict[str, Counter[str]] = {}
    for _, verdict in _verdicts().rows:
        hero = verdict.hero.partition("-")[0]
        for duel in verdict.duels:
            rival = duel.rival.partition("-")[0]
            word = verdict.word_against(duel)
            if hero == name:
                counts.setdefault(rival, Counter())[word] += 1
            if rival == name:
                other = {"holds": "fails", "fails": "holds"}.get(word, word)
                counts.setdefault(hero, Counter())[other] += 1
    if not counts:
        return
    yield "| against | surely ahead | surely behind | neither |\n|---|---|---|---|"
    for rival, found in counts.items():
        neither = found.total() - found["holds"] - found["fails"]
        yield f"| `{rival}` | {found['holds']} | {found['fails']} | {neither} |"
    yield (
        "\nPanels of the [figures](../reproduction.md), on real physics, by the area under the "
        "curve. *`straggler verdict --from results`*\n"
    )
