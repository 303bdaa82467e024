"""A film from its script to its file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scenarios.films.files import check_file, writing
from scenarios.films.layout import Layout
from scenarios.films.renderer import Renderer, Shown, order_of
from scenarios.films.shots import Script, steps_shown


@dataclass(frozen=True)
class Pace:
    """How long a film is.

    Attributes:
        fps: frames per second.
        seconds: that the episodes of a moment take at most; a step per frame if they are short.
        hold: seconds for which their last frame stands.
    """

    fps: int = 25
    seconds: float = 5.0
    hold: float = 1.5


def make_film(
    script: Script,
    file: Path,
    size: tuple[int, int],
    pace: Pace,
    on_frame: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Draw a film and write it.

    Args:
        script: what it shows.
        file: its ending says what it becomes: ``.mp4``, ``.gif``, or a strip as ``.png``.
        size: width and height of an actor's picture, in pixels.
        pace: how long it is.
        on_frame: called with the frames that are done, and with how many there will be.

    Raises:
        BadInputError: it cannot be drawn or written here.
    """
    check_file(file)
    is_strip = file.suffix == ".png"
    layout = Layout(script, size)
    renderer = Renderer(order_of(script, size))
    try:
        most = max(1, round(pace.seconds * pace.fps))
        steps = [steps_shown(lengths, most) for lengths in renderer.lengths]
        if is_strip:
            steps = [row[-1:] for row in steps]
        drawn, done, total = renderer.draw(steps), 0, sum(map(len, steps))
        with writing(file, pace.fps) as write:
            for moment, lengths, row in zip(script.moments, renderer.lengths, steps, strict=True):
                backdrop = layout.backdrop(moment)
                shown: list[Shown] = []
                for _ in row:
                    shown = _completed(next(drawn), shown)
                    frame = layout.frame(backdrop, shown, lengths)
                    write(frame)
                    done += 1
                    on_frame(done, total)
                for _ in range(0 if is_strip else round(pace.hold * pace.fps)):
                    write(frame)
    finally:
        renderer.close()


def _completed(shown: list[Shown], before: list[Shown]) -> list[Shown]:
    """Return what is shown with the pictures that are as before."""
    return [one if one[2] is not None else (*one[:2], before[k][2]) for k, one in enumerate(shown)]
