"""A battery's unit cell: an ordered list of named regions in a box that is periodic in x and y."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np

from geom3d.architectures._structure import StructureFacts
from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.errors import Geom3dError, InputError
from geom3d.core.roles import COLLECTOR, Role
from geom3d.library.materials import Material
from geom3d.mesh.components import Components, reaching, served, touching
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.volume import VolumeMesh, volume_mesh
from geom3d.solids import Solid

#: Most points of a sponge's grid on which a notebook makes walls just to show a cell.
AT_ONCE = 300_000


@dataclass(frozen=True)
class Region:
    """A part of the battery.

    Attributes:
        name: unique in its cell.
        role: what it does.
        material: what it is made of.
        solid: where it is, as far as no earlier region is there.
    """

    name: str
    role: Role
    material: Material
    solid: Solid


@dataclass(frozen=True)
class Cell:
    """One period of a battery.

    A point belongs to the first region whose solid contains it; what no region claims is void.

    Attributes:
        size: edges of the box in x, y and z, µm; x and y are periodic; its lower corner is the origin.
        regions: the first wins.
        facts: what the architecture knows of itself.
        fineness: chord tolerance of prisms, step of a sponge's grid, µm; None for 0.1 % of each circle's radius, and for
            a step that suits curvature and films.
    """

    size: tuple[float, float, float]
    regions: tuple[Region, ...]
    facts: StructureFacts
    fineness: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Region names, in order; an index into them is a region's label."""
        return tuple(region.name for region in self.regions)

    @property
    def footprint(self) -> float:
        """Chip area of one period, µm²."""
        return self.size[0] * self.size[1]

    @property
    def top(self) -> float:
        """Z of the highest region's top, µm; above it the box is empty."""
        return min(max(region.solid.bounds_z()[1] for region in self.regions), self.size[2])

    def labels(self, *roles: Role) -> list[int]:
        """Labels of the regions that have one of these roles."""
        return [k for k, region in enumerate(self.regions) if region.role in roles]

    def reached(self, components: Components, electrode: Role) -> BoolArray:
        """(n,) pieces of an electrode or its collector from which current reaches a contact."""
        return reaching(
            components, self.labels(electrode), self.labels(COLLECTOR[electrode]), self.labels(Role.SUBSTRATE)
        )

    def counted(self, components: Components, electrode: Role) -> BoolArray:
        """(n,) pieces of an electrode that take part: electrons reach their contact, ions the counter-electrode.

        The counter-electrode is what reaches its own contact; where lithium is yet to be plated it is the anode's collector.
        Without a counter-electrode any electrolyte will do, and without an electrolyte electrons alone: such a half cell is
        meant to be dipped into a liquid.
        """
        mine = np.isin(components.labels, self.labels(electrode)) & self.reached(components, electrode)
        electrolyte = self.labels(Role.ELECTROLYTE)
        if not electrolyte:
            return mine
        other = Role.CATHODE if electrode is Role.ANODE else Role.ANODE
        opposite = self.electrode(other)
        counter = np.isin(components.labels, opposite) & self.reached(components, other) if opposite else None
        return mine & served(components, self.labels(electrode), electrolyte, counter)

    def shorted(self, components: Components) -> bool:
        """Whether electrons pass from one contact to the other without a load."""
        return touching(components, self.reached(components, Role.ANODE), self.reached(components, Role.CATHODE))

    def locate(self, points: FloatArray) -> IntArray:
        """The label at each point, from the exact shapes (circles as circles).

        Args:
            points: (n, 3), µm; x and y are taken through the period.

        Returns:
            (n,) index into `names`; `len(names)` in the void; -1 below or above the box.
        """
        points = np.array(points, dtype=np.float64).reshape(-1, 3)
        points[:, :2] %= self.size[:2]
        labels = np.full(len(points), len(self.regions))
        for label in reversed(range(len(self.regions))):
            labels[self.regions[label].solid.contains(points)] = label
        labels[(points[:, 2] < 0) | (points[:, 2] > self.size[2])] = -1
        return labels

    @property
    def step(self) -> float | None:
        """Step of the grid on which the cell is sampled, µm; None where nothing is sampled."""
        solids = [region.solid for region in self.regions]
        return type(solids[0]).step(solids, self.size, self.fineness)

    def coarser(self) -> Cell | None:
        """The same cell on a grid of twice the step, for an estimate of what the step does; None where there is none."""
        return None if self.step is None else replace(self, fineness=2 * self.step)

    def walls(self) -> InterfaceMesh:
        """The triangles between the regions, checked.

        Raises:
            InputError: where a region is left without volume.
            GeometryError: where the mesh fails a check.
        """
        family = type(self.regions[0].solid)
        solids = [region.solid for region in self.regions]
        walls = family.partition(self.names, solids, self.size, self.fineness).check()
        for name, volume in zip(self.names, walls.volumes.tolist(), strict=False):
            if volume <= 0:
                raise InputError(
                    f"region {name!r} has no volume: the regions before it leave it no room "
                    "(a fill must reach above what it covers)"
                )
        return walls

    def mesh(self, max_edge: float | None = None, *, layers: int = 1, void: bool = False) -> VolumeMesh:
        """The volume mesh, for solvers, checked.

        Args:
            max_edge: no edge is longer, µm; None for the coarsest mesh that the geometry allows.
            layers: of tetrahedra in every layer in z, and across films of prisms that are thinner than half of `max_edge`, at
                least. Wider films get points inside.
            void: whether the empty space is meshed, too.

        Raises:
            InputError: a length that is not valid, or more tetrahedra than fit.
            GeometryError: where the mesh fails a check.
        """
        return volume_mesh(self.walls(), max_edge, layers=layers, void=void)

    def moved(self, dx: float, dy: float) -> Cell:
        """The same battery with its lattice shifted in the plane, µm. No metric may change."""
        regions = tuple(replace(region, solid=region.solid.moved(dx, dy)) for region in self.regions)
        pattern = self.facts.pattern
        moved = None if pattern is None else pattern.moved(dx, dy)
        return replace(self, regions=regions, facts=replace(self.facts, pattern=moved))

    def electrode(self, role: Role) -> list[int]:
        """Labels of an electrode; where lithium is yet to be plated the anode's collector stands for the anode."""
        return self.labels(role) or (self.labels(COLLECTOR[role]) if role is Role.ANODE else [])

    @property
    def post(self) -> float:
        """Where posts stand, as a share of the cell's size: in its middle if it holds one, at a quarter if two or four."""
        return 0.5 if self.facts.posts <= 1 else 0.25

    def middle(self, repeat: tuple[int, int] = (1, 1)) -> tuple[float, float]:
        """Where pictures of an array cut it in x and in y, µm: through the posts nearest its middle."""
        return self.size[0] * (repeat[0] // 2 + self.post), self.size[1] * (repeat[1] // 2 + self.post)

    def plot(
        self, *, repeat: tuple[int, int] = (1, 1), cut: bool = True, walls: InterfaceMesh | None = None, **options: Any
    ) -> Any:
        """The regions in a PyVista plotter, whose `show()` opens a window or shows them in a notebook.

        Args:
            repeat: unit cells in x and y.
            cut: whether the front quarter is removed.
            walls: of this cell, if they are known.
            options: of `pyvista.Plotter`, such as off_screen.

        Raises:
            OutputError: on a machine without OpenGL.
        """
        from geom3d.scene.bodies import bodies, capped, cut_faces
        from geom3d.scene.stage import OBLIQUE, Paint, plotter, require_opengl

        require_opengl()
        walls = self.walls() if walls is None else walls
        place = self.middle(repeat) if cut else None
        found = bodies(walls, repeat, cut=place)
        if place is not None:
            found = capped(found, cut_faces(walls, repeat, place))
        paints = [Paint(region.material.colour) for region in self.regions]
        stage = plotter(found, paints, curved=self.facts.web is not None, **options)
        stage.add_legend([[r.name, r.material.colour] for r in reversed(self.regions)], face="rectangle", bcolor=None)
        stage.add_axes()
        stage.view_vector(OBLIQUE.eye, OBLIQUE.up)
        return stage

    def to_html(self, walls: InterfaceMesh | None = None) -> str:
        """A table of the regions and a drawing of a section, for notebooks.

        Args:
            walls: of this cell; without them there is no drawing, and no sizes.
        """
        head, sizes, drawing = "<th></th><th>region</th><th>role</th><th>material</th>", [""] * len(self.regions), ""
        if walls is not None:
            head += "<th>from z</th><th>to z</th><th>volume per footprint</th>"
            sizes = [self._sizes(walls, label) for label in range(len(self.regions))]
            drawing = f"<td style='padding-left:2em'>{self._drawing(walls)}</td>"
        rows = "".join(
            f"<tr><td><span style='background:{r.material.colour};padding:0 1em'>&nbsp;</span></td>"
            f"<td>{escape(r.name)}</td><td>{r.role.value.replace('_', ' ')}</td><td>{escape(r.material.title)}</td>{size}</tr>"
            for r, size in zip(self.regions, sizes, strict=True)
        )
        x, y, z = self.size
        return (
            f"<p>Cell of {x:.6g} × {y:.6g} × {z:.6g} µm, periodic in x and y</p>"
            f"<table><tr><td><table><tr>{head}</tr>{rows}</table></td>{drawing}</tr></table>"
        )

    def _sizes(self, walls: InterfaceMesh, label: int) -> str:
        """Cells of the table: where a region begins and ends, and its volume per footprint, µm."""
        heights = walls.vertices[walls.shell([label])[0], 2]
        numbers = (heights.min(), heights.max(), walls.volumes[label] / walls.footprint)
        return "".join(f"<td style='text-align:right;white-space:nowrap'>{number:.4g} µm</td>" for number in numbers)

    def _drawing(self, walls: InterfaceMesh) -> str:
        """The section through the posts, normal to y, as SVG."""
        from geom3d.scene.drawing import sketch
        from geom3d.scene.faces import face

        period, height = self.size[0], self.size[2]
        shown = face(walls, self.middle()[1], "y", max(1, min(4, round(height / period))))
        return sketch(shown, {k: r.material.colour for k, r in enumerate(self.regions)}, dict(enumerate(self.names)))

    def _repr_html_(self) -> str:
        step = self.step
        if step is not None and math.prod(self.size) > AT_ONCE * step**3:
            return self.to_html()
        try:
            return self.to_html(self.walls())
        except Geom3dError:  # what is wrong is said where the walls are asked for
            return self.to_html()
