"""GDSII masks: for every region one layer per range of heights in which its outline does not change.

The unit cell is drawn once and placed as an array. User units are micrometres. A table (.csv) and layer properties for KLayout (.lyp)
beside the file say what each layer is. Datatype 0 is a region as drawn; datatype 1, of the scaffold, is the rest of the period, the
opening that is etched.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

from geom3d.core.arrays import FloatArray
from geom3d.core.errors import InputError
from geom3d.core.files import replacing, unfinished
from geom3d.core.texts import in_csv
from geom3d.exports import Job, Written, formats
from geom3d.rasters.masks import Mask, masks
from geom3d.rasters.plans import has_outlines

#: The settings that it heeds.
USES: tuple[str, ...] = ()

if TYPE_CHECKING:
    import gdstk

#: Readers keep coordinates in 32 bits with a sign.
REACH = 2**31 - 1
#: Most corners of a polygon in a GDSII file. 8190 would fit, but readers warn of records beyond 32 kB.
MOST_CORNERS = 4094
#: Most columns and rows of one array in a GDSII file.
LONGEST = 2**15 - 1
#: Share of its area by which rounding may change a layer before that is worth a warning.
ROUNDING = 1e-6
#: The format asks for a date; files are to be the same whenever they are written.
DATE = datetime(2000, 1, 1, tzinfo=UTC)
#: Last bytes of a whole file: the record ENDLIB.
END = b"\x00\x04\x04\x00"


def export(job: Job) -> Written:
    """Writes the masks, the table of layers and the layer properties."""
    return write_masks(job, "gds", MOST_CORNERS, _write)


def estimate(job: Job) -> dict[str, int]:
    """Bytes of the three files."""
    # A corner takes two numbers of 4 bytes; what is fractured has corners on the cuts as well.
    return mask_sizes(job, "gds", lambda corners: 80 + (8 if corners <= MOST_CORNERS else 24) * (corners + 1))


def _write(library: gdstk.Library, path: Path) -> bool:
    """Writes a file; returns whether it is whole."""
    library.write_gds(path, max_points=0, timestamp=DATE)
    return path.read_bytes().endswith(END)


def write_masks(job: Job, suffix: str, most_corners: int, write: Callable[[gdstk.Library, Path], bool]) -> Written:
    """Writes masks in either format.

    Args:
        job: what to write.
        suffix: "gds" or "oas".
        most_corners: of a polygon.
        write: writes a library to a path and tells whether the file is whole.

    Raises:
        InputError: of a design that has no vertical walls.
        OutputError: a file that cannot be written.
    """
    path, table, properties = _paths(job, suffix)
    drawn = _masks(job, suffix)
    unit = database_unit(job)
    rounded = [[_rounded(p * job.scale, unit) for p in mask.polygons] for mask in drawn]
    warnings = []
    for mask, polygons in zip(drawn, rounded, strict=True):
        area = sum(_area(p) for p in polygons) * unit**2
        error = abs(area / (mask.area * job.scale**2) - 1)
        if error > ROUNDING:
            warnings.append(
                f"{path.name}: a database unit of {unit:g} µm changes the area of layer {mask.layer}/{mask.datatype} "
                f"({mask.region.name}) by {100 * error:.2g} %; fewer cells allow a finer one"
            )
    library = _library(job, drawn, rounded, unit, most_corners)
    with unfinished(path) as temporary:
        temporary.touch()  # says what is wrong with the folder
        if not write(library, temporary):
            raise OSError("it is cut short; is the disk full?")
    with replacing(table) as file:
        file.write(_table(job, drawn).encode())
    with replacing(properties) as file:
        file.write(_properties(job, drawn).encode())
    about = {
        "content": "masks",
        "unit": "um",
        "database_unit_um": unit,
        "layers": len(drawn),
        "polygons": sum(len(mask.polygons) for mask in drawn),
    }
    entries = [
        {"file": path.name, **about, "bytes": path.stat().st_size},
        {"file": table.name, "content": "table of layers", "bytes": table.stat().st_size},
        {"file": properties.name, "content": "layer properties for KLayout", "bytes": properties.stat().st_size},
    ]
    return Written(entries, warnings)


def mask_sizes(job: Job, suffix: str, polygon: Callable[[int], int]) -> dict[str, int]:
    """Bytes of the three files, given those of a polygon by its number of corners."""
    path, table, properties = _paths(job, suffix)
    drawn = _masks(job, suffix)
    size = 3000 + sum(polygon(len(p)) for mask in drawn for p in mask.polygons)
    texts = {table.name: _table(job, drawn), properties.name: _properties(job, drawn)}
    return {path.name: size} | {name: len(text.encode()) for name, text in texts.items()}


def database_unit(job: Job) -> float:
    """The finest power of ten, µm, in which the whole array's coordinates keep to 32 bits."""
    extent = max(length * n for length, n in zip(job.cell.size[:2], job.repeat, strict=True)) * job.scale
    # A period is rounded to whole units, and so all of them together to half a unit each.
    exponent = math.ceil(math.log10(extent / (REACH - max(job.repeat))))
    return float(f"1e{exponent}")


def _masks(job: Job, suffix: str) -> list[Mask]:
    family = job.cell.family
    if not has_outlines(family):
        others = [name for name in formats() if name not in ("gds", "oas")]
        what = f"is made of {family.name}" if job.cell.facts.web is None else "is a sponge"
        raise InputError(
            f"format: {suffix} masks need vertical walls; {job.about.name} {what}; valid: {', '.join(others)}"
        )
    return masks(job.cell, job.walls)


def _paths(job: Job, suffix: str) -> tuple[Path, Path, Path]:
    """The masks, the table and the layer properties; all of them in µm, whatever the unit of other files."""
    job = replace(job, unit="um")
    table, properties = (job.path(f"{suffix} layers", end) for end in ("csv", "lyp"))
    return job.path("masks", suffix), table, properties


def _rounded(polygon: FloatArray, unit: float) -> FloatArray:
    """(n, 2) corners in whole database units, those left out that fall on the one before."""
    whole = np.rint(polygon / unit)
    return np.asarray(whole[(whole != np.roll(whole, 1, axis=0)).any(axis=1)])


def _area(polygon: FloatArray) -> float:
    x, y = (polygon - polygon[0]).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _library(
    job: Job, drawn: list[Mask], rounded: list[list[FloatArray]], unit: float, most_corners: int
) -> gdstk.Library:
    """The unit cell and its array."""
    import gdstk

    word = "".join(c if c.isascii() and c.isalnum() else "_" for c in job.about.name)[:26]
    library = gdstk.Library(word, unit=1e-6, precision=float(f"{unit * 1e-6:.0e}"))
    cell, device = library.new_cell(f"{word}_cell"), library.new_cell(word)
    for mask, polygons in zip(drawn, rounded, strict=True):
        for corners in polygons:
            polygon = gdstk.Polygon((corners @ [unit, 1j * unit]).tolist(), mask.layer, mask.datatype)
            large = len(corners) > most_corners
            cell.add(*(polygon.fracture(most_corners, unit) if large else [polygon]))
    x, y = (float(np.rint(length * job.scale / unit)) * unit for length in job.cell.size[:2])
    columns, rows = ([range(n)[k : k + LONGEST] for k in range(0, n, LONGEST)] for n in job.repeat)
    for across in columns:
        for up in rows:
            corner = across.start * x, up.start * y
            device.add(gdstk.Reference(cell, corner, columns=len(across), rows=len(up), spacing=(x, y)))
    return library


def _title(job: Job, mask: Mask) -> str:
    """What a layer is, for people."""
    opening = "" if mask.positive else " opening"
    return f"{mask.region.name}{opening}, z {mask.low * job.scale:.6g} to {mask.high * job.scale:.6g} µm"


def _table(job: Job, drawn: list[Mask]) -> str:
    """The layers as CSV; lengths and areas as in the file, that is, magnified; of outlines at the top also the wall's profile, in
    µm of the design.
    """
    text, wall = io.StringIO(), job.cell.facts.wall
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(
        [
            "layer",
            "datatype",
            "region",
            "material",
            "role",
            "z_from_um",
            "z_to_um",
            "polarity",
            "area_um2_per_cell",
            "share",
            *(["wall"] if wall is not None else []),
        ]
    )
    for mask in drawn:
        region = mask.region
        heights = (f"{z * job.scale:.9g}" for z in (mask.low, mask.high))
        polarity = "positive" if mask.positive else "negative"
        areas = (f"{mask.area * job.scale**2:.9g}", f"{mask.area / job.cell.footprint:.9g}")
        rows.writerow(
            [
                mask.layer,
                mask.datatype,
                in_csv(region.name),
                in_csv(region.material.title),
                region.role.value,
                *heights,
                polarity,
                *areas,
                *([] if wall is None else [wall.words if 0 < mask.area < job.cell.footprint * (1 - 1e-9) else ""]),
            ]
        )
    return text.getvalue()


def _properties(job: Job, drawn: list[Mask]) -> str:
    """Names and colours of the layers for KLayout, openings hatched; shown at first is the section at half height."""
    middle = (job.cell.facts.base_z + job.cell.facts.top) / 2
    parts = []
    for mask in drawn:
        colour, pattern = mask.region.material.colour, "I0" if mask.positive else "I5"
        visible = "true" if mask.positive and mask.low <= middle < mask.high else "false"
        parts.append(
            f" <properties>\n  <frame-color>{colour}</frame-color>\n  <fill-color>{colour}</fill-color>\n"
            f"  <dither-pattern>{pattern}</dither-pattern>\n  <visible>{visible}</visible>\n"
            f"  <name>{escape(_title(job, mask))}</name>\n  <source>{mask.layer}/{mask.datatype}@1</source>\n </properties>\n"
        )
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return f"{head}<layer-properties>\n{''.join(parts)}</layer-properties>\n"
