"""One frame of a film: the clock, and for each actor its name, returns, picture and workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_hex
from PIL import Image, ImageDraw, ImageFont

from scenarios.films.lanes import lanes, window
from scenarios.films.renderer import Shown
from scenarios.films.shots import Actor, Policy, Script
from scenarios.pictures.style import colour
from scenarios.pictures.timeline import COLOURS
from scenarios.results.recorded import Recorded, recorded

Frame: TypeAlias = npt.NDArray[np.uint8]

IN_A_ROW = 4
"""Actors; more of them stand in several rows."""

FONT = Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"

INK, GREY, PAPER = "#111111", "#555555", "#FFFFFF"


@dataclass(frozen=True)
class Layout:
    """Where everything stands in the frames of a film.

    Attributes:
        script: what is shown.
        size: width and height of an actor's picture, in pixels.
    """

    script: Script
    size: tuple[int, int]

    @cached_property
    def _fonts(self) -> tuple[ImageFont.FreeTypeFont, ImageFont.FreeTypeFont]:
        height = max(9, self.size[0] // 20)
        return ImageFont.truetype(FONT, round(1.3 * height)), ImageFont.truetype(FONT, height)

    @cached_property
    def _line(self) -> int:
        return round(1.5 * self._fonts[1].size)

    @cached_property
    def _timelines(self) -> list[Recorded | None]:
        there = [actor.run.has_timeline for actor in self.script.actors]
        runs = zip(self.script.actors, there, strict=True)
        return [recorded(actor.run) if is_there else None for actor, is_there in runs]

    @cached_property
    def _lanes_height(self) -> int:
        return self.size[1] // 4 if any(self._timelines) else 0

    def backdrop(self, moment: float) -> Image.Image:
        """Return what stands still while the episodes of a moment are shown."""
        (width, height), actors = self._cell, self.script.actors
        columns = min(len(actors), IN_A_ROW)
        rows = -(-len(actors) // columns)
        gap, line = self._line // 2, self._line
        legend = round(1.3 * line) if self._lanes_height else 0
        whole = columns * (width + gap) + gap, 2 * line + rows * height + legend
        page = Image.new("RGB", (whole[0] + whole[0] % 2, whole[1] + whole[1] % 2), PAPER)
        pen = ImageDraw.Draw(page)
        clock = f"{moment:,.6g} {self.script.clock.replace('seconds', 's')}"
        big, small = self._fonts
        font = big if big.getlength(clock) < page.width - 2 * gap else small
        left = page.width - gap - font.getlength(clock)
        pen.text((left, line // 2), clock, INK, font)
        titles = dict.fromkeys(str(actor.run.info["title"]) for actor in actors)
        title = _fitting("; ".join(titles), small, left - 3 * gap)
        pen.text((gap, round(0.7 * line)), title, INK, small)
        for k, actor in enumerate(actors):
            self._draw_actor(page, self._corner(k), actor, self._timelines[k], moment)
        if legend:
            self._draw_legend(pen, (gap, page.height - round(1.4 * line)))
        return page

    def frame(self, backdrop: Image.Image, shown: Sequence[Shown], lengths: Sequence[int]) -> Frame:
        """Return a frame: the backdrop with each actor's picture, steps and return.

        Args:
            backdrop: of the moment.
            shown: of each actor; with its picture.
            lengths: steps of their whole episodes.
        """
        page, small = backdrop.copy(), self._fonts[1]
        pen = ImageDraw.Draw(page, "RGBA")
        for k, ((made, reward, picture), length) in enumerate(zip(shown, lengths, strict=True)):
            left, top = self._corner(k)
            top += 2 * self._line
            drawn = Image.fromarray(picture)
            if drawn.size != self.size:  # an environment that draws itself
                drawn = drawn.resize(self.size)
            page.paste(drawn, (left, top))
            bottom = top + self.size[1]
            over = made == length
            words = f"over after {made:,} steps: return {reward:,.4g}"
            words = words if over else f"step {made:,}: return so far {reward:,.4g}"
            pen.rectangle(
                (left, bottom - self._line, left + self.size[0] - 1, bottom - 1),
                (0, 0, 0, 200 if over else 120),
            )
            spot = left + self._line // 4, bottom - round(0.9 * self._line)
            pen.text(spot, _fitting(words, small, self.size[0]), "white", small)
        return np.asarray(page)

    @property
    def _cell(self) -> tuple[int, int]:
        """Of an actor: two lines, the picture, the workers, a line for their seconds."""
        workers = self._lanes_height + self._line if self._lanes_height else 0
        return self.size[0], self.size[1] + 2 * self._line + workers + self._line // 2

    def _corner(self, k: int) -> tuple[int, int]:
        row, column = divmod(k, IN_A_ROW)
        gap = self._line // 2
        return gap + column * (self._cell[0] + gap), 2 * self._line + row * self._cell[1]

    def _draw_actor(
        self,
        page: Image.Image,
        corner: tuple[int, int],
        actor: Actor,
        timeline: Recorded | None,
        moment: float,
    ) -> None:
        (left, top), (big, small), line = corner, self._fonts, self._line
        pen, width = ImageDraw.Draw(page), self.size[0]
        shade = to_hex(colour(actor.run.label, [one.run.label for one in self.script.actors]))
        elapsed = actor.run.totals["elapsed"]
        over = f"  over at {elapsed:,.4g} s" if moment > elapsed else ""
        room = width - small.getlength(over)
        pen.text((left, top - line // 3), _fitting(actor.name, big, room), shade, big)
        pen.text((left + room, top), over, GREY, small)
        policy, right = actor.policy(moment), left + width
        value = "" if policy.value is None else f"mean return {policy.value:,.4g}"
        pen.text((left, top + line), value, INK, small)
        room = width - small.getlength(f"{value}  ")
        for when in said_of(policy):
            if (length := small.getlength(when)) <= room:
                pen.text((right - length, top + line), when, GREY, small)
                break
        if timeline is None:
            return
        seconds = window([one for one in self._timelines if one])
        begin = max(0.0, min(moment - seconds / 2, self.script.end - seconds))
        until = begin + seconds
        top += 2 * line + self.size[1] + line // 4
        image = lanes(timeline, begin, until, width, self._lanes_height)
        page.paste(Image.fromarray(image), (left, top))
        now, bottom = left + round(width * (moment - begin) / seconds), top + self._lanes_height
        pen.line((now, top - line // 4, now, bottom), INK, 3)
        pen.text((left, bottom), f"{begin:,.4g}", GREY, small)
        end = f"{until:,.4g} s"
        pen.text((right - small.getlength(end), bottom), end, GREY, small)

    def _draw_legend(self, pen: ImageDraw.ImageDraw, spot: tuple[int, int]) -> None:
        """Say what the colours of workers mean, of those that occur."""
        there = {int(state) for run in self._timelines if run for state in np.unique(run.state)}
        (left, top), small = spot, self._fonts[1]
        for state, (shade, words, _) in COLOURS.items():
            if state not in there:
                continue
            pen.rectangle((left, top + 2, left + small.size, top + 2 + small.size), shade)
            pen.text((left + round(1.4 * small.size), top), words, INK, small)
            left += round(small.getlength(words) + 3 * small.size)


def said_of(policy: Policy) -> list[str]:
    """Return which policy it is, at length and shorter."""
    when = f"{policy.time:,.4g} s"
    return [f"update {policy.update:,}, {when}", when] if policy.update else ["theta_0"]


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """Return a text, cut so that it is not wider than so many pixels."""
    text = " ".join(text.split())
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."
