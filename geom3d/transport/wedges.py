"""A cell of prisms as wedges: every triangle of the plan × every layer; what conducts, and where it meets electrodes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray, compacted
from geom3d.mesh.components import component_numbers
from geom3d.transport.contacts import Contacts
from geom3d.transport.plan import SIDES, Plan

#: Faces of a wedge: three sides, each opposite one corner, the bottom and the top.
BOTTOM, TOP = 3, 4


@dataclass(frozen=True)
class Wedges:
    """The wedges that carry current from one electrode to the other.

    Attributes:
        plan: its triangles.
        heights: (Z + 1,) of the layers' floors, µm.
        layer, triangle: (w,) of each wedge.
        conductivity: (w,) of each.
        nodes: (w, 6) corners, those below first, counted once through the period, 0 to `node_count` - 1.
        faces: (w, 5) three sides, bottom and top, counted once through the period, 0 to `face_count` - 1.
        anode, cathode: (a,), (c,) faces at which an electrode begins, as 5 × wedge + face.
    """

    plan: Plan
    heights: FloatArray
    layer: IntArray
    triangle: IntArray
    conductivity: FloatArray
    nodes: IntArray
    node_count: int
    faces: IntArray
    face_count: int
    anode: IntArray
    cathode: IntArray

    @classmethod
    def of(cls, plan: Plan, heights: FloatArray, labels: IntArray, contacts: Contacts) -> Wedges:
        """What conducts; pieces that do not join both electrodes are left out.

        Args:
            plan: the triangles.
            heights: (Z + 1,) of the layers' floors, µm.
            labels: (Z, T) region of each wedge.
            contacts: what the regions do.
        """
        count, triangles = labels.shape
        conductivity = contacts.of(labels)
        layer, triangle = np.nonzero(conductivity > 0)
        edges, of = plan.edges
        sides = of[triangle] + (layer * len(edges))[:, None]
        floor = count * len(edges) + layer * triangles + triangle
        faces = np.column_stack([sides, floor, floor + triangles])
        beyond = np.full((len(layer), 5), -1)
        beyond[:, :3] = labels[layer[:, None], plan.beside[triangle]]
        beyond[:, BOTTOM] = np.where(layer > 0, labels[layer - 1, triangle], -1)
        beyond[:, TOP] = np.where(layer < count - 1, labels[np.minimum(layer + 1, count - 1), triangle], -1)
        ends = [np.isin(beyond, list(labels_)) for labels_ in (contacts.anode, contacts.cathode)]
        order = np.argsort(faces.ravel(), kind="stable")
        double = np.flatnonzero(np.diff(faces.ravel()[order]) == 0)
        part = component_numbers(len(layer), np.column_stack([order[double], order[double + 1]]) // 5)
        kept = np.isin(part, np.intersect1d(part[ends[0].any(axis=1)], part[ends[1].any(axis=1)]))
        layer, triangle, faces = layer[kept], triangle[kept], faces[kept]
        home = plan.home[plan.triangles]
        below = home[triangle] + (layer * len(plan.points))[:, None]
        used_nodes, nodes = compacted(np.concatenate([below, below + len(plan.points)], axis=1))
        used_faces, faces = compacted(faces)
        return cls(
            plan, heights, layer, triangle, conductivity[layer, triangle], nodes, len(used_nodes), faces, len(used_faces),
            *(np.flatnonzero(end[kept].ravel()) for end in ends),
        )  # fmt: skip

    @cached_property
    def thickness(self) -> FloatArray:
        """(w,) height of each wedge, µm."""
        return np.asarray(np.diff(self.heights)[self.layer])

    @cached_property
    def face_areas(self) -> FloatArray:
        """(w, 5) area of each face, µm²."""
        sides = self.plan.lengths[self.triangle] * self.thickness[:, None]
        floor = self.plan.areas[self.triangle]
        return np.column_stack([sides, floor, floor])

    def fixed_nodes(self, ends: IntArray) -> IntArray:
        """Numbers of the corners of such faces, each once."""
        wedge, face = np.divmod(ends, 5)
        side = face < BOTTOM
        corner = SIDES[face[side]]
        at_side = self.nodes[wedge[side, None], np.concatenate([corner, corner + 3], axis=1)]
        at_floor = self.nodes[wedge[~side, None], np.arange(3) + 3 * (face[~side, None] == TOP)]
        return np.unique(np.concatenate([at_side.ravel(), at_floor.ravel()]))

    def fixed_faces(self, ends: IntArray) -> IntArray:
        """Numbers of such faces."""
        return np.asarray(self.faces.ravel()[ends])

    @property
    def touching(self) -> bool:
        """Whether both electrodes meet at a point of the medium: the current would be infinite there."""
        return bool(len(np.intersect1d(self.fixed_nodes(self.anode), self.fixed_nodes(self.cathode))))
