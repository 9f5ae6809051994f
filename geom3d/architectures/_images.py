"""Stacks of voxels from files: TIFF, NRRD, NPY, or a folder of PNGs, with the edges of a voxel where the file tells them.

Every reader first learns how much there is, and reads it only if that fits; what refers to further files is refused.
"""

from __future__ import annotations

import gzip
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geom3d.architectures._userfile import require_bytes, unreadable
from geom3d.core import memory
from geom3d.core.errors import InputError

#: Endings of files of voxels.
ENDINGS = (".tif", ".tiff", ".nrrd", ".npy")
#: Voxels of a stack, at most: 400³; and bytes that each takes while it is smoothed.
MOST_VOXELS, PER_VOXEL = 64_000_000, 25
#: Units of length by the names that files have for them, µm.
UNITS = {
    "nm": 1e-3, "nanometer": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00b5m": 1.0, "micron": 1.0, "microns": 1.0,
    "micrometer": 1.0, "mm": 1e3, "millimeter": 1e3, "cm": 1e4, "m": 1e6,
}  # fmt: skip
#: Types of NRRD by their names there, without the order of bytes (teem.sourceforge.net/nrrd/format.html).
NRRD_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
#: Bytes of a header, at most.
HEADER = 1_000_000

Voxels = NDArray[Any]
Spacing = tuple[float, float, float]


@dataclass(frozen=True)
class Image:
    """Voxels as a file holds them.

    Attributes:
        values: (nz, ny, nx), the lowest layer first.
        spacing: edges of a voxel in x, y and z, µm; None where the file does not tell.
    """

    values: Voxels
    spacing: Spacing | None


def read(path: Path) -> Image:
    """The voxels of a file or a folder.

    Raises:
        InputError: where it cannot be read, or is no stack of grey values or labels, or is too large.
    """
    readers = {".tif": _tiff, ".tiff": _tiff, ".nrrd": _nrrd, ".npy": _npy}
    reader = _folder if path.is_dir() else readers[path.suffix.lower()]
    try:
        image = reader(path)
    except InputError:
        raise
    except Exception as error:  # readers of broken files raise whatever happens to them
        raise unreadable(path, error) from error
    kind = image.values.dtype.kind
    if kind not in "buif":
        raise unreadable(path, f"its voxels must be numbers; they are of type {image.values.dtype}")
    if kind == "f" and not (finite := np.isfinite(image.values)).all():
        z, y, x = np.argwhere(~finite)[0].tolist()
        count = int(np.count_nonzero(~finite))
        raise unreadable(path, f"{count:,} of its voxels are not finite, the first at x, y, z = {x}, {y}, {z}")
    return image


def _require_fit(path: Path, shape: tuple[int, ...]) -> None:
    """Raises a clear error for what is no stack, or too large a one, before it is read."""
    if len(shape) != 3:
        raise unreadable(path, f"it must have three axes z, y, x of grey values or labels; its shape is {shape}")
    if min(shape) < 4:
        raise unreadable(path, f"it must have at least four voxels along each axis; its shape (z, y, x) is {shape}")
    if math.prod(shape) > MOST_VOXELS:
        raise unreadable(
            path,
            f"it has {math.prod(shape):.3g} voxels (z, y, x: {shape}), at most {MOST_VOXELS:.2g} fit: "
            "take a part of it, or bin it",
        )
    memory.require("parameters.file", "voxels", math.prod(shape), PER_VOXEL, "take a part of the image, or bin it")


def _npy(path: Path) -> Image:
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, kind = header(file)
        if kind.hasobject:
            raise unreadable(path, "its voxels must be numbers, not objects of Python")
        _require_fit(path, shape)
        if path.stat().st_size < math.prod(shape) * kind.itemsize:
            raise unreadable(path, f"it is cut short: it has no room for its {math.prod(shape):,} voxels")
        file.seek(0)
        return Image(np.load(file, allow_pickle=False), None)


def _tiff(path: Path) -> Image:
    import tifffile

    # Forms of several files are read as the single file that is named.
    with path.open("rb") as file, tifffile.TiffFile(file, is_ome=False, is_mmstack=False, is_ndtiff=False) as tiff:
        whole = tiff.series[0] if tiff.is_imagej or tiff.is_shaped else None
        if whole is not None and len(whole.shape) >= 3:
            shape = tuple(length for length in whole.shape if length != 1)
            _require_fit(path, shape)
            values = np.asarray(whole.asarray()).reshape(shape)
        else:
            pages = list(tiff.pages)
            sizes = {(page.shape, str(page.dtype)) for page in pages}
            if len(sizes) > 1:
                raise unreadable(path, "its pages differ in size or type")
            _require_fit(path, (len(pages), *pages[0].shape))
            values = np.stack([page.asarray() for page in pages])
        return Image(values, _tiff_spacing(tiff))


def _tiff_spacing(tiff: Any) -> Spacing | None:
    """Edges of a voxel by the resolution of the pages, and the distance of pages as ImageJ writes it."""
    words = tiff.imagej_metadata or {}
    tags = tiff.pages[0].tags
    unit = UNITS.get(str(words.get("unit", "")).strip().lower())
    if unit is None or not {"XResolution", "YResolution"} <= set(tags.keys()) | {tag.name for tag in tags}:
        return None
    (nx, dx), (ny, dy) = tags["XResolution"].value, tags["YResolution"].value
    spacing = (dx / nx * unit, dy / ny * unit, float(words.get("spacing", dx / nx)) * unit)
    return spacing if all(0 < edge < math.inf for edge in spacing) else None


def _nrrd(path: Path) -> Image:
    with path.open("rb") as file:
        head, data_at = _nrrd_head(file.read(HEADER), path)
        for key in ("data file", "datafile"):
            if key in head:
                raise unreadable(path, "its voxels stand in another file, which is not opened: write one file")
        kinds = {name: kind for kind, names in NRRD_TYPES.items() for name in names}
        kind = kinds.get(head.get("type", ""))
        if kind is None:
            raise unreadable(path, f"its type {head.get('type')!r} is not one of numbers")
        order = "<" if head.get("endian", "little") == "little" else ">"
        shape = tuple(int(word) for word in head["sizes"].split())[::-1]
        if min(shape, default=0) < 1:
            raise unreadable(path, f"its sizes must be positive; they are {head['sizes']}")
        while len(shape) > 3 and shape[-1] == 1:
            shape = shape[:-1]
        _require_fit(path, shape)
        size = math.prod(shape) * int(kind[1])
        file.seek(data_at)
        encoding = head.get("encoding", "").lower()
        if encoding == "raw":
            content = file.read(size)
        elif encoding in ("gzip", "gz"):
            with gzip.GzipFile(fileobj=file) as unpacked:
                content = unpacked.read(size)
        else:
            raise unreadable(path, f"its encoding {encoding!r} is not read; valid: raw, gzip")
    if len(content) < size:
        raise unreadable(path, f"it is cut short: {len(content):,} of {size:,} bytes of voxels")
    values = np.frombuffer(content, dtype=f"{order}{kind}").reshape(shape)
    return Image(values.astype(values.dtype.newbyteorder("=")), _nrrd_spacing(head))


def _nrrd_head(start: bytes, path: Path) -> tuple[dict[str, str], int]:
    """Fields of the header, and where the data begin."""
    if not start.startswith(b"NRRD000"):
        raise unreadable(path, "it does not begin as NRRD does")
    end = re.search(rb"\r?\n\r?\n", start)
    if end is None:
        raise unreadable(path, "its header has no end")
    fields: dict[str, str] = {}
    for line in start[: end.start()].decode("utf-8", "replace").splitlines()[1:]:
        key, sign, value = line.partition(": ")
        if sign and not line.startswith("#"):
            fields[key.strip().lower()] = value.strip()
    return fields, end.end()


def _nrrd_spacing(head: dict[str, str]) -> Spacing | None:
    """Edges of a voxel; None where the file gives no unit for them."""
    units = re.findall(r'"([^"]*)"', head.get("space units", head.get("units", "")))
    if "space directions" in head:
        vectors = re.findall(r"\(([^)]*)\)", head["space directions"])
        edges = [math.hypot(*(float(part) for part in vector.split(","))) for vector in vectors]
    else:
        edges = [float(word) for word in head.get("spacings", "").split()]
    factors = [UNITS.get(unit.strip().lower()) for unit in units]
    if len(edges) < 3 or len(factors) < 3 or None in factors:
        return None
    spacing = tuple(edge * (factor or 1.0) for edge, factor in zip(edges[-3:], factors[-3:], strict=True))
    return spacing if all(0 < edge < math.inf for edge in spacing) else None  # type: ignore[return-value]


def _folder(path: Path) -> Image:
    """Pages in the order of the numbers in their names."""
    from PIL import Image as Picture

    entries = sorted((e for e in path.iterdir() if e.suffix.lower() == ".png"), key=lambda e: _natural(e.name))
    if not entries:
        raise unreadable(path, "there is no PNG in the folder")
    for entry in entries:
        if entry.is_symlink() or not entry.is_file():
            raise unreadable(entry, "a folder's pages must be files in it, not links")
        require_bytes(entry)
    with Picture.open(entries[0], formats=["PNG"]) as first:
        wide, high = first.size
    _require_fit(path, (len(entries), high, wide))
    pages = []
    for entry in entries:
        with Picture.open(entry, formats=["PNG"]) as picture:
            if picture.size != (wide, high):
                raise unreadable(entry, f"it has {picture.size} pixels where {entries[0].name} has {(wide, high)}")
            if picture.mode not in ("1", "L", "P", "I", "I;16", "I;16B", "F"):
                raise unreadable(entry, f"it must hold grey values or labels; its mode is {picture.mode}")
            pages.append(np.asarray(picture))
    return Image(np.stack(pages), None)


def _natural(name: str) -> list[tuple[int, str]]:
    """So that page 10 comes after page 9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
