"""What exporters of volume meshes have in common: one unit cell, its groups of triangles, its entries in the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from geom3d.core.arrays import IntArray
from geom3d.core.errors import InputError
from geom3d.exports import Job
from geom3d.mesh.volume import SIDES, VolumeMesh

#: A mesh with a tetrahedron of less mean ratio than this strains solvers.
POOR = 1e-4


@dataclass(frozen=True)
class Parts:
    """A volume mesh with names for everything.

    Attributes:
        mesh: of one unit cell, the void left out.
        groups: names of the groups of triangles, regions on both sides of an inner one: "anode|electrolyte".
        group: (F,) the group of each triangle.
        facts: entries on it for the report.
        warnings: what the reader of its files must know.
    """

    mesh: VolumeMesh
    groups: tuple[str, ...]
    group: IntArray
    facts: dict[str, Any]
    warnings: tuple[str, ...]


def parts(job: Job, name: str) -> Parts:
    """The volume mesh of a job, and what the reader of its files must know.

    Args:
        job: what is to be written.
        name: of the format.

    Raises:
        InputError: where islands are to be dropped, or more tetrahedra than fit.
    """
    require_filling(job, name)
    mesh = job.volume
    count = len(mesh.names) + 1
    kind = np.where(mesh.side >= 0, count * count + mesh.side, mesh.back_region * count + mesh.front_region)
    kinds, group = np.unique(kind, return_inverse=True)
    names = [*mesh.names, "void"]
    pairs = [
        SIDES[k - count * count] if k >= count * count else f"{names[k // count]}|{names[k % count]}"
        for k in kinds.tolist()
    ]
    quality = mesh.quality()
    warnings = []
    if job.repeat != (1, 1):
        warnings.append(
            f"{name}: the volume mesh is that of one unit cell, periodic in x and y, not of "
            f"{job.repeat[0]} × {job.repeat[1]} cells"
        )
    if quality["mean_ratio"]["min"] < POOR:
        warnings.append(
            f"{name}: the flattest tetrahedron has a mean ratio of {quality['mean_ratio']['min']:.1g} (1: regular); "
            "with a max_edge, long ones become shorter"
        )
    # A region may be called "top"; its group of triangles must not be mistaken for it.
    groups = tuple(f"{pair} of the box" if pair in mesh.names else pair for pair in pairs)
    facts = {
        "cells": [1, 1],
        "regions": [
            {"label": k, "name": region.name, "role": region.role.value, "material": region.material.title}
            for k, region in enumerate(job.cell.regions)
        ],
        "interfaces": list(groups),
        "max_edge_um": job.options.max_edge,
        "quality": quality,
        "differs_from_walls": _differences(job),
    }
    return Parts(mesh, groups, group, facts, tuple(warnings))


def _differences(job: Job) -> dict[str, float]:
    """By what share volumes and areas of the mesh are others than those of the walls, at most.

    Rounding, but where flat tetrahedra were taken out of a sampled cell.
    """
    count = len(job.volume.names)
    found, expected = job.volume.region_volumes()[:count], job.walls.volumes[:count]
    areas, of_walls = job.volume.interface_areas(), job.walls.interfaces()
    return {
        "volume": float(np.max(np.abs(found / expected - 1))),
        "area": max((abs(areas[pair] / area - 1) for pair, area in of_walls.items()), default=0.0),
    }


def require_filling(job: Job, name: str) -> None:
    """Raises InputError where a volume mesh cannot be what is asked for."""
    if job.walls.filling is None:
        raise InputError(
            f"format: a volume mesh keeps its islands; got {name} with drop_islands; leave one of them out"
        )


def most(job: Job, name: str) -> tuple[int, int, int]:
    """The most points, tetrahedra and triangles that the mesh of a job can have."""
    require_filling(job, name)
    assert job.walls.filling is not None
    return job.walls.filling.most(job.options.max_edge, 1)
