"""Turntables: the battery seen from all around, as GIF (Pillow) or MP4 (imageio-ffmpeg, if it is installed)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from geom3d.core.errors import InputError, OutputError
from geom3d.core.progress import bar
from geom3d.scene.stage import Image

#: Pictures of one turn, and how many are shown in a second.
COUNT, RATE = 72, 18
#: Bytes that a pixel of each picture takes until the file is written.
PER_PIXEL = 4
ENDINGS = (".gif", ".mp4")


def require_writer(path: Path) -> None:
    """Checks that a turntable can be written.

    Raises:
        InputError: an unknown ending.
        OutputError: for MP4, where imageio-ffmpeg is missing.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"output: a turntable must end in .gif or .mp4; got {path.name!r}")
    if path.suffix.lower() == ".mp4" and importlib.util.find_spec("imageio_ffmpeg") is None:
        raise OutputError("no MP4: imageio-ffmpeg is not installed; pip install 'geom3d[video]', or write a .gif")


def write(pictures: Iterator[Image], path: Path, ending: str) -> None:
    """Writes `COUNT` pictures as one turn.

    Args:
        pictures: (h, w, 3) each, of equal size.
        path: of the file.
        ending: which says the kind of file.
    """
    with bar("turning", COUNT) as advance:
        (_gif if ending == ".gif" else _mp4)(_counted(pictures, advance), path)


def _counted(pictures: Iterator[Image], advance: Any) -> Iterator[Image]:
    for picture in pictures:
        yield picture
        advance(1)


def _gif(pictures: Iterator[Image], path: Path) -> None:
    from PIL import Image as Pictures

    start = next(pictures)
    # One palette for all, so that colours do not flicker; its last colour is the white of the page.
    few = Pictures.fromarray(start).quantize(255, dither=Pictures.Dither.NONE)
    colours = [*(few.getpalette() or [])[: 3 * 255], *[255] * 3 * 256][: 3 * 255] + [255] * 3
    few.putpalette(colours)

    def reduced(picture: Image) -> Pictures.Image:
        index = np.array(Pictures.fromarray(picture).quantize(palette=few, dither=Pictures.Dither.NONE))
        index[(picture == 255).all(axis=2)] = 255
        found = Pictures.fromarray(index, mode="P")
        found.putpalette(colours)
        return found

    rest = (reduced(picture) for picture in pictures)
    options = {"duration": 1000 // RATE, "loop": 0, "optimize": False}
    reduced(start).save(path, format="gif", save_all=True, append_images=rest, **options)


def _mp4(pictures: Iterator[Image], path: Path) -> None:
    import imageio_ffmpeg

    writer: Any = None
    try:
        for picture in pictures:
            # The usual coding of colours wants even widths and heights.
            even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
            if writer is None:
                size = (even.shape[1], even.shape[0])
                writer = imageio_ffmpeg.write_frames(
                    str(path), size, fps=RATE, quality=7, macro_block_size=2, ffmpeg_log_level="error"
                )
                writer.send(None)
            writer.send(np.ascontiguousarray(even))
    finally:
        if writer is not None:
            writer.close()
