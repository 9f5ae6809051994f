"""GLB: binary glTF for viewers, browsers and slides, one named and coloured node per region.

Coordinates are metres, the format's only unit, times `scale`; `unit` plays no part. They are those of the design; the root
node turns them, so that the design's z points up as y does in glTF. Meshes are those of the unit cell, the closed shell of
each region, stored once in single precision; tiles are nodes that share them.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from geom3d._version import __version__
from geom3d.core.errors import InputError
from geom3d.core.files import replacing
from geom3d.core.progress import bar
from geom3d.exports import Job, Written
from geom3d.mesh import manifold

#: The settings that it heeds.
USES: tuple[str, ...] = ()

#: Viewers draw node by node; more of them than this cannot be turned with a mouse.
MOST_NODES = 20_000
METRES = 1e-6
#: The design's z becomes y.
UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
#: Names of regions hold no dot, so these are never taken.
WORLD, ROOT = "geom3d.world", "geom3d.battery"


def export(job: Job) -> Written:
    """Writes one file."""
    trimesh: Any = importlib.import_module("trimesh")  # its types are given in part only
    _require_nodes(job)
    path, regions, factor = _path(job), job.cell.regions, METRES * job.scale
    scene = trimesh.Scene(base_frame=WORLD)
    scene.graph.update(frame_from=WORLD, frame_to=ROOT, matrix=UP)
    meshes: dict[str, Any] = {}
    with bar("GLB", len(regions)) as advance, replacing(path) as file:
        for label, region in enumerate(regions):
            vertices, faces = manifold.region(job.walls, label)
            if len(faces):  # islands may have been all there was
                material = trimesh.visual.material.PBRMaterial(
                    region.material.title, metallicFactor=0.0, roughnessFactor=0.7
                )
                material.baseColorFactor = [*_bytes(region.material.colour), 255]
                visual = trimesh.visual.TextureVisuals(material=material)
                meshes[region.name] = trimesh.Trimesh(vertices * factor, faces, process=False, visual=visual)
            advance(1)
        _place(scene, meshes, job)
        file.write(trimesh.exchange.gltf.export_glb(scene, include_normals=False, tree_postprocessor=_finish(job)))
        size = file.tell()
    entry = {
        "file": path.name,
        "body": "assembly",
        "unit": "metre",
        "objects": list(meshes),
        "triangles": sum(len(mesh.faces) for mesh in meshes.values()),
        "bytes": size,
    }
    return Written([entry])


def estimate(job: Job) -> dict[str, int]:
    """Most bytes of the file."""
    _require_nodes(job)
    shells = sum(len(job.walls.shell([label])[0]) for label in range(len(job.walls.names)))
    names = sum(12 * len(region.name) + 6 * len(region.material.title) + 2000 for region in job.cell.regions)
    # A closed surface has no more vertices than triangles; each has three numbers of four bytes.
    return {_path(job).name: 24 * shells + 600 * _nodes(job) + names + 2 * len(json.dumps(_extras(job))) + 4000}


def _place(scene: Any, meshes: dict[str, Any], job: Job) -> None:
    """Adds every mesh once, and a node for it in every tile."""
    for column in range(job.repeat[0]):
        for row in range(job.repeat[1]):
            tile, ending = ROOT, ""
            if job.repeat != (1, 1):
                ending = f".{column}.{row}"
                tile = f"geom3d.cell{ending}"
                move = np.eye(4)
                move[:2, 3] = np.array([column, row]) * job.walls.size[:2] * METRES * job.scale
                scene.graph.update(frame_from=ROOT, frame_to=tile, matrix=move)
            for name, mesh in meshes.items():
                if name not in scene.geometry:
                    scene.geometry[name] = mesh
                scene.graph.update(frame_from=tile, frame_to=name + ending, geometry=name)


def _finish(job: Job) -> Any:
    """What becomes of the tree before it is written: exact colours, and what the file says of itself."""
    colours = {region.name: region.material.colour for region in job.cell.regions}

    def finish(tree: dict[str, Any]) -> None:
        for mesh in tree["meshes"]:
            material = tree["materials"][mesh["primitives"][0]["material"]]
            # Factors are linear light, not the bytes of a picture.
            material["pbrMetallicRoughness"]["baseColorFactor"] = [*_linear(colours[mesh["name"]]), 1.0]
        tree["asset"] = {"version": "2.0", "generator": f"geom3d {__version__}", "extras": _extras(job)}

    return finish


def _extras(job: Job) -> dict[str, Any]:
    return {
        "title": job.about.title,
        "source": job.about.source,
        "template": job.about.name,
        "overrides": dict(job.overrides),
        "unit": "metre",
        "scale": job.scale,
        "repeat": list(job.repeat),
    }


def _bytes(colour: str) -> list[int]:
    return list(bytes.fromhex(colour.removeprefix("#")))


def _linear(colour: str) -> list[float]:
    """Red, green and blue of an sRGB colour as shares of linear light (IEC 61966-2-1)."""
    shares = [byte / 255 for byte in _bytes(colour)]
    return [round(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4, 6) for c in shares]


def _path(job: Job) -> Path:
    return replace(job, unit="m").path("assembly", "glb")


def _nodes(job: Job) -> int:
    return job.repeat[0] * job.repeat[1] * (len(job.cell.regions) + 1) + 1


def _require_nodes(job: Job) -> None:
    """More tiles than a viewer can draw are refused.

    Raises:
        InputError: naming the most that are possible.
    """
    if _nodes(job) > MOST_NODES:
        most = MOST_NODES // (len(job.cell.regions) + 1)
        raise InputError(
            f"repeat: a glb file shows up to {most:,} cells of this design; got {job.repeat[0]} × {job.repeat[1]}: "
            "take fewer cells"
        )
