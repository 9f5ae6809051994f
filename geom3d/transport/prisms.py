"""Conduction in a cell of prisms, on wedges that are refined until two energies enclose the conductance closely."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, run_starts
from geom3d.core.progress import bar
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.solids.prisms.extrusion import Extrusion, layers_of
from geom3d.solids.prisms.planmesh import plan_mesh
from geom3d.transport.bounds import current_parts, potential_parts, shares, steepness
from geom3d.transport.contacts import Contacts, NoPath
from geom3d.transport.linear import RESIDUAL, System, assembled
from geom3d.transport.plan import Plan
from geom3d.transport.solution import Currents, Solution
from geom3d.transport.surface import surface
from geom3d.transport.wedges import Wedges

#: Half of the gap between the two energies, relative, at which refinement ends.
ENOUGH = 2.5e-3
#: Wedges from which on none are added.
MOST = 80_000
#: Half of the gap that is not worth more wedges, where it is left with so many: a thin film is the only way, many times as long.
APART, MANY = 0.9, 20_000
#: Share of the gap whose places are refined at once; residual that is small enough on the way.
AT_ONCE, ON_THE_WAY = 0.35, 1e-5
#: Worth (logarithm of the gap closed over that of the wedges added) assumed of finer triangles before they are tried, and
#: the factor by which the worth of what is not refined grows in each step.
USUAL, GROWTH = 0.7, 1.3
#: Steps of refinement, at most.
STEPS = 30


@dataclass(frozen=True)
class WedgeStack:
    """A cell as triangles of a plan × layers.

    Attributes:
        plan: the triangles.
        heights: (Z + 1,) of the layers' floors, µm.
        z_layer: (Z,) layer in z of the floor plan that each layer lies in.
        labels: (S, F) region by layer in z and face of the floor plan.
    """

    plan: Plan
    heights: FloatArray
    z_layer: IntArray
    labels: IntArray

    @classmethod
    def of(cls, filling: Extrusion, contacts: Contacts, period: tuple[float, float]) -> WedgeStack:
        """As coarse as refinement may begin with: wide faces have a few points inside, layers grow with the distance
        from thin layers in z. Layers in z that differ in what does not matter are one.
        """
        kinds = np.zeros(int(filling.labels.max()) + 1, dtype=np.int64)
        for number, group in enumerate(([*contacts.anode], [*contacts.cathode], *([k] for k in contacts.conductivity))):
            kinds[group] = number + 1
        starts = run_starts(kinds[filling.labels])
        levels = filling.levels[np.append(starts, -1)]
        heights, z_layer = layers_of(levels, float(levels[-1]), 1)
        flat = plan_mesh(filling.plan, max(period), 1, 1)
        return cls(
            Plan(flat.points, flat.triangles, flat.face, period),
            heights,
            z_layer,
            filling.labels[starts],
        )

    def wedges(self, contacts: Contacts) -> Wedges:
        """What conducts."""
        return Wedges.of(self.plan, self.heights, self.labels[self.z_layer][:, self.plan.face], contacts)

    def with_layers(self, chosen: BoolArray) -> WedgeStack:
        """(Z,) chosen layers cut in two."""
        number = np.flatnonzero(chosen)
        middles = (self.heights[number] + self.heights[number + 1]) / 2
        return replace(
            self,
            heights=np.sort(np.concatenate([self.heights, middles])),
            z_layer=np.insert(self.z_layer, number, self.z_layer[number]),
        )

    def with_triangles(self, chosen: BoolArray) -> WedgeStack:
        """(T,) chosen triangles cut in four, neighbours as far as needed."""
        return replace(self, plan=self.plan.cut(chosen))


@dataclass(frozen=True)
class Pair:
    """Both approximations on a stack.

    Attributes:
        wedges: what conducts.
        parts: (w, 6, 6) and (w, 5, 5) matrices of each wedge, for potentials at its corners and means at its faces.
        systems: of all nodes, and of all faces.
        potentials: at nodes, and the mean at faces.
    """

    wedges: Wedges
    parts: tuple[FloatArray, FloatArray]
    systems: tuple[System, System]
    potentials: tuple[FloatArray, FloatArray]

    @classmethod
    def of(cls, wedges: Wedges) -> Pair:
        """As exact as is enough on the way."""
        stiffness, currents = parts = potential_parts(wedges), current_parts(wedges)
        upper, lower = systems = (
            System(
                assembled(stiffness, wedges.nodes, wedges.node_count),
                wedges.fixed_nodes(wedges.anode),
                wedges.fixed_nodes(wedges.cathode),
            ),
            System(
                assembled(currents, wedges.faces, wedges.face_count),
                wedges.fixed_faces(wedges.anode),
                wedges.fixed_faces(wedges.cathode),
            ),
        )
        return cls(wedges, parts, systems, (upper.solve(ON_THE_WAY), lower.solve(ON_THE_WAY)))

    def polished(self) -> Pair:
        """The same to the last digits."""
        one, two = (system.solve(RESIDUAL, guess) for system, guess in zip(self.systems, self.potentials, strict=True))
        return replace(self, potentials=(one, two))

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Conductance that is at least, and at most, that of the cell."""
        upper, lower = (
            float(values @ (system.matrix @ values))
            for system, values in zip(self.systems, self.potentials, strict=True)
        )
        return lower, upper

    @property
    def half_gap(self) -> float:
        """Half of the gap between the bounds over their middle."""
        lower, upper = self.bounds
        return (upper - lower) / (upper + lower)

    @cached_property
    def shares(self) -> FloatArray:
        """(w,) each wedge's share of the gap."""
        potentials, means = self.potentials[0][self.wedges.nodes], self.potentials[1][self.wedges.faces]
        return shares(potentials, self.parts[0], means, -self.out)

    @cached_property
    def out(self) -> FloatArray:
        """(w, 5) current out through each face, towards lower potential."""
        means = self.potentials[1][self.wedges.faces]
        return np.asarray(-np.einsum("wij,wj->wi", self.parts[1], means))


def conduction(walls: InterfaceMesh, contacts: Contacts) -> Solution:
    """The conductance of a cell of prisms, between two bounds.

    Args:
        walls: of the cell.
        contacts: what its regions do.

    Raises:
        NoPath: where the electrolyte does not join both electrodes, the electrodes touch where they face it, or the bounds stay
            apart.
        GeometryError: where a system cannot be solved.
    """
    filling = walls.filling
    assert isinstance(filling, Extrusion)  # the caller's promise
    stack = WedgeStack.of(filling, contacts, walls.size[:2])
    wedges = stack.wedges(contacts)
    if not len(wedges.layer):
        raise NoPath("the electrolyte does not join the electrodes")
    if wedges.touching:
        raise NoPath("the electrodes touch at the edge of the electrolyte: its resistance is zero")
    with bar("ionic conduction", 100) as advance:
        done = 0
        pair = Pair.of(wedges)
        start = max(pair.half_gap, ENOUGH)
        choice = _Choice(pair)
        for _ in range(STEPS):
            if pair.half_gap <= ENOUGH or len(pair.wedges.layer) >= MOST:
                break
            if pair.half_gap > APART and len(pair.wedges.layer) >= MANY:
                raise NoPath(
                    f"{len(pair.wedges.layer)} elements leave its bounds a factor of {pair.bounds[1] / pair.bounds[0]:.2g} apart: "
                    "a film is the only way, too thin for its length"
                )
            stack = choice.refined(stack, pair)
            pair = choice.tried(Pair.of(stack.wedges(contacts)))
            part = 1.0 if start <= ENOUGH else math.log(start / max(pair.half_gap, ENOUGH)) / math.log(start / ENOUGH)
            now = int(90 * min(max(part, len(pair.wedges.layer) / MOST), 1.0))
            advance(max(now - done, 0))
            done = max(done, now)
        pair = pair.polished()
        advance(100 - done)
    lower, upper = pair.bounds
    anode, cathode = (_currents(pair, ends, sign) for ends, sign in ((pair.wedges.anode, 1), (pair.wedges.cathode, -1)))
    return Solution(
        conductance=(lower + upper) / 2,
        bounds=(min(lower, upper), max(lower, upper)),
        anode=anode,
        cathode=cathode,
        unknowns=pair.wedges.face_count,
        way="finite elements, between two bounds",
        field=lambda: _field(walls, stack, pair),
    )


class _Choice:
    """Whether triangles or layers are refined: what has closed the gap better for the wedges it took, last time."""

    def __init__(self, pair: Pair) -> None:
        self._worth = {"layers": math.inf, "triangles": USUAL}
        self._last = "layers"
        self._pair = pair

    def refined(self, stack: WedgeStack, pair: Pair) -> WedgeStack:
        """The stack refined where most of the gap is."""
        self._last = max(self._worth, key=lambda name: self._worth[name])
        of, count = pair.wedges, len(stack.plan.triangles)
        if self._last == "layers":
            steep = np.minimum(steepness(of, pair.out), pair.shares)
            per_layer = np.asarray(np.bincount(of.layer, steep, len(stack.z_layer)), dtype=np.float64)
            if per_layer.any():
                return stack.with_layers(_most(per_layer))
            self._last = "triangles"
            self._worth["layers"] = 0.0
        return stack.with_triangles(_most(np.asarray(np.bincount(of.triangle, pair.shares, count), dtype=np.float64)))

    def tried(self, pair: Pair) -> Pair:
        """Remembers what the last refinement was worth."""
        closed = math.log(max(self._pair.half_gap, 1e-15) / max(pair.half_gap, 1e-15))
        for name in self._worth:
            self._worth[name] *= GROWTH  # what is left alone has ever more of what is left
        self._worth[self._last] = closed / math.log(len(pair.wedges.layer) / len(self._pair.wedges.layer))
        self._pair = pair
        return pair


def _most(values: FloatArray) -> BoolArray:
    """(n,) the fewest that have AT_ONCE of the sum."""
    order = np.argsort(-values, kind="stable")
    count = int(np.searchsorted(np.cumsum(values[order]), AT_ONCE * values.sum())) + 1
    chosen = np.zeros(len(values), dtype=bool)
    chosen[order[:count]] = True
    return np.asarray(chosen & (values > 0))


def _currents(pair: Pair, ends: IntArray, sign: int) -> Currents:
    return Currents(pair.wedges.face_areas.ravel()[ends], sign * pair.out.ravel()[ends])


def _field(walls: InterfaceMesh, stack: WedgeStack, pair: Pair) -> InterfaceMesh:
    """The walls with the current density over its mean on the electrodes' surfaces."""
    values = np.full((len(stack.heights) - 1, len(stack.plan.triangles), 5), np.nan)
    of = pair.wedges
    for ends, sign in ((of.anode, 1), (of.cathode, -1)):
        wedge, face = np.divmod(ends, 5)
        values[of.layer[wedge], of.triangle[wedge], face] = _currents(pair, ends, sign).density
    filling = walls.filling
    assert isinstance(filling, Extrusion)
    # All levels again, those that did not matter for the current too.
    heights = np.union1d(stack.heights, filling.levels)
    middles = (heights[1:] + heights[:-1]) / 2
    layer = np.searchsorted(stack.heights, middles) - 1
    z_layer = np.searchsorted(filling.levels, middles) - 1
    return surface(walls, stack.plan, heights, filling.labels[z_layer][:, stack.plan.face], values[layer])
