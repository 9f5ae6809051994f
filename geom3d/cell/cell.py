"""A battery's unit cell: an ordered list of named regions in a box that is periodic in x and y."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import numpy as np

from geom3d.architectures._percolation import require_sponge
from geom3d.architectures._structure import StructureFacts
from geom3d.cell.description import Description
from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.errors import Geom3dError, InputError
from geom3d.core.roles import COLLECTOR, Role
from geom3d.deposition import Coverage
from geom3d.library.materials import Material
from geom3d.mesh.components import Components, reaching, served, touching
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.volume import VolumeMesh, volume_mesh
from geom3d.solids import Family, Solid, family_of
from geom3d.solids.film_profile import FilmProfile

#: Most points of a sponge's grid on which a notebook makes walls just to show a cell's sizes.
AT_ONCE = 300_000
#: Distances that differ by no more than this share are equal.
SAME = 1e-9


@dataclass(frozen=True)
class Region:
    """A part of the battery.

    Attributes:
        name: unique in its cell.
        role: what it does.
        material: what it is made of.
        solid: where it is, as far as no earlier region is there.
        usual: the role that the architecture gives a region of its own; None where that is not known.
        thickness: of a coat, µm, of an uneven one on the flat top; None for all others.
        fill_to: level, µm above the scaffold's top (negative: below it), up to which a fill takes what is left; None for
            all others.
        film: thickness of an uneven coat against depth; None for all others.
        coverage: of a coat whose thickness was found from its process; None for all others.
    """

    name: str
    role: Role
    material: Material
    solid: Solid
    usual: Role | None = None
    thickness: float | None = None
    fill_to: float | None = None
    film: FilmProfile | None = None
    coverage: Coverage | None = None

    def __repr__(self) -> str:
        return f"<Region {self.name!r}: {self.role.value.replace('_', ' ')}, {self.material.title}{self._extent}>"

    @property
    def _extent(self) -> str:
        if self.thickness is not None:
            return f", {self.thickness:.6g} µm thick"
        return "" if self.fill_to is None else f", filled to {self.fill_to:.6g} µm"

    @property
    def own(self) -> bool:
        """Whether it is the architecture's own, neither a coat nor a fill."""
        return self.thickness is None and self.fill_to is None


@dataclass(frozen=True)
class Cell:
    """One period of a battery.

    A point belongs to the first region whose solid contains it; what no region claims is void.

    Attributes:
        size: edges of the box in x, y and z, µm; x and y are periodic; its lower corner is the origin.
        regions: the first wins.
        facts: what the architecture knows of itself.
        chord_tolerance: largest distance between a chord and its arc, µm, where outlines are exact but for that; None for
            0.1 % of each circle's radius.
        grid_step: of the grid, µm, where the cell is sampled; None for one that suits curvature and films.
        description: what the battery is called, and how its numbers are to be taken.
    """

    size: tuple[float, float, float]
    regions: tuple[Region, ...]
    facts: StructureFacts
    chord_tolerance: float | None = None
    grid_step: float | None = None
    description: Description = field(default_factory=Description)

    def __post_init__(self) -> None:
        """Raises an InputError where the regions' solids are of several families."""
        family_of({region.name: region.solid for region in self.regions})

    def __repr__(self) -> str:
        x, y, z = self.size
        made = f"{x:.6g} × {y:.6g} × {z:.6g} µm of {self.family.name}: {', '.join(self.names)}"
        return f"<Cell {self.description.title!r}: {made}>" if self.description.title else f"<Cell {made}>"

    @property
    def family(self) -> Family[Any]:
        """What the regions' solids are: prisms, fields, or a family of a user's own."""
        return self.regions[0].solid.family

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

    @property
    def bottom(self) -> float:
        """Z of the lowest region's bottom, µm: 0 but for a plate with films on both faces, below which the box is empty."""
        return min(region.solid.bounds_z()[0] for region in self.regions) if self.facts.both_faces else 0.0

    @property
    def height(self) -> float:
        """From the lowest region's bottom to the highest region's top, µm."""
        return self.top - self.bottom

    @property
    def layers(self) -> tuple[Region, ...]:
        """Coats and fills, from the scaffold outward."""
        return tuple(region for region in self.regions if not region.own)

    @property
    def films(self) -> dict[str, float]:
        """Thicknesses of the coats by name, from the scaffold outward, µm; of uneven ones those on the flat top."""
        return {region.name: region.thickness for region in self.regions if region.thickness is not None}

    @property
    def films_between(self) -> tuple[Region, ...]:
        """The coats of electrolyte where nothing else parts the electrodes, and no other electrolyte is; else none.

        The outer electrode then begins where the inner body, grown by their thickness, ends: they are a parallel film.
        """
        regions = [region for region in self.regions if region.role is not Role.SUBSTRATE]
        roles = [region.role for region in regions]
        between = [k for k, role in enumerate(roles) if role is Role.ELECTROLYTE]
        if not between or between[0] == 0 or between[-1] == len(roles) - 1:
            return ()
        films = tuple(regions[between[0] : between[-1] + 1])
        # Where lithium is yet to be plated the anode's collector stands for the anode.
        anode = Role.ANODE if Role.ANODE in roles else Role.ANODE_COLLECTOR
        ends = {roles[between[0] - 1], roles[between[-1] + 1]}
        alike = len(films) == len(between) and all(f.thickness is not None and f.film is None for f in films)
        return films if alike and ends == {anode, Role.CATHODE} else ()

    @property
    def film_between(self) -> float | None:
        """Thickness of the parallel film between the electrodes, µm; None where there is none."""
        films = self.films_between
        return sum(film.thickness or 0.0 for film in films) if films else None

    def labels(self, *roles: Role) -> list[int]:
        """Labels of the regions that have one of these roles."""
        return [k for k, region in enumerate(self.regions) if region.role in roles]

    def reached(self, components: Components, electrode: Role) -> BoolArray:
        """(n,) pieces of an electrode or its collector from which current reaches a contact."""
        return reaching(
            components, self.labels(electrode), self.labels(COLLECTOR[electrode]), self.labels(Role.SUBSTRATE)
        )

    def counted(
        self, components: Components, electrode: Role, reached: Mapping[Role, BoolArray] | None = None
    ) -> BoolArray:
        """(n,) pieces of an electrode that take part: electrons reach their contact, ions the counter-electrode.

        The counter-electrode is what reaches its own contact; where lithium is yet to be plated it is the anode's collector.
        Without a counter-electrode any electrolyte will do, and without an electrolyte electrons alone: such a half cell is
        meant to be dipped into a liquid.

        Args:
            components: the pieces of the partition.
            electrode: its role.
            reached: what `reached` gives for either electrode, where that is known.
        """
        reached = reached or {role: self.reached(components, role) for role in COLLECTOR}
        mine = np.isin(components.labels, self.labels(electrode)) & reached[electrode]
        electrolyte = self.labels(Role.ELECTROLYTE)
        if not electrolyte:
            return mine
        other = Role.CATHODE if electrode is Role.ANODE else Role.ANODE
        opposite = self.electrode(other)
        counter = np.isin(components.labels, opposite) & reached[other] if opposite else None
        return mine & served(components, self.labels(electrode), electrolyte, counter)

    def shorted(self, components: Components, reached: Mapping[Role, BoolArray] | None = None) -> bool:
        """Whether electrons pass from one contact to the other without a load.

        Args:
            components: the pieces of the partition.
            reached: what `reached` gives for either electrode, where that is known.
        """
        reached = reached or {role: self.reached(components, role) for role in COLLECTOR}
        return touching(components, reached[Role.ANODE], reached[Role.CATHODE])

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
        return self.family.step([region.solid for region in self.regions], self.size, self.grid_step)

    def coarser(self) -> Cell | None:
        """The same cell on a grid of twice the step, for an estimate of what the step does; None where there is none."""
        return None if self.step is None else replace(self, grid_step=2 * self.step)

    def walls(self) -> InterfaceMesh:
        """The triangles between the regions, checked.

        Raises:
            InputError: where a region is left without volume.
            GeometryError: where the mesh fails a check.
        """
        solids = [region.solid for region in self.regions]
        walls = self.family.partition(
            self.names, solids, self.size, chord_tolerance=self.chord_tolerance, grid_step=self.grid_step
        )
        if self.facts.web is not None:
            require_sponge(self.facts.web, walls, solids, percolates=self.facts.percolates)
        walls.check()
        require_volumes(self.names, walls.volumes)
        return walls

    def mesh(
        self, max_edge: float | None = None, *, layers: int = 1, void: bool = False, keep_walls: bool = False
    ) -> VolumeMesh:
        """The volume mesh, for solvers, checked.

        Args:
            max_edge: no edge is longer, µm; None for the coarsest mesh that the geometry allows.
            layers: of tetrahedra in every layer in z, and across films of prisms that are thinner than half of `max_edge`, at
                least. Wider films get points inside.
            void: whether the empty space is meshed, too.
            keep_walls: whether a sponge's walls stay triangle for triangle; else flat tetrahedra are taken out.

        Raises:
            InputError: a length that is not valid, or more tetrahedra than fit.
            GeometryError: where the mesh fails a check.
        """
        return volume_mesh(self.walls(), max_edge, layers=layers, void=void, keep_walls=keep_walls)

    def moved(self, dx: float, dy: float) -> Cell:
        """The same battery with its lattice shifted in the plane, µm. No metric may change."""
        regions = tuple(replace(region, solid=region.solid.moved(dx, dy)) for region in self.regions)
        pattern = self.facts.pattern
        moved = None if pattern is None else pattern.moved(dx, dy)
        (px, py), sites = self.size[:2], self.facts.sites
        # Twice, since a remainder of less than nothing may round up to the whole period.
        there = tuple(((x + dx) % px % px, (y + dy) % py % py) for x, y in sites)
        return replace(self, regions=regions, facts=replace(self.facts, pattern=moved, sites=there))

    def electrode(self, role: Role) -> list[int]:
        """Labels of an electrode; where lithium is yet to be plated the anode's collector stands for the anode."""
        return self.labels(role) or (self.labels(COLLECTOR[role]) if role is Role.ANODE else [])

    def axis(self, repeat: tuple[int, int] = (1, 1)) -> tuple[float, float]:
        """Through which axis of a post, hole, trench or line a picture of an array is cut, as shares of the cell's size.

        It is the one nearest the array's middle, of those in the unit cell whose middle or lower corner lies there; the first
        of equally near ones. Where nothing has an axis, it is the cell's middle.
        """
        if not self.facts.sites:
            return 0.5, 0.5
        (x, y), sites = self.size[:2], self.facts.sites
        away = [math.hypot(u - x * (repeat[0] % 2) / 2, v - y * (repeat[1] % 2) / 2) for u, v in sites]
        u, v = next(site for site, far in zip(sites, away, strict=True) if far <= min(away) * (1 + SAME))
        return u / x, v / y

    def middle(self, repeat: tuple[int, int] = (1, 1)) -> tuple[float, float]:
        """Where pictures of an array cut it in x and in y, µm: through the axis of the post, hole or line near its middle."""
        u, v = self.axis(repeat)
        return self.size[0] * (repeat[0] // 2 + u), self.size[1] * (repeat[1] // 2 + v)

    def to_html(self, walls: InterfaceMesh | None = None, beside: str = "") -> str:
        """A table of the regions, for notebooks.

        Args:
            walls: of this cell; without them there are no sizes.
            beside: HTML that is shown on the right of the table.
        """
        head, sizes = "<th></th><th>region</th><th>role</th><th>material</th>", [""] * len(self.regions)
        if walls is not None:
            head += "<th>from z</th><th>to z</th><th>volume per footprint</th>"
            sizes = [self._sizes(walls, label) for label in range(len(self.regions))]
        rows = "".join(
            f"<tr><td><span style='background:{r.material.colour};padding:0 1em'>&nbsp;</span></td>"
            f"<td style='text-align:left'>{escape(r.name)}</td><td style='text-align:left'>{r.role.value.replace('_', ' ')}</td>"
            f"<td style='text-align:left'>{escape(r.material.title)}</td>{size}</tr>"
            for r, size in zip(self.regions, sizes, strict=True)
        )
        x, y, z = self.size
        right = f"<td style='padding-left:2em'>{beside}</td>" if beside else ""
        return (
            f"<p>Cell of {x:.6g} × {y:.6g} × {z:.6g} µm, periodic in x and y</p>"
            f"<table style='margin-left:0'><tr><td><table style='margin-left:0;text-align:left'><tr>{head}</tr>{rows}</table></td>"
            f"{right}</tr></table>"
        )

    def _sizes(self, walls: InterfaceMesh, label: int) -> str:
        """Cells of the table: where a region begins and ends, and its volume per footprint, µm."""
        heights = walls.vertices[walls.shell([label])[0], 2]
        numbers = (heights.min(), heights.max(), walls.volumes[label] / walls.footprint)
        return "".join(f"<td style='text-align:right;white-space:nowrap'>{number:.4g} µm</td>" for number in numbers)

    def _repr_html_(self) -> str:
        step = self.step
        if step is not None and math.prod(self.size) > AT_ONCE * step**3:
            return self.to_html()
        try:
            return self.to_html(self.walls())
        except Geom3dError:  # what is wrong is said where the walls are asked for
            return self.to_html()


def require_volumes(names: tuple[str, ...], volumes: FloatArray) -> None:
    """Raises an InputError where a region is left without volume.

    Args:
        names: of the regions.
        volumes: (R + 1,) of the regions and the void, µm³.
    """
    for name, volume in zip(names, volumes.tolist(), strict=False):
        if volume <= 0:
            raise InputError(
                f"region {name!r} has no volume: the regions before it leave it no room "
                "(a fill must reach above what it covers)"
            )
