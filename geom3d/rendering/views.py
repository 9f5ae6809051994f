"""The views: what of a battery is there, what is seen through, how it is coloured, and from where one looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.core.errors import InputError
from geom3d.core.roles import Role
from geom3d.evaluation import Evaluation
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.scene.bodies import Body, bodies, capped, cut_faces
from geom3d.scene.faces import Face, face
from geom3d.scene.refined import refined
from geom3d.scene.stage import OBLIQUE, Camera, Paint, Scale
from geom3d.transport.distance import FIELD, Electrodes, surface_of, with_distance
from geom3d.transport.surface import FIELD as CURRENT_FIELD

ABOVE = Camera((0.0, 0.0, 1.0), up=(0.0, 1.0, 0.0))
AHEAD = Camera((0.0, -1.0, 0.0))

#: Opacity of electrolyte, and of what lies over it, where one sees through them.
GLASS, VEIL = 0.4, 0.12
#: How far regions are lifted apart: share of the battery's height, and of its longer side.
LIFT = 0.45, 0.16
#: Most triangles on the electrodes of one unit cell whose numbers are shown as colours.
FINE = 150_000


@dataclass(frozen=True)
class Quantity:
    """Numbers on the electrodes' surfaces that are shown as colours.

    Attributes:
        field: its name on `InterfaceMesh`.
        title: what it is.
        unit: of the numbers.
        walls: finds the walls that carry it.
    """

    field: str
    title: str
    unit: str
    walls: Callable[[Evaluation], InterfaceMesh]


@dataclass(frozen=True)
class View:
    """A way to show a battery.

    Attributes:
        words: what it shows.
        camera: from where.
        cut: whether the front quarter is removed.
        open: whether the electrolyte and what lies over it are left out.
        glass: whether they are seen through.
        peeled: whether the front quarter's cells show the scaffold alone.
        lifted: whether the regions are moved apart.
        quantity: what is shown as colours.
    """

    words: str
    camera: Camera = OBLIQUE
    cut: bool = False
    open: bool = False
    glass: bool = False
    peeled: bool = False
    lifted: bool = False
    quantity: Quantity | None = None

    @property
    def marked(self) -> bool:
        """Whether films are seen at the place where they are magnified."""
        return not (self.open or self.glass or self.peeled or self.lifted or self.camera == ABOVE)


def distances(design: Evaluation) -> InterfaceMesh:
    """The walls with the distance to the other electrode on triangles small enough to show how it changes."""
    cell, walls = design.cell(), design.walls()
    surfaces = np.zeros(len(walls.triangles), dtype=bool)
    for role in (Role.ANODE, Role.CATHODE):
        surfaces[surface_of(cell, walls, role)] = True
    finer = refined(walls, surfaces, FINE)
    return with_distance(finer, Electrodes.of(cell, finer))


DISTANCE = Quantity(FIELD, "distance to the other electrode", "µm", distances)
CURRENT = Quantity(CURRENT_FIELD, "current density over its mean", "1", lambda design: design.walls_with_current())

#: Views by name.
VIEWS = {
    "cut": View("front quarter removed", cut=True),
    "iso": View("from above and aside"),
    "top": View("from above", camera=ABOVE),
    "front": View("from the front", camera=AHEAD),
    "exploded": View("regions lifted apart", lifted=True),
    "xray": View("electrolyte translucent", glass=True),
    "peeled": View("front cells show the bare scaffold", peeled=True),
    "distance": View("surfaces of the electrodes coloured by their distance", cut=True, open=True, quantity=DISTANCE),
    "current": View(
        "surfaces of the electrodes coloured by their current density", cut=True, open=True, quantity=CURRENT
    ),
}


@dataclass(frozen=True)
class Scene:
    """What a picture shows.

    Attributes:
        bodies: one per region.
        paints: how each looks.
        order: labels of the regions from the bottom to the top.
        camera: from where one looks.
        extent: edges of the array, the height up to the highest region's top, µm.
        faces: planes through the array in which films can be shown; the first that have any do.
        marked: whether these planes are seen in the picture.
        quantity, scale: of the colours, if they stand for numbers.
    """

    bodies: list[Body]
    paints: list[Paint]
    order: list[int]
    camera: Camera
    extent: tuple[float, float, float]
    faces: list[Face]
    marked: bool
    quantity: Quantity | None = None
    scale: Scale | None = None

    @property
    def points(self) -> FloatArray:
        """(n, 3) all vertices, µm."""
        return np.concatenate([body.vertices for body in self.bodies])

    @property
    def drawn(self) -> list[int]:
        """Labels of the regions that are there, from the bottom to the top."""
        return [label for label in self.order if len(self.bodies[label].triangles)]


def scene(design: Evaluation, view: View, cells: tuple[int, int]) -> Scene:
    """Sets a view of an array up.

    Raises:
        InputError: where the battery has no such numbers as the view shows.
    """
    cell, quantity = design.cell(), view.quantity
    walls = design.walls() if quantity is None else quantity.walls(design)
    order = stacked(walls)
    over = electrolyte_and_over(design)
    if view.lifted:
        found = _lifted(walls, cells, order)
    else:
        cut = cell.middle(cells) if view.cut else None
        there = _there(cell, cells, over if view.open else [], peeled=view.peeled)
        found = bodies(walls, cells, shown=there, clear=over if view.glass else (), cut=cut)
    faces = _faces(design, view, cells)
    if view.cut:
        found = capped(found, faces)
    paints = [Paint(region.material.colour) for region in cell.regions]
    if view.glass:
        electrolyte = cell.labels(Role.ELECTROLYTE)
        paints = [
            replace(paint, opacity=GLASS if k in electrolyte else VEIL) if k in over else paint
            for k, paint in enumerate(paints)
        ]
    scale = None
    if quantity is not None:
        paints, scale = _numbered(design, walls, quantity, found, paints)
    extent = (cells[0] * walls.size[0], cells[1] * walls.size[1], cell.top)
    return Scene(found, paints, order, view.camera, extent, faces, view.marked, quantity, scale)


def _faces(design: Evaluation, view: View, cells: tuple[int, int]) -> list[Face]:
    """Planes through the array in which its films can be seen."""
    walls, cell = design.walls(), design.cell()
    if view.cut:
        return cut_faces(walls, cells, cell.middle(cells))
    x, y = cell.middle((1, 1))
    outer = [] if view.camera == ABOVE else [face(walls, 0.0, "y", cells[0])]
    outer += [face(walls, 0.0, "x", cells[1])] if view.camera == OBLIQUE else []
    inner = [face(walls, y, "y", cells[0]), face(walls, x, "x", cells[1])]
    return outer if view.marked else inner


def stacked(walls: InterfaceMesh) -> list[int]:
    """Labels of the regions, from the one that begins lowest to the one that begins highest."""
    lowest = np.full(len(walls.names) + 1, math.inf)
    heights = walls.vertices[walls.triangles][:, :, 2].min(axis=1)
    for side in (walls.back_region, walls.front_region):
        inner = side >= 0
        np.minimum.at(lowest, side[inner], heights[inner])
    return [int(label) for label in np.argsort(lowest[:-1], kind="stable")]


def electrolyte_and_over(design: Evaluation) -> list[int]:
    """Labels of the electrolyte and, where it is a film or a fill, of the layers that lie over it."""
    cell = design.cell()
    layers = [layer.name for layer in cell.layers]
    found = cell.labels(Role.ELECTROLYTE)
    names = [cell.names[label] for label in found]
    if not names or not all(name in layers for name in names):
        return found
    last = max(layers.index(name) for name in names)
    return [k for k, name in enumerate(cell.names) if k in found or name in layers[last + 1 :]]


def _there(cell: Cell, cells: tuple[int, int], missing: list[int], *, peeled: bool) -> BoolArray:
    """(columns, rows, R) which regions are there in which cell."""
    there = np.ones((*cells, len(cell.regions)), dtype=bool)
    there[..., missing] = False
    if peeled:
        kept = {*cell.facts.scaffold, *(name for name, _ in cell.facts.below)}
        gone = [k for k, name in enumerate(cell.names) if name not in kept]
        there[: max(1, cells[0] // 2), : max(1, cells[1] // 2), gone] = False
    return there


def _lifted(walls: InterfaceMesh, cells: tuple[int, int], order: list[int]) -> list[Body]:
    """The regions one above the other."""
    height = max(float(walls.vertices[walls.triangles[walls.back_region < walls.void]][:, :, 2].max()), 0.0)
    step = max(LIFT[0] * height, LIFT[1] * max(cells[0] * walls.size[0], cells[1] * walls.size[1]))
    found = []
    for label in range(len(walls.names)):
        alone = np.zeros((*cells, len(walls.names)), dtype=bool)
        alone[..., label] = True
        found.append(bodies(walls, cells, shown=alone)[label].moved((0.0, 0.0, step * order.index(label))))
    return found


def _numbered(
    design: Evaluation, walls: InterfaceMesh, quantity: Quantity, found: list[Body], paints: list[Paint]
) -> tuple[list[Paint], Scale]:
    """Paints that show a quantity, and their scale: from the least to the largest number that is seen."""
    field = np.append(walls.fields[quantity.field], np.nan)  # the last entry answers for cut faces
    values = [field[body.source] for body in found]
    seen = np.concatenate(values)
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        raise InputError(f"view: {design.source} has no surface with a {quantity.title}; it needs both electrodes")
    low, high = float(seen.min()), float(seen.max())
    if high - low <= 1e-6 * abs(high):
        low, high = 0.9 * low, 1.1 * high
    return [replace(p, values=v) for p, v in zip(paints, values, strict=True)], Scale(low, high)
