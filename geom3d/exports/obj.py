"""Wavefront OBJ: all regions as objects of one file, and their colours in an MTL file beside it.

Each region is a closed mesh with vertices of its own. Repeated cells are one body: no walls on the seams, vertices shared
from tile to tile. A region's whole body is held in memory, so the number of triangles is limited by the memory; STL and 3MF are not.
Coordinates carry twelve digits.
"""

from __future__ import annotations

import re
from pathlib import Path

from geom3d._version import __version__
from geom3d.core import memory
from geom3d.core.files import replacing, rows
from geom3d.core.progress import bar
from geom3d.exports import Job, Written
from geom3d.mesh import manifold

#: The settings that it heeds.
USES: tuple[str, ...] = ("unit",)

#: Bytes that a triangle takes with its share of the vertices, where each body is welded in memory.
PER_TRIANGLE = 80
VERTEX = "v %.12g %.12g %.12g\n"
FACE = "f %d %d %d\n"


def export(job: Job) -> Written:
    """Writes the geometry and the colours."""
    require_fit(job, "obj")
    path, colours = _paths(job)
    total, before = 0, 0
    with bar("OBJ", len(job.cell.regions)) as advance, replacing(path) as file:
        file.write(_head(job, colours.name))
        for label in range(len(job.cell.regions)):
            vertices, faces = manifold.fused(job.walls, [label], job.repeat)
            file.write(_start(job, label))
            for text in rows(VERTEX, vertices * job.factor):
                file.write(text)
            for text in rows(FACE, faces + (before + 1)):
                file.write(text)
            before += len(vertices)
            total += len(faces)
            advance(1)
        size = file.tell()
        library = _library(job)
        with replacing(colours) as beside:
            beside.write(library)
    entries = [
        {"file": path.name, "body": "assembly", "objects": list(job.walls.names), "triangles": total, "bytes": size},
        {"file": colours.name, "content": "colours of the OBJ file", "bytes": len(library)},
    ]
    return Written(entries)


def estimate(job: Job) -> dict[str, int]:
    """Most bytes of both files: a closed surface has no more vertices than triangles."""
    path, colours = _paths(job)
    total = sum(require_fit(job, "obj"))
    names = sum(len(_start(job, label)) for label in range(len(job.walls.names)))
    row = len(VERTEX % ((-1.23456789012e-100,) * 3)) + len(FACE % ((total,) * 3))
    return {path.name: len(_head(job, colours.name)) + names + row * total, colours.name: len(_library(job))}


def require_fit(job: Job, name: str) -> list[int]:
    """Triangles of each region; too many to be held in memory are refused.

    Raises:
        InputError: naming their number.
    """
    counts = [manifold.count(job.walls, [label], job.repeat) for label in range(len(job.walls.names))]
    what = f"triangles of {job.repeat[0]} × {job.repeat[1]} cells in a file {name}, which is made in memory,"
    memory.require("repeat", what, sum(counts), PER_TRIANGLE, "take fewer cells, or the formats stl or 3mf")
    return counts


def _paths(job: Job) -> tuple[Path, Path]:
    """The OBJ file, and the MTL file, without blanks in its name: many readers end it at the first."""
    path = job.path("assembly", "obj")
    return path, path.with_name(re.sub(r"\s", "_", path.stem) + ".mtl")


def _head(job: Job, colours: str) -> bytes:
    return f"# geom3d {__version__} unit={job.unit} scale={job.scale:g}\nmtllib {colours}\n".encode()


def _start(job: Job, label: int) -> bytes:
    return f"o {job.walls.names[label]}\nusemtl {_material(job, label)}\n".encode()


def _material(job: Job, label: int) -> str:
    """A name without blanks, for each region its own."""
    word = re.sub(r"[^A-Za-z0-9_.-]+", "-", job.cell.regions[label].material.title)
    return f"{label}-{word}"


def _library(job: Job) -> bytes:
    lines = [f"# geom3d {__version__}"]
    for label, region in enumerate(job.cell.regions):
        colour = bytes.fromhex(region.material.colour.removeprefix("#"))
        lines += [
            f"newmtl {_material(job, label)}",
            "Kd " + " ".join(f"{byte / 255:.6f}" for byte in colour),
            "illum 1",
        ]
    return ("\n".join(lines) + "\n").encode()
