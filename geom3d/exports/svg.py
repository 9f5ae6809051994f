"""SVG slices: a folder of vector drawings, one per layer, with a group of exact outlines for every region.

For printers that follow vectors, two-photon writers among them. Width and height are real; one unit of the coordinates is a
millimetre or a micrometre. The unit cell's outlines stand in each file once and are used again for its copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from geom3d.core.arrays import FloatArray
from geom3d.core.files import unfinished_folder
from geom3d.core.progress import bar
from geom3d.exports import Job, Written
from geom3d.mesh.sections import Section, Slicer
from geom3d.rasters.slices import file_name, given, heights, lost

#: The settings that it heeds.
USES: tuple[str, ...] = ("unit", "layer_height")

#: Most bytes of a corner, which stands in the outlines of two regions, of one use of a unit cell and of all else.
CORNER, USE, HEAD, GROUP = 2 * 42, 60, 1000, 1000


def export(job: Job) -> Written:
    """Writes one folder."""
    places, height = _places(job), _layer_height(job)
    slicer, path = Slicer(job.walls), _folder(job)
    ids = _ids(job.walls.names)
    size = 0
    with bar("SVG", len(places)) as advance, unfinished_folder(path) as folder:
        for number, place in enumerate(places.tolist()):
            file = folder / file_name(number, len(places), "svg")
            with file.open("x", encoding="utf-8", newline="\n") as stream:
                stream.writelines(
                    _drawing(job, slicer.at(place), ids, f"slice {number}, z = {place * job.scale:.9g} µm")
                )
            size += file.stat().st_size
            advance(1)
    entry = {
        "file": path.name,
        "content": "slices",
        "drawings": len(places),
        "layer_height_um": height * job.scale,
        "first_z_um": float(places[0]) * job.scale,
        "bytes": size,
    }
    return Written([entry], lost(job.cell, "layer_height", height))


def estimate(job: Job) -> dict[str, int]:
    """Bytes of the folder: as if every number had all its digits."""
    places = _places(job)
    corners = int(Slicer(job.walls).counts(places).sum())
    titles = sum(len(text.encode()) * 6 for region in job.cell.regions for text in (region.name, region.material.title))
    each = HEAD + len(job.about.title.encode()) * 6 + titles + len(job.walls.names) * (GROUP + USE * sum(job.repeat))
    return {_folder(job).name: corners * CORNER + len(places) * each}


def _places(job: Job) -> FloatArray:
    """Z of every slice, µm."""
    return heights(job.cell, _layer_height(job))


def _layer_height(job: Job) -> float:
    """Distance of the slices, µm."""
    return given("layer_height", job.options.layer_height, job.cell)


def _folder(job: Job) -> Path:
    return job.path("slices", "")


def _ids(names: tuple[str, ...]) -> list[str]:
    """A valid and unique XML identifier for every region, as near to its name as may be."""
    found: list[str] = []
    for name in names:
        word = "".join(c if f"a{c}".isidentifier() else "-" for c in name)
        word = word if word[0].isidentifier() else f"_{word}"
        found.append(word if word not in found else f"{word}-{len(found)}")
    return found


def _drawing(job: Job, section: Section, ids: list[str], title: str) -> Iterator[str]:
    """The file in pieces. Coordinates are the design's; the whole is turned over, since y points down in SVG."""
    width, height = (length * job.factor for length in section.size)
    columns, rows = job.repeat
    across, up = width * columns, height * rows
    in_mm = job.scale * 1e-3 / job.factor
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" version="1.1" '
    yield 'xmlns:xlink="http://www.w3.org/1999/xlink" shape-rendering="crispEdges" '
    yield f'width="{across * in_mm:.12g}mm" height="{up * in_mm:.12g}mm" viewBox="0 0 {across:.12g} {up:.12g}">\n'
    yield f"<title>{escape(job.about.title)}, {escape(title)}</title>\n<defs>\n"
    drawn = []
    for label in range(len(ids)):
        rings = section.rings([label])
        drawn.append(bool(rings))
        if rings:
            yield f'<path id="cell.{label}" fill-rule="evenodd" d="'
            for ring in rings:
                yield "M" + "L".join(f"{x:.12g} {y:.12g}" for x, y in (ring * job.factor).tolist()) + "Z"
            yield f'"/>\n<g id="row.{label}">\n'
            for column in range(columns):
                yield f'<use xlink:href="#cell.{label}" x="{column * width:.12g}"/>\n'
            yield "</g>\n"
    yield f'</defs>\n<g transform="matrix(1 0 0 -1 0 {up:.12g})">\n'
    for label, region in enumerate(job.cell.regions):
        words = f"{region.name}: {region.material.title}, {region.role.value.replace('_', ' ')}"
        yield f'<g id="{ids[label]}" fill="{region.material.colour}">\n<title>{escape(words)}</title>\n'
        if drawn[label]:
            for row in range(rows):
                yield f'<use xlink:href="#row.{label}" y="{row * height:.12g}"/>\n'
        yield "</g>\n"
    yield "</g>\n</svg>\n"
