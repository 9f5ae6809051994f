"""Pictures of a battery, drawn off screen by PyVista from the exact geometry, and exact sections as vector drawings.

The cut view is exact: triangles are divided where the cutting planes meet them, and the faces laid open are the polygons
of the section there. Prisms and sponges alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geom3d.api import Design
from geom3d.errors import InputError, OutputError, choose_from
from geom3d.exports import unfinished
from geom3d.render.page import Page, compose
from geom3d.render.views import VIEWS, Scene, scene
from geom3d.scene.details import Window, windows
from geom3d.scene.stage import Frame, Image, framed, has_opengl, photograph, plotter, soften

__all__ = ["MOST_CELLS", "VIEWS", "has_opengl", "render"]

#: Most unit cells in one picture; more cannot be told apart.
MOST_CELLS = 100
#: Cells in each direction that a picture shows unless told otherwise.
SHOWN = 8
#: A film that is thinner in the picture gets an inset, pixels.
THIN = 3.0


def render(
    design: Design,
    path: Path,
    *,
    view: str | None = None,
    repeat: tuple[int, int] | None = None,
    size: tuple[int, int] = (1600, 1200),
    transparent: bool = False,
) -> None:
    """Draws a battery into a file.

    Args:
        design: the battery.
        path: of the file, ending in .png.
        view: a key of `VIEWS`; "cut" if None.
        repeat: unit cells in x and y; the template's if None, as far as a picture can show.
        size: width and height of the picture, pixels.
        transparent: without white behind it.

    Raises:
        InputError: an option that is not valid.
        OutputError: a file that cannot be written, or a machine without OpenGL.
    """
    from PIL import Image as Pictures

    view = view or "cut"
    if view not in VIEWS:
        raise InputError(f"view: unknown {view!r}; {choose_from(view, VIEWS)}")
    if path.suffix.lower() != ".png":
        raise InputError(f"output: must end in .png; got {path.name!r}")
    if not all(16 <= n <= 8000 for n in size):
        raise InputError(f"size: must be two numbers of pixels from 16 to 8000; got {size[0]} {size[1]}")
    cells = _cells(design, repeat)
    if not has_opengl():
        raise OutputError("no")
    shown = scene(design, VIEWS[view], cells)
    picture = shot(design, shown, size, transparent=transparent)
    with unfinished(path) as temporary:
        Pictures.fromarray(picture).save(temporary, format="png", optimize=True)


def _cells(design: Design, repeat: tuple[int, int] | None) -> tuple[int, int]:
    """Unit cells in x and y that a picture shows."""
    x, y = design.template.repeat if repeat is None else repeat
    cells = (min(x, SHOWN), min(y, SHOWN)) if repeat is None else (x, y)
    if min(cells) < 1 or cells[0] * cells[1] > MOST_CELLS:
        raise InputError(f"repeat: a picture shows 1 to {MOST_CELLS} unit cells; got {cells[0]} × {cells[1]}")
    return cells


def shot(design: Design, shown: Scene, size: tuple[int, int], *, transparent: bool = False) -> Image:
    """The page with a picture of a scene."""
    import pyvista

    cell = design.cell()
    x, y, z = shown.extent
    note = f"drawn: {x:.4g} × {y:.4g} × {z:.4g} µm"
    page = Page(size, design.template.title, [cell.regions[k] for k in reversed(shown.drawn)], note)
    panel = page.panel[2:]
    frame = framed(shown.points, shown.camera, panel)
    with pyvista.vtk_verbosity("off"):
        stage = plotter(
            shown.bodies, shown.paints, shown.scale, curved=cell.facts.web is not None, off_screen=True, window_size=panel
        )
        try:
            if any(paint.opacity < 1 for paint in shown.paints):
                stage.enable_depth_peeling(8)
            soften(stage, frame)
            picture = photograph(stage, frame, transparent=transparent)
        finally:
            stage.close()
    found = [] if shown.quantity else magnified(design, shown, frame, page)
    colours = {k: region.material.colour for k, region in enumerate(cell.regions)}
    return compose(
        page, picture, frame, windows=found, colours=colours, marked=shown.marked, quantity=shown.quantity,
        scale=shown.scale, transparent=transparent,
    )  # fmt: skip


def magnified(design: Design, shown: Scene, frame: Frame, page: Page) -> list[Window]:
    """Windows on the films that are too thin to be seen in the picture."""
    names = design.cell().names
    films = {names.index(layer.name): layer.thickness for layer in design.template.layers if layer.thickness is not None}
    thin = {label: thickness for label, thickness in films.items() if thickness / frame.step < THIN}
    places = page.insets(1)
    found: list[Window] = []
    for face in shown.faces:
        left = {k: t for k, t in thin.items() if not any(k in w.face.clipped(w.low, w.high).shapes for w in found)}
        if left and places and len(found) < 2:
            found += windows(face, left, places[0][2], most=2 - len(found))
    return found
