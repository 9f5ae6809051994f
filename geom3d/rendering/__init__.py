"""Pictures of a battery: drawn off screen by PyVista from the exact geometry, or as vector drawings of exact sections.

The cut view is exact: triangles are divided where the cutting planes meet them, and the faces laid open are the polygons
of the section there. Prisms and sponges alike. Sections need no OpenGL.
"""

from __future__ import annotations

from pathlib import Path

from geom3d.cell.repeat import checked_repeat
from geom3d.core.errors import InputError, choose_from
from geom3d.core.files import make_folder, replacing, unfinished
from geom3d.evaluation import Evaluation
from geom3d.rendering import pictures, turntable
from geom3d.rendering.section import drawing
from geom3d.rendering.views import VIEWS, scene
from geom3d.scene.stage import Image, has_opengl, require_opengl

__all__ = ["MOST_SHOWN", "VIEWS", "failed", "has_opengl", "render"]

#: Most unit cells in one picture; more cannot be told apart.
MOST_SHOWN = 100
#: Cells in each direction that a picture shows unless told otherwise.
SHOWN = 8
#: Width and height of a picture, pixels.
SIZE = (1600, 1200)
#: The view that is a vector drawing.
SECTION = "section"


def render(
    design: Evaluation,
    path: Path,
    *,
    view: str | None = None,
    repeat: tuple[int, int] | None = None,
    size: tuple[int, int] | None = None,
    transparent: bool = False,
    turn: bool = False,
) -> None:
    """Draws a battery into a file.

    Args:
        design: the battery.
        path: of the file, whose folder is made if it is missing, ending in .png; in .svg for the view "section"; in .gif or .mp4 for a turntable.
        view: a key of `VIEWS`, or "section"; if None, "section" where the path ends in .svg, else "cut".
        repeat: unit cells in x and y; the template's if None, as far as a picture can show.
        size: width and height of the picture, pixels; `SIZE` if None. A section has the width of a journal's column.
        transparent: without white behind it (PNG).
        turn: the camera goes around the battery.

    Raises:
        InputError: an option that is not valid.
        OutputError: a file that cannot be written, or a machine without OpenGL.
    """
    ending = path.suffix.lower()
    view = view or (SECTION if ending == ".svg" else "cut")
    _check(path, view, size, transparent=transparent, turn=turn)
    size = size or SIZE
    cells = shown_cells(design, repeat)
    if view == SECTION:
        text = drawing(design, None if repeat is None else cells[0])
        make_folder(path.parent)
        with replacing(path) as file:
            file.write(text.encode())
        return
    if turn:
        turntable.require_writer(path)
    require_opengl()
    shown = scene(design, VIEWS[view], cells)
    make_folder(path.parent)
    with unfinished(path) as temporary:
        if turn:
            turntable.write(pictures.turning(design, shown, size, turntable.COUNT), temporary, ending)
        else:
            save(pictures.shot(design, shown, size, transparent=transparent), temporary)


def failed(design: Evaluation, error: Exception) -> str:
    """What is said where a picture is left out of a page or a gallery because it failed."""
    return f"no picture of {design.description.title!r}: it failed with {type(error).__name__}: {error}"


def save(picture: Image, path: Path, *, colours: int | None = None) -> None:
    """Writes a picture as PNG.

    Args:
        picture: (h, w, 3 or 4).
        path: of the file.
        colours: how many there may be, for a small file; None for all.
    """
    from PIL import Image as Pictures

    found = Pictures.fromarray(picture)
    if colours is not None:
        found = found.quantize(colours, dither=Pictures.Dither.NONE)
    found.save(path, format="png", optimize=True)


def _check(path: Path, view: str, size: tuple[int, int] | None, *, transparent: bool, turn: bool) -> None:
    views = (*VIEWS, SECTION)
    if view not in views:
        raise InputError(f"view: unknown {view!r}; {choose_from(view, views)}")
    ending = path.suffix.lower()
    if view == SECTION and (turn or transparent):
        raise InputError(f"view: a section is a drawing without a background; {'turntable' if turn else 'transparent'} "
                         "is for the other views")  # fmt: skip
    if view == SECTION and size is not None:
        raise InputError("size: a section is a drawing as wide as a journal's column; size is for the other views")
    if (view == SECTION) != (ending == ".svg"):
        raise InputError(
            f"output: the view {view} must end in {'.svg' if view == SECTION else '.png'}; got {path.name!r}"
        )
    if turn and transparent:
        raise InputError("transparent: a turntable has a background")
    if not turn and ending not in {".png", ".svg"}:
        raise InputError(f"output: must end in .png, or .svg for a section; got {path.name!r}")
    if size is not None and not all(16 <= n <= 8000 for n in size):
        raise InputError(f"size: must be two numbers of pixels from 16 to 8000; got {size[0]} {size[1]}")


def shown_cells(design: Evaluation, repeat: tuple[int, int] | None) -> tuple[int, int]:
    """Unit cells in x and y that a picture shows.

    Raises:
        InputError: no numbers of unit cells, or more than can be told apart.
    """
    if repeat is None:
        x, y = design.description.repeat
        return min(x, SHOWN), min(y, SHOWN)
    cells = checked_repeat(repeat)
    if cells[0] * cells[1] > MOST_SHOWN:
        raise InputError(f"repeat: a picture shows up to {MOST_SHOWN} unit cells; got {cells[0]} × {cells[1]}")
    return cells
