"""Two approximations on wedges whose energies enclose the true conductance.

Potentials that are continuous, and linear in the plan and in the height, have at least the energy of the true one: Dirichlet's
principle. Currents that are lost nowhere (Raviart and Thomas, lowest order) meet at least the resistance of the true one:
Thomson's principle. The currents' unknowns are the mean potentials of the faces, which gives a system like that of the
potentials (hybridisation; Arnold and Brezzi 1985). The gap between the two energies is the integral of κ |∇u - j/κ|²
(Prager and Synge 1947), a sum over wedges: it tells where to refine.
"""

from __future__ import annotations

import numpy as np

from geom3d.core.arrays import FloatArray
from geom3d.transport.plan import SIDES, Plan
from geom3d.transport.wedges import Wedges

#: Over a height of 1: mass and stiffness of linear functions.
MASS, STIFF = np.array([[2, 1], [1, 2]]) / 6, np.array([[1, -1], [-1, 1]])
#: Inverse of the mass of currents that enter below and leave above.
THROUGH = np.array([[4, 2], [2, 4]])


def shares(potentials: FloatArray, stiffness: FloatArray, means: FloatArray, into: FloatArray) -> FloatArray:
    """(w,) each wedge's share of the gap between the two energies.

    Args:
        potentials: (w, 6) continuous potential at the corners.
        stiffness: (w, 6, 6) of `potential_parts`.
        means: (w, 5) mean potentials of the faces, of the other approximation.
        into: (w, 5) its currents into the wedges through the faces.
    """
    u = potentials
    upper = np.einsum("wi,wij,wj->w", u, stiffness, u)
    lower = np.einsum("wi,wi->w", into, means)
    plane = np.stack([u[:, corners].mean(axis=1) for corners in CORNERS], axis=1)
    return np.asarray(np.maximum(upper + lower - 2 * np.einsum("wi,wi->w", into, plane), 0))


#: Corners of each face: three sides, bottom and top.
CORNERS = [*([a, b, a + 3, b + 3] for a, b in SIDES.tolist()), [0, 1, 2], [3, 4, 5]]


def potential_parts(wedges: Wedges) -> FloatArray:
    """(w, 6, 6) stiffness of each wedge: of continuous potentials at its corners."""
    plan = wedges.plan
    ends = plan.points[plan.triangles[:, SIDES]]
    along = ends[:, :, 1] - ends[:, :, 0]
    stiff = np.einsum("tid,tjd->tij", along, along) / (4 * plan.areas)[:, None, None]
    mass = plan.areas[:, None, None] * (1 + np.eye(3)) / 12
    flat = np.einsum("ab,tij->taibj", MASS, stiff).reshape(-1, 6, 6)
    upright = np.einsum("ab,tij->taibj", STIFF, mass).reshape(-1, 6, 6)
    high, own = wedges.thickness[:, None, None], wedges.conductivity[:, None, None]
    return np.asarray(own * (high * flat[wedges.triangle] + upright[wedges.triangle] / high))


def current_parts(wedges: Wedges) -> FloatArray:
    """(w, 5, 5) currents that enter through the faces of each wedge from their mean potentials."""
    plan = wedges.plan
    flat = mass_inverse(plan)
    high = wedges.thickness
    found = np.zeros((len(high), 5, 5))
    found[:, :3, :3] = flat[wedges.triangle] * high[:, None, None]
    found[:, 3:, 3:] = THROUGH * (plan.areas[wedges.triangle] / high)[:, None, None]
    out = found.sum(axis=2)
    found -= out[:, :, None] * (out / out.sum(axis=1)[:, None])[:, None, :]  # nothing is lost within
    found *= wedges.conductivity[:, None, None]
    return found


def mass_inverse(plan: Plan) -> FloatArray:
    """(T, 3, 3) inverse of the mass of currents through the sides of each triangle, for a conductivity of 1.

    The field of a unit current out of a side is (x - opposite corner) / twice the area A; so with d the steps from the corners to
    the centroid, whose sum is nothing, the mass is (dᵢ · dⱼ + m) / 4 A, where m, the squares of the sides over 36, is the mean
    square distance from the centroid. The gradients of the barycentric coordinates, sides over 2 A turned by a right angle,
    are the pseudo-inverse of d. So the inverse is known, and needs no division by what rounding makes nothing in a
    triangle that is a hundred thousand times as long as high.
    """
    ends = plan.points[plan.triangles[:, SIDES]]
    sides = ends[:, :, 1] - ends[:, :, 0]
    moment = (plan.lengths**2).sum(axis=1) / 36
    along = np.einsum("tid,tjd->tij", sides, sides) / plan.areas[:, None, None]
    return np.asarray(along + (4 * plan.areas / (9 * moment))[:, None, None])


def steepness(wedges: Wedges, out: FloatArray) -> FloatArray:
    """(w,) how much of the gap comes from the layers' heights: from by how much the current along the plan changes there.

    Args:
        wedges: the mesh.
        out: (w, 5) current out through each face.
    """
    plan, high = wedges.plan, wedges.thickness
    corners = plan.points[plan.triangles]
    away = corners.mean(axis=1, keepdims=True) - corners
    area = plan.areas[wedges.triangle]
    along = np.einsum("wi,wid->wd", out[:, :3], away[wedges.triangle]) / (2 * area * high)[:, None]
    place = np.full((len(wedges.heights) + 1, len(plan.triangles)), -1)
    place[wedges.layer + 1, wedges.triangle] = np.arange(len(high))
    steepest = np.zeros(along.shape)
    for step in (0, 2):
        other = place[wedges.layer + step, wedges.triangle]
        pair = np.flatnonzero((other >= 0) & (wedges.conductivity[other] == wedges.conductivity))
        other = other[pair]
        change = np.abs(along[other] - along[pair]) / ((high[other] + high[pair]) / 2)[:, None]
        steepest[pair] = np.maximum(steepest[pair], change)
    return np.asarray(high**3 * area / wedges.conductivity * (steepest**2).sum(axis=1) / 12)
