"""Pictures of a battery: drawn off screen by PyVista from the exact geometry, or as vector drawings of exact sections.

The cut view is exact: triangles are divided where the cutting planes meet them, and the faces laid open are the polygons
of the section there. Prisms and sponges alike. Sections need no OpenGL.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from geom3d.cell.repeat import checked_repeat
from geom3d.core import memory
from geom3d.core.errors import InputError, choose_from
from geom3d.core.files import make_folder, replacing, unfinished
from geom3d.evaluation import Evaluation
from geom3d.rendering import pictures, turntable
from geom3d.rendering.page import Words
from geom3d.rendering.section import WIDTHS, drawing
from geom3d.rendering.views import VIEWS, centred, default_view, scene
from geom3d.scene.printed import printed
from geom3d.scene.stage import Camera, Image, has_opengl, require_opengl

__all__ = ["MOST_SHOWN", "VIEWS", "failed", "has_opengl", "render"]

#: Triangles beyond which a picture of what is slender does not go by itself.
TRIANGLES = 650_000
#: Most unit cells in one picture; more cannot be told apart.
MOST_SHOWN = 100
#: Bytes that a pixel takes: several samples of it are drawn, then words are laid over it.
PER_PIXEL = 250
#: Cells in each direction that a picture shows unless told otherwise.
SHOWN = 8
#: A battery more times as high as wide is shown with more cells than its template's, up to so many in each direction.
SLENDER, MOST_ALONG = 2.0, 20
#: Width and height of a picture, pixels.
SIZE = (1600, 1200)
#: The view that is a vector drawing, and the endings of files that hold such.
SECTION, DRAWINGS = "section", (".svg", ".pdf")
#: Dots per inch on paper, and letters there in points.
DPI, LETTER = 300, 6.0


def render(
    design: Evaluation,
    path: Path,
    *,
    view: str | None = None,
    repeat: tuple[int, int] | None = None,
    size: tuple[int, int] | None = None,
    transparent: bool = False,
    turn: bool = False,
    width: float | None = None,
    dpi: int | None = None,
    title: bool = True,
    legend: bool = True,
    camera: tuple[float, float] | None = None,
) -> None:
    """Draws a battery into a file.

    Args:
        design: the battery.
        path: of the file, whose folder is made if it is missing, ending in .png; in .svg, .pdf or .png for the view
            "section"; in .gif or .mp4 for a turntable.
        view: a key of `VIEWS`, or "section"; if None, "section" where the path ends in .svg or .pdf, else
            "cut", or "xray" where that would show hardly anything.
        repeat: unit cells in x and y; the template's if None, as far as a picture can show.
        size: width and height of the picture, pixels; `SIZE` if None. A section has the width of a journal's column.
        transparent: without white behind it (PNG).
        turn: the camera goes around the battery.
        width: on paper, mm; a section's is that of a journal's column if None, a picture has `size` pixels.
        dpi: dots per inch, which a PNG says; 300 if None, and with `width` pictures have as many pixels as that gives.
        title, legend: whether they are drawn.
        camera: from where one looks, degrees: how far to the right of the front, and how high above the horizon.

    Raises:
        InputError: an option that is not valid.
        OutputError: a file that cannot be written, or a machine without OpenGL.
    """
    ending = path.suffix.lower()
    view = view or (SECTION if ending in DRAWINGS else default_view(design))
    _check(path, view, size, transparent=transparent, turn=turn)
    _check_paper(view, width, dpi, camera)
    size = size or SIZE
    if width is not None and view != SECTION:
        wide = round(width / 25.4 * (dpi or DPI))
        size = wide, round(wide * size[1] / size[0])
        _check_size(size)
    cells = shown_cells(design, repeat)
    if view == SECTION:
        paper = {} if width is None else {"width": width}
        text = drawing(design, None if repeat is None else cells[0], title=title, legend=legend, **paper)
        data = text.encode() if ending == ".svg" else printed(text, ending.removeprefix("."), dpi or DPI)
        make_folder(path.parent)
        with replacing(path) as file:
            file.write(data)
        return
    _require_memory(size, turn=turn)
    if turn:
        turntable.require_writer(path)
    require_opengl()
    design = centred(design)
    looked = VIEWS[view] if camera is None else replace(VIEWS[view], camera=Camera.at(*camera))
    shown = scene(design, looked, cells)
    # On paper letters are to be read, however wide it is.
    words = Words(title, legend, least=LETTER * (dpi or DPI) / 72 if width is not None else 0.0)
    make_folder(path.parent)
    with unfinished(path) as temporary:
        if turn:
            turntable.write(pictures.turning(design, shown, size, turntable.COUNT, words), temporary, ending)
        else:
            picture = pictures.shot(design, shown, size, transparent=transparent, words=words)
            save(picture, temporary, dpi=dpi or (DPI if width is not None else None))


def failed(design: Evaluation, error: Exception) -> str:
    """What is said where a picture is left out of a page or a gallery because it failed."""
    return f"no picture of {design.description.title!r}: it failed with {type(error).__name__}: {error}"


def save(picture: Image, path: Path, *, colours: int | None = None, dpi: int | None = None) -> None:
    """Writes a picture as PNG.

    Args:
        picture: (h, w, 3 or 4).
        path: of the file.
        colours: how many there may be, for a small file; None for all.
        dpi: dots per inch that the file says; None for nothing.
    """
    from PIL import Image as Pictures

    found = Pictures.fromarray(picture)
    if colours is not None:
        found = found.quantize(colours, dither=Pictures.Dither.NONE)
    found.save(path, format="png", optimize=colours is not None, **({} if dpi is None else {"dpi": (dpi, dpi)}))


def _check(path: Path, view: str, size: tuple[int, int] | None, *, transparent: bool, turn: bool) -> None:
    views = (*VIEWS, SECTION)
    if view not in views:
        raise InputError(f"view: unknown {view!r}; {choose_from(view, views)}")
    ending = path.suffix.lower()
    if view == SECTION and (turn or transparent):
        raise InputError(f"view: a section is a drawing without a background; {'turntable' if turn else 'transparent'} "
                         "is for the other views")  # fmt: skip
    if view == SECTION and size is not None:
        raise InputError("size: a section is a drawing as wide as a journal's column, or as `width` says; "
                         "size is for the other views")  # fmt: skip
    wrong = ending not in (*DRAWINGS, ".png") if view == SECTION else ending in DRAWINGS
    if wrong:
        ends = ".svg, .pdf or .png" if view == SECTION else ".png"
        raise InputError(f"output: the view {view} must end in {ends}; got {path.name!r}")
    if turn and transparent:
        raise InputError("transparent: a turntable has a background")
    if not turn and ending not in {".png", *DRAWINGS}:
        raise InputError(f"output: must end in .png, or .svg or .pdf for a section; got {path.name!r}")
    if size is not None:
        _check_size(size)


def _check_size(size: tuple[int, int]) -> None:
    if not all(16 <= n <= 8000 for n in size):
        raise InputError(f"size: must be two numbers of pixels from 16 to 8000; got {size[0]} {size[1]}")


def _require_memory(size: tuple[int, int], *, turn: bool) -> None:
    """Raises an InputError for a picture, or a turn of them, that does not fit."""
    pixels = size[0] * size[1]
    memory.require("size", f"pixels ({size[0]} × {size[1]})", pixels, PER_PIXEL, "take a smaller picture")
    if turn:
        count = turntable.COUNT
        memory.require("size", f"pixels in {count} pictures", count * pixels, turntable.PER_PIXEL, "take smaller ones")


def _check_paper(view: str, width: float | None, dpi: int | None, camera: tuple[float, float] | None) -> None:
    low, high = WIDTHS
    if width is not None and not low <= width <= high:
        raise InputError(f"width: must lie between {low:g} and {high:g} mm; got {width:g} mm")
    if dpi is not None and not 30 <= dpi <= 2400:
        raise InputError(f"dpi: must be a number from 30 to 2400; got {dpi}")
    if camera is None:
        return
    if view == SECTION:
        raise InputError("camera: a section is seen from the front; camera is for the other views")
    if not (all(map(math.isfinite, camera)) and -90 < camera[1] < 90):
        raise InputError(
            f"camera: must be two angles in degrees, the second between -90 and 90; got {camera[0]:g} {camera[1]:g}"
        )


def shown_cells(design: Evaluation, repeat: tuple[int, int] | None) -> tuple[int, int]:
    """Unit cells in x and y that a picture shows.

    Raises:
        InputError: no numbers of unit cells, or more than can be told apart.
    """
    if repeat is None:
        x, y = (min(count, SHOWN) for count in design.description.repeat)
        cell = design.cell()
        # What is tall and thin would fill but a small part of the picture.
        slender = cell.height / SLENDER / max(x * cell.size[0], y * cell.size[1])
        if slender > 1 and cell.facts.posts:
            wanted = cell.height / SLENDER
            most = min(MOST_ALONG, math.isqrt(max(1, TRIANGLES // len(design.walls().triangles))))
            x, y = (max(n, min(most, round(wanted / p))) for n, p in zip((x, y), cell.size[:2], strict=True))
        return x, y
    cells = checked_repeat(repeat)
    if cells[0] * cells[1] > MOST_SHOWN:
        raise InputError(f"repeat: a picture shows up to {MOST_SHOWN} unit cells; got {cells[0]} × {cells[1]}")
    return cells
