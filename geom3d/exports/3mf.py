"""3MF: all regions in one file, each a solid with its name, its material's name and colour.

The unit cell is one object, so that its parts stay where they are: a mesh of all regions' closed shells, one after the other.
Every triangle has the material of its region, named after both. `Metadata/Slic3r_PE_model.config` tells PrusaSlicer, which
takes objects made of components apart and lays each on the bed, which triangles are which region: it shows them as named
parts of one object. Other readers pass over it.

A row is the cell repeated in x, the device is the row repeated in y, and one build item holds it all, so the file stays small
whatever the number of cells. Each tile is closed on its own, at the box's sides as well: regions that go on through a seam of
the period are solids that touch there, face to face. For one fused body per region take STL.

The format has a unit: it is always the micrometre, and coordinates are those of the design times `scale`; `unit` plays no part.
Coordinates carry twelve digits. Edges have two triangles each: where a region touches itself, vertices are doubled.
"""  # noqa: N999

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, BinaryIO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from geom3d._version import __version__
from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.errors import InputError
from geom3d.core.files import replacing, rows
from geom3d.core.progress import bar
from geom3d.exports import Job, Written
from geom3d.mesh import manifold

#: The settings that it heeds.
USES: tuple[str, ...] = ()

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
MODEL = "3D/3dmodel.model"
#: Deflate's lowest level: numbers gain little from more.
LEVEL = 1
VERTEX = '<vertex x="%.12g" y="%.12g" z="%.12g"/>\n'
TRIANGLE = '<triangle v1="%d" v2="%d" v3="%d" pid="1" p1="{}"/>\n'
#: Number of the object that is the unit cell.
CELL = 2
#: Which triangles are which part, for PrusaSlicer.
PARTS = "Metadata/Slic3r_PE_model.config"
#: Readers of 3MF take coordinates in single precision and refuse larger ones, µm.
LARGEST = 1e9
#: Text of so many bytes needs the wide form of a zip entry.
NARROW = 2**31 - 1
#: XML has no way to write these.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Part:
    """A region.

    Attributes:
        name: of the region.
        material: index into the file's materials.
        vertices: (V, 3) µm.
        faces: (F, 3) indices, normals outward; two triangles at every edge.
    """

    name: str
    material: int
    vertices: FloatArray
    faces: IntArray


def export(job: Job) -> Written:
    """Writes one file."""
    path = _path(job)
    _require_size(job)
    regions = job.cell.regions
    materials = [(f"{region.name}: {region.material.title}", region.material.colour) for region in regions]
    parts = []
    with bar("3MF", 2 * len(regions)) as advance, replacing(path) as file:
        for label, region in enumerate(regions):
            vertices, faces = manifold.region(job.walls, label)
            advance(1)
            if len(faces):  # islands may have been all there was
                parts.append(Part(region.name, label, vertices * job.scale, faces))
        period = (job.walls.size[0] * job.scale, job.walls.size[1] * job.scale)
        write_3mf(file, parts, materials, _metadata(job), period, job.repeat)
        advance(len(regions))
        size = file.tell()
    entry = {
        "file": path.name,
        "body": "assembly",
        "unit": "micron",
        "parts": [part.name for part in parts],
        "triangles": sum(len(part.faces) for part in parts),
        "bytes": size,
    }
    return Written([entry], [_for_slicers(job)])


def _for_slicers(job: Job) -> str:
    """What a slicer cannot take of the file, and which file it can."""
    by_region = replace(job, unit="mm")
    name = _path(job).name
    if job.repeat != (1, 1):
        return (
            f"slicers of PrusaSlicer's family do not convert the distances of repeated cells in {name} to millimetres and "
            f"spread them a thousandfold: slice {by_region.path('assembly', 'stl').name}, which the format stl writes, or one cell"
        )
    return (
        f"PrusaSlicer takes {name} as one object with a part for each region, but not its materials: give every part its "
        f"extruder. A slicer that shows no parts takes {by_region.path('assembly', 'stl').name}, all in one, or the file of "
        "each region beside it, which the format stl writes"
    )


def estimate(job: Job) -> dict[str, int]:
    """Most bytes of the file: half a byte for each digit, and what deflate makes of the words between them."""
    _require_size(job)
    shells = [len(job.walls.shell([label])[0]) for label in range(len(job.walls.names))]
    # A closed surface has no more vertices than triangles.
    meshes = sum(faces * (34 + 6 + 1.5 * len(str(sum(shells)))) for faces in shells)
    words = sum(4 * len(text.encode()) for _, text in _metadata(job)) + 1500 * len(shells)
    return {_path(job).name: int(meshes) + 30 * sum(job.repeat) + words + 4000}


def write_3mf(
    file: BinaryIO,
    parts: Sequence[Part],
    materials: Sequence[tuple[str, str]],
    metadata: Sequence[tuple[str, str]],
    period: tuple[float, float],
    repeat: tuple[int, int],
) -> None:
    """Writes a unit cell and its repetition.

    Args:
        file: open for writing, seekable.
        parts: of the unit cell, µm.
        materials: name and colour, `#rrggbb`.
        metadata: name and text.
        period: distance of the tiles in x and y, µm.
        repeat: tiles in x and y.
    """
    types = (
        f'{_HEAD}<Types xmlns="{CONTENT_TYPES}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="model" '
        'ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/><Default Extension="config" '
        'ContentType="application/xml"/></Types>\n'
    )
    links = (
        f'{_HEAD}<Relationships xmlns="{RELATIONSHIPS}"><Relationship Id="model" Target="/{MODEL}" '
        'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>\n'
    )
    wide = sum(90 * len(part.vertices) + 90 * len(part.faces) for part in parts) > NARROW
    # Opened by name, an entry carries the first date that zip knows: the same design gives the same bytes.
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, text in (("[Content_Types].xml", types), ("_rels/.rels", links), (PARTS, _parts(parts))):
            with archive.open(name, "w") as entry:
                entry.write(text.encode())
        with archive.open(MODEL, "w", force_zip64=wide) as entry:
            _pour(_model(parts, materials, metadata, period, repeat), entry)


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _pour(chunks: Iterable[bytes], entry: IO[bytes]) -> None:
    """Writes each chunk while the next is prepared: deflate runs beside Python."""
    with ThreadPoolExecutor(1) as pool:
        last = pool.submit(entry.write, b"")
        for chunk in chunks:
            last.result()
            last = pool.submit(entry.write, chunk)
        last.result()


def _model(
    parts: Sequence[Part],
    materials: Sequence[tuple[str, str]],
    metadata: Sequence[tuple[str, str]],
    period: tuple[float, float],
    repeat: tuple[int, int],
) -> Iterator[bytes]:
    head = f'{_HEAD}<model unit="micron" xml:lang="en-US" xmlns="{CORE}" xmlns:geom3d="urn:geom3d:design">\n'
    head += "".join(f"<metadata name={_quoted(name)}>{escape(_clean(text))}</metadata>\n" for name, text in metadata)
    head += '<resources>\n<basematerials id="1">\n'
    head += "".join(
        f"<base name={_quoted(name)} displaycolor={_quoted(colour.upper())}/>\n" for name, colour in materials
    )
    yield f"{head}</basematerials>\n".encode()
    material = parts[0].material if parts else 0
    yield f'<object id="{CELL}" type="model" name="unit cell" pid="1" pindex="{material}">\n<mesh>\n<vertices>\n'.encode()
    for part in parts:
        yield from rows(VERTEX, part.vertices)
    yield b"</vertices>\n<triangles>\n"
    first = 0
    for part in parts:
        yield from rows(TRIANGLE.format(part.material), part.faces + first)
        first += len(part.vertices)
    yield b"</triangles>\n</mesh>\n</object>\n"
    last = CELL
    for name, axis in (("row", 0), ("device", 1)):
        if repeat[axis] > 1:
            steps = (index * period[axis] for index in range(repeat[axis]))
            moves = [f"{step:.15g} 0 0" if axis == 0 else f"0 {step:.15g} 0" for step in steps]
            yield _assembly(last + 1, name, [(last, f' transform="1 0 0 0 1 0 0 0 1 {move}"') for move in moves])
            last += 1
    yield f'</resources>\n<build>\n<item objectid="{last}"/>\n</build>\n</model>\n'.encode()


def _parts(parts: Sequence[Part]) -> str:
    """The regions as PrusaSlicer's volumes: names, and numbers of the first and the last triangle."""
    lines, first = [], 0
    for part in parts:
        last = first + len(part.faces) - 1
        name = f'<metadata type="volume" key="name" value={_quoted(part.name)}/>'
        lines.append(f'<volume firstid="{first}" lastid="{last}">{name}</volume>\n')
        first = last + 1
    title = '<metadata type="object" key="name" value="unit cell"/>'
    return f'{_HEAD}<config>\n<object id="{CELL}" instances_count="1">{title}\n{"".join(lines)}</object>\n</config>\n'


def _assembly(number: int, name: str, members: Iterable[tuple[int, str]]) -> bytes:
    """An object made of others, each with its place."""
    inside = "".join(f'<component objectid="{member}"{move}/>\n' for member, move in members)
    return (
        f'<object id="{number}" type="model" name="{name}">\n<components>\n{inside}</components>\n</object>\n'.encode()
    )


def _metadata(job: Job) -> list[tuple[str, str]]:
    """What the file says of itself; no date, so that it stays the same."""
    about = job.about
    lines = [about.source, "Lengths in µm", "" if job.scale == 1 else f"Magnified {job.scale:g} times"]
    return [
        ("Title", about.title),
        ("Description", "; ".join(line for line in lines if line)),
        ("Application", f"geom3d {__version__}"),
        ("geom3d:version", __version__),
        ("geom3d:template", about.name),
        ("geom3d:overrides", json.dumps(dict(job.overrides), ensure_ascii=False)),
        ("geom3d:repeat", f"{job.repeat[0]} {job.repeat[1]}"),
        ("geom3d:scale", f"{job.scale:.12g}"),
    ]


def _path(job: Job) -> Path:
    return replace(job, unit="um").path("assembly", "3mf")


def _require_size(job: Job) -> None:
    """A cell that is too large for readers is refused.

    Raises:
        InputError: naming the largest scale.
    """
    most = LARGEST / max(job.walls.size)
    if job.scale > most:
        raise InputError(
            f"scale: must be at most {most:.4g} for a 3mf file, whose readers take {LARGEST:g} µm; got {job.scale:g}"
        )


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))
