"""The events of ``docs/time.md`` as small pictures, drawn by the simulator from ``events.toml``."""

import dataclasses
import io
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl

import straggler
from pages.reference import toml
from scenarios.pictures.style import Picture
from scenarios.pictures.timeline import draw_timeline
from scenarios.results.recorded import recorded

EVENTS = Path(__file__).with_name("events.toml")

WIDTH = 6.0
"""Of a picture, in inches."""


SHOWN = {"synchronous": 4, "rennala": 1, "afedpg": 1}
"""Of these methods, which of its events stands on the page of concepts."""

FIRST = "quadratic-stragglers"
"""The scenario of the page that one starts with."""


@dataclass(frozen=True)
class Event:
    """One rule of time, on a cluster that one can follow by hand.

    Attributes:
        row: the event's name, as in the table of the page where it stands there.
        words: why its updates come when they do.
        times: simulated seconds of its updates, worked out by hand.
        cluster: the table of its cluster; links are lists of seconds, one for each worker.
        method: the table of its method.
    """

    row: str
    words: str
    times: list[float]
    cluster: dict[str, Any]
    method: dict[str, Any]

    def scenario(self) -> dict[str, Any]:
        """Return it as a scenario."""
        cluster = dict(self.cluster)
        schedule = {"schedule": cluster.pop("schedule")} if "schedule" in cluster else {}
        for key in ("compute", "uplink", "downlink"):
            if key in cluster:
                cluster[key] = {"model": "explicit", "seconds": cluster[key]}
        cluster["compute"] |= schedule
        cluster["workers"] = len(self.cluster["compute"])
        return {
            "title": self.row,
            "seeds": [0],
            "updates": len(self.times),
            "cluster": cluster,
            "problem": {"kind": "quadratic", "dimension": 2},
            "methods": [self.method | {"rule": "pg", "step_size": 0.1}],
        }

    def simulated(self) -> straggler.Results:
        """Return its run.

        Raises:
            ValueError: the updates come at other times than those worked out by hand.
        """
        results = straggler.simulate(self.scenario())
        found = results.history()["time"].tolist()
        if found != self.times:
            raise ValueError(f"{EVENTS.name}: {self.row}: simulated {found}, by hand {self.times}")
        return results

    def setting(self) -> str:
        """Return its cluster in a line: ``h = (1, 2), kappa = (1, 3)`` and what else there is."""
        names = {"compute": "h", "uplink": "kappa", "downlink": "downlink"}
        said = []
        for key, value in self.cluster.items():
            if key in names:
                said.append(f"{names[key]} = ({', '.join(f'{x:g}' for x in value)})")
            elif key != "schedule":
                said.append(f"`{key} = {toml(value)}`")
        keys = [f"`{key} = {toml(value)}`" for key, value in self.method.items() if key != "name"]
        return ", ".join([f"`{self.method['name']}`", *keys, *said])


@cache
def events() -> tuple[Event, ...]:
    """Return all events in their order."""
    tables = tomllib.loads(EVENTS.read_text(encoding="utf-8"))["events"]
    return tuple(Event(**table) for table in tables)


def parts() -> dict[str, str | bytes]:
    """Return the page's part, the methods' parts, and the pictures, by their names."""
    made: dict[str, str | bytes] = {}
    sections: dict[str, list[str]] = {}
    methods: dict[str, list[str]] = {}
    made |= dict(_first())
    for number, event in enumerate(events(), start=1):
        name = f"event-{number:02}-{event.method['name']}"
        made |= dict(_pictures(event, name))
        shown = [f"*{event.setting()}*\n", *_images(name, event), f"{event.words}\n"]
        sections.setdefault(event.row, []).extend(shown)
        methods.setdefault(event.method["name"], []).append("\n".join(shown))
    for method in SHOWN:
        made[f"event-{method}.md"] = methods[method][SHOWN[method]]
    text = [f"## {_heading(row)}\n\n" + "\n".join(lines) for row, lines in sections.items()]
    made["events.md"] = "\n".join(text)
    for method, shown in methods.items():
        made[f"clock-{method}.md"] = "\n".join(shown[:3])
    return made


def _heading(row: str) -> str:
    return row[0].upper() + row[1:]


def _images(name: str, event: Event) -> Iterator[str]:
    said = event.setting().replace("`", "").replace("[", "(").replace("]", ")")
    for theme in ("light", "dark"):
        yield f"![{said}](/generated/{name}-{theme}.svg){{.only-{theme}}}\n"


def _pictures(event: Event, name: str) -> Iterator[tuple[str, bytes]]:
    run = dataclasses.replace(recorded(event.simulated().runs[0]), title="")
    return _both(draw_timeline(run, width=WIDTH), name)


def _first() -> Iterator[tuple[str, bytes]]:
    """Yield the first picture that a reader of the site makes."""
    scenario = straggler.load(FIRST)
    runs = [
        straggler.simulate(scenario, method.folder, seed).runs[0]
        for method in scenario.methods
        for seed in scenario.seeds
    ]
    return _both(straggler.Results(runs, FIRST).plot(size=(8, 4)), "first")


def _both(picture: Picture, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield a picture for light pages and for dark ones, by name."""
    for theme in ("light", "dark"):
        if theme == "dark":
            picture.dark()
        sink = io.BytesIO()
        with mpl.rc_context({"svg.hashsalt": name}):
            picture.savefig(sink, format="svg", metadata={"Date": None})
        yield f"{name}-{theme}.svg", sink.getvalue()
