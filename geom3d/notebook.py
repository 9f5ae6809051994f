"""Cells as notebooks show them: regions beside a drawn section, a model to be turned, and a plotter for more."""

from __future__ import annotations

from typing import Any

from geom3d.cell.cell import Cell
from geom3d.mesh.interfaces import InterfaceMesh


def plot(
    cell: Cell, walls: InterfaceMesh, *, repeat: tuple[int, int] = (1, 1), cut: bool = True, **options: Any
) -> Any:
    """The regions in a PyVista plotter, whose `show()` opens a window.

    At the end of a notebook's cell it shows itself: interactive where trame is installed (`pip install 'geom3d[notebook]'`), else as
    a picture.

    Args:
        cell, walls: the battery.
        repeat: unit cells in x and y.
        cut: whether the front quarter is removed.
        options: of `pyvista.Plotter`, such as off_screen.

    Raises:
        OutputError: on a machine without OpenGL.
    """
    from geom3d.scene.bodies import bodies, capped, cut_faces
    from geom3d.scene.stage import OBLIQUE, Paint, plotter, require_opengl

    require_opengl()
    place = cell.middle(repeat) if cut else None
    found = bodies(walls, repeat, cut=place)
    if place is not None:
        found = capped(found, cut_faces(walls, repeat, place))
    paints = [Paint(region.material.colour) for region in cell.regions]
    stage = plotter(found, paints, curved=cell.facts.web is not None, **options)
    stage.add_legend([[r.name, r.material.colour] for r in reversed(cell.regions)], face="rectangle", bcolor=None)
    stage.add_axes()
    stage.view_vector(OBLIQUE.eye, OBLIQUE.up)
    # IPython asks the object for this; what is shown once may be shown again.
    stage._ipython_display_ = lambda: stage.show(auto_close=False)
    return stage


def to_html(cell: Cell, walls: InterfaceMesh) -> str:
    """A table of the regions with their sizes, and beside it the section through the posts, normal to y.

    Args:
        cell, walls: the battery.
    """
    from geom3d.scene.drawing import sketch
    from geom3d.scene.faces import face

    period, height = cell.size[0], cell.size[2]
    shown = face(walls, cell.middle()[1], "y", max(1, min(4, round(height / period))))
    colours = {label: region.material.colour for label, region in enumerate(cell.regions)}
    return cell.to_html(walls, sketch(shown, colours, dict(enumerate(cell.names))))


def turnable(cell: Cell, walls: InterfaceMesh) -> str:
    """A model of the unit cells in a frame, to be turned, cut open and taken apart; needs no server and no network.

    Args:
        cell, walls: the battery.
    """
    from geom3d.comparison.model import model_of
    from geom3d.comparison.single import framed

    return framed(model_of(cell, walls), f"model of {cell.description.title}")
