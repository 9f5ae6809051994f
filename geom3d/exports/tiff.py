"""TIFF stack of the unit cell's voxels, a page per layer, with labels of 8 bits: for PoreSpy, TauFactor, Fiji and others.

Files hold one unit cell, whatever the repeat: it is periodic in x and y, so `numpy.tile` repeats it. A sheet
`….tif.json` beside the file says what the labels mean.
"""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np

from geom3d._version import __version__
from geom3d.core.files import unfinished
from geom3d.exports import Job, Written
from geom3d.exports._voxels import Stack, sheet_estimate

#: The settings that it heeds.
USES: tuple[str, ...] = ("unit", "voxel")

#: Files that may grow beyond this have 64-bit offsets (BigTIFF), which ImageJ's own form does not have.
LARGEST = 2**32 - 2**25


def export(job: Job) -> Written:
    """Writes the stack and its sheet."""
    import tifffile

    stack = Stack(job)
    path = job.path("voxels", "tif")
    nz, ny, nx = stack.boxes.shape
    x, y, z = stack.spacing
    big = _bytes(stack) > LARGEST
    names = ["void", *job.walls.names]
    # Shown from black to white, and named where Fiji shows what it knows of an image.
    words = {"axes": "ZYX", "spacing": z, "unit": job.unit, "min": 0.0, "max": float(len(job.walls.names))}
    words["Info"] = json.dumps(dict(enumerate(names)))
    with unfinished(path) as temporary:
        tifffile.imwrite(
            temporary,
            stack.layers("TIFF"),
            shape=(nz, ny, nx),
            dtype=np.uint8,
            bigtiff=big,
            imagej=not big,
            photometric="minisblack",
            resolution=(_ratio(1 / x), _ratio(1 / y)),
            resolutionunit="NONE",
            software=f"geom3d {__version__}",
            metadata=words,
        )
    return stack.sheet(path.name)


def estimate(job: Job) -> dict[str, int]:
    """The most bytes of the stack and its sheet."""
    stack = Stack(job)
    name = job.path("voxels", "tif").name
    return {name: _bytes(stack), f"{name}.json": sheet_estimate(job)}


def _bytes(stack: Stack) -> int:
    """The voxels, the directory of every page, and the words of the first."""
    return stack.boxes.count + 400 * stack.boxes.shape[0] + 20_000


def _ratio(value: float) -> tuple[int, int]:
    """The nearest ratio of two numbers of 32 bits, as the format wants it; some versions of the writer cut it shorter.

    >>> _ratio(2500 / 3)
    (2500, 3)
    """
    ratio = Fraction(value).limit_denominator(max(int((2**32 - 1) / max(value, 1.0)) - 1, 1))
    return ratio.numerator, ratio.denominator
