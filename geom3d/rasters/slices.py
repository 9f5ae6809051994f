"""Slices for printers that expose layer by layer: at which heights, and as pixels.

Slice k shows the device at z = (k + ½) · layer height, measured from its bottom: the middle of the layer it exposes. A pixel belongs
to the region at its centre, so every pixel belongs to exactly one region or to none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geom3d.cell.cell import Cell
from geom3d.core.arrays import FloatArray
from geom3d.core.errors import InputError, MissingOptionError
from geom3d.mesh.sections import Section, Segments, Slicer
from geom3d.rasters.scanlines import Window

Labels = NDArray[np.int16]

#: Most slices of a device, most pixels of an image and of one of its sides.
MOST_SLICES = 100_000
MOST_PIXELS = 2**31
MOST_ALONG = 2**20
#: Pixels that are found at once, and that one row of unit cells may have to be kept as a whole.
BAND, KEPT = 2**21, 2**25
#: Largest shift, in pixels, that the last period may suffer when a period is taken as a whole number of pixels.
DRIFT = 1e-6


def heights(cell: Cell, layer_height: float) -> FloatArray:
    """(n,) z of every slice, µm, from the lowest region's bottom up to the highest region's top.

    Args:
        cell: the unit cell.
        layer_height: distance of slices, µm.

    Raises:
        InputError: where there would be none, or too many.
    """
    count = math.ceil(cell.height / layer_height - 0.5)
    if not 1 <= count <= MOST_SLICES:
        raise InputError(
            f"layer_height: must give 1 to {MOST_SLICES:,} slices of a device {cell.height:g} µm high, so lie from "
            f"{cell.height / MOST_SLICES:.3g} to {2 * cell.height:.3g} µm; got {layer_height:g} µm ({max(count, 0):,} slices)"
        )
    return np.asarray(cell.bottom + (np.arange(count) + 0.5) * layer_height, dtype=np.float64)


def z_layers(cell: Cell, slicer: Slicer, places: FloatArray) -> list[int]:
    """A number for each slice; slices with equal numbers lie in one layer in z between vertical walls and are equal."""
    if not cell.family.vertical_walls:
        return list(range(len(places)))
    return [int(z_layer) for z_layer in slicer.z_layers(places)]


def file_name(number: int, count: int, suffix: str) -> str:
    """Name of a slice's file: numbers of equal length sort as they should."""
    return f"{number:0{max(4, len(str(count - 1)))}}.{suffix}"


def given(key: str, value: float | None, cell: Cell) -> float:
    """The pixel or layer height that was asked for, µm.

    Args:
        key: "pixel" or "layer_height".
        value: what the user gave.
        cell: the unit cell.

    Raises:
        MissingOptionError: where it is missing; it names a quarter of the smallest feature, to one digit.
    """
    if value is not None:
        return value
    facts = cell.facts
    sizes = [facts.feature, facts.gap, min(cell.size[:2]) / 10] if key == "pixel" else [cell.height / 10]
    quarter = min([*cell.films.values(), *sizes]) / 4
    digit = 10.0 ** math.floor(math.log10(quarter))
    requested = math.floor(quarter / digit) * digit
    raise MissingOptionError(
        key, requested, f"slices need it; got none; a quarter of the smallest feature is {requested:.6g} µm"
    )


def lost(cell: Cell, key: str, length: float) -> list[str]:
    """A sentence on each film that is too thin for a pixel or a layer height, µm."""
    word = key.replace("_", " ")
    return [
        f"{name} is {thickness:g} µm thick, less than the {word} of {length:g} µm: parts of it may be missing from the slices"
        for name, thickness in cell.films.items()
        if thickness < length
    ]


@dataclass(frozen=True)
class PixelGrid:
    """The pixels of a device, first row at the highest y, first column at x = 0.

    Attributes:
        size: the period in x and y, µm.
        repeat: unit cells in x and y.
        pixel: edge of a pixel, µm. The lower left corner of the lowest left pixel is the origin.
    """

    size: tuple[float, float]
    repeat: tuple[int, int]
    pixel: float

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Rows and columns: all pixels whose centre lies on the device."""
        columns, rows = (math.ceil(p * n / self.pixel - 0.5) for p, n in zip(self.size, self.repeat, strict=True))
        return rows, columns

    def require_reasonable(self) -> None:
        """Raises an InputError where there would be no pixel, or too many."""
        rows, columns = self.shape
        if min(rows, columns) < 1 or max(rows, columns) > MOST_ALONG or rows * columns > MOST_PIXELS:
            extent = " × ".join(f"{p * n:g}" for p, n in zip(self.size, self.repeat, strict=True))
            raise InputError(
                f"pixel: must give images of 1 to {MOST_PIXELS:,} pixels and at most {MOST_ALONG:,} along a side; a device of "
                f"{extent} µm has {columns:,} × {rows:,} pixels of {self.pixel:g} µm; take a larger pixel or fewer cells"
            )

    @cached_property
    def tile(self) -> tuple[int | None, int | None]:
        """Columns and rows of one period where that is a whole number of pixels, else None."""
        ratios = [length / self.pixel for length in self.size]
        columns, rows = (
            round(r) if n > 1 and abs(r - round(r)) * n < DRIFT else None
            for r, n in zip(ratios, self.repeat, strict=True)
        )
        return columns, rows

    def bands(self, section: Section) -> Iterator[Labels]:
        """The image as blocks of rows, from the top: (n, columns) label of each pixel, the void as `len(names)`.

        Equal blocks come as the same array.
        """
        rows, columns = self.shape
        step = max(1, BAND // columns)
        one = self.tile[1]
        if one is not None and one * columns <= KEPT:
            band = self._rows(section, range(one))
            for _ in range(self.repeat[1]):
                yield band
            return
        for stop in range(rows, 0, -step):
            yield self._rows(section, range(max(0, stop - step), stop))

    def _rows(self, section: Section, rows: range) -> Labels:
        """(n, columns) labels of the pixels in some rows; they are counted from the bottom here, and come from the top."""
        one = self.tile[0]
        repeat = self.repeat if one is None else (1, self.repeat[1])
        window = Window((self.pixel, self.pixel), section.size, range(1), rows, one or self.shape[1], repeat)
        cut = section.segments
        # All are followed upwards, whichever region lies on their left.
        rising = cut.end[:, 1] > cut.start[:, 1]
        start, end = (np.where(rising[:, None], *pair) for pair in ((cut.start, cut.end), (cut.end, cut.start)))
        left, right = (np.where(rising, *pair) for pair in ((cut.left, cut.right), (cut.right, cut.left)))
        labels = window.filled(Segments(cut.plane, start, end, left, right), len(section.names), np.int16)[0]
        return np.tile(labels[::-1], (1, 1 if one is None else self.repeat[0]))
