"""Films as files: MP4 and GIF play, PNG is a strip with the last frame of each moment."""

import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scenarios.films.layout import Frame
from scenarios.format.words.errors import BadInputError

COLOURS = 128
"""Of a GIF's palette, which is the same for all its frames, so that what stands still is free."""

SAMPLES = 8
"""Frames of which the palette is made."""

Sink = Callable[[Frame], None]


def check_file(file: Path) -> None:
    """Check before anything is drawn that a film can be written.

    Raises:
        BadInputError: the ending is none of ours, a folder is in the way, or a package is missing.
    """
    if file.suffix not in WRITERS or file.is_dir():
        raise BadInputError(f"{file}: accepted: a file in {', '.join(WRITERS)}")
    if file.suffix == ".mp4":
        try:
            import imageio_ffmpeg  # noqa: F401, PLC0415
        except ImportError as error:
            raise BadInputError(
                f"{file}: MP4 needs ffmpeg; accepted: pip install 'straggler[film]', or a .gif"
            ) from error


@contextmanager
def writing(file: Path, fps: int) -> Iterator[Sink]:
    """Yield what takes the frames of a film; the file appears when it is whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.stem}.{uuid.uuid4().hex[:12]}{file.suffix}")
    try:
        with WRITERS[file.suffix](beside, fps) as sink:
            yield sink
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _mp4(file: Path, fps: int) -> Iterator[Sink]:
    import imageio.v2 as imageio  # noqa: PLC0415 - the extra `film`

    writer: Any = imageio.get_writer(file, fps=fps, macro_block_size=2, codec="libx264", quality=7)
    try:
        yield writer.append_data
    finally:  # its own `with` leaves ffmpeg alone after an exception
        writer.close()


@contextmanager
def _gif(file: Path, fps: int) -> Iterator[Sink]:
    shape: tuple[int, ...] = ()
    packed: list[bytes] = []  # all frames have to be there before their palette is known

    def take(frame: Frame) -> None:
        nonlocal shape
        shape = frame.shape
        packed.append(zlib.compress(frame.tobytes(), 1))

    def picture(k: int) -> Image.Image:
        return Image.fromarray(np.frombuffer(zlib.decompress(packed[k]), np.uint8).reshape(shape))

    yield take
    some = np.unique(np.linspace(0, len(packed) - 1, SAMPLES).round().astype(int))
    sample = Image.fromarray(np.concatenate([np.asarray(picture(k)) for k in some]))
    palette = sample.quantize(COLOURS, dither=Image.Dither.NONE)
    first, *others = (
        picture(k).quantize(palette=palette, dither=Image.Dither.NONE) for k in range(len(packed))
    )
    milliseconds = 10 * max(2, round(100 / fps))  # a GIF counts in hundredths
    first.save(file, save_all=True, append_images=others, duration=milliseconds, loop=0)


@contextmanager
def _png(file: Path, _: int) -> Iterator[Sink]:
    frames: list[Frame] = []
    yield frames.append
    Image.fromarray(np.concatenate(frames)).save(file, optimize=True)


WRITERS = {".mp4": _mp4, ".gif": _gif, ".png": _png}
"""By the ending of a file."""
