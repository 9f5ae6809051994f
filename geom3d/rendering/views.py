"""The views: what of a battery is there, what is seen through, how it is coloured, and from where one looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.core.errors import InputError
from geom3d.core.roles import Role
from geom3d.evaluation import Evaluation
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.scene.bodies import Body, bodies, capped, cut_faces, laid_open
from geom3d.scene.faces import Face, face
from geom3d.scene.refined import refined
from geom3d.scene.stage import OBLIQUE, Camera, Paint, Scale
from geom3d.transport.distance import FIELD, Electrodes, surface_of, with_distance
from geom3d.transport.surface import FIELD as CURRENT_FIELD

ABOVE = Camera((0.0, 0.0, 1.0), up=(0.0, 1.0, 0.0))
AHEAD = Camera((0.0, -1.0, 0.0))

#: Opacity of electrolyte, and of what lies over it, where one sees through them.
GLASS, VEIL = 0.4, 0.12
#: Regions that are moved apart have so much free between them, as a share of the battery's size; highest pile that is built
#: of them, as a share of its width, before another pile begins beside it.
APART, PILE = 0.12, 1.3
#: Share of the surface, at either end, whose numbers lie beyond the scale of colours.
BEYOND = 0.02
#: A battery of which one sees a single region from above, but for this share, is cut below it in the view from above.
BLANK = 0.02
#: Most triangles on the electrodes of one unit cell whose numbers are shown as colours.
FINE = 150_000


@dataclass(frozen=True)
class Quantity:
    """Numbers on the electrodes' surfaces that are shown as colours.

    Attributes:
        field: its name on `InterfaceMesh`.
        title: what it is, with a place for the names of the electrodes that show it.
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
    known = design.sample.electrodes
    values = None if known is None else partial(_to_both, known)
    finer = refined(walls, surfaces, FINE, values)
    return with_distance(finer, Electrodes.of(cell, finer))


def _to_both(electrodes: Electrodes, points: FloatArray) -> FloatArray:
    """(n,) the distance of points on one electrode to the other, µm: that to their own is nothing."""
    return electrodes.anode.search.distances(points) + electrodes.cathode.search.distances(points)


DISTANCE = Quantity(FIELD, "distance from the {side} to the {other}", "µm", distances)
CURRENT = Quantity(
    CURRENT_FIELD, "current density on the {side} over its mean", "1", lambda design: design.walls_with_current()
)

#: Views by name.
VIEWS = {
    "cut": View("front quarter removed", cut=True),
    "iso": View("from above and aside"),
    "top": View("from above, below what covers all", camera=ABOVE),
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
        extent: edges of the array, in z from the lowest region's bottom to the highest region's top, µm.
        faces: planes through the array in which films can be shown; the first that have any do.
        marked: whether these planes are seen in the picture.
        quantity, scale: of the colours, if they stand for numbers.
        remark: what else there is to know, for the foot.
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
    remark: str = ""

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
    faces, remark, missing = _faces(design, view, cells), "", list[int]()
    if view.lifted:
        found = _lifted(walls, cells, order, view.camera)
    elif view.camera == ABOVE and (level := below_the_cap(cell, walls)) is not None:
        plan = face(walls, level, "z", cells[0], rows=cells[1])
        found, faces = [laid_open(label, plan) for label in range(len(cell.regions))], [plan]
        remark = f"cut at z = {level:.4g} µm"
    else:
        cut = cell.middle(cells) if view.cut else None
        missing = over if view.open else _lids(cell, over) if view.glass else []
        there = _there(cell, cells, missing, peeled=view.peeled)
        found = bodies(walls, cells, shown=there, clear=over if view.glass else (), cut=cut)
    if view.cut:
        found = capped(found, faces, missing)
    paints = [Paint(region.material.colour) for region in cell.regions]
    if view.glass:
        clear = cell.labels(Role.ELECTROLYTE)
        paints = [
            replace(paint, opacity=GLASS if k in clear else VEIL) if k in over else paint
            for k, paint in enumerate(paints)
        ]
    scale = None
    if quantity is not None:
        paints, scale = _numbered(design, walls, quantity, found, paints)
        quantity = _of_electrodes(cell, walls, quantity, found)
    extent = (cells[0] * walls.size[0], cells[1] * walls.size[1], cell.height)
    marked = view.marked or bool(remark)
    return Scene(found, paints, order, view.camera, extent, faces, marked, quantity, scale, remark)


def default_view(design: Evaluation) -> str:
    """The view that shows most: "xray" where encapsulation or an electrolyte would hide all else, else "cut"."""
    cell = design.cell()
    hidden = any(region.role is Role.ENCAPSULATION and region.fill_to is not None for region in cell.layers)
    # An electrolyte that covers the whole structure, and nothing on it.
    if cell.facts.web is None:
        hidden |= any(region.role is Role.ELECTROLYTE and (region.fill_to or 0.0) > 0 for region in cell.layers[-1:])
    inserted = any(
        region.own and region.role is Role.ELECTROLYTE and region.usual is Role.ELECTROLYTE for region in cell.regions
    )
    return "xray" if hidden or inserted else "cut"


def below_the_cap(cell: Cell, walls: InterfaceMesh) -> float | None:
    """Where the view from above cuts a battery of which one would see a single region: a height, µm; None where it does not.

    It is half the height of the structure; of a grid, the middle of its thickest film. What lies flat has nothing below.
    """
    facts, films = cell.facts, list(cell.films.values())
    normal = walls.area_vectors[:, 2]
    above = (walls.back_region >= 0) & (walls.back_region < walls.void) & (normal > 1e-9 * np.abs(walls.areas))
    open_above = above & ((walls.front_region < 0) | (walls.front_region == walls.void))
    shares = np.bincount(walls.back_region[open_above], weights=normal[open_above], minlength=walls.void)
    if shares.max() < (1 - BLANK) * shares.sum():
        return None
    if facts.pattern is not None and films:
        k = films.index(max(films))
        return facts.base_z + sum(films[:k]) + films[k] / 2
    return (facts.base_z + facts.top) / 2 if facts.top > facts.base_z and (facts.sites or facts.web) else None


def centred(design: Evaluation) -> Evaluation:
    """The same battery with its lattice moved so that the sides of the box cut no post near its rim, where films look like
    stripes, but through its middle.
    """
    cell = design.cell()
    reach = cell.facts.feature / 2 + sum(cell.films.values())
    shift = [0.0, 0.0]
    for axis, size in enumerate(cell.size[:2]):
        places = [site[axis] % size for site in cell.facts.sites]
        off = [min(place, size - place) for place in places]
        if off and any(1e-6 * size < away < reach for away in off) and math.isfinite(reach):
            shift[axis] = -places[0]
    if not any(shift) or not cell.facts.posts:
        return design
    return Evaluation(cell.moved(*shift), design.source, design.overrides, design.requests, design.temperature)


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
    """Labels of what hides the rest: the electrolyte and, where it is a film or a fill, the layers that lie over it.

    On the lines of a grid all films are seen from aside; there it is the encapsulation.
    """
    cell = design.cell()
    around = cell.labels(Role.ENCAPSULATION)
    if cell.facts.pattern is not None and around:
        return around
    layers = [layer.name for layer in cell.layers]
    found = cell.labels(Role.ELECTROLYTE)
    names = [cell.names[label] for label in found]
    if not names or not all(name in layers for name in names):
        return sorted({*found, *around})
    last = max(layers.index(name) for name in names)
    return [k for k, name in enumerate(cell.names) if k in found or name in layers[last + 1 :]]


def _lids(cell: Cell, over: list[int]) -> list[int]:
    """Labels of collectors among what is seen through: they would float as empty plates."""
    return [k for k in over if k in cell.labels(Role.ANODE_COLLECTOR, Role.CATHODE_COLLECTOR)]


def _there(cell: Cell, cells: tuple[int, int], missing: list[int], *, peeled: bool) -> BoolArray:
    """(columns, rows, R) which regions are there in which cell."""
    there = np.ones((*cells, len(cell.regions)), dtype=bool)
    there[..., missing] = False
    if peeled:
        kept = {*cell.facts.scaffold, *(name for name, _ in cell.facts.below)}
        gone = [k for k, name in enumerate(cell.names) if name not in kept]
        there[: max(1, cells[0] // 2), : max(1, cells[1] // 2), gone] = False
    return there


def _lifted(walls: InterfaceMesh, cells: tuple[int, int], order: list[int], camera: Camera) -> list[Body]:
    """The regions apart, none within another: one above the other, in as many piles as keep the picture compact."""
    alone = [np.zeros((*cells, len(walls.names)), dtype=bool) for _ in walls.names]
    for label, shown in enumerate(alone):
        shown[..., label] = True
    found = [bodies(walls, cells, shown=shown)[label] for label, shown in enumerate(alone)]
    across = camera.axes[0]
    flat = np.concatenate([body.vertices for body in found]) @ across
    wide = float(np.ptp(flat)) * (1 + APART)
    free = APART * max(float(np.ptp(flat)), 1e-9)
    heights = [float(np.ptp(found[label].vertices[:, 2])) + free for label in order]
    # As few piles as keep them from being slender; each as high as its share of all.
    piles = 1
    while sum(heights) / piles > PILE * wide * piles:
        piles += 1
    most = max(sum(heights) / piles, *heights) * (1 + 1e-9)
    pile, level = 0, 0.0
    moved = list(found)
    for label, height in zip(order, heights, strict=True):
        if level > 0 and level + height / 2 > most and pile < piles - 1:
            pile, level = pile + 1, 0.0
        body = found[label]
        lowest = float(body.vertices[:, 2].min())
        moved[label] = body.moved(pile * wide * across + np.array([0.0, 0.0, level - lowest]))
        level += height
    return moved


def _numbered(
    design: Evaluation, walls: InterfaceMesh, quantity: Quantity, found: list[Body], paints: list[Paint]
) -> tuple[list[Paint], Scale]:
    """Paints that show a quantity, and their scale: from the least to the largest number that is seen."""
    field = np.append(walls.fields[quantity.field], np.nan)  # the last entry answers for cut faces
    values = [field[body.source] for body in found]
    seen = np.concatenate(values)
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        words = quantity.title.partition(" from")[0].partition(" on")[0]
        raise InputError(f"view: {design.source} has no surface with a {words}; it needs both electrodes")
    areas = np.concatenate([body.areas for body in found])[np.isfinite(np.concatenate(values))]
    low, high = _between(seen, areas)
    return [replace(p, values=v) for p, v in zip(paints, values, strict=True)], Scale(low, high)


def _between(numbers: FloatArray, areas: FloatArray) -> tuple[float, float]:
    """The ends of a scale of colours: beyond either lies a small share of the area, so that a few corners do not set it."""
    order = np.argsort(numbers, kind="stable")
    share = np.cumsum(areas[order]) / areas.sum()
    low, high = (
        float(numbers[order[min(int(np.searchsorted(share, at)), len(order) - 1)]]) for at in (BEYOND, 1 - BEYOND)
    )
    return (low, high) if high - low > 1e-6 * abs(high) else (0.9 * low, 1.1 * high)


def _of_electrodes(cell: Cell, walls: InterfaceMesh, quantity: Quantity, found: list[Body]) -> Quantity:
    """The quantity with the names of the electrodes that show it."""
    field = np.append(walls.fields[quantity.field], np.nan)
    seen = np.zeros(len(field), dtype=bool)
    for body in found:
        seen[body.source] = True
    seen &= np.isfinite(field)
    names = []
    for role in (Role.ANODE, Role.CATHODE):
        if seen[surface_of(cell, walls, role)].any():
            names.append(role.value)
    other = {"anode": "cathode", "cathode": "anode"}
    side, far = (names[0], other[names[0]]) if len(names) == 1 else ("either electrode", "other")
    title = quantity.title.format(side=side, other=far).replace("the either", "either")
    return replace(quantity, title=title)
