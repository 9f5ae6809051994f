"""Cells as notebooks show them: a table of the regions beside a drawn section, and a plotter to turn them in."""

from __future__ import annotations

from typing import Any

from geom3d.cell.cell import Cell
from geom3d.mesh.interfaces import InterfaceMesh


def plot(
    cell: Cell, walls: InterfaceMesh, *, repeat: tuple[int, int] = (1, 1), cut: bool = True, **options: Any
) -> Any:
    """The regions in a PyVista plotter, whose `show()` opens a window or shows them in a notebook.

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
