"""The gallery: a picture of every template, one design peeled to its scaffold, and one sheet that shows all architectures.

On the sheet every design fills its frame, so their scales differ; each frame has its own scale bar, always at the same
place, and the sheet says so. Architectures without a template are shown bare, with their default parameters.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geom3d import rendering
from geom3d.core.colours import INK, NOTE, PAPER
from geom3d.core.drawn import drawing
from geom3d.core.files import make_folder, unfinished
from geom3d.core.progress import bar
from geom3d.evaluation import Evaluation
from geom3d.rendering import pictures
from geom3d.rendering.page import DPI, inches, rectangle, round_length
from geom3d.rendering.views import VIEWS, centred, default_view, scene
from geom3d.scene.stage import Image, require_opengl

#: Size of each picture, and of each frame on the sheet, pixels; frames in a row.
SIZE, FRAME, COLUMNS = (1200, 900), (284, 246), 7
#: Height of the words under a frame and above all, pixels.
WORDS, HEAD = 74, 74
#: Colours in a file; so it stays small.
COLOURS = 256
SHEET, PEELED = "gallery.png", "peeled"
HEADING = "geom3d: microbattery architectures, front quarter removed, or what hides the rest translucent"
RULE = "Every design fills its frame: scales differ, and the bar under each gives its own."


@dataclass(frozen=True)
class Gallery:
    """What has been drawn; iterates over the paths.

    Attributes:
        paths: of all pictures, the sheet last.
        warnings: which pictures were left out, and why.
    """

    paths: tuple[Path, ...]
    warnings: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Path]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


def draw(folder: Path, designs: Sequence[Evaluation], bare: Sequence[Evaluation] = ()) -> Gallery:
    """Draws a picture of each design, one of the design with most films peeled to its scaffold in front, and the sheet.

    Args:
        folder: made if it is missing.
        designs: each gets a picture, and a frame on the sheet.
        bare: get a frame on the sheet only.

    Returns:
        the files written; a picture that fails is left out, with a warning.

    Raises:
        OutputError: a file that cannot be written, or a machine without OpenGL.
    """
    require_opengl()
    make_folder(folder)
    written: list[Path] = []
    frames: list[tuple[Evaluation, Image, float]] = []
    warnings: list[str] = []
    with bar("gallery", len(designs) + len(bare)) as advance:
        for number, design in enumerate([*designs, *bare]):
            try:
                battery = centred(design)
                shown = scene(battery, VIEWS[default_view(battery)], rendering.shown_cells(battery, None))
                picture = pictures.shot(battery, shown, SIZE) if number < len(designs) else None
                frame = (battery, *pictures.panel(battery, shown, FRAME))
            except Exception as error:  # noqa: BLE001 (the other pictures do not depend on it, whatever it fails of)
                warnings.append(rendering.failed(design, error))
                advance(1)
                continue
            if picture is not None:
                path = folder / f"{battery.description.name}.png"
                with unfinished(path) as temporary:
                    rendering.save(picture, temporary, colours=COLOURS)
                written.append(path)
            frames.append(frame)
            advance(1)
    for design in _peelable(designs):
        try:
            battery = centred(design)
            shown = scene(battery, VIEWS[PEELED], rendering.shown_cells(battery, None))
            picture = pictures.shot(battery, shown, SIZE)
        except Exception as error:  # noqa: BLE001 (as above)
            warnings.append(rendering.failed(design, error))
            continue
        path = folder / f"{battery.description.name}-{PEELED}.png"
        with unfinished(path) as temporary:
            rendering.save(picture, temporary, colours=COLOURS)
        written.append(path)
    if frames:
        path = folder / SHEET
        with unfinished(path) as temporary:
            ordered = sorted(frames, key=lambda entry: entry[0].description.architecture)
            rendering.save(sheet(ordered), temporary, colours=COLOURS)
        written.append(path)
    return Gallery(tuple(written), tuple(warnings))


def _peelable(designs: Sequence[Evaluation]) -> list[Evaluation]:
    """The first of the designs with most films on a structure, if any has films on one."""
    found = [design for design in designs if design.cell().films and design.cell().facts.sites]
    return [max(found, key=lambda design: len(design.cell().films))] if found else []


@drawing()
def sheet(frames: Sequence[tuple[Evaluation, Image, float]]) -> Image:
    """All designs side by side.

    Args:
        frames: each design with its picture and what a pixel of it shows, µm.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    gap = 24
    columns = min(COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    wide = gap + columns * (FRAME[0] + gap)
    high = HEAD + rows * (FRAME[1] + WORDS + gap)
    figure = Figure(figsize=inches((wide, high)), dpi=DPI, facecolor=PAPER)
    canvas: Any = FigureCanvasAgg(figure)
    look: dict[str, Any] = {"color": INK, "va": "top", "transform": None}
    figure.text(gap, high - 14, HEADING, fontsize=14, **look)
    figure.text(gap, high - 42, RULE, fontsize=9, **(look | {"color": NOTE}))
    places = []
    for number, (battery, _, step) in enumerate(frames):
        x = gap + (number % columns) * (FRAME[0] + gap)
        top = high - HEAD - (number // columns) * (FRAME[1] + WORDS + gap)
        places.append((x, high - top))
        length = round_length(0.3 * FRAME[0] * step)
        y = top - FRAME[1] - 10
        figure.add_artist(rectangle(x, y, length / step, 4, facecolor=INK, linewidth=0, antialiased=False))
        figure.text(x + length / step + 8, y + 7, f"{length:g} µm", fontsize=8, **look)
        figure.text(x, y - 10, battery.description.architecture.replace("_", " "), fontsize=9, weight="bold", **look)
        for k, line in enumerate(textwrap.wrap(battery.description.title, 46)[:2]):
            figure.text(x, y - 27 - 14 * k, line, fontsize=7.5, **(look | {"color": NOTE}))
    canvas.draw()
    page = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    for (x, y), (_, picture, _) in zip(places, frames, strict=True):
        page[y : y + FRAME[1], x : x + FRAME[0]] = picture
    return page
