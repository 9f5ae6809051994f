"""PNG slices: for every region a folder of black-and-white images, white where a layer of it is exposed.

For printers that project masks. All regions have the same slices, seen from above; a pixel belongs to the region at its centre. The
images are written in blocks of rows, so memory stays flat. `pHYs` in each file tells the real size of a pixel.
"""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import FloatArray
from geom3d.core.files import unfinished_folder
from geom3d.core.progress import bar
from geom3d.exports import Job, Written
from geom3d.mesh.sections import Slicer
from geom3d.rasters.slices import Labels, PixelGrid, file_name, given, heights, lost, z_layers

#: The settings that it heeds.
USES: tuple[str, ...] = ("pixel", "layer_height")

Block = NDArray[np.uint8]
#: Bytes of the images, uncompressed, beyond which some slices are tried, and how much larger the others may be.
PLAIN, TRIED, MARGIN = 10**9, 8, 2.0


def export(job: Job) -> Written:
    """Writes a folder per region."""
    places, raster = _slices(job)
    slicer, names = Slicer(job.walls), job.walls.names
    totals = [0] * len(names)
    z_layer, shown = -1, [Path()] * len(names)
    with bar("PNG", len(places)) as advance, ExitStack() as stack:
        folders = [stack.enter_context(unfinished_folder(_folder(job, name))) for name in names]
        for number, here in enumerate(z_layers(job.cell, slicer, places)):
            paths = [folder / file_name(number, len(places), "png") for folder in folders]
            if here == z_layer:
                for path, same in zip(paths, shown, strict=True):
                    shutil.copyfile(same, path)
            else:
                _draw(raster, slicer, float(places[number]), paths, job.scale)
            z_layer, shown = here, paths
            totals = [size + path.stat().st_size for size, path in zip(totals, paths, strict=True)]
            advance(1)
    about = {
        "images": len(places),
        "width_px": raster.shape[1],
        "height_px": raster.shape[0],
        "pixel_um": raster.pixel * job.scale,
        "layer_height_um": given("layer_height", job.options.layer_height, job.cell) * job.scale,
        "first_z_um": float(places[0]) * job.scale,
    }
    entries = [
        {"file": _folder(job, name).name, "body": name, **about, "bytes": size}
        for name, size in zip(names, totals, strict=True)
    ]
    thin = [note for key in ("pixel", "layer_height") for note in lost(job.cell, key, getattr(job.options, key))]
    return Written(entries, thin)


def _draw(raster: PixelGrid, slicer: Slicer, place: float, paths: list[Path], scale: float) -> None:
    """Writes one slice, an image per region."""
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("xb")) for path in paths]
        images = [_Image(file, raster.shape, raster.pixel * scale) for file in files]
        for blocks in _blocks(raster, slicer, place, len(images)):
            for image, block in zip(images, blocks, strict=True):
                image.write(block)
        for image in images:
            image.close()


def estimate(job: Job) -> dict[str, int]:
    """Bytes of every folder: uncompressed, or where that is very much what a part of some slices lets expect."""
    places, raster = _slices(job)
    names = job.walls.names
    rows, columns = raster.shape
    sizes = [rows * (1 + (columns + 7) // 8)] * len(names)
    if sum(sizes) * len(places) > PLAIN:
        slicer = Slicer(job.walls)
        tried = places[np.linspace(0, len(places) - 1, TRIED).astype(int)]
        parts = [next(_blocks(raster, slicer, place, len(names))) for place in tried.tolist()]
        found = [max(len(zlib.compress(p[k].data)) / len(p[k]) for p in parts) * rows for k in range(len(names))]
        sizes = [min(plain, int(MARGIN * size)) for plain, size in zip(sizes, found, strict=True)]
    return {
        _folder(job, name).name: len(places) * (size + size // 1000 + 1000)
        for name, size in zip(names, sizes, strict=True)
    }


def _slices(job: Job) -> tuple[FloatArray, PixelGrid]:
    """Heights of the slices and the pixels of each.

    Raises:
        InputError: where pixel or layer height are missing or give an absurd number.
    """
    pixel, height = (given(key, getattr(job.options, key), job.cell) for key in ("pixel", "layer_height"))
    raster = PixelGrid(job.walls.size[:2], job.repeat, pixel)
    raster.require_reasonable()
    return heights(job.cell, height), raster


def _folder(job: Job, name: str) -> Path:
    return job.path(f"slices {name}", "")


def _blocks(raster: PixelGrid, slicer: Slicer, place: float, count: int) -> Iterator[list[Block]]:
    """Rows of a slice for every region, from the top: (n, bytes) one bit per pixel, after the byte of the row's filter."""
    former: Labels | None = None
    blocks: list[Block] = []
    for band in raster.bands(slicer.at(place)):
        if band is not former:
            blocks = [np.pad(np.packbits(band == label, axis=1), ((0, 0), (1, 0))) for label in range(count)]
            former = band
        yield blocks


class _Image:
    """A PNG file of one bit per pixel that is written in blocks of rows."""

    def __init__(self, file: BinaryIO, shape: tuple[int, int], pixel: float) -> None:
        """Writes the head.

        Args:
            file: open for writing.
            shape: rows and columns.
            pixel: its edge, µm.
        """
        self._file, self._packer = file, zlib.compressobj()
        file.write(b"\x89PNG\r\n\x1a\n")
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", shape[1], shape[0], 1, 0, 0, 0, 0))
        per_metre = round(1e6 / pixel)
        if 0 < per_metre < 2**31:
            self._chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))

    def write(self, block: Block) -> None:
        """Appends rows; each begins with the byte of its filter."""
        data = self._packer.compress(block.data)
        if data:
            self._chunk(b"IDAT", data)

    def close(self) -> None:
        """Writes what is left, and the end."""
        self._chunk(b"IDAT", self._packer.flush())
        self._chunk(b"IEND", b"")

    def _chunk(self, kind: bytes, data: bytes) -> None:
        self._file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
